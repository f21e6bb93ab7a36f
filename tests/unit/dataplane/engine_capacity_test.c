// SPDX-License-Identifier: BSD-3-Clause
//
// What a flow costs, and what happens when what only some flows need is used up.
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;

static void begin(void)
{
	rig_init_with(&rig, (struct engine_capacity){ .keys = 1, .prompts = 1, .events = 1 });
}

TestSuite(engine_capacity, .init = begin);

Test(engine_capacity, a_flow_costs_at_most_256_bytes_everything_counted)
{
	static const uint32_t flows[] = { 100000, 250000, 1000000 };

	for (unsigned i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		// Music needs no voice: those who are heard or rendered come on top of it.
		struct engine_capacity capacity = { .voices = 1,
			.overlays = 1,
			.jitters = 1,
			.cryptos = 1,
			.opus = 1,
			.detectors = 1 };
		size_t size = engine_size(
			&(struct engine_plan){ .flows = flows[i], .capacity = capacity });

		cr_log_info("%u flows: %.1f bytes a flow", flows[i], (double)size / flows[i]);
		cr_expect(le(sz, size, 256UL * flows[i]), "%u flows: %zu", flows[i], size);
	}
}

Test(engine_capacity, says_how_many_pieces_there_are)
{
	struct engine_capacity small = engine_capacity_of(&(struct engine_plan){ .flows = 100 });
	struct engine_capacity large = engine_capacity_of(&(struct engine_plan){ .flows = 250000 });
	struct engine_capacity said = engine_capacity_of(&(struct engine_plan){
		.flows = 250000, .capacity = { .keys = 70000, .prompts = 3, .voices = 5000 } });

	cr_expect(small.keys == 100 && small.prompts == 100 && small.events == 100, "all at once");
	cr_expect(small.voices == 100 && small.cryptos == 100);
	cr_expect(ge(u32, large.events, 1024));
	cr_expect(gt(u32, large.voices, 0));
	cr_expect(gt(u32, large.opus, 0));
	cr_expect(eq(u32, said.keys, ENGINE_PIECES_MAX));
	cr_expect(eq(u32, said.prompts, 3));
	cr_expect(eq(u32, said.voices, 5000));
}

Test(engine_capacity, a_prompt_more_than_there_are_is_refused_until_one_is_over)
{
	rig_call(&rig, 0);
	rig_call(&rig, 1);
	cr_expect(zero(int, rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0))));
	cr_expect(eq(int, rig_do(&rig, 1, rig_prompt(RIG_PROMPT, 0)), DP_REFUSAL_NO_ROOM));
	cr_expect(zero(int, rig_do(&rig, 0, rig_prompt(RIG_SHORT, 0))), "in the place of its own");
	rig_live(&rig, 200);
	cr_expect(zero(int, rig_do(&rig, 1, rig_prompt(RIG_PROMPT, 0))), "it was played");
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	cr_expect(zero(int, rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0))), "it was closed");
}

Test(engine_capacity, digits_to_send_for_more_flows_than_there_is_room_are_refused)
{
	struct dp_cmd digit = { .kind = DP_CMD_DIGITS, .digits = { .n = 1, .ms = { 80 } } };

	rig_call(&rig, 0);
	rig_call(&rig, 1);
	cr_expect(zero(int, rig_do(&rig, 0, digit)));
	cr_expect(zero(int, rig_do(&rig, 0, digit)), "one more of the same flow");
	cr_expect(eq(int, rig_do(&rig, 1, digit), DP_REFUSAL_NO_ROOM));
	rig_live(&rig, 400);
	cr_expect(zero(int, rig_do(&rig, 1, digit)));
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	cr_expect(zero(int, rig_do(&rig, 0, digit)));
}

Test(engine_capacity, digits_pressed_beyond_it_are_counted_and_what_is_watched_is_kept)
{
	struct rig_voice one = { .flow = 0, .ssrc = 1 }, two = { .flow = 2, .ssrc = 2 };
	struct dp_cmd watch = { .kind = DP_CMD_WATCH, .watch.digits = 1 << 11 };

	rig_pair(&rig, 0, 1);
	rig_pair(&rig, 2, 3);
	rig_press(&rig, &one, 5);
	rig_press(&rig, &two, 6);
	cr_expect(eq(u64, stat_read(&rig.stats.digits_seen), 1));
	cr_expect(eq(u64, stat_read(&rig.stats.events_no_room), 7));
	cr_expect(eq(u32, rig_count(&rig, 3), 7), "the peer gets it all the same");
	rig_do(&rig, 2, watch);
	rig_press(&rig, &two, 6);
	cr_expect(eq(u32, rig_count(&rig, 3), 7));
	rig_live(&rig, 5200);
	rig_press(&rig, &two, 6);
	cr_expect(eq(u64, stat_read(&rig.stats.digits_seen), 2), "the first is long over");
}

Test(engine_capacity, what_a_closed_flow_held_comes_back)
{
	struct rig_voice voice = { .flow = 0, .ssrc = 1 };

	for (uint32_t i = 0; i < 8; i++) {
		voice.flow = i;
		rig_call(&rig, i);
		rig_press(&rig, &voice, 5);
		cr_expect(eq(u64, stat_read(&rig.stats.digits_seen), i + 1));
		rig_do(&rig, i, rig_plain(DP_CMD_CLOSE));
		rig_live(&rig, 200);
	}
}
