// SPDX-License-Identifier: BSD-3-Clause
//
// The ways into and out of the parking room: the feature code in a talking call, a dialled slot
// number, and what becomes of the guest while he waits.
#include "control/park/lot.h"

#include <stdio.h>
#include <string.h>

static void tell_full(const struct call *c, const struct leg *parker)
{
	exchange_tell(c->x, &(struct news){ .name = "park.failed",
				    .account = c->tenant->name,
				    .ref = c->ref,
				    .caller = call_number(c),
				    .parker = parker->user,
				    .reason = "full" });
}

static void enter(struct slot *s, struct call *c, struct leg *parker)
{
	s->call = c;
	s->parker = parker;
	s->retriever = s->asker = NULL;
	s->since_ms = exchange_now(c->x);
	s->deadline_ms = s->rest_ms = 0;
	s->winner_name[0] = '\0';
	snprintf(s->parker_name, sizeof(s->parker_name), "%s", parker->user);
	ref_make(s->ref);
	s->id = ++c->x->parks_ever;
	s->lot->taken++;
	TAILQ_INSERT_TAIL(&c->x->stays, s, stay);
	c->keeper = s;
	c->asker = parker;
	snprintf(c->parker, sizeof(c->parker), "%s", parker->user);
}

static void code(struct call *c, struct leg *parker)
{
	struct slot *s = lots_lowest_free(c->tenant);

	if (s == NULL) {
		c->asker = parker;
		tell_full(c, parker);
		call_happen(c, FLOW_EV_FULL);
		return;
	}
	enter(s, c, parker);
	slot_take_parker(s);
	// First the call lets go of the parker, then the slot takes the guest in.
	call_happen(c, FLOW_EV_PARK);
	park_happen(s, PARK_EV_RESERVE);
}

static void guest_gone(struct call *c)
{
	if (c->keeper != NULL)
		park_happen(c->keeper, PARK_EV_HANGUP);
}

static void guest_served(struct call *c, bool music)
{
	if (c->keeper != NULL)
		park_happen(c->keeper, music ? PARK_EV_ARRIVED : PARK_EV_FAILED);
}

void park_init(struct exchange *x)
{
	static const struct park_ops ops = {
		.code = code,
		.guest_gone = guest_gone,
		.guest_served = guest_served,
		.lots_update = lots_update,
		.lots_free = lots_free,
	};

	x->park = &ops;
}

void park_retrieve(struct slot *s, struct leg *asker)
{
	s->asker = asker;
	park_happen(s, PARK_EV_RETRIEVE);
}

void park_nobody(struct leg *asker)
{
	leg_part(asker, &asker->x->plan.tracks.empty, 1, 404);
}
