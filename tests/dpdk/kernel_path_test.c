// SPDX-License-Identifier: BSD-3-Clause
//
// Two workers on one port, and a ring in the place of the kernel's interface: what is given to the
// kernel comes back as if the kernel had sent it, and so goes out of the port as it was.
#include "dataplane/dpdk/arp.h"
#include "tests/dpdk/dock.h"

#include <criterion/criterion.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <string.h>

enum { STRANGER = 0x0a6300c8, TCP = 6, LEN = 60 };

static uint16_t kernel;
static bool mute; // the kernel sends nothing: what it was given is to be taken out

static void make_kernel(void)
{
	struct rte_eth_conf conf = { 0 };

	dock_set_up();
	cr_assert_eq(rte_eal_hotplug_add("vdev", "net_ring9", ""), 0);
	cr_assert_eq(rte_eth_dev_get_port_by_name("net_ring9", &kernel), 0);
	cr_assert_eq(rte_eth_dev_configure(kernel, 1, 1, &conf), 0);
	cr_assert_eq(rte_eth_rx_queue_setup(kernel, 0, 512, 0, NULL, worker[0]->pool), 0);
	cr_assert_eq(rte_eth_tx_queue_setup(kernel, 0, 512, 0, NULL), 0);
	cr_assert_eq(rte_eth_dev_start(kernel), 0);
	for (uint32_t i = 0; i < DOCK_WORKERS; i++)
		worker[i]->port[0].kernel =
			(struct kernel_path){ .on = true, .open = true, .id = kernel };
	mute = false;
}

static void end_kernel(void)
{
	rte_eth_dev_stop(kernel);
	rte_eth_dev_close(kernel);
	dock_tear_down();
}

TestSuite(kernel_path, .init = make_kernel, .fini = end_kernel);

static uint64_t count(uint32_t w, size_t at)
{
	return stat_read(
		(const _Atomic uint64_t *)(const void *)((uint8_t *)&worker[w]->stats + at));
}

#define COUNT(w, name) count(w, offsetof(struct worker_stats, name))

// The kernel keeps what it is given.
static void be_mute(void)
{
	mute = true;
	for (uint32_t i = 0; i < DOCK_WORKERS; i++)
		worker[i]->port[0].kernel.out.paid = UINT64_MAX / 2;
}

// What the mute kernel was given since the last time; the last of it in data.
static uint32_t given(uint8_t data[LEN])
{
	struct rte_mbuf *m;
	uint32_t n = 0;

	cr_assert(mute);
	while (rte_eth_rx_burst(kernel, 0, &m, 1) == 1) {
		memcpy(data, rte_pktmbuf_mtod(m, uint8_t *), LEN);
		rte_pktmbuf_free(m);
		n++;
	}
	return n;
}

