// SPDX-License-Identifier: BSD-3-Clause
//
// A flow: our half of an RTP stream, what comes in from one far end and what we send there.
//
// A flow belongs to one worker from OPEN to CLOSE. Nobody else reads or writes it: control knows
// it only by its flow_id, and asks through the command lane. Hence no locks and no atomics.
#pragma once

#include "dataplane/cmd.h"
#include "dataplane/event.h"
#include "dataplane/rtp.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_NONE  UINT32_MAX
#define FLOW_FAR   (UINT32_MAX - 1) // one of another worker (node_far.c)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

// What a flow sends.
enum flow_mode {
	FLOW_SILENT, // nothing
	FLOW_MUSIC,  // a track, round and round
	FLOW_PROMPT, // up to four tracks, once
	FLOW_RELAY,  // what its peer receives
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

// Line 2: what RFC 3550 wants to be counted. Written for each packet, read for reports.
struct flow_books {
	uint64_t rx_packets;
	uint64_t rx_bytes; // of payload
	uint64_t tx_packets;
	uint64_t tx_bytes;    // of payload
	uint32_t rx_base;     // extended sequence number of the first packet of this SSRC
	uint32_t rx_of_ssrc;  // packets of this SSRC
	uint32_t rx_lost_old; // lost of SSRCs before
	uint32_t transit;     // RFC 3550, A.8
	uint32_t jitter;      // in clock units, times 16
	bool transit_known;
};

// The RFC 4733 event that comes in now, and the one before.
struct flow_event_in {
	uint64_t seen;      // when its last update came
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

// Digits that we send, oldest first.
struct flow_keys {
	uint32_t ts;   // of the event that is being sent
	uint16_t step; // how many updates were due since it began
	uint8_t n;     // digits left, this one included; 0: none
	uint8_t ends;  // end packets sent of this one
	uint8_t digit[FLOW_KEYS_MAX];
	uint16_t ms[FLOW_KEYS_MAX];
};

struct flow_prompt {
	uint64_t since; // when it was asked for
	uint16_t track[DP_PROMPT_MAX];
	uint8_t n;
	uint8_t at; // which of them is playing
	bool begun; // at least one packet's time has passed
};

struct flow_report {
	uint64_t heard_at;  // when the far end's last SR came; 0: never
	uint64_t tx_last;   // books.tx_packets at our last report
	uint32_t heard_ntp; // middle of that SR's NTP time
	uint32_t expected;  // at our last report
	uint32_t received;  // at our last report
	uint16_t port;      // where the far end's RTCP came from; 0: none came
};

struct rtp_flow {
	// line 0: whose packet is it, is it new
	uint8_t ip[16];     // who may send to us; also where we send
	uint32_t gen;       // of the flow that is open, or was last
	uint32_t heard_by;  // the flow that was last told to send what we receive: a hint
	uint32_t in_ssrc;   // of what comes in
	uint16_t in_seq;    // highest seen
	uint16_t in_cycles; // how often it went round
	uint64_t in_window; // bit n: in_seq - n was seen
	uint64_t last_rx;   // when a valid packet came; at OPEN: now
	uint16_t lock_port; // the one port that may send to us, once locked
	uint16_t in_run;    // counts the times that what comes in began anew
	uint8_t pt_rx;
	uint8_t dtmf_rx;
	bool open;
	bool known;      // REMOTE has been heard
	bool started;    // in_ssrc, in_seq and so on mean something
	bool nat;        // send only to where it locked
	bool locked;     // lock_port means something
	bool learning;   // the source rule is open for one new lock
	bool digits_run; // an event is running
	uint8_t mode;    // enum flow_mode

