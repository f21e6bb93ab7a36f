// SPDX-License-Identifier: BSD-3-Clause
//
// Two workers that share a port: what comes on the wrong queue, and what one hands the other.
#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/frame.h"
#include "tests/dpdk/dock.h"

#include <criterion/criterion.h>
#include <rte_mbuf.h>

#include <string.h>

TestSuite(handoff, .init = dock_set_up, .fini = dock_tear_down);

static uint64_t count(uint32_t w, size_t at)
{
	return stat_read(
		(const _Atomic uint64_t *)(const void *)((uint8_t *)&worker[w]->stats + at));
}

#define COUNT(w, name) count(w, offsetof(struct worker_stats, name))

static uint32_t received(uint32_t w, struct flow_id id)
{
	return dock_command(w, (struct dp_cmd){ .kind = DP_CMD_CLOSE, .flow = id })
		.closed.rx_packets;
}

Test(handoff, rtp_on_the_wrong_queue_reaches_its_flow)
{
	uint64_t before = COUNT(0, handed_over);

	dock_open(1, 3, 7);
	for (uint16_t i = 0; i < 100; i++) {
		dock_say_rtp(/* queue */ 0, /* worker */ 1, 3, i, "hello");
		if (i % 10 == 9)
			dock_turn(1);
	}
	cr_expect_eq(COUNT(0, handed_over), before + 100);
	cr_expect_eq(COUNT(1, handed_in), COUNT(0, handed_over));
	cr_expect_eq(COUNT(0, rx_no_flow), 0);
	cr_expect_eq(received(1, (struct flow_id){ 3, 7 }), 100);
	dock_expect_no_leak();
}

Test(handoff, rtp_on_the_right_queue_is_not_handed_over)
{
	uint64_t before = COUNT(1, handed_over) + COUNT(0, handed_over);

	dock_open(1, 3, 7);
	dock_say_rtp(1, 1, 3, 1, "hello");
	dock_turn(1);
	cr_expect_eq(COUNT(1, handed_over) + COUNT(0, handed_over), before);
	cr_expect_eq(received(1, (struct flow_id){ 3, 7 }), 1);
}

// The other worker asked for nothing yet knows where the gateway is: his first packet leaves.
Test(handoff, what_one_hears_by_arp_all_know)
{
	struct ip_address them = ip_from_v4(DOCK_THEM);
	struct arp arp;

	dock_say_arp(0, ARP_REQUEST, DOCK_THEM, DOCK_US + 1);
	dock_turn(1);
	struct dock_heard first = dock_sent(0), second = dock_sent(1);
	cr_expect_eq(first.arps, 0, "it is not his address");
	cr_assert_eq(second.arps, 1, "he who has the address answers");
	cr_assert(arp_read(&arp, second.arp + 14, ARP_LEN));
	cr_expect(arp.op == ARP_REPLY && arp.from == DOCK_US + 1);
	for (uint32_t w = 0; w < DOCK_WORKERS; w++) {
		struct neighbours *n = &worker[w]->neighbours;
		const struct station *s = &worker[w]->port[0].station;
		int hop = neighbours_towards(n, s, /* lan */ 0, &them, now);

		cr_assert_geq(hop, 0);
		const struct neighbour *found = neighbours_use(n, s, 0, (uint32_t)hop, &them, now);
		cr_assert_not_null(found, "worker %u does not know", w);
		cr_expect_eq(memcmp(found->mac, their_mac, MAC_LEN), 0);
	}
	dock_expect_no_leak();
}

Test(handoff, an_echo_for_the_other_is_answered_by_him)
{
	uint8_t echo[DOCK_ETHERNET + 20 + 8] = { 0 };
	uint8_t *ip = echo + DOCK_ETHERNET;

	memcpy(echo, plant.port[0].station.mac, MAC_LEN);
	memcpy(echo + 6, their_mac, MAC_LEN);
	memcpy(echo + 12, (const uint8_t[]){ 8, 0 }, 2);
	memcpy(ip,
		(const uint8_t[]){ 0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0x26, 0x18, 10, 99, 0, 1,
			10, 99, 0, 3, 8, 0, 0xf7, 0xff },
		24);
	dock_say(0, echo, sizeof(echo));
	dock_turn(1);
	cr_expect_eq(dock_sent(0).datagrams, 0);
	cr_expect_eq(dock_sent(1).datagrams, 1, "%lu bad", COUNT(1, rx_bad_checksum));
	cr_expect_eq(COUNT(1, rx_echo), 1);
	dock_expect_no_leak();
}

