// SPDX-License-Identifier: BSD-3-Clause
//
// A recorded call: who is on which channel, whatever becomes of the call (row 23: the recording is
// the call's, not the first agent's).
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

static struct sip_dialog *caller, *callee;

static struct call *the_call(void)
{
	struct call *c = TAILQ_FIRST(&world.x.calls);

	cr_assert(ne(ptr, c, NULL));
	return c;
}

static void talk(void)
{
	world_register("202");
	caller = world_call("acme.example", "201", "202");
	callee = world_ringing("202");
	world_answer(callee);
	world_ack(caller);
	cr_assert(world_talk(caller, callee));
}

static void say(bool over, enum attach_outcome outcome, uint64_t ms)
{
	struct media_recorded what = world.file;

	what.over = over;
	what.outcome = (uint16_t)outcome;
	what.ms = ms;
	exchange_recorded(&world.x, &what);
}

static void record(enum call_record_wish wish)
{
	cr_assert(call_record_ask(the_call(), wish));
}

static void begin(void)
{
	talk();
	record(CALL_RECORD_START);
	say(false, ATTACH_OK, 0);
}

static bool is(const struct sip_dialog *d, enum dp_record state, uint8_t channel)
{
	const struct world_flow *f = world_flow(d);

	return f->recorded == state && f->channel == channel &&
	       (state == DP_RECORD_OFF || f->recording == world.file.id);
}

SCENE(record, both_legs_are_channels_once_the_file_is_there)
{
	talk();
	record(CALL_RECORD_START);
	cr_expect(zero(int, strcmp(world.file.account, "acme")));
	cr_expect(zero(int, strcmp(world.file.ref, the_call()->ref)));
	cr_expect(eq(int, world_flow(caller)->recorded, DP_RECORD_OFF), "not before");
	say(false, ATTACH_OK, 0);
	cr_expect(is(caller, DP_RECORD_ON, 0));
	cr_expect(is(callee, DP_RECORD_ON, 1));
	cr_expect(world_told("call.recording"));
	world_bye(caller);
	cr_expect(eq(u32, world.files_ended, 1));
	say(true, ATTACH_OK, 1000);
	cr_expect(world_told("call.recorded"), "although the call is over");
	cr_expect(zero(int, strcmp(world.news_reason, "ok")));
}

SCENE(record, a_pause_and_its_end_are_told_to_both)
{
	begin();
	record(CALL_RECORD_PAUSE);
	cr_expect(is(caller, DP_RECORD_PAUSED, 0) && is(callee, DP_RECORD_PAUSED, 1));
	record(CALL_RECORD_RESUME);
	cr_expect(is(caller, DP_RECORD_ON, 0) && is(callee, DP_RECORD_ON, 1));
	record(CALL_RECORD_START);
	cr_expect(eq(u32, world.files, 1), "the same file");
	record(CALL_RECORD_STOP);
	cr_expect(is(caller, DP_RECORD_OFF, 0) && is(callee, DP_RECORD_OFF, 1));
	cr_expect(eq(u32, world.files_ended, 1));
	cr_expect(not(call_record_ask(the_call(), CALL_RECORD_PAUSE)));
	say(true, ATTACH_OK, 1000);
	cr_expect(not(call_record_ask(the_call(), CALL_RECORD_PAUSE)));
	record(CALL_RECORD_START);
	cr_expect(eq(u32, world.files, 2));
	world_bye(caller);
}

SCENE(record, a_pause_that_is_wanted_before_the_file_is_there_holds)
{
	talk();
	record(CALL_RECORD_START);
	record(CALL_RECORD_PAUSE);
	say(false, ATTACH_OK, 0);
	cr_expect(is(caller, DP_RECORD_PAUSED, 0));
	world_bye(caller);
}

SCENE(record, a_full_disk_ends_the_recording_and_the_call_goes_on)
{
	begin();
	say(true, ATTACH_DISK_FULL, 1000);
	cr_expect(world_talk(caller, callee));
	cr_expect(not(caller->over));
	cr_expect(not(callee->over));
	cr_expect(eq(int, world_flow(caller)->recorded, DP_RECORD_OFF));
	cr_expect(eq(int, world_flow(callee)->recorded, DP_RECORD_OFF));
	cr_expect(zero(int, strcmp(world.news_reason, "disk full")));
	world_bye(caller);
}

SCENE(record, a_file_that_cannot_be_begun_is_told_and_leaves_nothing)
{
	talk();
	record(CALL_RECORD_START);
	say(true, ATTACH_DISK_ERROR, 0);
	cr_expect(zero(int, strcmp(world.news_reason, "disk error")));
	cr_expect(zero(int, strcmp(call_record_state(the_call()), "none")));
	world.no_files = true;
	cr_expect(not(call_record_ask(the_call(), CALL_RECORD_START)));
	world_bye(caller);
}

SCENE(record, row_23_a_parked_call_goes_on_in_the_same_file_with_whoever_fetches_it)
{
	struct sip_dialog *agent;

	begin();
	world_dial(callee, "#0");
	cr_assert(world_told("park.parked"));
	cr_expect(is(caller, DP_RECORD_ON, 0), "he waits");
	cr_expect(eq(int, world_flow(callee)->recorded, DP_RECORD_OFF), "he hears the slot");
	agent = world_call("acme.example", "203", "1");
	world_ack(agent);
	cr_assert(world_talk(caller, agent));
	cr_expect(is(caller, DP_RECORD_ON, 0));
	cr_expect(is(agent, DP_RECORD_ON, 1));
	cr_expect(eq(u32, world.files, 1));
	world_played(callee);
	world_bye(caller);
}

SCENE(record, row_23_who_stays_keeps_his_channel_when_the_caller_parks)
{
	struct sip_dialog *agent;

	begin();
	world_dial(caller, "#0");
	cr_assert(world_told("park.parked"));
	cr_expect(is(callee, DP_RECORD_ON, 1));
	cr_expect(eq(int, world_flow(caller)->recorded, DP_RECORD_OFF));
	agent = world_call("acme.example", "203", "1");
	world_ack(agent);
	cr_expect(is(callee, DP_RECORD_ON, 1));
	cr_expect(is(agent, DP_RECORD_ON, 0), "the free one");
	world_played(caller);
	world_bye(callee);
}
