// SPDX-License-Identifier: BSD-3-Clause
//
// A worker without its network card: packets, commands and the time go in, packets and events
// come out. It reads no clock, no socket and no lane and allocates nothing, so a test can live
// its whole life in an array. Time is nanoseconds of a clock that never goes back.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/far.h"
#include "dataplane/pkt.h"
#include "dataplane/record.h"

#include <stddef.h>
#include <stdint.h>

struct engine;
struct srtp_ciphers;
struct track;

// What the engine asks of whoever runs it. None of these may block.
struct engine_ops {
	void *ctx;
	// An answer to a command. The caller of engine_command() has made sure there is room.
	void (*answer)(void *ctx, const struct dp_event *event);
	// An event nobody asked for. False: no room; the engine counts it and says so later.
	bool (*tell)(void *ctx, const struct dp_event *event);
	// Appends up to n empty packets to out (buf, data, room set). Returns how many.
	uint32_t (*blank)(void *ctx, struct burst *out, uint32_t n);
	// Sends what is in out and empties it; called whenever out is full.
	void (*flush)(void *ctx, struct burst *out);
	// The index of the next hop towards ip from our address, or -1 if it cannot be reached.
	int (*hop)(void *ctx, uint16_t address, const uint8_t ip[16]);
	// A flow was opened or closed: the line of the flow directory.
	void (*entry)(void *ctx, uint32_t flow, uint32_t gen, bool open, uint64_t owner);
	// For relays between workers, where there are several: a word to another's engine (false:
	// no room), and a packet, which is not ours any more.
	bool (*note)(void *ctx, uint16_t worker, const struct far_note *note);
	void (*pass)(void *ctx, uint16_t worker, const struct pkt *p, const struct far_mark *mark);
	// What a recorded flow has received (record.h): a copy is to be made of both, now. NULL:
	// nobody records here.
	enum record_outcome (*record)(
		void *ctx, const struct record_note *note, const uint8_t *payload);
};

struct engine_address {
	uint8_t ip[16];
	uint16_t port_first;
	uint16_t reserved;
	uint32_t flows;
	uint32_t flow_first;
};

// How many pieces there are of what only some flows need at once. 0: as many as a normal site
// never needs; engine_capacity_of() says how many. When they are used up, a command is refused
// with NO_ROOM, and what comes from the network is counted and done without.
struct engine_capacity {
	uint32_t keys;      // flows that send digits, at most ENGINE_PIECES_MAX
	uint32_t prompts;   // flows that play prompts, the same
	uint32_t events;    // flows from which digits come, the same
	uint32_t voices;    // flows that are heard or rendered
	uint32_t overlays;  // that play
	uint32_t jitters;   // flows whose audio is mixed
	uint32_t cryptos;   // flows with SRTP
	uint32_t opus;      // voices that speak Opus
	uint32_t detectors; // flows whose digits may come as tones
	uint32_t records;   // channels of recordings, at most ENGINE_PIECES_MAX
};

enum {
	ENGINE_PIECES_MAX = 65535,
	ENGINE_RECORDS = 128, // unless the plan says otherwise
};

struct engine_plan {
	uint32_t flows;     // of the whole worker
	uint32_t addresses; // at most BRIDGE_ADDRESSES_MAX
	uint16_t worker;    // which one this is
	uint16_t workers;   // of how many; 0 and 1: nobody is beside it
	const struct engine_address *address;
	uint64_t seed[2];    // randomness for SSRCs, sequence numbers, timestamps, RTCP intervals
	int64_t wall_offset; // nanoseconds to add to `now` for the wall clock (RTCP NTP time)
	uint32_t burst_most; // packets of our own that a turn may send; 0: by the flows due in 1 ms
	struct engine_capacity capacity;
	const struct srtp_ciphers *ciphers; // this worker's alone; NULL: no SRTP
};

// The capacity with its zeroes filled in.
struct engine_capacity engine_capacity_of(const struct engine_plan *plan);

// The part of an engine's memory where keys are: nothing that a core dump should have.
void *engine_secrets(const struct engine *e, size_t *len);

// Bytes of memory that an engine of this plan needs, aligned to 64.
size_t engine_size(const struct engine_plan *plan);

// Lays an engine into memory that the caller owns and keeps. stats is the caller's too.
struct engine *engine_init(void *memory, const struct engine_plan *plan,
	const struct engine_ops *ops, struct worker_stats *stats, uint64_t now);

// One command, a copy of the lane's. Answers it exactly once.
void engine_command(struct engine *e, const struct dp_cmd *cmd, uint64_t now);

// Takes in a burst. What is to be sent on moves to out, of what ends here the buffer to drop; every
// packet of `in` is in one of them afterwards, or was sent through ops->flush.
void engine_input(
	struct engine *e, struct burst *in, struct burst *out, struct spent *drop, uint64_t now);

// Sends what has become due: music, prompts, digits, RTCP. Needs blanks from ops.
void engine_tick(struct engine *e, struct burst *out, uint64_t now);

// What another worker's engine has given to ops->note or ops->pass. drop must have room.
void engine_far_note(struct engine *e, const struct far_note *note);
void engine_far_packet(struct engine *e, struct pkt *p, const struct far_mark *mark,
	struct burst *out, struct spent *drop, uint64_t now);

// When the next thing becomes due, for a worker that sleeps when idle. Never more than 1 ms away
// while anything is paced.
uint64_t engine_next_due(const struct engine *e, uint64_t now);

// The wall clock was looked at again.
void engine_set_wall_offset(struct engine *e, int64_t wall_offset);

// Calls ops->entry for up to `most` places from `from` on that were ever used. Returns where to
// go on, or plan.flows when all are told.
uint32_t engine_describe(struct engine *e, uint32_t from, uint32_t most);

// A track has become available in one more codec, or is to be gone. The track stays the
// caller's; it must live until engine_track_hide() returned true. Show is false when the table
// is full.
[[nodiscard]] bool engine_track_show(struct engine *e, const struct track *track);
[[nodiscard]] bool engine_track_hide(struct engine *e, uint64_t hash);

// The core is gone for good: closes every flow from which no valid packet came for idle_ns.
// Returns how many were closed. Looks at up to `most` places from *from on and moves it.
uint32_t engine_reap(
	struct engine *e, uint32_t *from, uint32_t most, uint64_t idle_ns, uint64_t now);
