// SPDX-License-Identifier: BSD-3-Clause
//
// What workers say, in time, late, or out of their minds.
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <stdatomic.h>
#include <unistd.h>

TestSuite(media_events, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

Test(media_events, tells_the_owner_what_became_of_his_wishes)
{
	stage_attach();
	struct media_flow f = stage_open(0);
	stage_turn(10);
	stage.events = 0;

	stage.fake.refused_kind = DP_CMD_MUSIC;
	stage.fake.refusal = DP_REFUSAL_NO_TRACK;
	media_silent(stage.media, f);
	media_music(stage.media, f, 1, false);
	stage_turn(10);
	cr_assert_eq(stage.events, 2);
	cr_expect(stage.heard[0].kind == MEDIA_DONE && stage.heard[0].cmd == DP_CMD_SILENT);
	cr_expect(stage.heard[1].kind == MEDIA_FAILED && stage.heard[1].cmd == DP_CMD_MUSIC);
	cr_expect(
		stage.heard[1].refusal == DP_REFUSAL_NO_TRACK && stage.heard[1].owner == &stage_me);
	cr_expect_eq(stage_counts().refusals, 1);

	// Nobody hears of a flow that he has closed.
	media_music(stage.media, f, 1, false);
	media_close(stage.media, &f);
	stage_turn(10);
	cr_expect_eq(stage.events, 2);
	cr_expect_eq(stage_counts().flows_open, 0);
}

static uint32_t rtt_us;

static void on_quality(const struct media_event *event)
{
	if (event->kind == MEDIA_QUALITY)
		rtt_us = event->raw->quality.rtt_us;
}

Test(media_events, who_asks_how_a_flow_is_heard_is_told)
{
	stage_attach();
	struct media_flow f = stage_open(0);

	stage_turn(10);
	stage.events = 0;
	stage.on_event = on_quality;
	media_query(stage.media, f);
	stage_turn(10);
	cr_assert_eq(stage.events, 1);
	cr_expect(stage.heard[0].kind == MEDIA_QUALITY && stage.heard[0].owner == &stage_me);
	cr_expect_eq(rtt_us, 4711);
	media_close(stage.media, &f);
	media_query(stage.media, f); // of no flow
	stage_turn(10);
	cr_expect_eq(stage.events, 1);
}

Test(media_events, a_refused_close_gives_the_place_back_as_well)
{
	stage_attach();
	struct media_flow f = stage_open(1);

	stage.fake.refused_kind = DP_CMD_CLOSE;
	stage.fake.refusal = DP_REFUSAL_NOT_OPEN;
	media_close(stage.media, &f);
	stage_turn(10);
	cr_expect(stage_counts().flows_open == 0 && stage_counts().flows_resting == 1);
}

Test(media_events, events_go_to_the_owner_of_the_flow)
{
	int other;

	stage_attach();
	struct media_flow f = stage_open(0), g = stage_open(0);
	stage_turn(10);
	stage.events = 0;
	media_set_owner(stage.media, g, &other);

	struct dp_event digit = { .kind = DP_EVENT_DIGIT, .flow = f.id };
	digit.digit.digit = 11;
	digit.digit.withheld = 1;
	digit.digit.duration_ms = 180;
	struct dp_event played = { .kind = DP_EVENT_PLAYED, .flow = g.id };
	struct dp_event locked = { .kind = DP_EVENT_LOCKED, .flow = f.id };
	fake_media_say(&stage.fake, 0, &digit);
	fake_media_say(&stage.fake, 0, &played);
	fake_media_say(&stage.fake, 0, &locked);
	stage_turn(10);
	cr_assert_eq(stage.events, 3);
	cr_expect(stage.heard[0].kind == MEDIA_DIGIT && stage.heard[0].owner == &stage_me);
	cr_expect(stage.heard[0].digit == 11 && stage.heard[0].withheld &&
		  stage.heard[0].duration_ms == 180);
	cr_expect(stage.heard[1].kind == MEDIA_PLAYED && stage.heard[1].owner == &other);
	cr_expect(stage.heard[2].kind == MEDIA_LOCKED && stage.heard[2].owner == &stage_me);
}

Test(media_events, ignores_what_is_late_and_counts_what_is_nonsense)
{
	stage_attach();
	struct media_flow f = stage_open(0);
	stage_turn(10);
	stage.events = 0;

	struct flow_id old = { f.id.index, f.id.gen - 1 };
	struct flow_id unused = { (f.id.index + 1) % 8, 0 };
	struct dp_event events[] = {
		{ .kind = DP_EVENT_PLAYED, .flow = old },
		{ .kind = DP_EVENT_PLAYED, .flow = unused },
		{ .kind = DP_EVENT_CLOSED, .flow = old },
		{ .kind = DP_EVENT_PLAYED, .flow = { 8, f.id.gen } },
		{ .kind = DP_EVENT_PLAYED, .flow = { UINT32_MAX, f.id.gen } },
		{ .kind = DP_EVENT_COUNT, .flow = f.id },
		{ .kind = UINT16_MAX, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .tag = 12345678, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .tag = UINT32_MAX, .flow = f.id },
		{ .kind = DP_EVENT_DONE,
			.tag = stage.fake.command[0].cmd.tag,
			.flow = f.id }, // again
		{ .kind = DP_EVENT_DIGIT, .flow = f.id, .digit = { .digit = 16 } },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		fake_media_say(&stage.fake, 0, &events[i]);
	stage_turn(10);
	cr_expect_eq(stage.events, 0);
	cr_expect_eq(stage_counts().strange, 9);
	cr_expect(stage_counts().flows_open == 1 && media_attached(stage.media));
}

Test(media_events, hears_everything_of_a_full_lane)
{
	stage_attach();
	struct media_flow f = stage_open(0);
	struct dp_event played = { .kind = DP_EVENT_PLAYED, .flow = f.id };

	stage_turn(10);
	stage.events = 0;
	stage.fake.obeys = false;
	for (int i = 0; i < BRIDGE_LANE_SIZE; i++)
		fake_media_say(&stage.fake, 0, &played);
	stage_turn(20);
	cr_expect_eq(stage.events, BRIDGE_LANE_SIZE);
}

static void close_and_open(const struct media_event *event)
{
	struct media_flow f = { .id = event->raw->flow, .worker = 0 }, next;

	media_close(stage.media, &f);
	if (media_open(stage.media, 0, &stage_me, &next))
		media_silent(stage.media, next);
	media_local(stage.media, next, &(struct address){ .port = 0 });
}

Test(media_events, an_owner_may_close_and_open_while_he_is_told)
{
	stage_attach();
	struct media_flow f = stage_open(0);
	struct dp_event played = { .kind = DP_EVENT_PLAYED, .flow = f.id };

	stage_turn(10);
	stage.events = 0;
	stage.on_event = close_and_open;
	fake_media_say(&stage.fake, 0, &played);
	fake_media_say(&stage.fake, 0, &played); // late: the flow was closed by the first
	stage_turn(2);
	stage.on_event = NULL;
	stage_turn(10);
	cr_expect_eq(stage.heard[0].kind, MEDIA_PLAYED);
	for (uint32_t i = 1; i < stage.events; i++)
		cr_expect_neq(stage.heard[i].kind, MEDIA_PLAYED);
}

Test(media_events, tells_of_a_flow_that_the_worker_has_closed)
{
	stage_attach();
	struct media_flow f = stage_open(0);
	struct dp_event closed = { .kind = DP_EVENT_CLOSED, .flow = f.id };

	stage_turn(10);
	stage.events = 0;
	fake_media_say(&stage.fake, 0, &closed);
	stage_turn(10);
	cr_assert_eq(stage.events, 1);
	cr_expect(stage.heard[0].kind == MEDIA_CLOSED && stage.heard[0].owner == &stage_me);
	cr_expect(stage_counts().flows_open == 0 && stage_counts().flows_resting == 1);
	media_close(stage.media, &f);
	stage_turn(10);
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_CLOSE, (struct flow_id){ 0 }), 0);
}

Test(media_events, a_broken_lane_ends_the_attachment)
{
	const uint64_t one = 1;

	stage_attach();
	atomic_store(&stage.fake.bridge.worker[1].up->tail, 5000);
	cr_assert(write(stage.fake.wake, &one, sizeof(one)) == sizeof(one));
	cr_assert(stage_turn_until(stage_is_detached, 1000));
}
