// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pacer.h"

#include <assert.h>

static_assert((PACER_BUCKETS & (PACER_BUCKETS - 1)) == 0, "a bucket is found with a mask");

void pacer_init(struct pacer *p, struct pacer_place *places, uint64_t now)
{
	*p = (struct pacer){ .places = places, .cursor = now };
	for (uint32_t b = 0; b < PACER_BUCKETS; b++)
		p->head[b] = p->tail[b] = PACER_NONE;
}

void pacer_set(struct pacer *p, uint32_t place, uint64_t due)
{
	pacer_remove(p, place);

	uint64_t tick = due > p->cursor ? due : p->cursor;
	uint8_t bucket = (uint8_t)(tick & (PACER_BUCKETS - 1));

	p->places[place] = (struct pacer_place){
		.due = due,
		.next = PACER_NONE,
		.prev = p->tail[bucket],
		.bucket = bucket,
		.waiting = true,
	};
	if (p->tail[bucket] == PACER_NONE)
		p->head[bucket] = place;
	else
		p->places[p->tail[bucket]].next = place;
	p->tail[bucket] = place;
	p->waiting++;
}

void pacer_remove(struct pacer *p, uint32_t place)
{
	struct pacer_place *it = &p->places[place];

	if (!it->waiting)
		return;
	if (it->prev == PACER_NONE)
		p->head[it->bucket] = it->next;
	else
		p->places[it->prev].next = it->next;
	if (it->next == PACER_NONE)
		p->tail[it->bucket] = it->prev;
	else
		p->places[it->next].prev = it->prev;
	it->waiting = false;
	p->waiting--;
}

// The first of the cursor's bucket that is due; the others there belong to a later round.
static uint32_t first_due(const struct pacer *p)
{
	uint32_t place = p->head[p->cursor & (PACER_BUCKETS - 1)];

	while (place != PACER_NONE && p->places[place].due > p->cursor)
		place = p->places[place].next;
	return place;
}

uint32_t pacer_take(struct pacer *p, uint64_t now, uint64_t *due)
{
	if (p->waiting == 0) {
		p->cursor = now > p->cursor ? now : p->cursor;
		return PACER_NONE;
	}
	// One round visits every bucket, so a longer stall is not walked tick by tick.
	if (now >= PACER_BUCKETS && p->cursor <= now - PACER_BUCKETS)
		p->cursor = now - PACER_BUCKETS + 1;

	for (;; p->cursor++) {
		uint32_t place = first_due(p);

		if (place != PACER_NONE) {
			*due = p->places[place].due;
			pacer_remove(p, place);
			return place;
		}
		if (p->cursor >= now)
			return PACER_NONE;
	}
}
