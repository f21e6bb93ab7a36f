// SPDX-License-Identifier: BSD-3-Clause
//
// A whole worker on a port that is a ring: what it sends comes back to be looked at. No thread
// and no clock but ours; EAL starts anew in each test.
#include "codecs/track.h"
#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/header.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/worker.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>
#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint64_t ms = 1000000;
enum { US = 0x0a630002, THEM = 0x0a630001, RTP = 20000, THEIR_RTP = 40000, MBUFS = 1024 };

static struct config config;
static struct plant plant;
static struct bridge bridge;
static struct worker *w;
static struct port *port;
static uint64_t now;
static uint32_t tags;

// What the worker sent comes back in the ring: it is taken out before the worker sees it.
struct heard {
	uint32_t n; // since the last sent()
	uint8_t last[2048];
};
static struct heard arps;
static struct heard datagrams;

static void hear(const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct heard *h = data[13] == 0x06 ? &arps : &datagrams;

	h->n++;
	memcpy(h->last, data, m->data_len);
}

static void empty_ring(void)
{
	struct rte_mbuf *frames[BURST_MAX];
	uint16_t n;

	while ((n = port_take(port, frames)) > 0) {
		for (uint16_t i = 0; i < n; i++) {
			hear(frames[i]);
			rte_pktmbuf_free(frames[i]);
		}
	}
}

static uint32_t sent(struct heard *h)
{
	uint32_t n = h->n;

	h->n = 0;
	return n;
}

static void take_bridge(void)
{
	int fd;
	struct report r;

	cr_assert_eq(bridge_create(&bridge, &plant.plan, &fd), BRIDGE_OK);
	close(fd);
	orders_give(&w->orders, (struct order){ .kind = ORDER_ADOPT, .bridge = &bridge.worker[0] });
	worker_turn(w, now);
	empty_ring();
	cr_assert(orders_hear(&w->orders, &r) && r.kind == REPORT_ADOPTED);
}

static void set_up(void)
{
	char error[256];
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	config_default(&config, &cpus);
	config.mbufs = MBUFS;
	config.address[0].port_first = RTP;
	config.address[0].flows = 16;
	snprintf(config.port[0].device, sizeof(config.port[0].device), "net_ring0");
	cr_assert(eal_start(&config, /* verbose */ false, error, sizeof(error)), "%s", error);
	cr_assert(plant_build(&plant, &config, error, sizeof(error)), "%s", error);
	w = plant.worker[0];
	port = &w->port[0];
	now = 1000 * ms;
	take_bridge();
}

static void tear_down(void)
{
	bridge_unmap(&bridge);
	plant_free(&plant);
	eal_stop();
}

TestSuite(worker, .init = set_up, .fini = tear_down);

static void say(const uint8_t *data, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	cr_assert_not_null(m);
	memcpy(rte_pktmbuf_append(m, len), data, len);
	port->frame[port->n++] = m;
	cr_assert_eq(port_send(port), 1);
}

static void turn(uint64_t after_ms)
{
	now += after_ms * ms;
	worker_turn(w, now);
	empty_ring();
}

static void say_arp(uint16_t op, uint32_t from, uint32_t to)
{
	struct arp arp = { .op = op, .from = from, .to = to };
	uint8_t frame[ETH_HEADER + ARP_LEN];

	memcpy(arp.from_mac, their_mac, MAC_LEN);
	arp_write(frame, &arp, op == ARP_REPLY ? port->station.mac : NULL, VLAN_NONE);
	say(frame, sizeof(frame));
}

