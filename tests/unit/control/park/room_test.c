// SPDX-License-Identifier: BSD-3-Clause
//
// Parking as people meet it: the requirements S0-01 to S0-27 of call parking, at the level of
// calls, with phones answered by hand and a clock turned by hand.
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

// A customer from the trunk talks to 201, along the call flow "main".
static struct sip_dialog *customer, *agent;

static void talk(void)
{
	world_register("201");
	customer = world_call(NULL, NULL, "100200");
	agent = world_ringing("201");
	world_answer(agent);
	world_ack(customer);
	cr_assert(world_talk(customer, agent));
}

// … and is parked: the agent has heard the number and is gone.
static void parked(void)
{
	talk();
	world_dial(agent, "#0");
	world_played(agent);
	cr_assert(agent->over);
}

static void hang_up(struct sip_dialog *d)
{
	if (!d->over)
		world_bye(d);
}

SCENE(room, S0_01_without_parking_hash_zero_is_not_watched_and_slots_are_nobody)
{
	struct sip_dialog *caller, *callee, *dialler;

	world_register("202");
	caller = world_call("dark.example", "201", "202");
	callee = world_ringing("202");
	world_answer(callee);
	world_ack(caller);
	cr_expect(eq(u16, world_flow(caller)->watched, 0));
	cr_expect(eq(u16, world_flow(callee)->watched, 0));
	dialler = world_call("dark.example", "201", "2");
	cr_expect(eq(u16, dialler->refused, 404));
	hang_up(caller);
}

SCENE(room, S0_19_S0_20_the_parker_hears_the_number_and_is_released_the_guest_has_music_at_once)
{
	talk();
	world_dial(agent, "#0");
	cr_expect(world_hears(customer, TRACK_MUSIC), "from the moment of the park");
	cr_expect(world_hears(agent, TRACK_DIGIT + 1));
	cr_expect(not(agent->over));
	world_played(agent);
	cr_expect(agent->over);
	cr_expect(not(customer->over));
	cr_expect(world_told("park.parked"));
	cr_expect(eq(u32, world_flow(customer)->given_back, 0), "the guest hears no digits");
	hang_up(customer);
}

SCENE(room, S0_09_slots_are_given_lowest_first_and_the_fifth_park_fails)
{
	struct sip_dialog *guests[5], *parker = NULL;

	world_register("201");
	for (int i = 0; i < 5; i++) {
		guests[i] = world_call(NULL, NULL, "100200");
		parker = world_ringing("201");
		world_answer(parker);
		world_ack(guests[i]);
		world_dial(parker, "#0");
		if (i == 4)
			break;
		cr_expect(world_hears(parker, TRACK_DIGIT + (uint64_t)i + 1));
		world_played(parker);
	}
	// S0-21, S0-22: only the parker hears so, and the two are together right after it
	cr_expect(world_hears(parker, TRACK_FULL));
	cr_expect(world_hears(guests[4], TRACK_MUSIC));
	cr_expect(world_told("park.failed"));
	world_played(parker);
	cr_expect(world_talk(guests[4], parker));
	cr_expect(not(parker->over));
	for (int i = 0; i < 5; i++)
		hang_up(guests[i]);
}

SCENE(room, S0_22_the_parker_may_try_again_after_the_refusal)
{
	struct sip_dialog *guests[5], *parker[5];

	world_register("201");
	for (int i = 0; i < 5; i++) {
		guests[i] = world_call(NULL, NULL, "100200");
		parker[i] = world_ringing("201");
		world_answer(parker[i]);
		world_ack(guests[i]);
		world_dial(parker[i], "#0");
		world_played(parker[i]);
	}
	hang_up(guests[2]);
	world_dial(parker[4], "#0");
	cr_expect(world_hears(parker[4], TRACK_DIGIT + 3), "the lowest free slot");
	world_played(parker[4]);
	for (int i = 0; i < 5; i++)
		hang_up(guests[i]);
}

