// SPDX-License-Identifier: BSD-3-Clause
//
// A worker's end of the bridge with a real engine behind it and the test as the core.
#include "dataplane/dpdk/bridge_end.h"
#include "dataplane/engine.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLOWS = 600 };

static struct bridge bridge;
static struct bridge_end end;
static struct engine *engine;
static void *memory;
static struct worker_stats stats;
static struct lane_writer commands;
static struct lane_reader events;
static const struct engine_address address = {
	.ip = { [10] = 0xff, 0xff, 10, 99, 0, 2 }, .port_first = 20000, .flows = FLOWS
};

static void answer(void *, const struct dp_event *event)
{
	bridge_end_answer(&end, event);
}

static bool tell(void *, const struct dp_event *event)
{
	return bridge_end_tell(&end, event);
}

static uint32_t blank(void *, struct burst *, uint32_t)
{
	return 0;
}

static void flush(void *, struct burst *)
{
}

static int hop(void *, uint16_t, const uint8_t[16])
{
	return 0;
}

static void entry(void *, uint32_t flow, uint32_t gen, bool open, uint64_t owner)
{
	bridge_end_entry(&end, flow, gen, open, owner);
}

static void new_bridge(void)
{
	struct bridge_plan plan = { .version = BRIDGE_VERSION,
		.workers = 1,
		.addresses = 1,
		.flows = { FLOWS },
		.address = { { .port_first = 20000, .flows = FLOWS } } };
	int fd;

	bridge_unmap(&bridge);
	cr_assert_eq(bridge_create(&bridge, &plan, &fd), BRIDGE_OK);
	close(fd);
	lane_writer_init(&commands, bridge.worker[0].down, BRIDGE_LANE_SIZE);
	lane_reader_init(&events, bridge.worker[0].up, BRIDGE_LANE_SIZE);
}

static void set_up(void)
{
	static const struct engine_ops ops = { .answer = answer,
		.tell = tell,
		.blank = blank,
		.flush = flush,
		.hop = hop,
		.entry = entry };
	struct engine_plan plan = { .flows = FLOWS, .addresses = 1, .address = &address };

	memory = aligned_alloc(64, (engine_size(&plan) + 63) / 64 * 64);
	engine = engine_init(memory, &plan, &ops, &stats, 0);
	bridge_end_init(&end, FLOWS);
	new_bridge();
}

static void tear_down(void)
{
	bridge_unmap(&bridge);
	free(memory);
}

TestSuite(bridge_end, .init = set_up, .fini = tear_down);

static void send(uint32_t tag, enum dp_cmd_kind kind, uint32_t flow)
{
	uint32_t at = 0;

	cr_assert(lane_reserve(&commands, &at));
	bridge.worker[0].cmds[at] = (struct dp_cmd){ .tag = tag,
		.kind = (uint16_t)kind,
		.flow = { flow, 1 },
		.open = { .owner = 1000 + flow } };
	lane_commit(&commands);
}

// The tag of the next event, or 0.
static uint32_t hear(void)
{
	uint32_t at;

	if (!lane_peek(&events, &at))
		return 0;
	uint32_t tag = bridge.worker[0].events[at].tag;
	lane_release(&events);
	return tag;
}

Test(bridge_end, every_command_is_answered_once_and_in_order)
{
	bridge_end_adopt(&end, &bridge.worker[0]);
	for (uint32_t i = 1; i <= 10; i++)
		send(i, DP_CMD_OPEN, i);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 10);
	for (uint32_t i = 1; i <= 10; i++)
		cr_expect_eq(hear(), i);
	cr_expect_eq(hear(), 0);
	cr_expect_eq(bridge_end_serve(&end, engine, 2), 0);
}

Test(bridge_end, a_turn_takes_no_more_than_its_share)
{
	bridge_end_adopt(&end, &bridge.worker[0]);
	for (uint32_t i = 1; i <= 100; i++)
		send(i, DP_CMD_SILENT, 0);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), BRIDGE_END_COMMANDS);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 100 - BRIDGE_END_COMMANDS);
}

Test(bridge_end, a_command_waits_until_its_answer_has_room)
{
	uint32_t n = 0;

	bridge_end_adopt(&end, &bridge.worker[0]);
	for (uint32_t i = 1; i <= BRIDGE_LANE_SIZE; i++)
		send(i, DP_CMD_SILENT, 0);
	while (n < BRIDGE_LANE_SIZE)
		n += bridge_end_serve(&end, engine, 1);
	for (uint32_t i = 1; i <= 3; i++)
		send(5000 + i, DP_CMD_SILENT, 0);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 0, "the up lane is full");
	cr_expect_eq(hear(), 1);
	cr_expect_eq(hear(), 2);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 2);
	cr_expect_not(end.broken);
}

