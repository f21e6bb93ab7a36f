// SPDX-License-Identifier: BSD-3-Clause
//
// The park table is small enough to walk in full, so we do not sample it: we prove it.
#include "control/park/park.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdbool.h>
#include <string.h>

// What must be true of the outside world, whatever road led here.
struct world {
	enum park_state state;
	bool timer;  // a timer runs for this slot
	bool peer;   // a retriever exists and has not been told to leave
	bool guest;  // the waiting party is this slot's business
	bool parker; // the parker has neither heard the number nor got his call back
	bool taken;  // the lot counts the slot as taken
};

static bool does(struct park_step step, enum park_action action)
{
	for (int i = 0; i < PARK_ACTIONS_MAX; i++)
		if (step.actions[i] == action)
			return true;
	return false;
}

static bool arms(struct park_step step)
{
	return does(step, PARK_DO_ARM_ENTRY) || does(step, PARK_DO_ARM_PARK) ||
	       does(step, PARK_DO_ARM_REST) || does(step, PARK_DO_ARM_SETUP);
}

static struct world apply(struct world w, enum park_event event, struct park_step step)
{
	bool out = does(step, PARK_DO_HAND_OVER) || does(step, PARK_DO_CONTINUE) ||
		   does(step, PARK_DO_UNDO) || event == PARK_EV_HANGUP;

	w.state = step.next;
	w.timer =
		arms(step) || (w.timer && event != PARK_EV_TIMEOUT && !does(step, PARK_DO_DISARM));
	w.peer = does(step, PARK_DO_ANSWER) ||
		 (w.peer && event != PARK_EV_LOST && !does(step, PARK_DO_DROP_PEER) &&
			 !does(step, PARK_DO_HAND_OVER));
	w.guest = event == PARK_EV_RESERVE || (w.guest && !out);
	w.parker = event == PARK_EV_RESERVE ||
		   (w.parker && !does(step, PARK_DO_ANNOUNCE) && !does(step, PARK_DO_UNDO) &&
			   !does(step, PARK_DO_RELEASE));
	w.taken = event == PARK_EV_RESERVE || (w.taken && !does(step, PARK_DO_RELEASE));
	return w;
}

static void check(struct world w, enum park_event event)
{
	bool busy = w.state != PARK_FREE;
	const char *at = park_state_name(w.state), *by = park_event_name(event);

	cr_expect(eq(int, w.timer, busy), "timer wrong in %s after %s", at, by);
	cr_expect(eq(int, w.peer, w.state == PARK_RETRIEVING), "retriever wrong in %s after %s", at,
		by);
	cr_expect(eq(int, w.guest, busy), "the guest is lost or doubled in %s after %s", at, by);
	cr_expect(
		eq(int, w.parker, w.state == PARK_RESERVED), "parker wrong in %s after %s", at, by);
	cr_expect(eq(int, w.taken, busy), "the lot miscounts in %s after %s", at, by);
}

static bool seen[PARK_STATE_COUNT][2][2][2][2][2];

static void walk(struct world w)
{
	bool *here = &seen[w.state][w.timer][w.peer][w.guest][w.parker][w.taken];

	if (*here)
		return;
	*here = true;
	for (enum park_event e = 0; e < PARK_EVENT_COUNT; e++) {
		struct park_step step = park_next(w.state, e);
		if (step.next == PARK_NONE || (e == PARK_EV_TIMEOUT && !w.timer))
			continue;
		struct world after = apply(w, e, step);
		check(after, e);
		walk(after);
	}
}

Test(park, no_road_leads_to_a_wrong_world)
{
	walk((struct world){ .state = PARK_FREE });
	for (enum park_state s = PARK_FREE; s < PARK_STATE_COUNT; s++)
		cr_expect(ne(ptr, memchr(seen[s], true, sizeof(seen[s])), NULL),
			"%s is unreachable", park_state_name(s));
}

Test(park, S0_26_the_waiting_party_can_hang_up_in_every_busy_state_and_the_slot_is_free)
{
	for (enum park_state s = PARK_RESERVED; s < PARK_STATE_COUNT; s++) {
		struct park_step step = park_next(s, PARK_EV_HANGUP);

		cr_expect(eq(int, step.next, PARK_FREE), "in %s", park_state_name(s));
		cr_expect(does(step, PARK_DO_RELEASE), "in %s", park_state_name(s));
	}
}

Test(park, RT09_a_retriever_who_vanishes_puts_the_call_back_with_its_remaining_time)
{
	static const enum park_event ways[] = { PARK_EV_LOST, PARK_EV_TIMEOUT };

	for (size_t i = 0; i < 2; i++) {
		struct park_step step = park_next(PARK_RETRIEVING, ways[i]);

		cr_expect(eq(int, step.next, PARK_OCCUPIED));
		cr_expect(does(step, PARK_DO_ARM_REST));
	}
}

Test(park, RT07_a_second_retriever_is_refused_and_changes_nothing)
{
	struct park_step step = park_next(PARK_RETRIEVING, PARK_EV_RETRIEVE);

	cr_expect(eq(int, step.next, PARK_RETRIEVING));
	cr_expect(eq(int, step.actions[0], PARK_DO_REFUSE));
	cr_expect(eq(int, step.actions[1], PARK_DO_NOTHING));
}

Test(park, S0_25_asking_for_an_empty_slot_is_refused_and_parks_nobody)
{
	struct park_step step = park_next(PARK_FREE, PARK_EV_RETRIEVE);

	cr_expect(eq(int, step.next, PARK_FREE));
	cr_expect(does(step, PARK_DO_REFUSE));
}

Test(park, S0_11_at_the_timeout_the_guest_goes_on_along_his_call_flow)
{
	struct park_step step = park_next(PARK_OCCUPIED, PARK_EV_TIMEOUT);

	cr_expect(does(step, PARK_DO_CONTINUE));
	cr_expect(not(does(step, PARK_DO_UNDO)));
}

Test(park, S0_20_the_number_is_announced_only_when_the_guest_hears_music)
{
	for (enum park_state s = PARK_FREE; s < PARK_STATE_COUNT; s++)
		for (enum park_event e = 0; e < PARK_EVENT_COUNT; e++)
			cr_expect(eq(int, does(park_next(s, e), PARK_DO_ANNOUNCE),
					  s == PARK_RESERVED && e == PARK_EV_ARRIVED),
				"%s in %s", park_event_name(e), park_state_name(s));
}