// IPv4 with nothing in it but a number, for whoever it is.
static void packet(uint8_t out[LEN], uint32_t to, uint8_t protocol, uint16_t tag)
{
	static const uint8_t start[] = { 8, 0, 0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 0 };
	uint32_t sum = 0;

	memset(out, 0, LEN);
	memcpy(out, plant.port[0].station.mac, MAC_LEN);
	memcpy(out + 6, their_mac, MAC_LEN);
	memcpy(out + 12, start, sizeof(start));
	out[23] = protocol;
	for (int i = 0; i < 4; i++) {
		out[26 + i] = (uint8_t)(DOCK_THEM >> (24 - 8 * i));
		out[30 + i] = (uint8_t)(to >> (24 - 8 * i));
	}
	for (int i = 14; i < 34; i += 2)
		sum += (uint32_t)(out[i] << 8 | out[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	out[24] = (uint8_t)(sum >> 8);
	out[25] = (uint8_t)sum;
	put16(out + 40, tag);
}

static void say(uint16_t queue, uint32_t to, uint8_t protocol, uint16_t tag)
{
	uint8_t data[LEN];

	packet(data, to, protocol, tag);
	dock_say(queue, data, LEN);
}

Test(kernel_path, what_is_for_a_stranger_goes_through_the_kernel_unchanged)
{
	uint8_t data[LEN];

	packet(data, STRANGER, TCP, 0xbeef);
	dock_say(0, data, LEN);
	dock_turn(1);
	struct dock_heard out = dock_sent(0);
	cr_expect_eq(out.datagrams, 1);
	cr_expect_arr_eq(out.datagram, data, LEN);
	cr_expect(COUNT(0, kernel_in) == 1 && COUNT(0, kernel_out) == 1);
	cr_expect_eq(COUNT(0, rx_not_ours), 0, "it is not lost");
	dock_expect_no_leak();
}

Test(kernel_path, tcp_for_our_own_address_is_the_kernels)
{
	uint8_t data[LEN];

	be_mute();
	say(0, DOCK_US, TCP, 7);
	say(1, DOCK_US + 1, TCP, 8);
	dock_turn(1);
	cr_expect_eq(given(data), 2);
	dock_expect_no_leak();
}

// UDP without a checksum, for RTP's first and last port and the two beside them.
Test(kernel_path, of_udp_for_our_address_only_rtps_ports_are_ours)
{
	static const struct {
		uint16_t port;
		uint32_t kernels;
	} rows[] = { { DOCK_RTP - 1, 1 }, { DOCK_RTP, 0 }, { DOCK_RTP + 2 * DOCK_FLOWS - 1, 0 },
		{ DOCK_RTP + 2 * DOCK_FLOWS, 1 }, { 5060, 1 } };
	uint8_t data[LEN];

	be_mute();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		packet(data, DOCK_US, 17, 0);
		put16(data + 36, rows[i].port);
		put16(data + 38, 26);
		put16(data + 40, 0);
		dock_say(0, data, LEN);
		dock_turn(1);
		cr_expect_eq(given(data), rows[i].kernels, "port %u", rows[i].port);
	}
	cr_expect_eq(COUNT(0, rx_no_flow), 2);
	dock_expect_no_leak();
}

Test(kernel_path, rtp_is_not_shown_to_the_kernel)
{
	uint8_t data[LEN];

	be_mute();
	dock_open(1, 3, 7);
	for (uint16_t i = 0; i < 20; i++)
		dock_say_rtp(i % 2, 1, 3, i, "hello");
	dock_turn(1);
	cr_expect_eq(given(data), 0);
	cr_expect_eq(dock_command(1, (struct dp_cmd){ .kind = DP_CMD_CLOSE, .flow = { 3, 7 } })
			     .closed.rx_packets,
		20);
	dock_expect_no_leak();
}

// Both workers hear it, whichever took it in; the kernel hears it once.
Test(kernel_path, an_arp_question_is_answered_by_us_and_heard_once_by_the_kernel)
{
	uint8_t data[LEN];

	be_mute();
	for (uint16_t queue = 0; queue < 2; queue++) {
		dock_say_arp(queue, ARP_REQUEST, DOCK_THEM, DOCK_US + 1);
		dock_turn(1);
		cr_expect_eq(given(data), 1, "queue %u", queue);
		cr_expect(get16(data + 12) == ETH_ARP && data[21] == ARP_REQUEST);
		cr_expect_eq(dock_sent(1).arps, 1);
		cr_expect_eq(dock_sent(0).arps, 0);
	}
	dock_expect_no_leak();
}

// A router's word is for everybody, and neither of us cares.
Test(kernel_path, what_all_workers_are_handed_reaches_the_kernel_once)
{
	static const uint8_t start[] = { 0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x77, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 8, 58, 255, 0xfe, 0x80 };
	uint8_t data[70] = { 0 };

	be_mute();
	memcpy(data, start, sizeof(start));
	data[37] = 1;
	memcpy(data + 38, (const uint8_t[]){ 0xff, 2 }, 2);
	data[53] = 1;
	data[54] = 134;
	dock_say(1, data, sizeof(data));
	dock_turn(1);
	cr_expect_eq(given(data), 1);
	dock_expect_no_leak();
}

Test(kernel_path, what_the_other_worker_took_in_is_handed_to_him_who_serves)
{
	uint8_t data[LEN];
	uint64_t before = COUNT(1, handed_over);

	be_mute();
	say(1, STRANGER, TCP, 0xcafe);
	dock_turn(1);
	cr_assert_eq(given(data), 1);
	cr_expect_eq(get16(data + 40), 0xcafe);
	cr_expect_eq(COUNT(1, handed_over), before + 1);
	cr_expect(COUNT(0, kernel_in) == 1 && COUNT(1, kernel_in) == 0);
	dock_expect_no_leak();
}

// A flood for the kernel has its share and no more; RTP in its midst all arrives.
Test(kernel_path, a_flood_for_the_kernel_is_held_within_its_budget)
{
	uint8_t data[LEN];
	uint32_t all = 0;

	be_mute();
	dock_open(0, 3, 7);
	for (uint16_t turn = 0; turn < 100; turn++) {
		for (uint16_t i = 0; i < BURST_MAX - 1; i++)
			say(0, STRANGER, TCP, i);
		dock_say_rtp(0, 0, 3, turn, "hello");
		dock_turn(turn % 10 == 0); // ten turns a millisecond
		all += given(data);
	}
	cr_expect_leq(all, 13 * KERNEL_PER_MS + BURST_MAX, "%u", all);
	cr_expect_geq(all, 10 * KERNEL_PER_MS, "%u", all);
	cr_expect_eq(COUNT(0, kernel_in), all);
	cr_expect_eq(COUNT(0, kernel_full), 100 * (BURST_MAX - 1) - all);
	cr_expect_eq(dock_command(0, (struct dp_cmd){ .kind = DP_CMD_CLOSE, .flow = { 3, 7 } })
			     .closed.rx_packets,
		100);
	dock_expect_no_leak();
}

// Both ways of it: the kernel's own flood waits in the kernel's queue, and nothing is lost.
Test(kernel_path, a_flood_from_the_kernel_waits_its_turn)
{
	enum { N = 400 };
	uint32_t sent = 0;

	for (uint16_t i = 0; i < N; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(worker[0]->pool);

		packet((uint8_t *)rte_pktmbuf_append(m, LEN), STRANGER, TCP, i);
		cr_assert_eq(rte_eth_tx_burst(kernel, 0, &m, 1), 1);
	}
	for (uint32_t turn = 0; turn < 20; turn++)
		dock_turn(0);
	sent = dock_sent(0).datagrams;
	cr_expect_leq(sent, 2 * KERNEL_PER_MS + BURST_MAX + 1, "%u at once", sent);
	for (uint32_t turn = 0; turn < 10; turn++)
		dock_turn(1);
	cr_expect_eq(sent + dock_sent(0).datagrams, N);
	cr_expect_eq(COUNT(0, kernel_out), N);
	dock_expect_no_leak();
}