// A worker that stands still: the other goes on, counts, and loses no buffer.
Test(handoff, a_full_ring_is_counted_and_freed)
{
	uint32_t size = config_handoff_ring(&plant.map);
	uint64_t before = COUNT(0, handed_over);

	for (uint32_t i = 0; i < size + 200; i++) {
		dock_say_rtp(0, 1, 3, (uint16_t)i, "hello");
		worker_turn(worker[0], now);
	}
	cr_expect_eq(COUNT(0, handoff_full), 200);
	cr_expect_eq(COUNT(0, handed_over), before + size + 200, "those too");
	for (uint32_t i = 0; i < size; i++)
		worker_turn(worker[1], now);
	cr_expect_eq(COUNT(1, rx_no_flow), size);
	dock_expect_no_leak();
}

// At the end of a process nothing that waits in a ring may keep a pool from being whole.
Test(handoff, what_waits_at_the_end_is_freed)
{
	dock_say_rtp(0, 1, 3, 1, "hello");
	worker_turn(worker[0], now);
	cr_expect_neq(rte_mempool_avail_count(plant.pool[0]), DOCK_MBUFS);
	plant_free_rings(&plant);
	dock_expect_no_leak();
}

Test(handoff, strangers_frames_cost_nothing_on_the_wrong_queue_either)
{
	uint32_t seed = 1;

	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t frame[80];

		for (size_t at = 0; at < sizeof(frame); at++) {
			seed = seed * 1664525 + 1013904223;
			frame[at] = (uint8_t)(seed >> 24);
		}
		frame[12] = i % 4 == 3 ? 0x86 : 8;
		frame[13] = i % 4 == 3 ? 0xdd : i % 4 == 2 ? 6 : 0;
		memcpy(frame + 30, (const uint8_t[]){ 10, 99, 0, (uint8_t)(2 + i % 3) }, 4);
		dock_say((uint16_t)(i % 2), frame, (uint16_t)(1 + (seed >> 8) % sizeof(frame)));
		if (i % 16 == 15)
			dock_turn(0);
	}
	dock_turn(0);
	cr_expect_gt(COUNT(0, handed_over), 1000);
	cr_expect_eq(COUNT(0, handed_over) + COUNT(1, handed_over),
		COUNT(0, handed_in) + COUNT(1, handed_in));
	dock_expect_no_leak();
}

static void poll_order(uint32_t w, enum order_kind kind, uint16_t queue)
{
	struct report r;

	orders_give(&worker[w]->orders,
		(struct order){ .kind = kind, .queue = { .port = 0, .queue = queue } });
	worker_turn(worker[w], now);
	cr_assert(orders_hear(&worker[w]->orders, &r));
}

// Between the leaving and the taking nobody polls: the queue keeps what comes.
Test(handoff, a_queue_that_moves_loses_nothing)
{
	uint16_t seq = 0;

	dock_open(0, 2, 5);
	dock_open(1, 3, 7);
	for (uint32_t move = 0; move < 20; move++) {
		uint32_t from = move % 2, to = 1 - from;

		for (int i = 0; i < 5; i++, seq++) {
			dock_say_rtp(0, 0, 2, seq, "one");
			dock_say_rtp(0, 1, 3, seq, "two");
		}
		if (move % 3 == 0)
			dock_turn(1);
		poll_order(from, ORDER_LEAVE, 0);
		for (int i = 0; i < 5; i++, seq++) {
			dock_say_rtp(0, 0, 2, seq, "one");
			dock_say_rtp(0, 1, 3, seq, "two");
		}
		uint64_t taken = COUNT(from, rx_packets);
		worker_turn(worker[from], now);
		cr_assert_eq(COUNT(from, rx_packets), taken, "he polls it still");
		poll_order(to, ORDER_POLL, 0);
		dock_turn(1);
	}
	cr_expect_eq(received(0, (struct flow_id){ 2, 5 }), 200);
	cr_expect_eq(received(1, (struct flow_id){ 3, 7 }), 200);
	cr_expect_eq(COUNT(0, handoff_full) + COUNT(1, handoff_full), 0);
	dock_expect_no_leak();
}
