// SPDX-License-Identifier: BSD-3-Clause
//
// A relay between flows of two workers, each turned by hand: heard, changed, ended on either side.
#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/frame.h"
#include "tests/dpdk/dock.h"

#include <criterion/criterion.h>

#include <string.h>

TestSuite(far, .init = dock_set_up, .fini = dock_tear_down);

static const struct flow_id x = { 2, 5 }; // worker 0's
static const struct flow_id y = { 3, 7 }; // worker 1's

static struct dp_event tell(uint32_t w, struct flow_id id, enum dp_cmd_kind kind)
{
	return dock_command(w, (struct dp_cmd){ .kind = kind, .flow = id });
}

static void open_both(void)
{
	dock_open(0, x.index, x.gen);
	dock_open(1, y.index, y.gen);
}

static void relay_both_ways(void)
{
	open_both();
	cr_assert_eq(dock_relay(0, x, 1, y).kind, DP_EVENT_DONE);
	cr_assert_eq(dock_relay(1, y, 0, x).kind, DP_EVENT_DONE);
	dock_turn(0);
}

// How many datagrams worker w sends for this packet to the other's flow.
static uint32_t passed(uint32_t from, uint16_t seq)
{
	dock_sent(0);
	dock_sent(1);
	dock_say_rtp((uint16_t)from, from, from == 0 ? x.index : y.index, seq, "hello");
	dock_turn(1);
	return dock_sent(1 - from).datagrams;
}

Test(far, what_one_worker_receives_the_other_sends)
{
	relay_both_ways();
	dock_sent(1);
	for (uint16_t i = 1; i <= 50; i++) {
		dock_say_rtp(0, 0, x.index, i, "hello");
		dock_turn(1);
	}
	struct dock_heard h = dock_sent(1);
	cr_assert_eq(h.datagrams, 50);
	cr_expect_eq(memcmp(h.datagram + DOCK_HEADERS + RTP_FIXED_LEN, "hello", 5), 0);
	cr_expect_eq(h.datagram[34] << 8 | h.datagram[35], DOCK_RTP + 2 * y.index, "from y's port");
	cr_expect_eq(h.datagram[29], 3, "and y's address");
	cr_expect_eq(stat_read(&worker[0]->stats.relayed_over), 50);
	cr_expect_eq(stat_read(&worker[1]->stats.relayed), 50);
	cr_expect_eq(passed(1, 9), 1, "and the other way");
	cr_expect_eq(tell(1, y, DP_CMD_CLOSE).closed.tx_packets, 50);
	dock_expect_no_leak();
}

// Numbers go on by one and times by 160 over the hand-off as they do without it.
Test(far, the_far_end_hears_one_source)
{
	uint16_t first = 0;

	relay_both_ways();
	for (uint16_t i = 0; i < 20; i++) {
		cr_assert_eq(passed(0, (uint16_t)(60000 + i)), 1);
		dock_say_rtp(0, 0, x.index, (uint16_t)(60000 + i), "again");
		dock_turn(19);
		cr_expect_eq(dock_sent(1).datagrams, 0, "a duplicate");
	}
	dock_say_rtp(0, 0, x.index, 60020, "last");
	dock_turn(1);
	struct dock_heard h = dock_sent(1);
	struct rtp rtp;
	cr_assert_eq(rtp_read(&rtp, h.datagram + DOCK_HEADERS, RTP_FIXED_LEN + 4), RTP_OK);
	first = rtp.seq;
	dock_say_rtp(0, 0, x.index, 60022, "one is missing");
	dock_turn(1);
	h = dock_sent(1);
	cr_assert_eq(rtp_read(&rtp, h.datagram + DOCK_HEADERS, RTP_FIXED_LEN + 4), RTP_OK);
	cr_expect_eq(rtp.seq, (uint16_t)(first + 2), "the gap stays a gap");
}

Test(far, a_hearer_that_turns_away_is_not_passed_to_any_more)
{
	relay_both_ways();
	cr_expect_eq(passed(0, 1), 1);
	cr_assert_eq(tell(1, y, DP_CMD_SILENT).kind, DP_EVENT_DONE);
	cr_expect_eq(passed(0, 2), 0);
	uint64_t over = stat_read(&worker[0]->stats.relayed_over);
	cr_expect_eq(passed(0, 3), 0);
	cr_expect_eq(stat_read(&worker[0]->stats.relayed_over), over, "x knows that nobody hears");
	cr_expect_eq(stat_read(&worker[1]->stats.relay_stale), 0);
	cr_assert_eq(dock_relay(1, y, 0, x).kind, DP_EVENT_DONE);
	dock_turn(0);
	cr_expect_eq(passed(0, 4), 1);
	dock_expect_no_leak();
}

