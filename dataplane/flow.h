// SPDX-License-Identifier: BSD-3-Clause
//
// A flow: our half of an RTP stream, what comes in from one far end and what we send there.
//
// A flow belongs to one worker from OPEN to CLOSE. Nobody else reads or writes it: control knows
// it only by its flow_id, and asks through the command lane. Hence no locks and no atomics.
//
// It is two cache lines that packets need, a cold part of the same place that commands and reports
// need, and pieces of pools that few flows need at once.
#pragma once

#include "codecs/tone.h"
#include "codecs/track.h"
#include "dataplane/cmd.h"
#include "dataplane/event.h"
#include "dataplane/rtp.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

enum {
	FLOW_PLACE_BITS = 22, // BRIDGE_ADDRESSES_MAX of BRIDGE_PORTS_MAX flows
	FLOW_NONE = (1 << FLOW_PLACE_BITS) - 1,
	FLOW_FAR = FLOW_NONE - 1, // one of another worker (node_far.c)
	FLOW_CLOCK_MASK = (1 << 18) - 1,
};

// What a flow sends.
enum flow_mode {
	FLOW_SILENT, // nothing
	FLOW_MUSIC,  // a track, round and round
	FLOW_PROMPT, // up to four tracks, once
	FLOW_RELAY,  // what its peer receives
	FLOW_MIX,    // the sum of what others receive
};

enum {
	FLOW_KEYS_MAX = 16,   // digits waiting to be given back
	FLOW_EVENT_PTIME = 20 // ms between two updates of a digit of ours
};

// What became of an RFC 4733 event that comes in, decided at its first packet.
enum flow_digit {
	FLOW_DIGIT_NONE,     // no event is running
	FLOW_DIGIT_PASSED,   // its packets are relayed, if anybody is there to relay them to
	FLOW_DIGIT_WITHHELD, // WATCH keeps it from the far end
	FLOW_DIGIT_QUEUED,   // the peer is busy with digits: it gets this one after them
};

// What an incoming packet must be shown to, beside the way that all go (struct rtp_flow, rx).
enum {
	FLOW_HEARD = 1 << 0,     // somebody wants the audio: a detector, another codec, a mix
	FLOW_SEALED_IN = 1 << 1, // SRTP
	FLOW_LISTENED = 1 << 2,  // digits may come as tones (inband.h)
	FLOW_OPAQUE = 1 << 3,    // not RTP: passed on as it is, or not at all
	FLOW_RECORDED = 1 << 4,  // a channel of a recording, not paused (record.h)
};

// What is to be done with an outgoing packet, or instead of it (struct rtp_flow, tx).
enum {
	FLOW_RENDERED = 1 << 0,   // what leaves is made: overlay, gain, mix, another codec
	FLOW_SEALED_OUT = 1 << 1, // SRTP
	FLOW_MUTED = 1 << 2,      // the far end is on hold
	FLOW_FRESH = 1 << 3,      // the next packet is the first of another source
	FLOW_TYPING = 1 << 4,     // digits of ours are under way: nothing else leaves
	FLOW_PACED = 1 << 5,      // the pacer holds an entry of this flow
	FLOW_REPORTED = 1 << 6,   // the report wheel holds one
	FLOW_KEYLESS = 1 << 7,    // SRTP without a key to send with: nothing leaves
};

// The RFC 4733 event that comes in now, and the one before. A piece of a pool: from the first
// digit until a while after the last.
struct flow_event_in {
	uint64_t seen;      // when its last update came
	uint32_t place;     // of the flow whose it is
	uint32_t ssrc;      // whose events they are
	uint32_t ts;        // its timestamp, of the current segment
	uint32_t ts_done;   // that of the event before
	uint32_t units;     // duration in the segments before this one
	uint16_t duration;  // in this segment
	uint8_t code;       // its digit
	uint8_t code_done;  // that of the event before, or DP_NO_PT
	uint8_t verdict;    // enum flow_digit; of the event that runs
	uint8_t verdict_of; // enum flow_digit; of the event before
};

