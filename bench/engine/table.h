// SPDX-License-Identifier: BSD-3-Clause
//
// An engine on a table for benches: as many flows as wanted, buffers that come round like those of
// a pool's cache, and a track of which each flow has a place of its own.
#pragma once

#include "dataplane/node.h"

enum {
	FRAME = 160,
	PTIME = 20,
	PACKET = RTP_FIXED_LEN + FRAME,
	BUFFERS = 512, // as many as the cache of a pool hands out again and again
	ROOM = 2048,
	HEADROOM = 192,
	HUGE = 1 << 21,
	TRACK = 1 << 23,
	PORT = 16384,
	FLOWS_AN_ADDRESS = 8192,
	PACKETS = 2500000, // in one run, or one for each flow
};

struct table {
	struct engine *e;
	void *memory;
	uint32_t flows;
	uint32_t ms; // of media time in one run
	uint32_t *order;
	uint32_t *heard; // order, and who is heard in it, ms by ms
	uint64_t now;
	uint64_t made;
	uint32_t next; // buffer
	uint32_t turn; // of what comes in
	uint8_t *buffers;
	uint8_t *audio;
	uint32_t *from; // baseline: where each flow reads
	struct worker_stats stats;
	struct burst out, in;
	struct spent drop;
};

// Zeroed memory, in large pages if it is large; aborts without.
void *table_room(size_t size);

// An engine for t->flows, in memory of its own, and the track shown to it.
void table_lay_engine(struct table *t);

// An engine with that many open flows, whose far ends are named in order of their places or in a
// random one. Every second one speaks `second`, the others PCMU.
void table_lay(struct table *t, uint32_t flows, bool random, uint8_t second);
void table_clear(struct table *t);

// Every flow plays, in the same order, each from a place of its own.
void table_play(struct table *t);

void table_give(struct table *t, uint32_t flow, struct dp_cmd cmd);
void table_far_end(uint8_t ip[16], uint32_t flow);
uint8_t *table_buffer(struct table *t);

// Takes away what left; ctx is the table.
void table_take(void *ctx, struct burst *out);
