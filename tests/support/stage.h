// SPDX-License-Identifier: BSD-3-Clause
//
// A SIP endpoint on a stage: what is said to it, what it says, what it tells the layer above,
// and a clock that the test turns. A test of signalling is a transcript.
#pragma once

#include "control/sip/sip.h"
#include "control/sip/stats.h"

enum { STAGE_SAID = 512, STAGE_TOLD = 64, STAGE_TEXT = 8192 };

#define STAGE_TRUNK "10.0.0.9:5060"
#define STAGE_PHONE "10.0.0.2:5060"
#define STAGE_OURS  "10.0.0.1:5060"
#define STAGE_SDP                                                                 \
	"v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n" \
	"m=audio 4000 RTP/AVP 0\r\n"

// A datagram that the endpoint sent.
struct said {
	struct address to;
	char text[STAGE_TEXT];
	size_t len;
	uint64_t at_ms;
};

// An event that the layer above heard, copied.
struct told {
	enum sip_event_kind kind;
	struct sip_dialog *dialog;
	void *owner;
	uint16_t code;
	bool sdp;
	bool trunk;
	char user[SIP_NAME_MAX], domain[SIP_NAME_MAX], number[SIP_NAME_MAX], from[SIP_NAME_MAX];
	char display[SIP_NAME_MAX];
	uint8_t max_forwards;
};

struct stage {
	struct clock clock;
	struct sip *sip;
	struct said said[STAGE_SAID];
	uint32_t said_n, heard_n; // heard: by the test, with stage_next()
	struct told told[STAGE_TOLD];
	uint32_t told_n, known_n;
	bool cut; // nothing gets out: the network takes no datagram
	uint64_t bytes_out;
	void (*react)(const struct sip_event *event); // inside the callback; NULL: later
	uint32_t dialogs_max, transactions_max;       // 0: plenty
};

extern struct stage stage; // one a process: each test has its own

// Account acme.example with user 201 (password secret); the trunk is at STAGE_TRUNK.
void stage_start(void);
// Asserts that no dialog and no transaction is left, now or when all timers have run out.
void stage_end(void);

// Lines end in "\n" here and in CRLF on the wire; Content-Length and the empty line are added.
// body may be NULL.
void stage_say(const char *from, const char *head, const char *body);
// printf for the head.
__attribute__((format(printf, 3, 4))) void stage_sayf(
	const char *from, const char *body, const char *head, ...);
void stage_bytes(const char *from, const char *bytes, size_t len); // as they are
void stage_pass(uint64_t ms);

const struct said *stage_next(void); // text "" when nothing more was said
const struct told *stage_told(void); // kind SIP_EVENT_COUNT when nothing more was told
// The value of a header, in a buffer that lives until the eighth next call. "" when absent.
const char *stage_value(const struct said *said, const char *name);
const char *stage_tag(const struct said *said, const char *name); // of From or To
const char *stage_branch(const struct said *said);
uint32_t stage_unheard(void); // datagrams the test has not looked at
void stage_deaf(void);        // forget them