static void say_rtp(uint16_t to_port, uint16_t seq, const char *payload)
{
	uint8_t frame[HEADER_ROOM + 200] = { 0 };
	uint8_t *rtp = frame + HEADER_ROOM;
	size_t len = strlen(payload);
	struct ip_address from = ip_from_v4(THEM);
	struct ip_address to = ip_from_v4(US);
	struct header h;

	header_init(&h, &(struct header_from){ .mac = their_mac, .ip = &from, .mtu = 1500 });
	rtp_write(rtp, &(struct rtp){ .ts = seq * 160U, .ssrc = 7, .seq = seq });
	memcpy(rtp + RTP_FIXED_LEN, payload, len);
	header_write(&h, rtp, RTP_FIXED_LEN + len,
		&(struct header_to){ .mac = port->station.mac,
			.ip = to.b,
			.from_port = THEIR_RTP,
			.to_port = to_port },
		0);
	say(rtp - h.len, (uint16_t)(h.len + RTP_FIXED_LEN + len));
}

// Sends a command and returns its answer.
static struct dp_event command(struct dp_cmd cmd)
{
	struct bridge_worker *b = &bridge.worker[0];
	uint32_t at = tags % BRIDGE_LANE_SIZE;

	cmd.tag = ++tags;
	b->cmds[at] = cmd;
	atomic_store(&b->down->tail, tags);
	turn(0);
	cr_assert_eq(b->events[at].tag, tags);
	atomic_store(&b->up->head, tags);
	return b->events[at];
}

static void open_flow(uint32_t index, uint32_t to)
{
	struct flow_id id = { index, 1 };
	struct dp_cmd remote = { .kind = DP_CMD_REMOTE,
		.flow = id,
		.remote = { .ip = { [10] = 0xff, 0xff },
			.clock = 8000,
			.rtp_port = THEIR_RTP,
			.rtcp_port = THEIR_RTP + 1,
			.dtmf_tx = DP_NO_PT,
			.dtmf_rx = DP_NO_PT,
			.ptime = 20,
			.cn = DP_NO_PT } };

	memcpy(&remote.remote.ip[12], &(uint32_t){ htonl(to) }, 4);
	struct dp_event e = command((struct dp_cmd){ .kind = DP_CMD_OPEN, .flow = id });
	cr_assert_eq(e.kind, DP_EVENT_DONE);
	e = command(remote);
	cr_assert_eq(e.kind, DP_EVENT_DONE, "refusal %d", e.refusal);
}

static void play(uint32_t index)
{
	static uint8_t audio[1600];
	static const struct track track = {
		.hash = 5, .len = sizeof(audio), .payload = { audio, audio }
	};
	struct report r;

	orders_give(&w->orders, (struct order){ .kind = ORDER_SHOW, .track = &track });
	turn(0);
	cr_assert(orders_hear(&w->orders, &r) && r.kind == REPORT_SHOWN && r.yes);
	cr_assert_eq(command((struct dp_cmd){ .kind = DP_CMD_MUSIC,
				     .flow = { index, 1 },
				     .music = { .track = 5 } })
			     .kind,
		DP_EVENT_DONE);
}

// Every buffer is in the pool again.
static void expect_no_leak(void)
{
	cr_expect_eq(rte_mempool_avail_count(w->pool), MBUFS, "%u buffers are gone",
		MBUFS - rte_mempool_avail_count(w->pool));
}

Test(worker, says_who_it_is_and_asks_for_its_gateway)
{
	struct arp arp;

	cr_expect_eq(sent(&arps), 2, "an announcement and a question");
	cr_assert(arp_read(&arp, arps.last + ETH_HEADER, ARP_LEN));
	cr_expect(arp.op == ARP_REQUEST && arp.from == US && arp.to == THEM);
	expect_no_leak();
}

Test(worker, answers_arp_for_its_own_address_only)
{
	struct arp arp;

	sent(&arps);
	sent(&datagrams);
	say_arp(ARP_REQUEST, THEM, US);
	turn(1);
	cr_assert_eq(sent(&arps), 1);
	cr_assert(arp_read(&arp, arps.last + ETH_HEADER, ARP_LEN));
	cr_expect(arp.op == ARP_REPLY && arp.from == US && arp.to == THEM);
	cr_expect_eq(memcmp(arp.from_mac, port->station.mac, MAC_LEN), 0);
	cr_expect_eq(memcmp(arps.last, their_mac, MAC_LEN), 0);
	say_arp(ARP_REQUEST, THEM, US + 1);
	turn(1);
	cr_expect_eq(sent(&arps), 0);
	cr_expect_eq(stat_read(&w->stats.rx_arp), 2);
	expect_no_leak();
}

