// SPDX-License-Identifier: BSD-3-Clause
//
// Who is due now: a timing wheel of places, one tick a bucket. It knows neither what is due nor
// how long a tick is; time is the number of the tick.
//
// A bucket is a queue in chunks of one cache line, so that whoever comes next is known ahead and
// can be fetched. An entry is never moved nor taken back: who is not due any more says so when it
// is told, and the caller sees to it that a place waits at most once. Nothing is allocated, and a
// place costs little more than the four bytes of its entry.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACER_BUCKETS = 128,
	PACER_PLACE_BITS = 22, // of a place; the rest of an entry says in which round it is due
	PACER_CHUNK = 15,
};

#define PACER_NONE UINT32_MAX

struct pacer_chunk {
	uint32_t next; // or PACER_NONE
	uint32_t entry[PACER_CHUNK];
};

struct pacer_bucket {
	uint32_t head; // chunk, or PACER_NONE
	uint32_t tail;
	uint32_t count;
	uint16_t first; // entry of the head
	uint16_t end;   // entry of the tail that comes next
};

struct pacer {
	struct pacer_chunk *chunks; // the caller's
	uint64_t cursor;            // every tick before it is told
	uint32_t left;              // entries of the cursor's bucket that are still to be looked at
	uint32_t waiting;
	uint32_t free; // chunk
	uint32_t most; // places that may wait
	struct pacer_bucket bucket[PACER_BUCKETS];
};

// Bytes for n places that wait, a multiple of 64.
size_t pacer_size(uint32_t n);

// memory is aligned to 64. What is due at `now` has not been told.
void pacer_init(struct pacer *p, void *memory, uint32_t n, uint64_t now);

// The place becomes due at this tick. It must not wait already; what is due already comes with
// the next pacer_take() and says that it is due at the tick that is being told.
void pacer_add(struct pacer *p, uint32_t place, uint64_t due);

// Takes out the next places that are due at `now` or were before, at most `most`, all of one tick:
// *due. In the order of their ticks, and first come first served within one. After a stall of more
// than PACER_BUCKETS ticks what is older than that comes in no certain order. 0: nothing is due.
uint32_t pacer_take(struct pacer *p, uint64_t now, uint32_t *places, uint32_t most, uint64_t *due);

// Some of the places that come after what was taken: for who wants to fetch what they need.
uint32_t pacer_ahead(const struct pacer *p, uint32_t *places, uint32_t most);

// Was not all told that was due at this tick?
static inline bool pacer_is_behind(const struct pacer *p, uint64_t tick)
{
	return p->left > 0 || p->cursor < tick;
}

// How many wait for this tick, or for the same place of another round.
static inline uint32_t pacer_load(const struct pacer *p, uint64_t tick)
{
	return p->bucket[tick % PACER_BUCKETS].count;
}
