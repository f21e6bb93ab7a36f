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
#include <stdbool.h>
#include <stdint.h>

// clang-format off
//        kind      what the worker does
#define DP_CMD_LIST(X)                                                                     \
	X(OPEN,        "bind the flow to its address and port of ours and start listening") \
	X(REMOTE,      "where signalling says the media goes, and in which payload types") \
	X(KEYS,        "the SRTP key of one direction")                                    \
	X(SILENT,      "send nothing, keep listening")                                     \
	X(MUSIC,       "play a track or a playlist round and round")                       \
	X(PROMPT,      "play up to four tracks once, then be silent and say PLAYED")       \
	X(RELAY,       "send what the peer flow receives")                                 \
	X(MIX,         "send the sum of what up to four flows receive")                    \
	X(OVERLAY,     "play a track over whatever is sent")                               \
	X(OVERLAY_END, "end one overlay, or all")                                          \
	X(GAIN,        "how loud the far end hears us, overlays apart")                    \
	X(WATCH,       "withhold digits from the far end, beginning with one of these")    \
	X(DIGITS,      "send these digits, in order: as RFC 4733 events, else as tones")   \
	X(RECORD,      "what this flow receives is one channel of a recording")            \
	X(QUERY,       "answer with QUALITY")                                              \
	X(CLOSE,       "stop the flow and report its last counters")

enum dp_cmd_kind {
#define X(name, help) DP_CMD_##name,
	DP_CMD_LIST(X)
#undef X
	DP_CMD_COUNT,
};

// What the audio is, as far as the dataplane must know: what it can encode and decode itself
// (codecs/codec.h), and what it only passes on.
#define DP_CODEC_LIST(X)                                                                   \
	X(PCMU,   "G.711 mu-law")                                                          \
	X(PCMA,   "G.711 A-law")                                                           \
	X(G722,   "G.722 at 64 kbit/s; its RTP clock is 8000 Hz, its audio is 16 kHz")     \
	X(L16,    "linear, big endian, one channel, 8000 or 16000 Hz")                     \
	X(OPUS,   "Opus (RFC 7587); its RTP clock is 48000 Hz")                            \
	X(OTHER,  "RTP that we do not understand (AMR, G.729): relayed to legs that have it") \
	X(OPAQUE, "not RTP (T.38): every datagram from the source rule's address is passed on")

enum dp_codec {
#define X(name, help) DP_CODEC_##name,
	DP_CODEC_LIST(X)
#undef X
	DP_CODEC_COUNT,
};
// clang-format on

static inline bool dp_codec_is_g711(uint8_t codec)
{
	return codec == DP_CODEC_PCMU || codec == DP_CODEC_PCMA;
}

enum {
	DP_NO_PT = 0xff,   // "no such payload type" in a REMOTE command
	DP_PROMPT_MAX = 4, // tracks in one PROMPT
	DP_DIGITS_MAX = 8, // digits in one DIGITS
	DP_REST_MS = 5000, // a closed flow's ports rest this long; OPEN is refused meanwhile
	DP_DIGIT_MS_MAX = 8000,
	DP_MIX_MAX = 4,        // flows heard in one MIX
	DP_GAIN_MIN = -400,    // tenths of a dB; at or below: silence
	DP_GAIN_MAX = 120,     // tenths of a dB
	DP_RAMP_MS_MAX = 5000, // how long a change of loudness may take
	DP_KEY_MAX = 46,       // bytes of master key and master salt
};

// clang-format off
// SRTP suites. Key and salt lengths: RFC 4568, 6.2; RFC 6188, 2; RFC 7714, 12.
#define DP_SUITE_LIST(X)                               \
	X(NONE, 0, 0, "RTP in the clear")              \
	X(AES_CM_128_HMAC_SHA1_80, 16, 14, "RFC 4568") \
	X(AES_CM_128_HMAC_SHA1_32, 16, 14, "RFC 4568") \
	X(AES_256_CM_HMAC_SHA1_80, 32, 14, "RFC 6188") \
	X(AES_256_CM_HMAC_SHA1_32, 32, 14, "RFC 6188") \
	X(AEAD_AES_128_GCM, 16, 12, "RFC 7714")        \
	X(AEAD_AES_256_GCM, 32, 12, "RFC 7714")