	// line 1: what leaves
	alignas(64) uint64_t out_at; // when out_ts is due
	uint32_t peer;               // RELAY: whose packets we send
	uint32_t peer_gen;
	uint32_t out_ssrc;
	uint32_t out_ts;     // of the next packet
	uint32_t relay_ssrc; // of what we relay
	uint32_t ts_delta;   // our timestamp less the peer's
	uint32_t clock;      // Hz
	uint32_t track_at;   // position in the track, MUSIC and PROMPT
	uint16_t out_seq;    // of the next packet
	uint16_t seq_delta;  // our sequence number less the peer's
	uint16_t seq_floor;  // what the peer sent before this has no place with us
	uint16_t relay_run;  // the peer's in_run when we took over what we relay
	uint16_t send_port;  // 0: nowhere yet
	uint16_t local_port; // RTP; RTCP is the port above
	uint16_t address;    // which of ours
	uint16_t hop;
	uint16_t track; // MUSIC: slot in the track table
	uint8_t pt_tx;
	uint8_t dtmf_tx;
	uint8_t codec; // enum dp_codec
	uint8_t ptime; // ms
	bool muted;
	bool fresh; // the next packet is the first of another source

	alignas(64) struct flow_books books;

	// beyond: commands, digits and reports
	alignas(64) struct flow_event_in event;
	struct flow_keys keys;
	struct flow_prompt prompt;
	struct flow_report report;
	uint64_t owner;
	uint64_t closed_at;
	uint16_t try_port; // 0, or where the last packet came from that may become the lock
	uint16_t try_seq;  // its sequence number
	uint16_t watch;    // bit n: digit n begins a sequence to withhold
	bool withholding;
	bool lost_event; // the core has not heard of something
	bool closed;     // closed_at means something
	typeof(((struct dp_cmd *)NULL)->remote) remote;
};
static_assert(offsetof(struct rtp_flow, out_at) == 64, "what is asked of a packet is one line");
static_assert(offsetof(struct rtp_flow, books) == 128, "the hot part is two lines");
static_assert(sizeof(struct flow_books) <= 64, "the books are one line");

// Where a packet stands in the stream that comes in.
enum flow_order {
	FLOW_IN_PLACE,  // newer than all before, or fills a gap
	FLOW_DUPLICATE, // seen already
	FLOW_TOO_OLD,   // too far behind to be told from a duplicate
};

// Makes a closed place an open flow: everything but its place and its past is new.
void flow_open(struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);

// Takes over what REMOTE says. hop is that towards flow_target_ip() of it.
void flow_remote(struct rtp_flow *f, const struct dp_cmd *cmd, uint16_t hop, uint64_t now);
bool flow_remote_same(const struct rtp_flow *f, const struct dp_cmd *cmd);
bool flow_is_nat(const struct dp_cmd *cmd);
const uint8_t *flow_target_ip(const struct dp_cmd *cmd);

// The source rule: may this address and port send to us now?
bool flow_may_hear(const struct rtp_flow *f, const uint8_t ip[16], uint16_t port);

// A valid packet came from a source that may send. True: this locked the flow to that port.
bool flow_learn(struct rtp_flow *f, uint16_t port, uint16_t seq);

// May RTP leave now? RTCP may leave although the far end is on hold.
static inline bool flow_may_report(const struct rtp_flow *f)
{
	return f->known && f->send_port != 0;
}

static inline bool flow_may_send(const struct rtp_flow *f)
{
	return flow_may_report(f) && !f->muted;
}

// Enters a packet into the order of what comes in, and into the books.
enum flow_order flow_account(struct rtp_flow *f, const struct rtp *rtp, uint64_t now);

// The arrival of an audio packet (RFC 3550, A.8). Events share a timestamp and say nothing.
void flow_jitter(struct rtp_flow *f, uint32_t ts, uint64_t now);

// Sequence numbers that should have come and did not, of all SSRCs.
uint32_t flow_lost(const struct rtp_flow *f);

// Sequence numbers that should have come since this SSRC began (RFC 3550, A.3).
uint32_t flow_expected(const struct rtp_flow *f);

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
