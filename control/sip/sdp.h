// SPDX-License-Identifier: BSD-3-Clause
//
// Session descriptions (RFC 8866) and offer/answer (RFC 3264), pure: text ↔ struct media_desc.
// Our own parser, because oSIP's misreads what phones send: lenient in the order of lines and
// in line ends, strict in numbers, bounded in everything.
#pragma once

#include "control/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SDP_TEXT_MAX = 4096, // bytes of a body we read or write
	SDP_LINES_MAX = 200,
	SDP_MLINES_MAX = 8,  // media lines; a ninth is SDP_TOO_LONG
	SDP_CODECS_MAX = 24, // formats of the audio line we look at; more are ignored
	SDP_NAME_MAX = 24,
	SDP_FMTP_MAX = 120,
};

// clang-format off
#define SDP_OUTCOME_LIST(X)                                                                \
	X(OK,          "read")                                                             \
	X(TOO_LONG,    "more bytes, lines or media than we read")                          \
	X(BAD_VERSION, "v= is not 0")                                                      \
	X(BAD_LINE,    "a line is not x=text")                                             \
	X(BAD_ORIGIN,  "o= has not its six fields")                                        \
	X(BAD_ADDRESS, "c= is no unicast address")                                         \
	X(NO_ADDRESS,  "an audio line has no c=")                                          \
	X(BAD_MEDIA,   "m= has a bad port, protocol or format")                            \
	X(BAD_RTPMAP,  "a=rtpmap has a bad number")                                        \
	X(NO_AUDIO,    "no audio line that is RTP/AVP with a port")

enum sdp_outcome {
#define X(name, help) SDP_##name,
	SDP_OUTCOME_LIST(X)
#undef X
	SDP_OUTCOME_COUNT,
};
// clang-format on

const char *sdp_outcome_text(enum sdp_outcome outcome);

// As the writer of the description means it: SENDONLY, he sends and we are to listen.
enum sdp_direction { SDP_INACTIVE = 0, SDP_RECVONLY = 1, SDP_SENDONLY = 2, SDP_SENDRECV = 3 };

struct sdp_codec {
	uint8_t pt;              // 0-127
	uint8_t channels;        // 1 when not said
	uint32_t clock;          // Hz; static types 0-34 filled in from RFC 3551
	char name[SDP_NAME_MAX]; // as written: compare without case; static types filled in
	char fmtp[SDP_FMTP_MAX]; // empty when none
};

// The part of a description that layby acts on: its first usable audio line.
struct media_desc {
	struct address rtp;  // where the writer wants RTP; all-zero ip is the old form of hold
	struct address rtcp; // a=rtcp or port + 1
	uint8_t direction;   // enum sdp_direction
	uint8_t ptime;       // ms, 0 when not said
	uint8_t codecs;  // entries of codec, in the writer's order, telephone-event not among them
	uint8_t mlines;  // media lines in all
	uint8_t audio;   // which of them, from 0, is described here
	int16_t dtmf_pt; // telephone-event at 8000 Hz, or -1
	int16_t dtmf_wide_pt; // at 48000 Hz, which goes with Opus, or -1
	char dtmf_fmtp[32];   // its events, "0-15" when not said
	struct sdp_codec codec[SDP_CODECS_MAX];
	char mline[SDP_MLINES_MAX][64]; // "audio 0 RTP/AVP 0": what we answer to the others,
					// already with port 0
};

// Reads a body. *out is written only on SDP_OK.
[[nodiscard]] enum sdp_outcome sdp_read(struct media_desc *out, const char *text, size_t len);

// What we say of ourselves.
struct sdp_local {
	struct address rtp;   // ours; RTCP is the port above
	uint64_t session;     // o= session id of the leg, constant
	uint64_t version;     // o= version: +1 whenever anything below changed
	uint8_t direction;    // ours
	uint8_t ptime;        // 20
	uint8_t codecs;       // in our order of preference; at least 1
	int16_t dtmf_pt;      // or -1
	uint8_t dtmf_wide_pt; // telephone-event at 48000 Hz; 0: none
	const struct sdp_codec *codec;
};

// Writes an offer with one audio line. Returns its length; 0 if size is too small.
size_t sdp_write_offer(char *buf, size_t size, const struct sdp_local *local);
// Writes an answer: every media line of the offer kept in number and order, all but the audio
// line refused with port 0. Returns its length; 0 if size is too small.
size_t sdp_write_answer(
	char *buf, size_t size, const struct sdp_local *local, const struct media_desc *offer);

// What a payload type means when nobody says: RFC 3551, or NULL.
const struct sdp_codec *sdp_static_codec(uint8_t pt);
// Same encoding: name without case, clock, channels. (fmtp is the legs' own affair.)
bool sdp_same_codec(const struct sdp_codec *a, const struct sdp_codec *b);
// The first codec of d that is PCMU or PCMA, or NULL.
const struct sdp_codec *sdp_g711(const struct media_desc *d);
bool sdp_is_pcmu(const struct sdp_codec *c);
bool sdp_is_pcma(const struct sdp_codec *c);
// Of that name (in any case), clock and number of channels.
bool sdp_is(const struct sdp_codec *c, const char *name, uint32_t clock, uint8_t channels);
// The direction we answer with, given theirs and what we would like (RFC 3264 section 6.1).
uint8_t sdp_answer_direction(uint8_t theirs, uint8_t ours);
