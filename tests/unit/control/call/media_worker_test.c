// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_worker.h"

#include <criterion/criterion.h>

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct lane down, up;
static struct dp_cmd cmds[BRIDGE_LANE_SIZE];
static struct dp_event events[BRIDGE_LANE_SIZE];
static struct lane_reader their_down;
static struct lane_writer their_up;
static struct media_worker w;

static void init(void)
{
	struct bridge_worker b = { .down = &down, .cmds = cmds, .up = &up, .events = events };

	cr_assert(media_worker_init(&w, &b));
	lane_reader_init(&their_down, &down, BRIDGE_LANE_SIZE);
	lane_writer_init(&their_up, &up, BRIDGE_LANE_SIZE);
}

static void clear(void)
{
	media_worker_clear(&w);
	media_worker_clear(&w); // harmless
}

TestSuite(media_worker, .init = init, .fini = clear);

static bool send(uint32_t index)
{
	struct dp_cmd cmd = { .kind = DP_CMD_SILENT, .flow = { .index = index, .gen = 1 } };

	return media_worker_send(&w, &cmd);
}

static bool take(struct dp_cmd *out)
{
	uint32_t at;

	if (!lane_peek(&their_down, &at))
		return false;
	*out = cmds[at];
	lane_release(&their_down);
	return true;
}

Test(media_worker, each_answer_finds_what_was_asked_once)
{
	struct dp_cmd cmd;
	struct unanswered asked;

	for (uint32_t i = 0; i < 100000; i++) {
		cr_assert(send(i) && take(&cmd));
		cr_assert(cmd.tag != 0 && cmd.flow.index == i);
		cr_assert(!media_worker_answered(&w, cmd.tag + MEDIA_UNANSWERED_MAX, &asked));
		cr_assert(media_worker_answered(&w, cmd.tag, &asked));
		cr_assert(asked.kind == DP_CMD_SILENT && asked.flow.index == i);
		cr_assert(!media_worker_answered(&w, cmd.tag, &asked), "twice");
	}
}

Test(media_worker, a_tag_is_never_0)
{
	struct dp_cmd cmd;
	struct unanswered asked;

	// Slot 0, one round before its tags begin again.
	w.unanswered[0].tag = UINT32_MAX - MEDIA_UNANSWERED_MAX + 1;
	cr_assert(send(1) && take(&cmd));
	cr_expect_neq(cmd.tag, 0);
	cr_expect(media_worker_answered(&w, cmd.tag, &asked));
	cr_expect(!media_worker_answered(&w, 0, &asked));
}

Test(media_worker, what_does_not_fit_waits_in_order)
{
	struct dp_cmd cmd;
	uint32_t next = 0;

	for (uint32_t i = 0; i < 3 * BRIDGE_LANE_SIZE; i++)
		cr_assert(send(i));
	cr_expect(w.waits == 2 * BRIDGE_LANE_SIZE && w.delayed == w.waits);
	cr_expect_eq(w.sent, BRIDGE_LANE_SIZE);
	while (take(&cmd)) {
		struct unanswered asked;

		cr_assert_eq(cmd.flow.index, next++);
		cr_assert(media_worker_answered(&w, cmd.tag, &asked));
		if (next <= 100)
			cr_assert(send(3 * BRIDGE_LANE_SIZE - 1 + next), "behind those that wait");
		media_worker_flush(&w);
	}
	cr_expect(next == 3 * BRIDGE_LANE_SIZE + 100 && w.waits == 0);
}

Test(media_worker, a_worker_that_does_not_answer_is_asked_no_more_than_the_table_holds)
{
	struct dp_cmd cmd;
	uint32_t taken = 0;

	for (uint32_t i = 0; i < 3 * MEDIA_UNANSWERED_MAX; i++)
		cr_assert(send(i));
	for (int turn = 0; turn < 5; turn++) {
		media_worker_flush(&w);
		while (take(&cmd))
			taken++;
	}
	cr_expect_eq(taken, MEDIA_UNANSWERED_MAX);
	cr_expect_eq(w.waits, 2 * MEDIA_UNANSWERED_MAX);
}

Test(media_worker, says_no_when_too_many_wait)
{
	for (uint32_t i = 0; i < BRIDGE_LANE_SIZE + MEDIA_WAITING_MAX; i++)
		cr_assert(send(i));
	cr_expect(!send(0));
	cr_expect_eq(w.waits, MEDIA_WAITING_MAX);
}

Test(media_worker, knows_a_broken_lane)
{
	struct dp_event e;

	cr_expect(!media_worker_hear(&w, &e) && !media_worker_broken(&w));
	atomic_store(&up.tail, 5000);
	cr_expect(!media_worker_hear(&w, &e) && media_worker_broken(&w));
}

Test(media_worker, knows_a_broken_lane_of_commands)
{
	atomic_store(&down.head, 5000);
	for (uint32_t i = 0; i < BRIDGE_LANE_SIZE + 1; i++)
		cr_assert(send(i));
	cr_expect(media_worker_broken(&w));
}
