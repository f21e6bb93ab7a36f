// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pool.h"

#include <assert.h>
#include <string.h>

enum { LINE = 64 };

static size_t lines(size_t bytes)
{
	return (bytes + LINE - 1) / LINE * LINE;
}

size_t pool_size(size_t size, uint32_t n)
{
	return n * lines(size) + lines(n * sizeof(uint32_t));
}

void pool_init(struct pool *p, void *memory, size_t size, uint32_t n)
{
	assert((uintptr_t)memory % LINE == 0);
	*p = (struct pool){ .base = memory,
		.next = (void *)((uint8_t *)memory + n * lines(size)),
		.size = lines(size),
		.count = n,
		.free = n > 0 ? 0 : POOL_NONE };
	for (uint32_t i = 0; i < n; i++)
		p->next[i] = i + 1 < n ? i + 1 : POOL_NONE;
}

uint32_t pool_take(struct pool *p)
{
	uint32_t piece = p->free;

	if (piece == POOL_NONE)
		return POOL_NONE;
	p->free = p->next[piece];
	p->used++;
	memset(pool_at(p, piece), 0, p->size);
	return piece;
}

void pool_give(struct pool *p, uint32_t piece)
{
	if (piece == POOL_NONE)
		return;
	assert(piece < p->count && p->used > 0);
	p->next[piece] = p->free;
	p->free = piece;
	p->used--;
}