SCENE(room, S0_08_S0_23_any_user_picks_up_by_the_bare_number)
{
	struct sip_dialog *other;

	parked();
	other = world_call("acme.example", "203", "1");
	cr_expect(other->accepted);
	cr_expect(world_hears(customer, TRACK_MUSIC), "until the retriever acknowledges");
	world_ack(other);
	cr_expect(world_talk(customer, other));
	cr_expect(world_told("park.retrieved"));
	world_bye(other);
	cr_expect(customer->over, "RT19: the end of one ends the other");
}

SCENE(room, S0_07_the_call_stays_when_the_parker_hangs_up_in_the_announcement)
{
	talk();
	world_dial(agent, "#0");
	world_bye(agent);
	cr_expect(not(customer->over));
	cr_expect(world_hears(customer, TRACK_MUSIC));
	hang_up(customer);
}

SCENE(room, S0_11_S0_13_after_120_s_the_guest_takes_the_unanswered_step_never_the_parker)
{
	struct sip_dialog *voicemail;

	parked();
	world_pass(119000 - 400);
	cr_expect(eq(ptr, world_ringing("voicemail"), NULL));
	world_pass(2000);
	voicemail = world_ringing("voicemail");
	cr_assert(ne(ptr, voicemail, NULL));
	cr_expect(eq(ptr, world_ringing("201"), NULL), "never back to the parker");
	cr_expect(world_hears(customer, TRACK_MUSIC), "while it rings");
	cr_expect(world_told("park.timeout"));
	world_answer(voicemail);
	cr_expect(world_talk(customer, voicemail));
	hang_up(customer);
	cr_expect(voicemail->over);
}

SCENE(room, S0_14_a_call_from_a_queue_takes_its_timeout_step)
{
	struct sip_dialog *parker;

	world_register("202");
	customer = world_call(NULL, NULL, "100300");
	world_ack(customer);
	parker = world_ringing("202");
	world_answer(parker);
	cr_assert(world_talk(customer, parker));
	world_dial(parker, "#0");
	world_played(parker);
	world_pass(120000);
	cr_expect(ne(ptr, world_ringing("reception"), NULL));
	cr_expect(eq(ptr, world_ringing("202"), NULL));
	hang_up(customer);
}

SCENE(room, S0_15_a_call_without_a_call_flow_takes_the_accounts_fallback)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world_answer(callee);
	world_ack(caller);
	world_dial(caller, "#0"); // the caller parks whom he called
	cr_expect(world_hears(callee, TRACK_MUSIC));
	world_played(caller);
	cr_expect(caller->over);
	world_pass(120000);
	cr_expect(ne(ptr, world_ringing("fallback"), NULL));
	hang_up(callee);
}

SCENE(room, S0_11_a_next_step_that_rings_the_parker_rings_only_the_others)
{
	world_register("201");
	world_register("203");
	customer = world_call(NULL, NULL, "100500");
	agent = world_ringing("201");
	world_answer(agent);
	world_ack(customer);
	world_dial(agent, "#0");
	world_played(agent);
	world_pass(120000);
	cr_expect(ne(ptr, world_ringing("203"), NULL));
	cr_expect(eq(ptr, world_ringing("201"), NULL));
	hang_up(customer);
}

SCENE(room, S0_15_an_agent_whom_the_caller_parked_came_along_no_call_flow)
{
	struct sip_dialog *caller, *parked_agent;

	world_register("202");
	caller = world_call("acme.example", "201", "100300");
	world_ack(caller);
	parked_agent = world_ringing("202");
	world_answer(parked_agent);
	world_dial(caller, "#0");
	world_played(caller);
	world_pass(120000);
	cr_expect(eq(ptr, world_ringing("reception"), NULL), "that was the caller's way");
	cr_expect(ne(ptr, world_ringing("fallback"), NULL));
	hang_up(parked_agent);
}

SCENE(room, PK15_an_outbound_call_can_be_parked)
{
	struct sip_dialog *caller, *outside;

	caller = world_call("acme.example", "201", "+61399990000");
	outside = world_ringing("+61399990000");
	world_answer(outside);
	world_ack(caller);
	world_dial(caller, "#0");
	cr_expect(world_hears(outside, TRACK_MUSIC));
	world_played(caller);
	cr_expect(not(outside->over));
	hang_up(outside);
}