enum dp_suite {
#define X(name, key, salt, source) DP_SUITE_##name,
	DP_SUITE_LIST(X)
#undef X
		DP_SUITE_COUNT,
};
// clang-format on

// Flags of REMOTE.
enum {
	DP_REMOTE_MUTE = 1 << 0, // the far end said recvonly is not for it: send no RTP (hold)
};

// Flags of MUSIC.
enum {
	DP_MUSIC_SHARED = 1 << 0, // all who hear the track are at the same place of it
};

// Flags of OVERLAY.
enum {
	DP_OVERLAY_LOOP = 1 << 0, // round and round until OVERLAY_END
};

enum dp_record {
	DP_RECORD_OFF,    // this flow is no channel of a recording any more
	DP_RECORD_ON,     // begins, or goes on in the same file
	DP_RECORD_PAUSED, // nothing is written; the file goes on where it was
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
			uint16_t rtcp_port; // 0: he takes none; rtp_port: on one port (RFC 5761)
			uint8_t pt_tx;      // payload types 0-127; rx is what the far end sends
			uint8_t pt_rx;
			uint8_t dtmf_tx; // telephone-event, or DP_NO_PT
			uint8_t dtmf_rx;
			uint8_t codec; // enum dp_codec
			uint8_t ptime; // ms in a packet of ours: 10, 20, 30, 40, 60
			uint8_t flags; // DP_REMOTE_*
			uint8_t cn;    // comfort noise (RFC 3389), both ways, or DP_NO_PT
		} remote;
		// RFC 3711. A new key replaces the old one at once and numbers go on; the same key
		// again changes nothing; NONE takes it away. A flow that has a key has nothing in
		// the clear: with one for one direction only, nothing passes in the other. So keys
		// come before what makes it send. What they do not open is counted and changes
		// nothing. What a key to send with has sealed, nothing else may be sealed with, in
		// this flow or another: no key is given again after it was taken away.
		struct {
			uint8_t suite;           // enum dp_suite
			uint8_t send;            // 1: what we send; 0: what we receive
			uint8_t key[DP_KEY_MAX]; // master key, master salt, then zero
		} keys;
		struct {
			uint64_t track; // content hash, or that of a playlist
			uint32_t flags; // DP_MUSIC_*
		} music;
		struct {
			uint64_t track[DP_PROMPT_MAX]; // content hashes; 0 ends the list early
		} prompt;
		struct {
			struct flow_id peer;
			uint16_t worker; // of the peer
		} relay;
		// Each listener has its own list: a conference of three is three MIX commands of
		// two; a whisper is one who hears two and one who hears one.
		struct {
			uint8_t n; // 1-DP_MIX_MAX, all on this worker
			struct flow_id heard[DP_MIX_MAX];
		} mix;
		// Any number of overlays of a flow, each with a number that the core chose. One with
		// a number that is there already replaces that one. It outlives changes of mode.
		struct {
			uint64_t track; // content hash
			uint32_t id;    // not 0
			int16_t gain;   // tenths of a dB, of the overlay
			int16_t duck;   // tenths of a dB, at most 0: of what is beneath
			uint16_t ramp;  // ms, of duck
			uint16_t flags; // DP_OVERLAY_*
		} overlay;
		struct {
			uint32_t id;   // 0: all
			uint16_t ramp; // ms, of what was ducked
		} overlay_end;
		struct {
			int16_t gain;  // tenths of a dB
			uint16_t ramp; // ms
		} gain;
		struct {
			uint64_t recording; // announced on the attach socket
			uint8_t channel;    // 0: left, 1: right
			uint8_t state;      // enum dp_record
		} record;
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