Test(bridge_end, unasked_events_leave_room_for_answers)
{
	struct dp_event event = { .kind = DP_EVENT_DIGIT };
	uint32_t n = 0;

	cr_expect_not(bridge_end_tell(&end, &event), "nobody is there to hear it");
	bridge_end_adopt(&end, &bridge.worker[0]);
	while (bridge_end_tell(&end, &event))
		n++;
	cr_expect_eq(n, BRIDGE_LANE_SIZE - BRIDGE_END_MARGIN);
	for (uint32_t i = 1; i <= BRIDGE_END_MARGIN; i++)
		send(i, DP_CMD_SILENT, 0);
	n = 0;
	for (int turn = 0; turn < 4; turn++)
		n += bridge_end_serve(&end, engine, 1);
	cr_expect_eq(n, BRIDGE_END_MARGIN);
}

Test(bridge_end, a_new_core_finds_its_predecessors_flows_in_the_directory)
{
	bridge_end_adopt(&end, &bridge.worker[0]);
	send(1, DP_CMD_OPEN, 3);
	send(2, DP_CMD_OPEN, FLOWS - 1);
	send(3, DP_CMD_OPEN, 4);
	send(4, DP_CMD_CLOSE, 4);
	bridge_end_serve(&end, engine, 1);
	bridge_end_let_go(&end);
	new_bridge();
	bridge_end_adopt(&end, &bridge.worker[0]);

	int turns = 0;
	while (atomic_load(bridge.worker[0].directory_done) == 0) {
		bridge_end_serve(&end, engine, 2);
		turns++;
	}
	cr_expect_eq(turns, (FLOWS + BRIDGE_END_PLACES - 1) / BRIDGE_END_PLACES);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct bridge_entry *line = &bridge.worker[0].directory[i];
		bool open = i == 3 || i == FLOWS - 1;

		cr_expect_eq(atomic_load(&line->open), open, "place %u", i);
		cr_expect_eq(atomic_load(&line->gen), open || i == 4 ? 1 : 0, "place %u", i);
		if (open)
			cr_expect_eq(atomic_load(&line->owner), 1000 + i);
	}
}

Test(bridge_end, a_lane_full_of_nonsense_is_left_at_once)
{
	bridge_end_adopt(&end, &bridge.worker[0]);
	atomic_store(&bridge.worker[0].down->tail, 5000);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 0);
	cr_expect(end.broken);
	cr_expect_not(end.attached);

	new_bridge();
	bridge_end_adopt(&end, &bridge.worker[0]);
	cr_expect_not(end.broken);
	send(1, DP_CMD_SILENT, 0);
	atomic_store(&bridge.worker[0].up->head, 77);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 0);
	cr_expect(end.broken);
}

Test(bridge_end, nobody_is_served_whom_nobody_adopted)
{
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 0);
	bridge_end_adopt(&end, &bridge.worker[0]);
	send(1, DP_CMD_OPEN, 1);
	bridge_end_let_go(&end);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 0);
	bridge_end_entry(&end, 1, 9, true, 9);
	cr_expect_eq(atomic_load(&bridge.worker[0].directory[1].gen), 0);
}

Test(bridge_end, a_key_does_not_stay_in_the_lane)
{
	static const struct dp_cmd nothing;
	uint32_t at = 0;

	bridge_end_adopt(&end, &bridge.worker[0]);
	send(1, DP_CMD_OPEN, 3);
	cr_assert(lane_reserve(&commands, &at));
	struct dp_cmd *cmd = &bridge.worker[0].cmds[at];
	*cmd = (struct dp_cmd){ .tag = 2, .kind = DP_CMD_KEYS, .flow = { 3, 1 } };
	cmd->keys.suite = DP_SUITE_AEAD_AES_128_GCM;
	memset(cmd->keys.key, 0x5a, 28);
	lane_commit(&commands);
	cr_expect_eq(bridge_end_serve(&end, engine, 1), 2);
	cr_expect_eq(memcmp(&cmd->keys, &nothing.keys, sizeof(cmd->keys)), 0);
}
