// SPDX-License-Identifier: BSD-3-Clause
//
// Commands: what the core asks of a worker. The other half of the contract is event.h.
//
// A command states a wish, not a difference: "play this track", never "toggle". Sending one
// twice is harmless. Every command is answered by exactly one event carrying its tag: DONE,
// REFUSED or, for CLOSE, CLOSED. The worker copies a command before it looks at it, and
// believes nothing in it.
#pragma once

#include <assert.h>
#include <stdint.h>

// clang-format off
//        kind      what the worker does
#define DP_CMD_LIST(X)                                                                     \
	X(OPEN,   "bind the flow to its address and port of ours and start listening")     \
	X(REMOTE, "where signalling says the media goes, and in which payload types")      \
	X(SILENT, "send nothing, keep listening")                                          \
	X(MUSIC,  "play a track round and round")                                          \
	X(PROMPT, "play up to four tracks once, then be silent and say PLAYED")            \
	X(RELAY,  "send what the peer flow receives")                                      \
	X(WATCH,  "withhold digits from the far end, beginning with one of these")         \
	X(DIGITS, "send these digits as RFC 4733 events, in order")                        \
	X(CLOSE,  "stop the flow and report its last counters")

enum dp_cmd_kind {
#define X(name, help) DP_CMD_##name,
	DP_CMD_LIST(X)
#undef X
	DP_CMD_COUNT,
};

// What the audio is, as far as the dataplane must know: what it can encode itself, what it can
// turn into the other, and what it only passes on.
#define DP_CODEC_LIST(X)                                                                   \
	X(PCMU,  "G.711 mu-law")                                                           \
	X(PCMA,  "G.711 A-law")                                                            \
	X(OTHER, "anything else: relayed between legs that both have it")

enum dp_codec {
#define X(name, help) DP_CODEC_##name,
	DP_CODEC_LIST(X)
#undef X
	DP_CODEC_COUNT,
};
// clang-format on

enum {
	DP_NO_PT = 0xff,   // "no such payload type" in a REMOTE command
	DP_PROMPT_MAX = 4, // tracks in one PROMPT
	DP_DIGITS_MAX = 8, // digits in one DIGITS
	DP_REST_MS = 5000, // a closed flow's ports rest this long; OPEN is refused meanwhile
	DP_DIGIT_MS_MAX = 8000,
};

// Flags of REMOTE.
enum {
	DP_REMOTE_MUTE = 1 << 0, // the far end said recvonly is not for it: send no RTP (hold)
};

// A flow, as both sides name it: its place among the worker's flows, and a generation, so that
// a late command for a flow that is gone is refused instead of hitting its successor. The place
// says the port (struct bridge_address). The core picks the generation at OPEN: any number
// other than 0 and the place's last one.
struct flow_id {
	uint32_t index;
	uint32_t gen;
};

struct dp_cmd {
	uint32_t tag;  // comes back with the answer; never 0
	uint16_t kind; // enum dp_cmd_kind
	uint16_t reserved;
	struct flow_id flow;
	union {
		struct {
			uint64_t owner; // the core's own reference, kept in the flow directory
		} open;
		// Addresses are 16 bytes, IPv4 mapped (::ffff:a.b.c.d). A second REMOTE changes
		// what is different; it also opens the source rule for one new lock.
		struct {
			uint8_t ip[16];  // where we send RTP and RTCP, and who may send to us
			uint8_t nat[16]; // all zero: strict. Else: send nothing until media came
					 // from this address (any port), then there
			uint32_t clock;  // Hz of the audio's RTP clock, 8000-192000
			uint16_t rtp_port;
			uint16_t rtcp_port; // 0: he takes none
			uint8_t pt_tx;      // payload types 0-127; rx is what the far end sends
			uint8_t pt_rx;
			uint8_t dtmf_tx; // telephone-event, or DP_NO_PT
			uint8_t dtmf_rx;
			uint8_t codec; // enum dp_codec
			uint8_t ptime; // ms in a packet of ours: 10, 20, 30, 40, 60
			uint8_t flags; // DP_REMOTE_*
		} remote;
		struct {
			uint64_t track; // content hash
		} music;
		struct {
			uint64_t track[DP_PROMPT_MAX]; // content hashes; 0 ends the list early
		} prompt;
		struct {
			struct flow_id peer;
		} relay;
		// Forgets what is withheld so far. digits is a bit per RFC 4733 event code, 0-15;
		// once a digit in the mask is pressed, it and all that follow are withheld (and
		// reported) until the next WATCH. 0: digits pass.
		struct {
			uint16_t digits;
		} watch;
		struct {
			uint8_t n;                    // 1-DP_DIGITS_MAX
			uint8_t digit[DP_DIGITS_MAX]; // RFC 4733 event codes, 0-15
			uint16_t ms[DP_DIGITS_MAX];   // durations, 40-DP_DIGIT_MS_MAX
		} digits;
		uint8_t pad[48];
	};
};
static_assert(sizeof(struct dp_cmd) == 64, "a command is one cache line");