// Digits that we send, oldest first. A piece of a pool, while there are any.
struct flow_keys {
	uint32_t ts;   // of the event that is being sent
	uint16_t step; // how many updates were due since it began
	uint8_t n;     // digits left, this one included
	uint8_t ends;  // end packets sent of this one
	uint8_t digit[FLOW_KEYS_MAX];
	uint16_t ms[FLOW_KEYS_MAX];
	bool as_tone;            // this one is a tone, not an event
	struct tone_cursor tone; // where we are in it
};

// A piece of a pool, while the prompt plays.
struct flow_prompt {
	uint64_t since; // when it was asked for
	uint16_t track[DP_PROMPT_MAX];
	uint8_t n;
	uint8_t at; // which of them is playing
	bool begun; // at least one packet's time has passed
};

// What packets need. Counters that RFC 3550 has in 32 bits go round with it: bytes after six days
// of G.711, packets after two and a half years. The cold part keeps bytes in full.
struct rtp_flow {
	// line 0, what comes in: may he send, is it new, count it
	uint8_t ip[16];       // who may send to us; also where we send
	uint32_t in_ssrc;     // of what comes in
	uint16_t in_seq;      // highest seen
	uint16_t in_cycles;   // how often it went round
	uint64_t in_window;   // bit n: in_seq - n was seen
	uint32_t rx_of_ssrc;  // packets of this SSRC
	uint32_t rx_bytes;    // of payload, modulo 2^32
	uint32_t transit;     // RFC 3550, A.8
	uint32_t jitter : 24; // in clock units, times 16; at most 16 s
	uint32_t in_run : 8;  // counts the times that what comes in began anew
	uint32_t last_rx;     // when a valid packet came; at OPEN: now. See flow_coarse()
	uint32_t heard_by : FLOW_PLACE_BITS; // was last told to send what we receive: a hint
	bool open : 1;
	bool known : 1;         // REMOTE has been heard
	bool started : 1;       // in_ssrc, in_seq and so on mean something
	bool learning : 1;      // the source rule is open for one new lock
	bool transit_known : 1; // transit means something
	bool digits_run : 1;    // an event is running
	uint32_t codec : 4;     // enum dp_codec, both ways
	uint32_t clock : 18;    // Hz of RTP, both ways
	uint32_t rx : 6;        // FLOW_HEARD, FLOW_SEALED_IN; 0: the fast path
	uint32_t cn_rx : 8;     // comfort noise, or DP_NO_PT
	uint16_t lock_port;     // the one port that may send to us, once locked; else 0
	uint8_t pt_rx;
	uint8_t dtmf_rx;

	// line 1, what leaves
	alignas(64) uint64_t out_at; // when out_ts is due
	uint32_t out_ssrc;
	uint32_t out_ts;     // of the next packet
	uint32_t tx_packets; // modulo 2^32
	uint32_t tx_bytes;   // of payload, modulo 2^32
	uint16_t out_seq;    // of the next packet
	uint16_t send_port;  // 0: nowhere yet
	uint16_t local_port; // RTP; RTCP is the port above
	uint16_t hop;
	uint16_t track;  // MUSIC: slot in the track table
	uint8_t address; // which of ours
	uint8_t pt_tx;
	uint8_t dtmf_tx;
	uint8_t cn_tx;
	uint8_t encoding; // of tracks, or TRACK_CODECS: they cannot be had in this codec
	uint8_t ptime;    // ms
	uint8_t mode : 7; // enum flow_mode
	bool driven : 1;  // rendered by the tick, whatever the mode
	uint8_t tx;       // FLOW_RENDERED, FLOW_SEALED_OUT and so on
	union {
		struct {                     // RELAY
			uint32_t peer;       // whose packets we send
			uint32_t relay_ssrc; // of what we relay
			uint32_t ts_delta;   // our timestamp less the peer's
			uint16_t seq_delta;  // our sequence number less the peer's
			uint16_t seq_floor;  // what the peer sent before this has no place with us
			uint8_t relay_run;   // the peer's in_run when we took over what we relay
		};
		struct {                   // every other mode
			uint32_t track_at; // position, MUSIC and PROMPT
			uint8_t to_ip[16]; // a copy of ip, so that music needs this line only
		};
	};
};
static_assert(offsetof(struct rtp_flow, out_at) == 64, "what comes in needs one line");
static_assert(sizeof(struct rtp_flow) == 128, "two lines are all that packets need");
static_assert(DP_CODEC_COUNT <= 1 << 4, "a codec has four bits of a flow");

