// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/effect.h"

#include "control/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { TELL_MS = 20000 };

typedef void (*effect_fn)(struct call *c);

void call_timeout(struct timer *timer, uint64_t)
{
	call_happen(TIMER_OWNER(timer, struct call, timer), FLOW_EV_TIMEOUT);
}

// --- what the two legs report

static struct leg *partner(const struct call *c, const struct leg *leg)
{
	return leg == c->guest ? c->other : c->guest;
}

// Who hears what while the two talk: each other, or music when the other side is on hold. Codes
// count only in an active call (S0-18).
static void let_talk(struct call *c)
{
	struct leg *pair[2] = { c->guest, c->other };
	bool held = c->guest->held || c->other->held;

	for (int i = 0; i < 2; i++) {
		struct leg *leg = pair[i], *far = pair[1 - i];

		if (far->held)
			leg_music(leg, call_music(c));
		else
			leg_join(leg, far);
		if (leg->user[0] != '\0' && c->tenant->plan->parking && !held)
			leg_watch(leg, c->tenant->plan->park_code);
		else
			leg_unwatch(leg);
	}
}

static void leg_changed(struct leg *leg)
{
	struct call *c = leg->owner;

	if (c->state == FLOW_TALKING && c->guest != NULL && c->other != NULL)
		let_talk(c);
	call_record_follow(c);
}

static void guest_acked(struct leg *leg)
{
	struct call *c = leg->owner;

	// After a late offer we know only now where to send.
	if (c->state == FLOW_QUEUED || c->state == FLOW_RINGING)
		leg_music(leg, call_music(c));
	leg_changed(leg);
}

static void leg_gone(struct leg *leg)
{
	struct call *c = leg->owner;

	if (leg == c->guest) {
		c->guest = NULL;
		if (c->state == FLOW_PARKED && c->x->park != NULL)
			c->x->park->guest_gone(c);
		call_happen(c, FLOW_EV_GUEST_OUT);
	} else {
		c->other = NULL;
		call_happen(c, FLOW_EV_OTHER_OUT);
	}
}

static void leg_said(struct leg *leg)
{
	struct call *c = leg->owner;

	if (leg == c->asker)
		call_happen(c, FLOW_EV_PLAYED);
}

static void leg_coded(struct leg *leg)
{
	struct call *c = leg->owner;

	if (c->state == FLOW_TALKING && c->x->park != NULL)
		c->x->park->code(c, leg);
}

static void leg_dialled(struct leg *leg, const uint8_t *digit, const uint16_t *ms, uint32_t n)
{
	struct call *c = leg->owner;
	struct leg *far = partner(c, leg);

	if (c->state == FLOW_TALKING && far != NULL)
		leg_digits(far, digit, ms, n);
}

static void guest_music(struct leg *leg, bool playing)
{
	struct call *c = leg->owner;

	if (c->state == FLOW_PARKED && c->x->park != NULL)
		c->x->park->guest_served(c, playing);
}

static const struct leg_ops guest_ops = {
	.acked = guest_acked,
	.gone = leg_gone,
	.held = leg_changed,
	.said = leg_said,
	.code = leg_coded,
	.digits = leg_dialled,
	.music = guest_music,
};

static const struct leg_ops other_ops = {
	.acked = leg_changed,
	.gone = leg_gone,
	.held = leg_changed,
	.said = leg_said,
	.code = leg_coded,
	.digits = leg_dialled,
};

void call_take_guest(struct call *c, struct leg *leg)
{
	c->guest = leg;
	leg_give(leg, &guest_ops, c);
	snprintf(c->number, sizeof(c->number), "%s", leg->number);
	snprintf(c->name, sizeof(c->name), "%s", leg->name);
}

void call_take_other(struct call *c, struct leg *leg)
{
	c->other = leg;
	leg_give(leg, &other_ops, c);
}

// --- the actions

static void ring(struct call *c)
{
	c->winner = NULL;
	ring_step(c);
}

// Whoever answered is the other party from here on; the rest stop ringing.
static void stop(struct call *c)
{
	struct leg *winner = c->winner;

	ring_stop(c, winner);
	c->winner = NULL;
	if (winner == NULL || winner->state == LEG_OVER)
		return;
	if (c->state == FLOW_TALKING)
		call_take_other(c, winner);
	else
		leg_end(winner, 0, NULL);
}

static bool answered(const struct leg *leg)
{
	return leg != NULL && (leg->state == LEG_ANSWERED || leg->state == LEG_UP);
}

static void music(struct call *c)
{
	if (answered(c->guest))
		leg_music(c->guest, call_music(c));
}

