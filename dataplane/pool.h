// SPDX-License-Identifier: BSD-3-Clause
//
// So many pieces of one size, laid out once in memory of the caller's, and found by number.
// One worker's: no lock. A piece that is taken is all zero.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_NONE UINT32_MAX

struct pool {
	uint8_t *base;
	uint32_t *next; // of each free piece: the next free one
	size_t size;    // bytes of a piece, a multiple of 64
	uint32_t count;
	uint32_t free; // the first free piece, or POOL_NONE
	uint32_t used;
};

// Bytes that n pieces of this size need, a multiple of 64.
size_t pool_size(size_t size, uint32_t n);

// memory is aligned to 64.
void pool_init(struct pool *p, void *memory, size_t size, uint32_t n);

// The number of a piece that is the caller's now, or POOL_NONE: all are taken.
[[nodiscard]] uint32_t pool_take(struct pool *p);

// Gives it back. Harmless for POOL_NONE.
void pool_give(struct pool *p, uint32_t piece);

static inline void *pool_at(const struct pool *p, uint32_t piece)
{
	return p->base + (size_t)piece * p->size;
}
