// SPDX-License-Identifier: BSD-3-Clause
//
// Where the park table meets the world.
#include "control/log.h"
#include "control/park/lot.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
	ENTRY_MS = 5000,
	SETUP_MS = 35000, // more than 64*T1, after which the endpoint reports the lost ACK
	LOSER_MS = 5000,  // who asks this soon after somebody else is told who it was
};

typedef void (*effect_fn)(struct slot *s);

static struct exchange *exchange(const struct slot *s)
{
	return s->lot->tenant->x;
}

static void timeout(struct timer *timer, uint64_t)
{
	park_happen(TIMER_OWNER(timer, struct slot, timer), PARK_EV_TIMEOUT);
}

void slot_init(struct slot *s, struct lot *lot, uint32_t number)
{
	s->lot = lot;
	s->number = number;
	s->state = PARK_FREE;
	timer_init(&s->timer, timeout);
}

// --- news

static const char *news_name(const struct slot *s)
{
	switch (s->event) {
	case PARK_EV_ARRIVED:
		return "park.parked";
	case PARK_EV_FAILED:
		return "park.failed";
	case PARK_EV_JOINED:
		return "park.retrieved";
	case PARK_EV_LOST:
		return "park.put_back";
	case PARK_EV_HANGUP:
		return "park.abandoned";
	case PARK_EV_TIMEOUT:
		if (s->state == PARK_OCCUPIED)
			return "park.put_back";
		return s->parker != NULL ? "park.failed" : "park.timeout";
	case PARK_EV_RETRIEVE:
		return "park.retrieve_lost";
	case PARK_EV_RESERVE:
	case PARK_EVENT_COUNT:
		break;
	}
	return "park.changed";
}

static void say(const struct slot *s, const char *retriever, const char *reason)
{
	const struct call *c = s->call;

	exchange_tell(exchange(s),
		&(struct news){ .name = news_name(s),
			.account = s->lot->tenant->name,
			.lot = s->lot->name,
			.slot = s->number,
			.ref = s->ref[0] != '\0' ? s->ref : NULL,
			.caller = c != NULL ? call_number(c) : NULL,
			.parker = s->parker_name[0] != '\0' ? s->parker_name : NULL,
			.retriever = retriever,
			.winner = s->event == PARK_EV_RETRIEVE && s->winner_name[0] != '\0'
					  ? s->winner_name
					  : NULL,
			.reason = reason,
			.wait_ms = c != NULL ? exchange_now(exchange(s)) - s->since_ms : 0 });
}

static void notify(struct slot *s)
{
	const char *retriever = s->winner_name[0] != '\0' ? s->winner_name : NULL;

	say(s, retriever, park_event_name(s->event));
	if (s->state == PARK_OCCUPIED)
		s->winner_name[0] = '\0'; // put back: nobody has won
	s->won_ms = exchange_now(exchange(s));
}

// --- timers

static void arm(struct slot *s, uint64_t at_ms)
{
	clock_arm(exchange(s)->plan.clock, &s->timer, at_ms);
}

static void arm_entry(struct slot *s)
{
	arm(s, exchange_now(exchange(s)) + ENTRY_MS);
}

static void arm_park(struct slot *s)
{
	// Counted from the moment of the park, which is when the music was asked for.
	if (s->lot->timeout_s == 0) {
		s->deadline_ms = 0;
		return;
	}
	s->deadline_ms = s->since_ms + s->lot->timeout_s * 1000ULL;
	arm(s, s->deadline_ms);
}

static void arm_setup(struct slot *s)
{
	uint64_t now = exchange_now(exchange(s));

	s->rest_ms = s->deadline_ms > now ? s->deadline_ms - now : 0;
	arm(s, now + SETUP_MS);
}

static void arm_rest(struct slot *s)
{
	uint64_t now = exchange_now(exchange(s));

	s->retriever = NULL;
	if (s->deadline_ms == 0) {
		clock_disarm(exchange(s)->plan.clock, &s->timer);
		return;
	}
	s->deadline_ms = now + s->rest_ms;
	arm(s, s->deadline_ms);
}

static void disarm(struct slot *s)
{
	clock_disarm(exchange(s)->plan.clock, &s->timer);
}

// --- the parker

static void parker_gone(struct leg *leg)
{
	struct slot *s = leg->owner;

	s->parker = NULL; // the call stays (S0-07)
}

static const struct leg_ops parker_ops = { .gone = parker_gone };

void slot_take_parker(struct slot *s)
{
	leg_give(s->parker, &parker_ops, s);
}

static void announce(struct slot *s)
{
	uint64_t say_tracks[LEG_SAY_MAX];
	uint32_t n = leg_number_tracks(exchange(s), s->number, say_tracks);
	struct leg *parker = s->parker;

	s->parker = NULL;
	if (parker != NULL)
		leg_part(parker, say_tracks, n, 0);
}

