// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pacer.h"

#include <assert.h>

enum {
	ROUNDS = 1 << (32 - PACER_PLACE_BITS), // how many an entry can tell apart
	STALL = ROUNDS / 4,                    // rounds: after this the entries are made anew
	SOON = 8,                              // rounds: nobody who is added is due later than this
};

static_assert((PACER_BUCKETS & (PACER_BUCKETS - 1)) == 0, "a bucket is found with a mask");
static_assert(sizeof(struct pacer_chunk) == 64, "a chunk is one cache line");

static uint32_t chunks_of(uint32_t n)
{
	// Of each bucket the first chunk may be used up in part, and the last one filled in part.
	return n / PACER_CHUNK + 2 * PACER_BUCKETS;
}

size_t pacer_size(uint32_t n)
{
	return chunks_of(n) * sizeof(struct pacer_chunk);
}

void pacer_init(struct pacer *p, void *memory, uint32_t n, uint64_t now)
{
	uint32_t chunks = chunks_of(n);

	assert(n <= 1U << PACER_PLACE_BITS);
	*p = (struct pacer){ .chunks = memory, .cursor = now > 0 ? now - 1 : 0, .most = n };
	for (uint32_t c = 0; c < chunks; c++)
		p->chunks[c].next = c + 1 < chunks ? c + 1 : PACER_NONE;
	for (uint32_t b = 0; b < PACER_BUCKETS; b++)
		p->bucket[b].head = p->bucket[b].tail = PACER_NONE;
}

static uint32_t round_of(uint64_t tick)
{
	return (uint32_t)(tick / PACER_BUCKETS) % ROUNDS;
}

static void add_chunk(struct pacer *p, struct pacer_bucket *b)
{
	uint32_t chunk = p->free;

	assert(chunk != PACER_NONE);
	p->free = p->chunks[chunk].next;
	p->chunks[chunk].next = PACER_NONE;
	if (b->head == PACER_NONE) {
		b->head = chunk;
		b->first = 0;
	} else {
		p->chunks[b->tail].next = chunk;
	}
	b->tail = chunk;
	b->end = 0;
}

static void append(struct pacer *p, struct pacer_bucket *b, uint32_t entry)
{
	if (b->head == PACER_NONE || b->end == PACER_CHUNK)
		add_chunk(p, b);
	p->chunks[b->tail].entry[b->end++] = entry;
	b->count++;
}

static uint32_t pop(struct pacer *p, struct pacer_bucket *b)
{
	struct pacer_chunk *chunk = &p->chunks[b->head];
	uint32_t entry = chunk->entry[b->first++];

	b->count--;
	if (b->first == PACER_CHUNK || b->count == 0) {
		uint32_t next = chunk->next;

		chunk->next = p->free;
		p->free = b->head;
		b->head = next;
		b->first = 0;
	}
	return entry;
}

static void move_cursor(struct pacer *p, uint64_t to)
{
	p->cursor = to;
	p->left = pacer_load(p, to);
}

static void rename_entries(struct pacer *p, const struct pacer_bucket *b, uint32_t to)
{
	uint32_t first = b->first;

	for (uint32_t c = b->head, n = b->count; n > 0; n--) {
		uint32_t *entry = &p->chunks[c].entry[first];

		*entry = *entry % (1U << PACER_PLACE_BITS) | to << PACER_PLACE_BITS;
		if (++first == PACER_CHUNK) {
			first = 0;
			c = p->chunks[c].next;
		}
	}
}

// The cursor goes on at `begin`. A stall may be so long that an entry does not say any more of
// which round it is; nobody is due later than it lasts, so all are of the round that begins.
static void jump(struct pacer *p, uint64_t begin)
{
	if (begin - p->cursor >= STALL * PACER_BUCKETS) {
		for (uint64_t tick = begin; tick < begin + PACER_BUCKETS; tick++)
			rename_entries(p, &p->bucket[tick % PACER_BUCKETS], round_of(tick));
	}
	move_cursor(p, begin);
}

void pacer_add(struct pacer *p, uint32_t place, uint64_t due)
{
	assert(p->waiting < p->most && place < 1U << PACER_PLACE_BITS);
	if (due > p->cursor && due - p->cursor >= (STALL + SOON) * PACER_BUCKETS)
		jump(p, due - SOON * PACER_BUCKETS);

	uint64_t tick = due > p->cursor ? due : p->cursor;
	struct pacer_bucket *b = &p->bucket[tick % PACER_BUCKETS];
	append(p, b, place | round_of(tick) << PACER_PLACE_BITS);
	p->waiting++;
	if (tick == p->cursor)
		p->left = b->count;
}

// Takes from the cursor's bucket. What belongs to a later round goes to its end.
static uint32_t take_here(struct pacer *p, uint32_t *places, uint32_t most, uint64_t *due)
{
	struct pacer_bucket *b = &p->bucket[p->cursor % PACER_BUCKETS];
	uint32_t now = round_of(p->cursor), n = 0, of = 0;

	while (p->left > 0 && n < most) {
		uint32_t entry = p->chunks[b->head].entry[b->first];
		uint32_t late = (now - (entry >> PACER_PLACE_BITS)) % ROUNDS;

		if (n > 0 && late < ROUNDS / 2 && late != of)
			break;
		p->left--;
		entry = pop(p, b);
		if (late >= ROUNDS / 2) {
			append(p, b, entry);
			continue;
		}
		of = late;
		places[n++] = entry % (1U << PACER_PLACE_BITS);
	}
	*due = p->cursor - (uint64_t)of * PACER_BUCKETS;
	p->waiting -= n;
	return n;
}

uint32_t pacer_take(struct pacer *p, uint64_t now, uint32_t *places, uint32_t most, uint64_t *due)
{
	if (p->waiting == 0) {
		p->cursor = now > p->cursor ? now : p->cursor;
		p->left = 0;
		return 0;
	}
	// One round visits every bucket, so a longer stall is not walked tick by tick.
	if (now >= p->cursor + PACER_BUCKETS)
		jump(p, now - PACER_BUCKETS + 1);
	for (;;) {
		uint32_t n = take_here(p, places, most, due);

		if (n > 0 || p->cursor >= now)
			return n;
		move_cursor(p, p->cursor + 1);
	}
}

uint32_t pacer_ahead(const struct pacer *p, uint32_t *places, uint32_t most)
{
	const struct pacer_bucket *b = &p->bucket[p->cursor % PACER_BUCKETS];
	uint32_t n = p->left < most ? p->left : most;
	uint32_t first = b->first;

	for (uint32_t i = 0, c = b->head; i < n; i++) {
		places[i] = p->chunks[c].entry[first] % (1U << PACER_PLACE_BITS);
		if (++first == PACER_CHUNK) {
			first = 0;
			c = p->chunks[c].next;
		}
	}
	return n;
}