Test(worker, music_waits_for_the_next_hop_and_then_flows)
{
	sent(&arps);
	sent(&datagrams);
	open_flow(0, THEM);
	play(0);
	for (int i = 0; i < 100; i++)
		turn(1);
	uint64_t lost = stat_read(&w->stats.tx_no_neighbour);
	cr_expect(lost >= 4 && lost <= 6, "%lu", lost);
	cr_expect_eq(sent(&datagrams), 0);
	say_arp(ARP_REPLY, THEM, US);
	turn(1);
	sent(&arps);
	sent(&datagrams);
	for (int i = 0; i < 100; i++)
		turn(1);
	cr_expect_eq(stat_read(&w->stats.tx_no_neighbour), lost);
	cr_assert_geq(sent(&datagrams), 2);
	cr_expect_eq(memcmp(datagrams.last, their_mac, MAC_LEN), 0);

	struct station them = { .port = 0 };
	struct frame f;
	have(&them, "10.99.0.1", 24, VLAN_NONE, 0);
	memcpy(them.mac, their_mac, MAC_LEN);
	cr_assert_eq(frame_read(&f, &them, datagrams.last, PAYLOAD4_AT + 172, 0), FRAME_UDP);
	cr_expect(ip_to_v4(&f.from) == US && f.from_port == RTP && f.to_port == THEIR_RTP &&
		  f.len == 172);
	expect_no_leak();
}

Test(worker, relays_what_comes_in_to_the_other_party)
{
	sent(&arps);
	sent(&datagrams);
	say_arp(ARP_REPLY, THEM, US);
	turn(1);
	open_flow(0, THEM);
	open_flow(1, THEM);
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(command((struct dp_cmd){ .kind = DP_CMD_RELAY,
					     .flow = { i, 1 },
					     .relay = { .peer = { 1 - i, 1 } } })
				     .kind,
			DP_EVENT_DONE);
	sent(&arps);
	sent(&datagrams);
	say_rtp(RTP, 1, "hello");
	turn(1);
	cr_assert_eq(sent(&datagrams), 1);
	cr_expect_eq(memcmp(datagrams.last + PAYLOAD4_AT + RTP_FIXED_LEN, "hello", 5), 0);
	cr_expect_eq(datagrams.last[34] << 8 | datagrams.last[35], RTP + 2,
		"from the other flow's port");
	cr_expect_eq(stat_read(&w->stats.relayed), 1);
	expect_no_leak();
}

// Random frames, and a good one with a byte changed at each place.
Test(worker, strangers_frames_cost_nothing)
{
	uint8_t frame[100];
	uint32_t seed = 1;

	sent(&arps);
	sent(&datagrams);
	say_rtp(RTP, 1, "a good frame of some length");
	struct rte_mbuf *good[BURST_MAX];
	cr_assert_eq(port_take(port, good), 1);
	uint16_t len = good[0]->data_len;
	memcpy(frame, rte_pktmbuf_mtod(good[0], uint8_t *), len);
	rte_pktmbuf_free(good[0]);
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t copy[sizeof(frame)];

		memcpy(copy, frame, sizeof(copy));
		seed = seed * 1664525 + 1013904223;
		copy[(seed >> 8) % len] = (uint8_t)(seed >> 24);
		if (i % 3 == 0)
			copy[12 + (seed >> 20) % 2] = (uint8_t)(seed >> 16);
		say(copy, i % 5 == 0 ? (uint16_t)((seed >> 12) % len + 1) : len);
		if (i % 8 == 7)
			turn(0);
	}
	turn(0);
	uint64_t counted = 0;
	counted += stat_read(&w->stats.rx_not_ip) + stat_read(&w->stats.rx_bad_ip);
	counted += stat_read(&w->stats.rx_not_ours) + stat_read(&w->stats.rx_not_udp);
	counted += stat_read(&w->stats.rx_bad_udp) + stat_read(&w->stats.rx_bad_checksum);
	counted += stat_read(&w->stats.rx_arp) + stat_read(&w->stats.rx_echo);
	counted += stat_read(&w->stats.rx_no_flow) + stat_read(&w->stats.rx_nd);
	counted += stat_read(&w->stats.rx_other_vlan) + stat_read(&w->stats.rx_fragments);
	counted += stat_read(&w->stats.rx_extension);
	cr_expect_eq(counted, stat_read(&w->stats.rx_packets), "every frame has a name");
	expect_no_leak();
}

