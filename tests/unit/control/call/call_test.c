// SPDX-License-Identifier: BSD-3-Clause
//
// Calls through the exchange: who rings, who is answered, who is let go, whatever happens.
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

SCENE(call, a_number_nobody_has_is_404)
{
	cr_expect(eq(u16, world_call(NULL, NULL, "999")->refused, 404));
}

SCENE(call, the_caller_hears_ringing_and_is_answered_when_the_phone_is)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	cr_assert(ne(ptr, callee, NULL));
	cr_expect(not(caller->accepted));
	world_answer(callee);
	cr_expect(caller->accepted);
	world_ack(caller);
	cr_expect(world_talk(caller, callee));
	world_bye(callee);
	cr_expect(caller->over);
}

SCENE(call, a_user_who_is_not_registered_is_480)
{
	struct sip_dialog *caller = world_call("acme.example", "201", "202");

	cr_expect(eq(u16, caller->hung_up, 480));
}

SCENE(call, busy_is_passed_on)
{
	struct sip_dialog *caller;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	world_refuse(world_ringing("202"), 486);
	cr_expect(eq(u16, caller->hung_up, 486));
}

SCENE(call, nobody_answers_in_time_and_the_phone_stops_ringing)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world_pass(60000);
	cr_expect(callee->over);
	cr_expect(eq(u16, caller->hung_up, 480));
}

SCENE(call, a_caller_who_gives_up_stops_the_ringing)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world_bye(caller);
	cr_expect(callee->over);
}

SCENE(call, an_unanswered_dial_step_leads_to_the_next_one)
{
	struct sip_dialog *caller, *agent, *voicemail;

	world_register("201");
	caller = world_call(NULL, NULL, "100200");
	agent = world_ringing("201");
	world_pass(20000);
	cr_expect(agent->over);
	voicemail = world_ringing("voicemail");
	world_answer(voicemail);
	world_ack(caller);
	cr_expect(world_talk(caller, voicemail));
	world_bye(caller);
	cr_expect(voicemail->over);
}

SCENE(call, at_the_end_of_the_call_flow_the_caller_is_let_down_with_the_last_reason)
{
	struct sip_dialog *caller = world_call(NULL, NULL, "100200"); // 201 is not registered

	world_refuse(world_ringing("voicemail"), 486);
	cr_expect(eq(u16, caller->hung_up, 486));
}

SCENE(call, a_queued_caller_is_answered_has_music_and_rings_all_free_users)
{
	struct sip_dialog *caller, *first, *second;

	world_register("202");
	world_register("203");
	caller = world_call(NULL, NULL, "100300");
	cr_expect(caller->accepted);
	world_ack(caller);
	cr_expect(world_hears(caller, TRACK_MUSIC));
	first = world_ringing("202");
	second = world_ringing("203");
	world_answer(second);
	cr_expect(first->over);
	cr_expect(eq(int, strcmp(first->reason, "Call completed elsewhere"), 0));
	cr_expect(world_talk(caller, second));
	world_bye(caller);
	cr_expect(second->over);
}

SCENE(call, a_queue_serves_in_the_order_of_arrival)
{
	struct sip_dialog *one, *two, *agent;

	one = world_call(NULL, NULL, "100300");
	two = world_call(NULL, NULL, "100300");
	world_ack(one);
	world_ack(two);
	world_register("202");
	world_pass(0);
	queue_serve_all(TAILQ_FIRST(&world.x.calls)->tenant);
	agent = world_ringing("202");
	world_answer(agent);
	cr_expect(world_talk(one, agent));
	cr_expect(eq(ptr, world_ringing("202"), NULL), "he is busy");
	world_bye(one);
	agent = world_ringing("202"); // free again: the next in line
	world_answer(agent);
	cr_expect(world_talk(two, agent));
	world_bye(two);
}

SCENE(call, a_queue_rings_again_after_a_refusal)
{
	struct sip_dialog *caller, *again;

	world_register("202");
	caller = world_call(NULL, NULL, "100300");
	world_ack(caller);
	world_refuse(world_ringing("202"), 486);
	cr_expect(eq(ptr, world_ringing("202"), NULL), "after a pause");
	world_pass(5000);
	again = world_ringing("202");
	cr_expect(ne(ptr, again, NULL));
	world_bye(caller);
	cr_expect(again->over);
}

SCENE(call, a_queue_that_times_out_leads_to_the_next_step)
{
	struct sip_dialog *caller, *agent;

	world_register("202");
	caller = world_call(NULL, NULL, "100300");
	world_ack(caller);
	agent = world_ringing("202");
	world_pass(60000);
	cr_expect(agent->over);
	cr_expect(ne(ptr, world_ringing("reception"), NULL));
	cr_expect(world_hears(caller, TRACK_MUSIC), "an answered caller hears music meanwhile");
	world_bye(caller);
}

