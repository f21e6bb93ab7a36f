// SPDX-License-Identifier: BSD-3-Clause
//
// A worker of layby-media for a bench: built by the plant from a configuration, with flows that
// real commands have opened through the bridge's lanes. The bench is its core, its clock and
// whoever turns it; no thread runs. What is measured is worker_turn() and all below it.
#pragma once

#include "codecs/track.h"
#include "dataplane/bridge.h"
#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/lane.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WORLD_SIDES_MAX = 2,
	WORLD_PORTS_OF_ADDRESS = 8192, // flows: 16384-32767
	WORLD_RTP = 16384,
	WORLD_PTIME_NS = 20 * 1000 * 1000,
	WORLD_FRAME = 160,
};

enum { WORLD_TRACK = 60 * 8000 + 77 }; // no multiple of a frame: the seam goes through packets

struct crowd;

// One worker and all that the bench knows of it.
struct side {
	struct worker *w;
	uint32_t n; // which it is
	struct bridge_worker *bridge;
	struct lane_writer down;
	struct lane_reader up;
	uint32_t flows;
	uint32_t under_way; // commands
	uint32_t tags;
	uint32_t told; // events nobody asked for
	uint64_t now;  // ns, the bench's
	const uint32_t *order;
	struct crowd *far; // NULL: nobody we could look into
};

struct world {
	struct config config;
	struct plant plant;
	struct bridge bridge;
	struct side side[WORLD_SIDES_MAX];
	uint8_t *audio; // WORLD_TRACK bytes of the one track
	struct track track;
	uint16_t sums[(WORLD_TRACK + TRACK_BLOCK - 1) /
		      TRACK_BLOCK]; // of it, as the media reckons them
};

// Worker `n` gets `flows` flows on a port that is `device` (as in a configuration's vdev).
void world_plan(struct world *world, uint32_t n, uint32_t flows, const char *device);

// The same port under another name.
void world_device(struct world *world, uint32_t n, const char *device);

// The caller on one CPU, workers (if somebody launches them) on another. Ends the program with a
// sentence if it cannot be done.
void world_start_eal(struct world *world, uint32_t main_cpu, uint32_t cpu);
void world_build(struct world *world);
void world_end(struct world *world);

// The far end's address of a flow, in host order.
static inline uint32_t world_caller_ip(uint32_t flow)
{
	return 0x64400001U + flow; // 100.64.0.1 and up: RFC 6598
}

static inline uint16_t world_caller_port(uint32_t flow)
{
	return (uint16_t)(20000 + 2 * (flow % 16384));
}

// Our address of a flow of worker n.
static inline uint32_t world_our_ip(uint32_t n, uint32_t flow)
{
	return 0x0a630002U + (n << 8) + flow / WORLD_PORTS_OF_ADDRESS; // 10.99.n.2 and up
}

static inline uint16_t world_our_port(uint32_t flow)
{
	return (uint16_t)(WORLD_RTP + 2 * (flow % WORLD_PORTS_OF_ADDRESS));
}

static inline uint32_t world_gateway(uint32_t n)
{
	return 0x0a630001U + (n << 8);
}

// Round the worker's loop, at the side's own time.
void side_turn(struct side *s);

// Sends a command; takes answers while there is no room. Refused: the end of the program.
void side_command(struct side *s, uint32_t flow, struct dp_cmd cmd);

// Waits for what is under way.
void side_settle(struct side *s);

// Takes in what the worker tells, as a core would.
void side_hear(struct side *s);

enum side_kind { SIDE_SILENT, SIDE_MUSIC, SIDE_RELAY };

// Opens all flows and says where they send, in the order of s->order; then what they play.
void side_open(struct side *s, enum side_kind kind, uint8_t codec);

// The gateway has a MAC, as if it had answered: where nobody can.
void side_know_gateway(struct side *s);

// A worker's ports are counted as the configuration counts them.
static inline struct port *side_port(const struct side *s)
{
	return &s->w->port[s->n];
}

// 0 .. n - 1 in order, or shuffled.
uint32_t *world_order(uint32_t n, bool shuffled);