enum { FLOW_NO_PIECE = 0xffff };

// What commands and reports need. Its place is that of the flow.
struct flow_cold {
	uint64_t owner;
	uint64_t remote;         // a hash of the last REMOTE; 0: none
	uint64_t rx_bytes;       // in full, as of the last report
	uint64_t tx_bytes;       // the same
	uint32_t gen;            // of the flow that is open, or was last
	uint32_t voice;          // piece of a pool, or POOL_NONE: nothing is heard or rendered
	uint32_t detector;       // piece of a pool, or POOL_NONE: only while FLOW_LISTENED is set
	uint32_t crypto;         // piece of a pool, or POOL_NONE: in the clear
	uint32_t closed_at;      // see flow_coarse()
	uint32_t rx_base;        // extended sequence number of the first packet of this SSRC
	uint32_t rx_lost_old;    // lost of SSRCs before
	uint32_t rx_packets_old; // received of SSRCs before
	uint32_t told_expected;  // at our last report
	uint32_t told_received;  // at our last report
	uint32_t heard_at;       // when the far end's last SR came, in 2^-16 s
	uint32_t heard_ntp;      // middle of that SR's NTP time
	uint32_t rtt;            // in 2^-16 s, by the far end's last report of us; 0: not known
	uint32_t remote_lost;    // of what we sent, as that report said
	uint16_t remote_jitter;  // the same, in clock units
	uint16_t rtcp_port;      // as REMOTE said
	uint16_t rtcp_from;      // where the far end's RTCP came from; 0: none came
	uint16_t try_port;       // 0, or where the last packet came from that may become the lock
	uint16_t try_seq;        // its sequence number
	uint16_t watch;          // bit n: digit n begins a sequence to withhold
	uint16_t keys;           // pieces of pools, or FLOW_NO_PIECE
	uint16_t prompt;
	uint16_t event;
	uint16_t record;
	bool nat : 1;         // send only to where it locked
	bool locked : 1;      // lock_port means something
	bool withholding : 1; // all digits, until the next WATCH
	bool heard_sr : 1;    // heard_at and heard_ntp mean something
	bool lost_event : 1;  // the core has not heard of something
	bool closed : 1;      // closed_at means something
	bool mux : 1;         // RTCP has the port of RTP (RFC 5761)
	bool reported : 1;    // we have sent RTCP
	bool judged : 1;      // the far end has reported of us: remote_lost means something
	bool shared : 1;      // MUSIC: all who hear the track are at one place of it
};
static_assert(sizeof(struct flow_cold) <= 112, "a flow is 256 bytes, pacer and pools included");

// Where a packet stands in the stream that comes in.
enum flow_order {
	FLOW_IN_PLACE,  // newer than all before, or fills a gap
	FLOW_DUPLICATE, // seen already
	FLOW_TOO_OLD,   // too far behind to be told from a duplicate
};

// Makes a closed place an open flow: everything but its place and its past is new.
void flow_open(struct rtp_flow *f, struct flow_cold *c, const struct dp_cmd *cmd, uint64_t now);

// Takes over what REMOTE says. hop is that towards flow_target_ip() of it.
void flow_remote(struct rtp_flow *f, struct flow_cold *c, const struct dp_cmd *cmd, uint16_t hop,
	uint64_t now);