SCENE(room, S0_25_the_dialler_of_an_empty_slot_hears_so_and_is_released)
{
	struct sip_dialog *dialler = world_call("acme.example", "202", "3");

	cr_expect(dialler->accepted);
	world_ack(dialler);
	cr_expect(world_hears(dialler, TRACK_EMPTY));
	cr_expect(eq(u32, world.x.calls_alive, 0), "he is not parked");
	world_played(dialler);
	cr_expect(dialler->over);
}

SCENE(room, PK25_another_account_cannot_reach_the_slot)
{
	struct sip_dialog *stranger;

	parked();
	stranger = world_call("other.example", "201", "1");
	world_ack(stranger);
	cr_expect(world_hears(stranger, TRACK_EMPTY));
	cr_expect(world_hears(customer, TRACK_MUSIC));
	world_played(stranger);
	hang_up(customer);
}

SCENE(room, RT09_a_retriever_who_vanishes_before_the_ACK_puts_the_guest_back_with_his_time)
{
	struct sip_dialog *retriever, *winner;

	parked();
	world_pass(60000);
	retriever = world_call("acme.example", "202", "1");
	world_pass(10000); // does not count: somebody is fetching him
	world_bye(retriever);
	cr_expect(world_hears(customer, TRACK_MUSIC));
	cr_expect(world_told("park.put_back"));
	world_pass(58000);
	cr_expect(eq(ptr, world_ringing("voicemail"), NULL), "he had 60 s left");
	winner = world_call("acme.example", "203", "1");
	world_ack(winner);
	cr_expect(world_talk(customer, winner));
	hang_up(winner);
}

SCENE(room, RT09_the_remaining_time_runs_out_when_it_should)
{
	struct sip_dialog *retriever;

	parked();
	world_pass(60000);
	retriever = world_call("acme.example", "202", "1");
	world_pass(10000);
	world_bye(retriever);
	world_pass(60000);
	cr_expect(ne(ptr, world_ringing("voicemail"), NULL));
	hang_up(customer);
}

SCENE(room, RT07_of_two_retrievers_one_wins_and_the_other_hears_the_empty_slot_prompt)
{
	struct sip_dialog *first, *second;

	parked();
	first = world_call("acme.example", "202", "1");
	second = world_call("acme.example", "203", "1");
	world_ack(second);
	cr_expect(world_hears(second, TRACK_EMPTY));
	cr_expect(world_told("park.retrieve_lost"));
	cr_expect(eq(int, strcmp(world.winner, "202"), 0), "the event names the winner");
	world_ack(first);
	cr_expect(world_talk(customer, first));
	world_played(second);
	cr_expect(second->over);
	hang_up(first);
}

SCENE(room, the_guest_hangs_up_while_somebody_fetches_him)
{
	struct sip_dialog *retriever;

	parked();
	retriever = world_call("acme.example", "202", "1");
	world_bye(customer);
	cr_expect(retriever->over);
	cr_expect(world_told("park.abandoned"));
}

SCENE(room, S0_26_a_guest_who_hangs_up_frees_the_slot_at_once)
{
	struct sip_dialog *again;

	parked();
	world_bye(customer);
	cr_expect(world_told("park.abandoned"));
	again = world_call("acme.example", "202", "1");
	world_ack(again);
	cr_expect(world_hears(again, TRACK_EMPTY));
	world_played(again);
}

SCENE(room, S0_18_on_hold_the_code_is_not_listened_for)
{
	talk();
	world_hold(agent, true);
	cr_expect(eq(u16, world_flow(agent)->watched, 0));
	cr_expect(world_hears(customer, TRACK_MUSIC));
	world_hold(agent, false);
	cr_expect(ne(u16, world_flow(agent)->watched, 0));
	cr_expect(world_talk(customer, agent));
	hang_up(customer);
}

