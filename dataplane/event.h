// SPDX-License-Identifier: BSD-3-Clause
//
// Events: what a worker tells the core. The other half of the contract is cmd.h.
#pragma once

#include "dataplane/cmd.h"

#include <assert.h>
#include <stdint.h>

// clang-format off
//           kind      why the worker speaks
#define DP_EVENT_LIST(X)                                                                   \
	X(DONE,    "the command with this tag is carried out")                             \
	X(REFUSED, "the command with this tag is not carried out; reason says why")        \
	X(CLOSED,  "the flow is gone, these are its last counters; its ports rest")        \
	X(LOCKED,  "media came from where the source rule allows; that is where we send")  \
	X(DIGIT,   "a digit was pressed and let go: key-up")                               \
	X(PLAYED,  "the last track of a PROMPT has been sent in full")                      \
	X(QUALITY, "the command with this tag was QUERY: the counters as they are now")    \
	X(OVERLAY_DONE, "an overlay has been sent in full")

enum dp_event_kind {
#define X(name, help) DP_EVENT_##name,
	DP_EVENT_LIST(X)
#undef X
	DP_EVENT_COUNT,
};

#define DP_REFUSAL_LIST(X)                                                                 \
	X(NONE,         "not refused")                                                     \
	X(BAD_KIND,     "no such command")                                                 \
	X(BAD_FLOW,     "this worker has no such place for a flow")                        \
	X(STALE,        "the flow of that generation is gone")                             \
	X(NOT_OPEN,     "no flow is open there")                                           \
	X(OPEN_ALREADY, "another flow is open there")                                      \
	X(RESTING,      "the port has been closed for less than DP_REST_MS")               \
	X(BAD_VALUE,    "a field is out of its range")                                     \
	X(BAD_ADDRESS,  "not a unicast address of our family that can be reached")        \
	X(NO_REMOTE,    "signalling has not said yet where the media goes")                \
	X(NO_TRACK,     "no such track")                                                   \
	X(NO_ENCODING,  "the track is not there in the flow's codec")                      \
	X(BAD_PEER,     "the peer flow is not open on this worker")                        \
	X(CODEC_CLASH,  "the peer's codec cannot be turned into this flow's")              \
	X(NO_DTMF,      "the far end has no telephone-event")                              \
	X(BUSY,         "digits are still being sent")                                     \
	X(NO_ROOM,      "this worker's capacity for that is used up")                      \
	X(BAD_SUITE,    "no such SRTP suite, or a key of the wrong length")                \
	X(NO_RECORDING, "no such recording was announced")

enum dp_refusal {
#define X(name, help) DP_REFUSAL_##name,
	DP_REFUSAL_LIST(X)
#undef X
	DP_REFUSAL_COUNT,
};
// clang-format on

// What is known of a flow's two directions.
struct dp_quality {
	uint32_t rx_packets;
	uint32_t tx_packets;
	uint64_t rx_bytes; // of payload
	uint64_t tx_bytes;
	uint32_t rx_lost;
	uint32_t jitter_us;        // RFC 3550, of what came in
	uint32_t remote_lost;      // of what we sent, as the far end's RTCP said last
	uint32_t remote_jitter_us; // the same
	uint32_t rtt_us;           // RFC 3550, 6.4.1; 0: not known
	uint8_t mos;        // estimated (ITU-T G.107), of what came in, times 10; 0: not known
	uint8_t remote_mos; // of what we sent
	uint16_t reserved;
};

struct dp_event {
	uint32_t tag;    // of the command answered; 0 when the worker speaks first
	uint16_t kind;   // enum dp_event_kind
	uint8_t refusal; // enum dp_refusal
	uint8_t lost;    // 1: at least one event of this flow was lost before this one
	struct flow_id flow;
	union {
		struct {
			uint8_t digit;        // RFC 4733 event code, 0-15
			uint8_t withheld;     // 1: the far end has not got it
			uint16_t duration_ms; // as the sender said
		} digit;
		struct {
			uint8_t ip[16];
			uint16_t port;
		} locked;
		struct dp_quality closed; // the same place: CLOSED says what QUALITY does
		struct dp_quality quality;
		struct {
			uint32_t id;
		} overlay;
		uint8_t pad[48];
	};
};
static_assert(sizeof(struct dp_event) == 64, "an event is one cache line");
