// SPDX-License-Identifier: BSD-3-Clause
//
// What the core knows of the media's cores, and what it may ask for.
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <string.h>

TestSuite(media_plan, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

static const char first[] = "{\"queues\": []}";
static const char second[] = "{\"queues\": [1]}";

Test(media_plan, the_plan_is_asked_for_when_the_media_comes)
{
	stage.fake.plan = first;
	cr_expect_null(media_plan_text(stage.media));
	stage_attach();
	stage_turn(20);
	cr_assert_not_null(media_plan_text(stage.media));
	cr_expect_str_eq(media_plan_text(stage.media), first);
	cr_expect_eq(stage.fake.plans, 1);
	fake_media_hang_up(&stage.fake);
	stage_turn(20);
	cr_expect_null(media_plan_text(stage.media), "it is another's");
}

Test(media_plan, a_media_without_a_plan_is_served_all_the_same)
{
	stage_attach();
	stage_turn(20);
	cr_expect_null(media_plan_text(stage.media));
	cr_expect(media_attached(stage.media));
}

Test(media_plan, a_move_is_asked_once_and_its_answer_brings_the_new_plan)
{
	stage.fake.plan = first;
	cr_expect_not(media_move(stage.media, 0, 0, 0), "nobody is there");
	stage_attach();
	stage_turn(20);
	cr_expect_str_eq(media_moved(stage.media), "none");
	cr_assert(media_move(stage.media, 3, 1, 2));
	cr_expect_str_eq(media_moved(stage.media), "asked");
	cr_expect_not(media_move(stage.media, 3, 1, 2), "one at a time");
	stage.fake.plan = second;
	stage_turn(20);
	cr_expect_eq(stage.fake.moves, 1);
	cr_expect(stage.fake.moved.port == 3 && stage.fake.moved.queue == 1 &&
		  stage.fake.moved.worker == 2);
	cr_expect_str_eq(media_moved(stage.media), "asked");
	stage.fake.answers_moves = true;
	stage_turn(40);
	cr_expect_str_eq(media_moved(stage.media), "done");
	cr_expect_str_eq(media_plan_text(stage.media), second);
	stage.fake.move_outcome = ATTACH_UNKNOWN;
	cr_assert(media_move(stage.media, 9, 1, 2));
	stage_turn(40);
	cr_expect_str_eq(media_moved(stage.media), "refused");
}

Test(media_plan, a_worker_that_stands_still_changes_nothing_else)
{
	stage_attach();
	fake_media_stall(&stage.fake, 1, true);
	fake_media_stall(&stage.fake, 1, false);
	stage_turn(20);
	cr_expect(media_attached(stage.media));
}

// Two accounts, two workers: the worker of each is said.
Test(media_plan, a_relay_names_the_worker_of_the_peer)
{
	stage_attach();
	struct media_flow a = stage_open(0), b = stage_open(1);

	media_relay(stage.media, a, b);
	media_relay(stage.media, b, a);
	stage_turn(20);
	cr_assert_eq(stage.fake.commands, 4);
	for (uint32_t i = 0; i < 4; i++) {
		const struct fake_command *c = &stage.fake.command[i];

		if (c->cmd.kind == DP_CMD_RELAY)
			cr_expect_eq(c->cmd.relay.worker, 1 - c->worker);
	}
}