SCENE(room, D12_digits_that_are_no_code_are_given_to_the_guest_in_order)
{
	talk();
	world_dial(agent, "#5");
	cr_expect(eq(u32, world_flow(customer)->given_back, 2));
	cr_expect(eq(u8, world_flow(customer)->digit[0], 11));
	cr_expect(eq(u8, world_flow(customer)->digit[1], 5));
	cr_expect(world_talk(customer, agent));
	world_dial(agent, "#");
	world_pass(1000);
	cr_expect(eq(u32, world_flow(customer)->given_back, 3), "PK03: after a second");
	hang_up(customer);
}

SCENE(room, S0_18_an_ack_or_a_reinvite_in_the_middle_of_the_code_does_not_lose_it)
{
	world_register("201");
	customer = world_call(NULL, NULL, "100200");
	agent = world_ringing("201");
	world_answer(agent);
	world_dial(agent, "#");
	world_ack(customer);
	world_dial(agent, "0");
	cr_expect(world_hears(agent, TRACK_DIGIT + 1));
	world_played(agent);
	hang_up(customer);
}

SCENE(room, PK02_the_customer_has_no_right_to_park)
{
	talk();
	cr_expect(eq(u16, world_flow(customer)->watched, 0));
	hang_up(customer);
}

SCENE(room, PK19_a_retrieved_call_can_be_parked_again)
{
	struct sip_dialog *second;

	parked();
	second = world_call("acme.example", "202", "1");
	world_ack(second);
	world_dial(second, "#0");
	cr_expect(world_hears(customer, TRACK_MUSIC));
	world_played(second);
	cr_expect(second->over);
	world_pass(120000);
	cr_expect(ne(ptr, world_ringing("voicemail"), NULL), "and is still in his call flow");
	hang_up(customer);
}

SCENE(room, a_worker_that_refuses_the_music_leaves_the_two_together)
{
	talk();
	world.refuse_music = true;
	world_dial(agent, "#0");
	cr_expect(world_hears(agent, TRACK_FULL), "he is told that it failed");
	world_played(agent);
	cr_expect(world_talk(customer, agent));
	cr_expect(eq(u32, world.x.plan.clock->armed, 0));
	hang_up(customer);
}

SCENE(room, lost_media_ends_every_call_and_frees_everything)
{
	struct sip_dialog *retriever;

	parked();
	retriever = world_call("acme.example", "202", "1");
	exchange_end_all(&world.x);
	cr_expect(customer->over);
	cr_expect(retriever->over);
}

SCENE(room, a_full_house_still_lets_its_calls_be_picked_up)
{
	struct sip_dialog *retriever;

	parked();
	world.x.plan.calls_max = 1;
	cr_expect(eq(u16, world_call(NULL, NULL, "100300")->refused, 503));
	retriever = world_call("acme.example", "202", "1");
	cr_assert(retriever->accepted);
	world_ack(retriever);
	cr_expect(world_talk(customer, retriever));
	hang_up(customer);
}

SCENE(room, a_dialler_who_cannot_be_answered_is_forgotten)
{
	struct sip_dialog *dialler;

	world.cannot_answer = true;
	dialler = world_call("acme.example", "202", "3");
	cr_expect(dialler->over);
	world_pass(60000);
}

SCENE(room, a_retriever_who_cannot_be_answered_leaves_the_guest_where_he_is)
{
	parked();
	world.cannot_answer = true;
	world_call("acme.example", "202", "1");
	cr_expect(world_hears(customer, TRACK_MUSIC));
	cr_expect(world_told("park.put_back"));
	hang_up(customer);
}

SCENE(room, a_call_is_answered_once_however_often_it_is_parked)
{
	struct sip_dialog *retriever;

	parked();
	retriever = world_call("acme.example", "202", "1");
	world_ack(retriever);
	cr_expect(eq(u32, world_times_told("call.answered"), 1));
	cr_expect(eq(u32, world_times_told("park.retrieved"), 1));
	hang_up(customer);
}