static void answer(struct call *c)
{
	if (c->guest == NULL || leg_answer(c->guest, c->other))
		return;
	log_notice("call %s: %s has no codec for this", c->ref, c->number);
	leg_end(c->guest, 488, NULL);
	c->guest = NULL;
	call_happen(c, FLOW_EV_GUEST_OUT);
}

// Once: who is fetched out of a slot, or back after a park that failed, was answered long ago.
static void tell_answered(struct call *c)
{
	if (c->answered)
		return;
	c->answered = true;
	exchange_tell(c->x, &(struct news){ .name = "call.answered",
				    .account = c->tenant->name,
				    .ref = c->ref,
				    .caller = c->number,
				    .retriever = c->other->number });
}

static void join(struct call *c)
{
	if (!answered(c->guest) || !answered(c->other))
		return; // the news that one is gone is in line already
	c->asker = NULL;
	let_talk(c);
	call_record_follow(c);
	tell_answered(c);
}

static void tell_asker(struct call *c)
{
	struct leg *far;

	if (c->asker == NULL || c->asker->state == LEG_OVER || partner(c, c->asker) == NULL)
		return;
	far = partner(c, c->asker);
	leg_unwatch(c->asker);
	leg_unwatch(far);
	leg_music(far, call_music(c));
	leg_say(c->asker, &c->x->plan.tracks.full, 1);
}

// The parker may be the caller: then the party he called is the guest, and that one came along
// no call flow.
static void let_go(struct call *c)
{
	if (c->asker == c->guest) {
		call_take_guest(c, c->other);
		call_record_swap(c);
		c->plan = NULL;
		c->direct.seconds = 0;
	}
	leg_unwatch(c->guest);
	leg_unwatch(c->asker);
	c->other = NULL;
	c->asker = NULL;
	call_record_follow(c);
}

static void drop_other(struct call *c)
{
	struct leg *leg = c->other;

	c->other = NULL;
	if (leg != NULL)
		leg_end(leg, 0, NULL);
}

static uint16_t refusal(const struct call *c)
{
	return c->last_code >= 400 && c->last_code < 700 ? c->last_code : 480;
}

static void drop_guest(struct call *c)
{
	struct leg *leg = c->guest;

	c->guest = NULL;
	if (leg != NULL)
		leg_end(leg, refusal(c), NULL);
}

static void step(struct call *c)
{
	c->at++;
	call_take_step(c);
}

static void arm(struct call *c, uint64_t ms)
{
	clock_arm(c->x->plan.clock, &c->timer, exchange_now(c->x) + ms);
}

static void arm_step(struct call *c)
{
	arm(c, c->step->seconds * 1000ULL);
}

static void arm_tell(struct call *c)
{
	arm(c, TELL_MS);
}

static void disarm(struct call *c)
{
	clock_disarm(c->x->plan.clock, &c->timer);
}

static void finish(struct call *c)
{
	disarm(c);
	call_record_end(c);
	drop_other(c);
	drop_guest(c);
	TAILQ_REMOVE(&c->x->calls, c, link);
	TAILQ_INSERT_TAIL(&c->x->dead_calls, c, link);
	c->x->calls_alive--;
	c->tenant->calls--;
	exchange_tell(c->x, &(struct news){ .name = "call.ended",
				    .account = c->tenant->name,
				    .ref = c->ref,
				    .caller = c->number,
				    .wait_ms = exchange_now(c->x) - c->since_ms });
}

static const effect_fn effects[FLOW_ACTION_COUNT] = {
	[FLOW_DO_STEP] = step,
	[FLOW_DO_RING] = ring,
	[FLOW_DO_STOP] = stop,
	[FLOW_DO_MUSIC] = music,
	[FLOW_DO_ANSWER] = answer,
	[FLOW_DO_ENQUEUE] = queue_enter,
	[FLOW_DO_DEQUEUE] = queue_leave,
	[FLOW_DO_JOIN] = join,
	[FLOW_DO_TELL] = tell_asker,
	[FLOW_DO_LET_GO] = let_go,
	[FLOW_DO_DROP_OTHER] = drop_other,
	[FLOW_DO_DROP_GUEST] = drop_guest,
	[FLOW_DO_ARM_STEP] = arm_step,
	[FLOW_DO_ARM_TELL] = arm_tell,
	[FLOW_DO_DISARM] = disarm,
	[FLOW_DO_CLOSE] = finish,
};

void call_effect(struct call *c, enum flow_action action)
{
	assert(action < FLOW_ACTION_COUNT && effects[action] != NULL);
	effects[action](c);
}