bool flow_remote_same(const struct flow_cold *c, const struct dp_cmd *cmd);
bool flow_is_nat(const struct dp_cmd *cmd);
const uint8_t *flow_target_ip(const struct dp_cmd *cmd);

// The encoding of tracks that a codec with this clock can play, or TRACK_CODECS.
uint8_t flow_encoding(uint8_t codec, uint32_t clock);

// What the flow sends from now on. The caller has let go of what the old mode used.
void flow_set_mode(struct rtp_flow *f, enum flow_mode mode);

// The source rule: may this address and port send to us now?
bool flow_may_hear(const struct rtp_flow *f, const uint8_t ip[16], uint16_t port);

// A valid packet came from a source that may send. True: this locked the flow to that port.
bool flow_learn(struct rtp_flow *f, struct flow_cold *c, uint16_t port, uint16_t seq);

// May RTP leave now? RTCP may leave although the far end is on hold.
static inline bool flow_may_report(const struct rtp_flow *f)
{
	return f->send_port != 0 && (f->tx & FLOW_KEYLESS) == 0;
}

static inline bool flow_may_send(const struct rtp_flow *f)
{
	return flow_may_report(f) && (f->tx & FLOW_MUTED) == 0;
}

// Has it something of our own making to send?
static inline bool flow_is_due(const struct rtp_flow *f)
{
	return (f->tx & FLOW_TYPING) != 0 || f->driven || f->mode == FLOW_MUSIC ||
	       f->mode == FLOW_PROMPT;
}

// Are its packets samples, at a rate at which digits are tones? All else needs a voice for that.
static inline bool flow_is_plain(const struct rtp_flow *f)
{
	if (dp_codec_is_g711(f->codec))
		return true;
	return f->codec == DP_CODEC_L16 && (f->clock == 8000 || f->clock == 16000);
}

// A time in steps of about a millisecond. It goes round after 52 days.
static inline uint32_t flow_coarse(uint64_t ns)
{
	return (uint32_t)(ns >> 20);
}

// A datagram that is not RTP, of a flow that is OPAQUE: there is no order to enter it into.
void flow_count_opaque(struct rtp_flow *f, uint32_t bytes, uint64_t now);

// Enters a packet into the order of what comes in, and into the books.
enum flow_order flow_account(
	struct rtp_flow *f, struct flow_cold *c, const struct rtp *rtp, uint64_t now);

// The arrival of an audio packet (RFC 3550, A.8). Events share a timestamp and say nothing.
void flow_jitter(struct rtp_flow *f, uint32_t ts, uint64_t now);

// Books a packet that leaves.
static inline void flow_sent(struct rtp_flow *f, uint32_t bytes)
{
	f->tx_packets++;
	f->tx_bytes += bytes;
}

// Takes up what the hot counters of bytes have come to; must be called before they go round.
void flow_take_up(const struct rtp_flow *f, struct flow_cold *c);

// Packets received of all SSRCs, modulo 2^32.
uint32_t flow_received(const struct rtp_flow *f, const struct flow_cold *c);

// Sequence numbers that should have come and did not, of all SSRCs.
uint32_t flow_lost(const struct rtp_flow *f, const struct flow_cold *c);

// Sequence numbers that should have come since this SSRC began (RFC 3550, A.3).
uint32_t flow_expected(const struct rtp_flow *f, const struct flow_cold *c);

// Nanoseconds in units of the flow's RTP clock, modulo 2^32.
uint32_t flow_units(const struct rtp_flow *f, uint64_t ns);

// The timestamp of something that begins at `at`: by elapsed time, and never back.
uint32_t flow_ts(const struct rtp_flow *f, uint64_t at);

// A packet of audio that we make ourselves.
struct flow_frame {
	uint64_t at;    // its time
	uint64_t ns;    // how long it lasts
	uint32_t units; // the same in the RTP clock
	uint32_t bytes; // of payload
};

// Writes its header and books it. A source that has just begun takes its timestamp from the time.
void flow_stamp(struct rtp_flow *f, uint8_t *buf, const struct flow_frame *frame);
