// SPDX-License-Identifier: BSD-3-Clause
//
// Who is due now: a timing wheel of places, one tick a bucket. It knows neither what is due nor
// how long a tick is; time is the number of the tick. Adding, moving and removing a place take
// constant time, and nothing is allocated: places are linked through an array of the caller's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACER_BUCKETS = 128 };

#define PACER_NONE UINT32_MAX

struct pacer_place {
	uint64_t due; // tick
	uint32_t next;
	uint32_t prev;
	uint8_t bucket;
	bool waiting; // linked into the bucket
};

struct pacer {
	struct pacer_place *places; // the caller's
	uint64_t cursor;            // every tick before it is told
	uint32_t waiting;
	uint32_t head[PACER_BUCKETS];
	uint32_t tail[PACER_BUCKETS];
};

// places are n, all zero.
void pacer_init(struct pacer *p, struct pacer_place *places, uint64_t now);

// The place becomes due at this tick, and only then. What is due already comes with the next
// pacer_take().
void pacer_set(struct pacer *p, uint32_t place, uint64_t due);

// Harmless for a place that does not wait.
void pacer_remove(struct pacer *p, uint32_t place);

// Takes out the next place that is due at `now` or was before, in the order of their ticks, and
// first come first served within one. After a stall of more than PACER_BUCKETS ticks what is
// older than that comes in no certain order. PACER_NONE: nothing is due.
uint32_t pacer_take(struct pacer *p, uint64_t now, uint64_t *due);

static inline bool pacer_waits(const struct pacer *p, uint32_t place)
{
	return p->places[place].waiting;
}