SCENE(call, a_caller_who_never_acknowledges_ends_both_sides)
{
	struct sip_dialog *caller, *callee;
	struct sip_event unacked = { .kind = SIP_EV_UNACKED };

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world_answer(callee);
	unacked.dialog = caller;
	caller->over = true;
	leg_sip(caller->owner, &unacked);
	cr_expect(callee->over);
}

SCENE(call, without_a_free_port_the_caller_is_503)
{
	world.no_ports = true;
	world_register("202");
	cr_expect(eq(u16, world_call("acme.example", "201", "202")->refused, 503));
}

SCENE(call, short_numbers_never_go_out_to_the_trunk)
{
	cr_expect(eq(u16, world_call("dark.example", "201", "12")->refused, 404));
	cr_expect(eq(u16, world_call("dark.example", "201", "12;x=1")->refused, 404));
}

SCENE(call, a_call_goes_on_with_the_forwards_it_has_left)
{
	struct sip_dialog *caller;

	world.max_forwards = 1;
	caller = world_call(NULL, NULL, "100200"); // nobody is registered: on to voicemail
	cr_assert(ne(ptr, world_ringing("voicemail"), NULL));
	cr_expect(eq(u8, world_ringing("voicemail")->max_forwards, 1));
	world_bye(caller);
}

SCENE(call, a_queue_does_not_wait_for_one_whom_nobody_may_be_rung_for)
{
	struct sip_dialog *first, *second, *agent;

	world_register("204");
	first = world_call(NULL, NULL, "100400");
	agent = world_ringing("204");
	world_answer(agent);
	world_ack(first);
	world_dial(agent, "#0");
	world_played(agent);
	world_pass(120000); // in the queue of the one who has parked him
	cr_expect(eq(ptr, world_ringing("204"), NULL));
	second = world_call(NULL, NULL, "100400");
	world_refuse(world_ringing("204"), 486);
	world_ack(second);
	cr_expect(ne(ptr, world_ringing("204"), NULL));
	world_bye(first);
	world_bye(second);
}

static const char with_noise[] =
	"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	"m=audio 4000 RTP/AVP 0 13\r\n";

SCENE(call, comfort_noise_is_for_those_who_say_that_they_know_it)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	world.offer = with_noise;
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world.offer = NULL;
	world_answer(callee);
	world_ack(caller);
	cr_expect(eq(u8, world_flow(caller)->cn, 13));
	cr_expect(eq(u8, world_flow(callee)->cn, DP_NO_PT));
	world_bye(caller);
}

static const char old_hold[] =
	"v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
	"m=audio 4000 RTP/AVP 0 8\r\n";

SCENE(call, an_old_hold_keeps_the_address_and_sends_no_report_to_a_telephones_signalling)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world_answer(callee);
	world_ack(caller);
	world_offer(caller, old_hold);
	cr_expect(world_flow(caller)->muted);
	cr_expect(eq(u16, world_flow(caller)->rtp.port, 4000));
	cr_expect(eq(u16, world_flow(caller)->rtcp.port, 4001));
	cr_expect(world_hears(callee, TRACK_MUSIC));
	world_bye(caller);
}

SCENE(call, who_never_said_where_he_is_is_sent_nothing)
{
	struct sip_dialog *caller, *callee;

	world_register("202");
	world.offer = old_hold;
	caller = world_call("acme.example", "201", "202");
	world.offer = NULL;
	callee = world_ringing("202");
	world_answer(callee);
	world_ack(caller);
	cr_expect(world_flow(caller)->muted);
	cr_expect(eq(u16, world_flow(caller)->rtcp.port, 0));
	world_bye(caller);
}

SCENE(call, an_account_that_is_gone_leaves_nothing_behind)
{
	world_register("202");
	world_bye(world_call("acme.example", "201", "202"));
	cr_expect(eq(u32, world_forget_accounts(), 0));
}

SCENE(call, nothing_is_freed_while_somebody_looks_at_it)
{
	struct sip_dialog *caller;

	world_register("202");
	caller = world_call("acme.example", "201", "202");
	exchange_hold(&world.x);
	world_bye(caller);
	cr_expect(ne(ptr, TAILQ_FIRST(&world.x.dead_legs), NULL));
	exchange_release(&world.x);
	cr_expect(eq(ptr, TAILQ_FIRST(&world.x.dead_legs), NULL));
}