// The music could not be had, so the park did not happen: the two are together again, or, when
// the parker has gone, the guest goes on along his call flow.
static void undo(struct slot *s)
{
	struct call *c = s->call;

	if (c->guest == NULL)
		return;
	if (s->parker == NULL) {
		call_happen(c, FLOW_EV_UNCLAIMED);
		return;
	}
	call_take_other(c, s->parker);
	c->asker = s->parker;
	call_happen(c, FLOW_EV_RESTORED);
}

// --- the retriever

static void retriever_acked(struct leg *leg)
{
	park_happen(leg->owner, PARK_EV_JOINED);
}

static void retriever_gone(struct leg *leg)
{
	struct slot *s = leg->owner;

	if (s->retriever == leg)
		park_happen(s, PARK_EV_LOST);
}

static const struct leg_ops retriever_ops = { .acked = retriever_acked, .gone = retriever_gone };

static void answer(struct slot *s)
{
	struct leg *leg = s->asker;

	s->retriever = leg;
	snprintf(s->winner_name, sizeof(s->winner_name), "%s", leg->user);
	leg_give(leg, &retriever_ops, s);
	if (leg_answer(leg, s->call->guest))
		return;
	leg_end(leg, 488, NULL);
	park_happen(s, PARK_EV_LOST);
}

static void refuse(struct slot *s)
{
	bool recent = exchange_now(exchange(s)) - s->won_ms < LOSER_MS;

	if (s->winner_name[0] != '\0' && (s->state == PARK_RETRIEVING || recent))
		say(s, s->asker->user, "taken");
	park_nobody(s->asker);
}

static void drop_peer(struct slot *s)
{
	struct leg *leg = s->retriever;

	s->retriever = NULL;
	if (leg != NULL)
		leg_end(leg, 0, NULL);
}

static void hand_over(struct slot *s)
{
	call_take_other(s->call, s->retriever);
	call_happen(s->call, FLOW_EV_RETRIEVED);
}

// --- the waiting party

static void music(struct slot *s)
{
	leg_music(s->call->guest, slot_music(s));
}

static void go_on(struct slot *s)
{
	call_happen(s->call, FLOW_EV_UNCLAIMED);
}

static void release(struct slot *s)
{
	struct leg *parker = s->parker;

	s->call->keeper = NULL;
	s->call = NULL;
	s->retriever = NULL;
	s->parker = NULL;
	s->ref[0] = '\0';
	s->lot->taken--;
	TAILQ_REMOVE(&exchange(s)->stays, s, stay);
	// Whoever was about to hear a number hears nothing: there is nobody in the slot any more.
	if (parker != NULL && parker->ops == &parker_ops)
		leg_end(parker, 0, NULL);
}

static const effect_fn effects[PARK_ACTION_COUNT] = {
	[PARK_DO_MUSIC] = music,
	[PARK_DO_ANNOUNCE] = announce,
	[PARK_DO_UNDO] = undo,
	[PARK_DO_ANSWER] = answer,
	[PARK_DO_REFUSE] = refuse,
	[PARK_DO_DROP_PEER] = drop_peer,
	[PARK_DO_HAND_OVER] = hand_over,
	[PARK_DO_CONTINUE] = go_on,
	[PARK_DO_ARM_ENTRY] = arm_entry,
	[PARK_DO_ARM_PARK] = arm_park,
	[PARK_DO_ARM_REST] = arm_rest,
	[PARK_DO_ARM_SETUP] = arm_setup,
	[PARK_DO_DISARM] = disarm,
	[PARK_DO_RELEASE] = release,
	[PARK_DO_NOTIFY] = notify,
};

static void happen(void *what, int event)
{
	struct slot *s = what;
	struct park_step step = park_next(s->state, (enum park_event)event);

	if (step.next == PARK_NONE) {
		log_notice("slot %s/%u: %s is not expected in %s", s->lot->tenant->name, s->number,
			park_event_name((enum park_event)event), park_state_name(s->state));
		return;
	}
	log_debug("slot %s/%u: %s, %s -> %s", s->lot->tenant->name, s->number,
		park_event_name((enum park_event)event), park_state_name(s->state),
		park_state_name((enum park_state)step.next));
	s->state = (enum park_state)step.next;
	s->event = (enum park_event)event;
	for (int i = 0; i < PARK_ACTIONS_MAX && step.actions[i] != PARK_DO_NOTHING; i++) {
		assert(effects[step.actions[i]] != NULL);
		effects[step.actions[i]](s);
	}
}

void park_happen(struct slot *s, enum park_event event)
{
	exchange_post(exchange(s), happen, s, (int)event);
}
