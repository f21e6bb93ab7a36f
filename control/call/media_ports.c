// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_ports.h"

#include "codecs/track.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

// xorshift64: spreads, does not hide.
static uint64_t draw(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static void shuffle(struct free_place *line, uint32_t n, uint64_t *random)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)(draw(random) % i);
		struct free_place swap = line[i - 1];

		line[i - 1] = line[k];
		line[k] = swap;
	}
}

// Never 0. A place nobody has used yet begins anywhere, so that what somebody remembers of an
// earlier media process hits nothing.
static uint32_t first_gen(uint32_t known, uint64_t *random)
{
	if (known != 0)
		return known;
	known = (uint32_t)draw(random);
	return known != 0 ? known : 1;
}

// What the directory says of a place; true: it was never used.
static bool read_place(struct place *place, const struct bridge_entry *entry, uint64_t *random)
{
	uint32_t gen = atomic_load_explicit(&entry->gen, memory_order_relaxed);

	place->gen = first_gen(gen, random);
	if (atomic_load_explicit(&entry->open, memory_order_acquire) != 0)
		place->state = PLACE_CLOSING;
	return gen == 0;
}

// The fresh ones first, then those that were used and rest.
static void line_up(struct media_ports *p, const bool *fresh, uint64_t *random, uint64_t now_ms)
{
	uint32_t rested;

	for (uint32_t i = 0; i < p->n; i++)
		if (p->place[i].state == PLACE_FREE && fresh[i])
			p->line[p->free++].index = i;
	rested = p->free;
	shuffle(p->line, rested, random);
	for (uint32_t i = 0; i < p->n; i++)
		if (p->place[i].state == PLACE_FREE && !fresh[i])
			p->line[p->free++] = (struct free_place){ .index = i,
				.ready_ms = now_ms + MEDIA_REST_MS };
	shuffle(p->line + rested, p->free - rested, random);
	p->open = p->n - p->free;
}

bool media_ports_init(struct media_ports *p, const struct bridge_entry *directory, uint32_t n,
	uint64_t *random, uint64_t now_ms)
{
	bool *fresh = calloc(n, sizeof(*fresh));

	*p = (struct media_ports){ .n = n };
	p->place = calloc(n, sizeof(*p->place));
	p->line = calloc(n, sizeof(*p->line));
	if (fresh == NULL || p->place == NULL || p->line == NULL) {
		free(fresh);
		media_ports_clear(p);
		return false;
	}
	for (uint32_t i = 0; i < n; i++)
		fresh[i] = read_place(&p->place[i], &directory[i], random);
	line_up(p, fresh, random, now_ms);
	free(fresh);
	return true;
}

void media_ports_clear(struct media_ports *p)
{
	free(p->place);
	free(p->line);
	*p = (struct media_ports){ .n = 0 };
}

void media_ports_leave_out(struct media_ports *p, uint32_t first, uint32_t n)
{
	uint32_t kept = 0;

	assert(p->head == 0);
	for (uint32_t i = 0; i < p->free; i++) {
		struct free_place at = p->line[i];

		if (at.index - first < n)
			p->place[at.index].state = PLACE_UNUSED;
		else
			p->line[kept++] = at;
	}
	p->free = kept;
}

bool media_ports_open(struct media_ports *p, void *owner, uint64_t now_ms, struct flow_id *out)
{
	const struct free_place *first = &p->line[p->head];

	if (p->free == 0 || first->ready_ms > now_ms)
		return false;
	struct place *place = &p->place[first->index];

	assert(place->state == PLACE_FREE);
	place->gen = place->gen + 1 != 0 ? place->gen + 1 : 1;
	place->state = PLACE_OPEN;
	place->owner = owner;
	place->held = 0;
	place->encoding = TRACK_CODECS;
	place->musics = 0;
	place->music = 0;
	place->shared = place->heard = place->waits = false;
	*out = (struct flow_id){ .index = first->index, .gen = place->gen };
	p->head = (p->head + 1) % p->n;
	p->free--;
	p->open++;
	return true;
}

struct place *media_ports_find(const struct media_ports *p, struct flow_id id)
{
	struct place *place;

	if (id.index >= p->n)
		return NULL;
	place = &p->place[id.index];
	return place->state == PLACE_OPEN && place->gen == id.gen ? place : NULL;
}

void media_ports_closing(struct place *place)
{
	assert(place->state == PLACE_OPEN);
	place->state = PLACE_CLOSING;
	place->held = 0;
	place->owner = NULL;
}

void media_ports_rest(struct media_ports *p, uint32_t index, uint64_t now_ms)
{
	assert(index < p->n && p->place[index].state != PLACE_FREE);
	p->place[index].state = PLACE_FREE;
	p->place[index].owner = NULL;
	p->line[(p->head + p->free) % p->n] =
		(struct free_place){ .index = index, .ready_ms = now_ms + MEDIA_REST_MS };
	p->free++;
	p->open--;
}

// The line is in order of time, so the border is found by halving.
uint32_t media_ports_resting(const struct media_ports *p, uint64_t now_ms)
{
	uint32_t ready = 0, end = p->free;

	while (ready < end) {
		uint32_t middle = ready + (end - ready) / 2;

		if (p->line[(p->head + middle) % p->n].ready_ms <= now_ms)
			ready = middle + 1;
		else
			end = middle;
	}
	return p->free - ready;
}
