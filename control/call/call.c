// SPDX-License-Identifier: BSD-3-Clause
//
// Calls: born, given a step, told what happened. What the actions of the table do is in
// effect.c.
#include "control/call/call.h"

#include "control/call/effect.h"
#include "control/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call *call_new(struct tenant *t, struct leg *guest)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->x = t->x;
	c->tenant = t;
	c->accounts = accounts_ref(t->accounts);
	c->state = FLOW_NEXT;
	c->since_ms = exchange_now(t->x);
	ref_make(c->ref);
	TAILQ_INIT(&c->branches);
	timer_init(&c->timer, call_timeout);
	call_take_guest(c, guest);
	TAILQ_INSERT_TAIL(&t->x->calls, c, link);
	t->x->calls_alive++;
	c->id = ++t->x->calls_ever;
	t->calls++;
	return c;
}

void call_free(struct call *c)
{
	accounts_unref(c->accounts);
	free(c);
}

const char *call_number(const struct call *c)
{
	return c->number;
}

uint64_t call_music(const struct call *c)
{
	return c->tenant->music != 0 ? c->tenant->music : c->x->plan.tracks.music;
}

void call_start_flow(struct call *c, const struct callflow_plan *plan)
{
	c->plan = plan;
	c->at = 0;
	call_take_step(c);
}

void call_start_user(struct call *c, const struct user *user)
{
	c->direct_user = user;
	c->direct = (struct step){ .kind = STEP_DIAL, .users = 1, .user = &c->direct_user };
	c->direct.seconds = CALL_RING_S;
	call_take_step(c);
}

void call_start_out(struct call *c, const char *uri)
{
	snprintf(c->direct_uri, sizeof(c->direct_uri), "%s", uri);
	c->direct = (struct step){ .kind = STEP_FORWARD, .uri = c->direct_uri };
	c->direct.seconds = CALL_RING_S;
	call_take_step(c);
}

// The step he is in now, or NULL when there is none left. Whoever was parked once is not let
// down at the end of his call flow: the account's fallback comes after it.
static const struct step *step_now(struct call *c)
{
	const struct callflow_plan *fallback = c->tenant->plan->fallback;

	if (c->plan == NULL && c->at == 0 && c->direct.seconds != 0)
		return &c->direct;
	if (c->plan != NULL && c->at < c->plan->steps)
		return &c->plan->step[c->at];
	if (c->parker[0] == '\0' || c->fell_back || fallback == NULL)
		return NULL;
	call_keep_plan(c);
	c->plan = fallback;
	c->at = 0;
	c->fell_back = true;
	return &fallback->step[0];
}

void call_take_step(struct call *c)
{
	static const enum flow_event says[STEP_COUNT] = {
		[STEP_DIAL] = FLOW_EV_DIAL,
		[STEP_FORWARD] = FLOW_EV_DIAL,
		[STEP_QUEUE] = FLOW_EV_QUEUE,
		[STEP_HANGUP] = FLOW_EV_END,
	};

	c->step = step_now(c);
	call_happen(c, c->step == NULL ? FLOW_EV_END : says[c->step->kind]);
}

// The fallback belongs to the latest provisioning, which may be newer than ours.
void call_keep_plan(struct call *c)
{
	struct accounts *old = c->accounts;

	c->accounts = accounts_ref(c->tenant->accounts);
	accounts_unref(old);
}

static void happen(void *what, int event)
{
	struct call *c = what;
	struct flow_step step = flow_next(c->state, (enum flow_event)event);

	if (step.next == FLOW_NONE) {
		log_notice("call %s: %s is not expected in %s", c->ref,
			flow_event_name((enum flow_event)event), flow_state_name(c->state));
		return;
	}
	log_debug("call %s: %s, %s -> %s", c->ref, flow_event_name((enum flow_event)event),
		flow_state_name(c->state), flow_state_name((enum flow_state)step.next));
	c->state = (enum flow_state)step.next;
	for (int i = 0; i < FLOW_ACTIONS_MAX && step.actions[i] != FLOW_DO_NOTHING; i++)
		call_effect(c, (enum flow_action)step.actions[i]);
}

void call_happen(struct call *c, enum flow_event event)
{
	exchange_post(c->x, happen, c, (int)event);
}
