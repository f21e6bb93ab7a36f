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

static void drop_prompt(struct engine *e, const struct rtp_flow *f)
{
	struct flow_cold *c = cold_of(e, f);
	const struct flow_prompt *prompt = prompt_of(e, f);

	drop_tracks(e, prompt->track, prompt->n);
	pool_give(&e->prompts, c->prompt);
	c->prompt = FLOW_NO_PIECE;
}

void engine_set_mode(struct engine *e, struct rtp_flow *f, enum flow_mode mode)
{
	if (f->mode == FLOW_MUSIC)
		drop_tracks(e, &f->track, 1);
	if (f->mode == FLOW_PROMPT)
		drop_prompt(e, f);
	if (f->mode == FLOW_MIX)
		voice_leave_mix(e, f);

	struct rtp_flow *peer = voice_peer(e, f);
	if (f->mode == FLOW_RELAY && f->peer == FLOW_FAR)
		far_let_go(e, f);
	flow_set_mode(f, mode);
	voice_turn(e, f);
	if (peer != NULL)
		voice_settle_in(e, peer);
}

// The tick, within one step from now, at which the fewest are due: in whatever order flows begin,
// they are spread over the time of a packet. If all are alike, the place says which. A tick that is
// told already looks empty and is not.
static uint64_t quietest(const struct pacer *p, uint32_t place, uint64_t ms, uint32_t step)
{
	uint64_t first = pacer_is_behind(p, ms) ? ms : ms + 1;
	uint64_t best = first + (place + step - first % step) % step;

	for (uint64_t tick = first; tick < first + step; tick++) {
		if (pacer_load(p, tick) < pacer_load(p, best))
			best = tick;
	}
	return best;
}

// A flow that is paced already keeps its beat, and one that has just stopped takes it up again.
void engine_pace(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	uint32_t step = f->tx & FLOW_TYPING ? FLOW_EVENT_PTIME : f->ptime;

	if (!flow_is_due(f) || (f->tx & FLOW_PACED))
		return;

	uint32_t place = place_of(e, f);
	pacer_add(&e->media, place, quietest(&e->media, place, to_ms(now), step));
	f->tx |= FLOW_PACED;
}
