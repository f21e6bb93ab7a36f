// SPDX-License-Identifier: BSD-3-Clause
//
// A lane: a bounded queue with exactly one writer and one reader, in two different processes.
//
// Shared are two indices and the elements, nothing else. Each end keeps privately what it must
// be able to trust: the mask, its own index, and the other's index as last seen. Indices run
// freely over 2^32 and are masked on access: tail - head is the fill, wrap included. A fill
// above the size cannot happen between honest ends; it is reported, and means: detach.
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LANE_LINE = 64 };

// The shared part. All zero is an empty lane.
struct lane {
	alignas(LANE_LINE) _Atomic uint32_t tail; // the writer writes
	alignas(LANE_LINE) _Atomic uint32_t head; // the reader writes
};
static_assert(sizeof(struct lane) == 2 * LANE_LINE, "writer and reader share a line");

struct lane_writer {
	struct lane *lane;
	uint32_t mask;
	uint32_t tail;
	uint32_t head_seen;
	bool broken; // the other end wrote nonsense; sticky
};

struct lane_reader {
	struct lane *lane;
	uint32_t mask;
	uint32_t head;
	uint32_t tail_seen;
	bool broken; // as above
};

// size is a power of two, at most 2^31. Both ends start on a lane that is all zero.
static inline void lane_writer_init(struct lane_writer *w, struct lane *lane, uint32_t size)
{
	assert(size != 0 && (size & (size - 1)) == 0);
	*w = (struct lane_writer){ .lane = lane, .mask = size - 1 };
}

static inline void lane_reader_init(struct lane_reader *r, struct lane *lane, uint32_t size)
{
	assert(size != 0 && (size & (size - 1)) == 0);
	*r = (struct lane_reader){ .lane = lane, .mask = size - 1 };
}

// How many elements the writer may still put in; 0 as well when the lane is broken.
static inline uint32_t lane_room(struct lane_writer *w)
{
	w->head_seen = atomic_load_explicit(&w->lane->head, memory_order_acquire);

	uint32_t fill = w->tail - w->head_seen;
	if (fill > w->mask + 1)
		w->broken = true;
	return w->broken ? 0 : w->mask + 1 - fill;
}

// The index to fill next, or false when the lane is full or broken.
[[nodiscard]] static inline bool lane_reserve(struct lane_writer *w, uint32_t *at)
{
	if (w->broken || (w->tail - w->head_seen > w->mask && lane_room(w) == 0))
		return false;
	*at = w->tail & w->mask;
	return true;
}

// Hands the reserved element to the reader.
static inline void lane_commit(struct lane_writer *w)
{
	w->tail++;
	atomic_store_explicit(&w->lane->tail, w->tail, memory_order_release);
}

// The index to read next, or false when the lane is empty or broken. The element stays the
// writer's to scribble on if he is hostile: copy it, then check the copy.
[[nodiscard]] static inline bool lane_peek(struct lane_reader *r, uint32_t *at)
{
	if (r->broken)
		return false;
	if (r->head == r->tail_seen) {
		r->tail_seen = atomic_load_explicit(&r->lane->tail, memory_order_acquire);
		if (r->tail_seen - r->head > r->mask + 1) {
			r->broken = true;
			return false;
		}
		if (r->head == r->tail_seen)
			return false;
	}
	*at = r->head & r->mask;
	return true;
}

// Gives the element back to the writer.
static inline void lane_release(struct lane_reader *r)
{
	r->head++;
	atomic_store_explicit(&r->lane->head, r->head, memory_order_release);
}