Test(far, a_hearer_that_is_closed_is_not_passed_to_any_more)
{
	relay_both_ways();
	cr_assert_eq(tell(1, y, DP_CMD_CLOSE).kind, DP_EVENT_CLOSED);
	dock_turn(0);
	uint64_t swallowed = stat_read(&worker[0]->stats.rx_swallowed);
	cr_expect_eq(passed(0, 2), 0);
	cr_expect_eq(stat_read(&worker[0]->stats.rx_swallowed), swallowed + 1);
	dock_expect_no_leak();
}

Test(far, one_who_is_closed_and_another_in_his_place_is_not_heard)
{
	relay_both_ways();
	cr_assert_eq(tell(0, x, DP_CMD_CLOSE).kind, DP_EVENT_CLOSED);
	now += UINT64_C(6000000000);
	dock_say_arp(0, ARP_REPLY, DOCK_THEM, DOCK_US);
	dock_turn(0);
	dock_open(0, x.index, x.gen + 1);
	cr_expect_eq(passed(0, 1), 0, "y relays his predecessor");
	cr_assert_eq(dock_relay(1, y, 0, x).kind, DP_EVENT_DONE, "late, for who is gone");
	dock_turn(0);
	cr_expect_eq(passed(0, 2), 0);
	cr_expect_eq(stat_read(&worker[0]->stats.relayed_over), 0, "nor passed at all");
	dock_expect_no_leak();
}

// The word that ends it finds no room; the next packet finds out.
Test(far, a_word_that_was_lost_is_said_again)
{
	relay_both_ways();
	struct handoff_pair *pair = &worker[1]->handoff.pair[0];
	uint32_t at, n = 0;
	while (lane_reserve(&pair->writer, &at)) {
		pair->notes_to->note[at] = (struct far_note){ .x = { 99, 1 } };
		lane_commit(&pair->writer);
		n++;
	}
	cr_assert_eq(n, HANDOFF_NOTES);
	struct dp_cmd cmd = { .kind = DP_CMD_SILENT, .tag = 1, .flow = y };
	engine_command(worker[1]->engine, &cmd, now);
	dock_turn(0);
	cr_expect_eq(passed(0, 1), 0);
	cr_expect_eq(stat_read(&worker[1]->stats.relay_stale), 1);
	cr_expect_eq(passed(0, 2), 0);
	cr_expect_eq(stat_read(&worker[1]->stats.relay_stale), 1, "told once");
	dock_expect_no_leak();
}

// Two lanes: nothing says that OPEN is there before the other worker hears of RELAY.
Test(far, one_who_is_to_be_heard_before_he_is_there_is_heard_when_he_comes)
{
	dock_open(1, y.index, y.gen);
	cr_assert_eq(dock_relay(1, y, 0, x).kind, DP_EVENT_DONE);
	dock_turn(0);
	dock_open(0, x.index, x.gen);
	cr_expect_eq(passed(0, 1), 1);
	cr_assert_eq(tell(1, y, DP_CMD_CLOSE).kind, DP_EVENT_CLOSED);
	dock_turn(0);
	cr_expect_eq(passed(0, 2), 0);
	dock_expect_no_leak();
}

Test(far, one_who_was_awaited_and_is_no_more_is_not_passed)
{
	dock_open(1, y.index, y.gen);
	cr_assert_eq(dock_relay(1, y, 0, x).kind, DP_EVENT_DONE);
	cr_assert_eq(tell(1, y, DP_CMD_SILENT).kind, DP_EVENT_DONE);
	dock_turn(0);
	dock_open(0, x.index, x.gen);
	cr_expect_eq(passed(0, 1), 0);
	cr_expect_eq(stat_read(&worker[0]->stats.relayed_over), 0);
}

Test(far, a_relay_that_cannot_be_is_refused)
{
	open_both();
	cr_expect_eq(dock_relay(1, y, 2, x).refusal, DP_REFUSAL_BAD_PEER, "no such worker");
	cr_expect_eq(dock_relay(1, y, 0, (struct flow_id){ 2, 0 }).refusal, DP_REFUSAL_BAD_PEER);
	cr_expect_eq(dock_relay(1, (struct flow_id){ 3, 8 }, 0, x).refusal, DP_REFUSAL_STALE);
	cr_expect_eq(dock_relay(1, y, 0, (struct flow_id){ 4000000, 1 }).kind, DP_EVENT_DONE,
		"only his worker knows");
	dock_turn(0);
}

// A local listener takes the place of the far one, as one listener that of another.
Test(far, the_last_who_asked_hears)
{
	relay_both_ways();
	dock_open(0, 4, 9);
	cr_assert_eq(dock_relay(0, (struct flow_id){ 4, 9 }, 0, x).kind, DP_EVENT_DONE);
	dock_sent(0);
	cr_expect_eq(passed(0, 1), 0);
	cr_expect_eq(stat_read(&worker[0]->stats.relayed), 1);
	cr_assert_eq(dock_relay(1, y, 0, x).kind, DP_EVENT_DONE);
	dock_turn(0);
	cr_expect_eq(passed(0, 2), 1);
	dock_expect_no_leak();
}
