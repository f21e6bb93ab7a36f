// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/overlay.h"

#include "dataplane/voice_track.h"

#include <assert.h>

static struct overlay *at(const struct overlays *all, uint32_t piece)
{
	return pool_at(&all->pool, piece);
}

// The link that leads to the one of this id, or to the end.
static uint32_t *find(const struct overlays *all, uint32_t *link, uint32_t id)
{
	while (*link != POOL_NONE && at(all, *link)->id != id)
		link = &at(all, *link)->next;
	return link;
}

static void drop_track(struct overlays *all, uint16_t track)
{
	assert(all->tracks->users[track] > 0);
	all->tracks->users[track]--;
}

static void take_out(struct overlays *all, uint32_t *link)
{
	uint32_t piece = *link;

	*link = at(all, piece)->next;
	drop_track(all, at(all, piece)->track);
	pool_give(&all->pool, piece);
}

bool overlay_put(struct overlays *all, uint32_t *head, const struct overlay_wish *wish)
{
	uint32_t *link = find(all, head, wish->id);

	if (*link == POOL_NONE) {
		uint32_t piece = pool_take(&all->pool);

		if (piece == POOL_NONE)
			return false;
		*link = piece;
		at(all, piece)->next = POOL_NONE;
	} else {
		drop_track(all, at(all, *link)->track);
	}

	struct overlay *o = at(all, *link);
	*o = (struct overlay){ .next = o->next,
		.id = wish->id,
		.track = wish->track,
		.ramp = wish->ramp,
		.duck = wish->duck,
		.loop = wish->loop };
	mix_ramp_init(&o->loud, wish->gain);
	all->tracks->users[wish->track]++;
	return true;
}

bool overlay_there(const struct overlays *all, uint32_t head, uint32_t id)
{
	return id == 0 ? head != POOL_NONE : *find(all, &head, id) != POOL_NONE;
}

void overlay_end(struct overlays *all, uint32_t *head, uint32_t id)
{
	uint32_t *link = id == 0 ? head : find(all, head, id);

	while (*link != POOL_NONE) {
		take_out(all, link);
		if (id != 0)
			return;
	}
}

int16_t overlay_duck(const struct overlays *all, uint32_t head)
{
	int16_t deepest = 0;

	for (; head != POOL_NONE; head = at(all, head)->next) {
		if (at(all, head)->duck < deepest)
			deepest = at(all, head)->duck;
	}
	return deepest;
}

// Returns whether that was the end of it.
static bool play(struct overlay *o, const struct track *t, int16_t *pcm, size_t n)
{
	int16_t frame[OVERLAY_FRAME_MAX];

	if (o->loop) {
		o->at = voice_track_loop(t, o->at, frame, n);
		mix_ramp_add(&o->loud, pcm, frame, n);
		return false;
	}

	size_t got = voice_track_once(t, o->at, frame, n);
	mix_ramp_add(&o->loud, pcm, frame, got);
	o->at += (uint32_t)got;
	return o->at == t->len;
}

void overlay_play(
	struct overlays *all, uint32_t *head, int16_t *pcm, size_t n, overlay_done done, void *ctx)
{
	assert(n <= OVERLAY_FRAME_MAX);
	for (uint32_t *link = head; *link != POOL_NONE;) {
		struct overlay *o = at(all, *link);

		if (play(o, all->tracks->track[o->track], pcm, n)) {
			done(ctx, o);
			take_out(all, link);
		} else {
			link = &o->next;
		}
	}
}
