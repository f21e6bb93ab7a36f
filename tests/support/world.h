// SPDX-License-Identifier: BSD-3-Clause
//
// A world for the rules of calls and slots to live in: a SIP endpoint and a media plane that do
// nothing but remember what they were asked, phones that a test answers by hand, and a clock
// that a test turns. No socket, no thread, no waiting.
#pragma once

#include "control/call/call.h"
#include "control/call/exchange.h"
#include "control/park/lot.h"
#include "control/reception.h"

enum { WORLD_DIALOGS = 256, WORLD_FLOWS = 256, WORLD_NEWS = 128, WORLD_PROMPTS = 4 };

// What became of a dialog.
struct sip_dialog {
	void *owner;
	bool outgoing;
	bool over;        // ended by either side
	bool accepted;    // we sent 200
	uint16_t refused; // what we refused it with
	uint16_t hung_up; // code of sip_hangup(), 1 when it was 0
	int rings;
	char uri[SIP_URI_MAX];
	char user[NAME_MAX_LEN]; // who calls, or who is called
	char reason[64];
	uint8_t max_forwards;   // of a call of ours
	char sdp[SDP_TEXT_MAX]; // the last description we sent
	size_t sdp_len;
	struct address source;
};

enum world_mode { WORLD_SILENT, WORLD_MUSIC, WORLD_PROMPT, WORLD_RELAY };

// What a flow was last asked to send.
struct world_flow {
	bool open;
	void *owner;
	enum world_mode mode;
	uint64_t track[WORLD_PROMPTS];
	uint32_t tracks;
	uint32_t peer; // RELAY: index of the flow it hears
	uint16_t watched;
	uint32_t given_back; // digits sent to its far end
	uint8_t digit[16];
	bool remote;
	bool muted;
	bool shared; // MUSIC
	uint8_t codec, dtmf_tx;
	uint32_t clock;
	struct address rtp, rtcp; // where it sends
	uint8_t cn;               // comfort noise, or DP_NO_PT
	uint8_t recorded;         // enum dp_record
	uint8_t channel;
	uint64_t recording;
};

struct world {
	struct clock clock;
	struct exchange x;
	struct sip_dialog dialog[WORLD_DIALOGS];
	uint32_t dialogs;
	struct world_flow flow[WORLD_FLOWS]; // 0 is none
	uint32_t flows, flows_open;
	bool refuse_music; // the worker has no such track
	bool no_ports;
	bool cannot_answer;   // 200s are too long to be sent
	const char *offer;    // what callers and phones that answer describe; NULL: G.711
	uint8_t max_forwards; // of calls in, 0: 70
	char news[WORLD_NEWS][64];
	char winner[NAME_MAX_LEN];
	uint32_t news_n;
	char news_reason[64];       // of the last news that had one
	struct media_recorded file; // the recording that was asked for last
	uint32_t files, files_ended;
	bool no_files;
	char reachable[16][NAME_MAX_LEN]; // users that have registered
	uint32_t reachable_n;
};

extern struct world world;             // one a process: each test has its own
extern struct accounts world_accounts; // world_accounts.c

enum { TRACK_MUSIC = 1000, TRACK_FULL, TRACK_EMPTY, TRACK_DIGIT }; // TRACK_DIGIT + n

// Accounts acme (parking, slots 1-4, users 201-204; 100200: dial 201, then forward; 100300: queue
// of 202 and 203, then forward; 100400: dial 204, then a queue for him alone; 100500: dial 201,
// then 201 and 203), other (parking, user 201), and dark (no parking, users 201 and 202).
void world_start(void);
void world_end(void); // asserts that nothing is left open

// A test in a fresh world that must be left clean. Criterion ignores what fails in a .fini, so
// the end is part of the test.
#define SCENE(suite, name)                \
	static void suite##_##name(void); \
	Test(suite, name)                 \
	{                                 \
		world_start();            \
		suite##_##name();         \
		world_end();              \
	}                                 \
	static void suite##_##name(void)

void world_register(const char *user);
// A call in, as the endpoint would report it. user NULL: from the trunk.
struct sip_dialog *world_call(const char *domain, const char *user, const char *number);
// The newest dialog of ours that rings this user or URI; NULL: nobody rings him.
struct sip_dialog *world_ringing(const char *user);
void world_answer(struct sip_dialog *d); // a phone of ours that rings is picked up
void world_refuse(struct sip_dialog *d, uint16_t code);
void world_ack(struct sip_dialog *d); // our 200 was acknowledged
void world_bye(struct sip_dialog *d); // the other side hangs up
void world_hold(struct sip_dialog *d, bool hold);
void world_offer(struct sip_dialog *d, const char *sdp); // re-INVITE
// New provisioning without any account. How many still hold on to the old one.
uint32_t world_forget_accounts(void);
void world_dial(struct sip_dialog *d, const char *digits); // RFC 4733, 200 ms each
void world_played(struct sip_dialog *d);                   // its prompt is over
void world_pass(uint64_t ms);

struct world_flow *world_flow(const struct sip_dialog *d);
bool world_hears(const struct sip_dialog *d, uint64_t track);            // music or prompt
bool world_talk(const struct sip_dialog *a, const struct sip_dialog *b); // hear each other
bool world_told(const char *news);                                       // since the start
uint32_t world_times_told(const char *news);
