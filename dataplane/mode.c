// SPDX-License-Identifier: BSD-3-Clause
//
// What a flow sends, and its beat while it sends something of our own making.
#include "dataplane/node.h"

#include <assert.h>

void engine_use_tracks(struct engine *e, const uint16_t *track, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		e->tracks.users[track[i]]++;
}

static void drop_tracks(struct engine *e, const uint16_t *track, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert(e->tracks.users[track[i]] > 0);
		e->tracks.users[track[i]]--;
	}
}

void engine_set_mode(struct engine *e, struct rtp_flow *f, enum flow_mode mode)
{
	if (f->mode == FLOW_MUSIC)
		drop_tracks(e, &f->track, 1);
	if (f->mode == FLOW_PROMPT)
		drop_tracks(e, f->prompt.track, f->prompt.n);
	if (f->mode == FLOW_RELAY && f->peer == FLOW_FAR)
		far_let_go(e, f);
	f->mode = (uint8_t)mode;
	f->track_at = 0;
	f->fresh = true;
}

// The streams of many flows are spread over a packet's time by their places. A flow that is paced
// already keeps its beat.
void engine_pace(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	bool due = f->keys.n > 0 || f->mode == FLOW_MUSIC || f->mode == FLOW_PROMPT;
	uint32_t place = place_of(e, f);

	if (!due) {
		pacer_remove(&e->media, place);
		return;
	}
	if (pacer_waits(&e->media, place))
		return;

	uint32_t step = f->keys.n > 0 ? FLOW_EVENT_PTIME : f->ptime;
	uint64_t ms = to_ms(now);
	uint64_t wait = (place + step - ms % step) % step;
	pacer_set(&e->media, place, ms + wait);
}
