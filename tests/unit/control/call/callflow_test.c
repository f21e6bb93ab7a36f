// SPDX-License-Identifier: BSD-3-Clause
//
// The call-flow table, walked in full: whatever happens in whatever order, nobody is lost, nobody
// rings on, and every busy state has a timer or a dialog that ends it.
#include "control/call/callflow.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdbool.h>
#include <string.h>

struct world {
	enum flow_state state;
	bool timer;   // a timer of this call runs
	bool ringing; // phones may ring for the guest
	bool queued;  // in a queue
	bool other;   // somebody is connected with the guest
	bool guest;   // the guest is there
	bool slot;    // a slot has the guest (and its own timer)
	bool closed;
};

static bool does(struct flow_step step, enum flow_action action)
{
	for (int i = 0; i < FLOW_ACTIONS_MAX; i++)
		if (step.actions[i] == action)
			return true;
	return false;
}

static bool arms(struct flow_step step)
{
	return does(step, FLOW_DO_ARM_STEP) || does(step, FLOW_DO_ARM_TELL);
}

static struct world apply(struct world w, enum flow_event event, struct flow_step step)
{
	w.state = step.next;
	w.timer =
		arms(step) || (w.timer && event != FLOW_EV_TIMEOUT && !does(step, FLOW_DO_DISARM));
	w.queued = does(step, FLOW_DO_ENQUEUE) || (w.queued && !does(step, FLOW_DO_DEQUEUE));
	// A queue rings by itself; a step whose phones all refused has none left.
	w.ringing =
		does(step, FLOW_DO_RING) || does(step, FLOW_DO_ENQUEUE) ||
		(w.ringing && !does(step, FLOW_DO_STOP) && !(event == FLOW_EV_NOBODY && !w.queued));
	if (event == FLOW_EV_ANSWERED && step.next == FLOW_TALKING && does(step, FLOW_DO_STOP))
		w.other = true;
	if (event == FLOW_EV_RETRIEVED || event == FLOW_EV_RESTORED)
		w.other = true;
	if (does(step, FLOW_DO_LET_GO) || does(step, FLOW_DO_DROP_OTHER) ||
		event == FLOW_EV_OTHER_OUT)
		w.other = false;
	w.slot = event == FLOW_EV_PARK || (w.slot && step.next == FLOW_PARKED);
	if (event == FLOW_EV_GUEST_OUT || does(step, FLOW_DO_DROP_GUEST))
		w.guest = false;
	w.closed = w.closed || does(step, FLOW_DO_CLOSE);
	return w;
}

// Which events can reach a world at all.
static bool possible(struct world w, enum flow_event e)
{
	switch (e) {
	case FLOW_EV_TIMEOUT:
		return w.timer;
	case FLOW_EV_GUEST_OUT:
		return w.guest;
	case FLOW_EV_OTHER_OUT:
		return w.other;
	case FLOW_EV_ANSWERED:
		return w.ringing || w.state == FLOW_OVER;
	case FLOW_EV_DIAL:
	case FLOW_EV_QUEUE:
	case FLOW_EV_END:
		return w.state == FLOW_NEXT || w.state == FLOW_OVER;
	case FLOW_EV_PARK:
	case FLOW_EV_FULL:
		return w.state == FLOW_TALKING;
	case FLOW_EV_RETRIEVED:
	case FLOW_EV_UNCLAIMED:
	case FLOW_EV_RESTORED:
		return w.slot;
	case FLOW_EV_NOBODY:
	case FLOW_EV_PLAYED:
	case FLOW_EVENT_COUNT:
		break;
	}
	return true;
}

static void check(struct world w, enum flow_event event)
{
	bool timed = w.state == FLOW_RINGING || w.state == FLOW_QUEUED || w.state == FLOW_TOLD;
	bool pair = w.state == FLOW_TALKING || w.state == FLOW_TOLD;
	const char *at = flow_state_name(w.state), *by = flow_event_name(event);

	cr_expect(eq(int, w.timer, timed), "timer wrong in %s after %s", at, by);
	cr_expect(eq(int, w.other, pair), "other party wrong in %s after %s", at, by);
	cr_expect(eq(int, w.queued, w.state == FLOW_QUEUED), "queue wrong in %s after %s", at, by);
	cr_expect(w.state == FLOW_RINGING || w.state == FLOW_QUEUED || !w.ringing,
		"phones ring on in %s after %s", at, by);
	cr_expect(eq(int, w.guest, w.state != FLOW_OVER), "guest wrong in %s after %s", at, by);
	cr_expect(eq(int, w.slot, w.state == FLOW_PARKED), "slot wrong in %s after %s", at, by);
	cr_expect(eq(int, w.closed, w.state == FLOW_OVER), "not closed in %s after %s", at, by);
}

static bool seen[FLOW_STATE_COUNT][2][2][2][2][2][2];

static void walk(struct world w)
{
	bool *here = &seen[w.state][w.timer][w.ringing][w.queued][w.other][w.guest][w.slot];

	if (*here)
		return;
	*here = true;
	for (enum flow_event e = 0; e < FLOW_EVENT_COUNT; e++) {
		struct flow_step step = flow_next(w.state, e);
		if (step.next == FLOW_NONE || !possible(w, e))
			continue;
		struct world after = apply(w, e, step);
		check(after, e);
		walk(after);
	}
}

Test(callflow, no_road_leads_to_a_wrong_world)
{
	walk((struct world){ .state = FLOW_NEXT, .guest = true });
	for (enum flow_state s = FLOW_NEXT; s < FLOW_STATE_COUNT; s++)
		cr_expect(ne(ptr, memchr(seen[s], true, sizeof(seen[s])), NULL),
			"%s is unreachable", flow_state_name(s));
}

Test(callflow, the_guest_can_hang_up_in_every_state)
{
	for (enum flow_state s = FLOW_NEXT; s < FLOW_STATE_COUNT; s++)
		cr_expect(eq(int, flow_next(s, FLOW_EV_GUEST_OUT).next, FLOW_OVER), "in %s",
			flow_state_name(s));
}

Test(callflow, S0_12_an_unclaimed_guest_takes_the_next_step)
{
	struct flow_step step = flow_next(FLOW_PARKED, FLOW_EV_UNCLAIMED);

	cr_expect(eq(int, step.next, FLOW_NEXT));
	cr_expect(does(step, FLOW_DO_STEP));
}

Test(callflow, S0_22_after_the_prompt_the_two_are_together_again)
{
	static const enum flow_event ends[] = { FLOW_EV_PLAYED, FLOW_EV_TIMEOUT };

	for (size_t i = 0; i < 2; i++) {
		struct flow_step step = flow_next(FLOW_TOLD, ends[i]);

		cr_expect(eq(int, step.next, FLOW_TALKING));
		cr_expect(does(step, FLOW_DO_JOIN));
	}
}

Test(callflow, S0_18_parking_is_for_an_active_call_only)
{
	for (enum flow_state s = FLOW_NEXT; s < FLOW_STATE_COUNT; s++)
		cr_expect(eq(int, flow_next(s, FLOW_EV_PARK).next != FLOW_NONE, s == FLOW_TALKING),
			"in %s", flow_state_name(s));
}