Test(worker, an_empty_pool_is_counted_and_survived)
{
	static struct rte_mbuf *taken[MBUFS];
	uint32_t n = 0;

	sent(&arps);
	sent(&datagrams);
	say_arp(ARP_REPLY, THEM, US);
	turn(1);
	open_flow(0, THEM);
	play(0);
	sent(&arps);
	sent(&datagrams);
	while (n < MBUFS && (taken[n] = rte_pktmbuf_alloc(w->pool)) != NULL)
		n++;
	for (int i = 0; i < 50; i++)
		turn(1);
	cr_expect_geq(stat_read(&w->stats.tx_no_buffer), 2);
	rte_pktmbuf_free_bulk(taken, n);
	for (int i = 0; i < 50; i++)
		turn(1);
	cr_expect_geq(sent(&datagrams), 2);
	expect_no_leak();
}

Test(worker, a_core_that_is_gone_leaves_the_music_on)
{
	struct report r;

	sent(&arps);
	sent(&datagrams);
	say_arp(ARP_REPLY, THEM, US);
	turn(1);
	open_flow(0, THEM);
	play(0);
	orders_give(&w->orders, (struct order){ .kind = ORDER_LET_GO });
	turn(1);
	cr_assert(orders_hear(&w->orders, &r) && r.kind == REPORT_LET_GO);
	bridge_unmap(&bridge);
	sent(&arps);
	sent(&datagrams);
	for (int i = 0; i < 100; i++)
		turn(1);
	cr_expect_geq(sent(&datagrams), 4);
	tags = 0;
	take_bridge();
	cr_expect_eq(atomic_load(bridge.worker[0].directory_done), 1);
	cr_expect_eq(atomic_load(&bridge.worker[0].directory[0].open), 1);

	orders_give(&w->orders, (struct order){ .kind = ORDER_REAP, .idle_ns = 60000 * ms });
	turn(59000);
	cr_assert(orders_hear(&w->orders, &r) && r.kind == REPORT_REAPED && r.n == 0);
	orders_give(&w->orders, (struct order){ .kind = ORDER_REAP, .idle_ns = 60000 * ms });
	turn(2000);
	cr_assert(orders_hear(&w->orders, &r) && r.kind == REPORT_REAPED && r.n == 1);
	cr_expect_eq(atomic_load(&bridge.worker[0].directory[0].open), 0);
	expect_no_leak();
}

Test(worker, an_idle_turn_is_counted_as_one)
{
	sent(&arps);
	sent(&datagrams);
	uint64_t idle = stat_read(&w->stats.turns_idle);
	for (int i = 0; i < 10; i++)
		turn(1);
	cr_expect_eq(stat_read(&w->stats.turns_idle), idle + 10);
	say_arp(ARP_REQUEST, THEM, US);
	turn(1);
	cr_expect_eq(stat_read(&w->stats.turns_idle), idle + 10);
	cr_expect_not(w->idle);
}
