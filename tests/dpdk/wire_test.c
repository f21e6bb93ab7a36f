// SPDX-License-Identifier: BSD-3-Clause
//
// A whole worker on a ring, with addresses of both families and on a VLAN: discovery, duplicate
// addresses, marks, MTU, announcements, another gateway. No thread and no clock but ours.
#include "codecs/track.h"
#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/nd.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/dpdk/plant_wire.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>
#include <rte_mbuf.h>

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint64_t ms = 1000000;
enum {
	V4,
	V6,
	TAGGED,
	SECOND,
	FLOWS = 4,
	RTP = 20000,
	THEIR_RTP = 40000,
	MBUFS = 1024,
	FRAMES_MAX = 512
};

static struct config config;
static struct plant plant;
static struct bridge bridge;
static struct worker *w;
static struct port *port;
static uint64_t now;
static uint32_t tags;

// What the worker has sent since forget().
static struct {
	uint16_t len;
	uint8_t data[256];
} sent[FRAMES_MAX];
static uint32_t sent_n;

static void forget(void)
{
	sent_n = 0;
}

static void empty_ring(void)
{
	struct rte_mbuf *frames[BURST_MAX];
	uint16_t n;

	while ((n = port_take(port, frames)) > 0) {
		for (uint16_t i = 0; i < n; i++) {
			cr_assert_lt(sent_n, FRAMES_MAX);
			sent[sent_n].len = frames[i]->data_len;
			memcpy(sent[sent_n++].data, rte_pktmbuf_mtod(frames[i], void *),
				frames[i]->data_len);
			rte_pktmbuf_free(frames[i]);
		}
	}
}

static void turn(uint64_t after_ms)
{
	now += after_ms * ms;
	worker_turn(w, now);
	empty_ring();
}

static void say(const uint8_t *data, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	cr_assert_not_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), data, len);
	// To us, whoever we are on this ring.
	if (data[0] == our_mac[0])
		memcpy(rte_pktmbuf_mtod(m, void *), port->station.mac, MAC_LEN);
	port->frame[port->n++] = m;
	cr_assert_eq(port_send(port), 1);
}

static void address(
	uint32_t i, const char *text, uint8_t prefix, uint16_t vlan, const char *gateway)
{
	config.address[i] = (struct config_address){ .ip = ip(text),
		.gateway = ip(gateway),
		.prefix = prefix,
		.dscp = 46,
		.vlan = vlan,
		.port_first = RTP,
		.flows = FLOWS };
}

static void set_up(void)
{
	char error[256];
	cpu_set_t cpus;
	int fd;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	config_default(&config, &cpus);
	config.mbufs = MBUFS;
	config.addresses = 4;
	address(V4, "10.99.0.2", 24, 0, "10.99.0.1");
	address(V6, "2001:db8::2", 64, 0, "fe80::1");
	address(TAGGED, "10.77.0.2", 24, 100, "10.77.0.1");
	address(SECOND, "10.99.0.3", 24, 0, "10.99.0.1");
	snprintf(config.port[0].device, sizeof(config.port[0].device), "net_ring0");
	cr_assert(eal_start(&config, /* verbose */ false, error, sizeof(error)), "%s", error);
	cr_assert(plant_build(&plant, &config, error, sizeof(error)), "%s", error);
	w = plant.worker[0];
	port = &w->port[0];
	now = 1000 * ms;
	cr_assert_eq(bridge_create(&bridge, &plant.plan, &fd), BRIDGE_OK);
	close(fd);
	orders_give(&w->orders, (struct order){ .kind = ORDER_ADOPT, .bridge = &bridge.worker[0] });
	turn(0);
}

static void tear_down(void)
{
	bridge_unmap(&bridge);
	plant_free(&plant);
	eal_stop();
}

TestSuite(wire, .init = set_up, .fini = tear_down);

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

static struct dp_event remote(uint32_t flow, const char *to)
{
	struct ip_address there = ip(to);
	struct dp_cmd cmd = { .kind = DP_CMD_REMOTE,
		.flow = { flow, 1 },
		.remote = { .clock = 8000,
			.rtp_port = THEIR_RTP,
			.rtcp_port = THEIR_RTP + 1,
			.dtmf_tx = DP_NO_PT,
			.dtmf_rx = DP_NO_PT,
			.ptime = 20,
			.cn = DP_NO_PT } };

	memcpy(cmd.remote.ip, there.b, sizeof(cmd.remote.ip));
	return command(cmd);
}

static void open_flow(uint32_t flow)
{
	cr_assert_eq(command((struct dp_cmd){ .kind = DP_CMD_OPEN, .flow = { flow, 1 } }).kind,
		DP_EVENT_DONE);
}

// Music from the n-th flow of this address of ours to there.
static void play_on(uint32_t address, uint32_t n, const char *to)
{
	static uint8_t audio[1600];
	static const struct track track = {
		.hash = 5, .len = sizeof(audio), .payload = { audio, audio }
	};
	uint32_t flow = address * FLOWS + n;
	struct report r;

	orders_give(&w->orders, (struct order){ .kind = ORDER_SHOW, .track = &track });
	turn(0);
	while (orders_hear(&w->orders, &r))
		;
	open_flow(flow);
	cr_assert_eq(remote(flow, to).kind, DP_EVENT_DONE);
	cr_assert_eq(command((struct dp_cmd){ .kind = DP_CMD_MUSIC,
				     .flow = { flow, 1 },
				     .music = { .track = 5 } })
			     .kind,
		DP_EVENT_DONE);
}

static void play(uint32_t address, const char *to)
{
	play_on(address, 0, to);
}

// The place of the last frame of this type (and ICMPv6 type, if not 0), or -1.
static int find(uint16_t type, uint8_t icmp6)
{
	for (int i = (int)sent_n - 1; i >= 0; i--) {
		const uint8_t *d = sent[i].data;

		if ((d[12] << 8 | d[13]) == type &&
			(icmp6 == 0 || (d[20] == 58 && d[ICMP6_AT] == icmp6)))
			return i;
	}
	return -1;
}

static uint32_t music_n(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sent_n; i++)
		n += sent[i].len >= 172 + PAYLOAD4_AT;
	return n;
}

static void turns(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		turn(1);
}

static void become_valid(void)
{
	turn(1001);
	turn(0);
}

static void say_nd(const char *from, const char *to, uint8_t type, uint8_t flags,
	const char *target, const uint8_t *mac)
{
	uint8_t frame[128];

	say(frame, frames_nd(frame, from, to, type, flags, target, mac));
	turn(0);
}

static void expect_no_leak(void)
{
	cr_expect_eq(rte_mempool_avail_count(w->pool), MBUFS, "%u buffers are gone",
		MBUFS - rte_mempool_avail_count(w->pool));
}

Test(wire, an_ipv6_address_is_tried_before_it_is_announced)
{
	struct nd nd;
	int i = find(0x86dd, 135);

	cr_assert_geq(i, 0, "a question for our own address");
	cr_assert(nd_read(&nd, sent[i].data + 14, sent[i].len - 14U));
	cr_expect(ip_is_none(&nd.from) && !nd.has_mac);
	cr_expect_eq(find(0x86dd, 136), -1);
	forget();
	become_valid();
	i = find(0x86dd, 136);
	cr_assert_geq(i, 0);
	cr_assert(nd_read(&nd, sent[i].data + 14, sent[i].len - 14U));
	cr_expect(nd.override && !nd.solicited && !nd.router);
	cr_expect_eq(memcmp(nd.mac, port->station.mac, MAC_LEN), 0);
	expect_no_leak();
}

Test(wire, an_address_that_somebody_has_is_not_used)
{
	say_nd("2001:db8::2", "ff02::1", 136, 0x20, "2001:db8::2", their_mac);
	become_valid();
	cr_expect_eq(port->station.address[V6].state, ADDRESS_DUPLICATE);
	cr_expect_eq(stat_read(&w->stats.rx_nd_conflict), 1);
	cr_expect_eq(find(0x86dd, 136), -1, "not announced");
	say_nd("fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);
	cr_expect_eq(find(0x86dd, 136), -1, "not answered for");
	open_flow(V6 * FLOWS);
	cr_expect_eq(remote(V6 * FLOWS, "2001:db8::9").refusal, DP_REFUSAL_BAD_ADDRESS);
	expect_no_leak();
}

Test(wire, who_tries_the_same_address_at_the_same_time_stops_us)
{
	say_nd("::", "ff02::1:ff00:2", 135, 0, "2001:db8::2", NULL);
	cr_expect_eq(port->station.address[V6].state, ADDRESS_DUPLICATE);
}

Test(wire, our_own_question_that_comes_back_does_not_stop_us)
{
	int i = find(0x86dd, 135);

	cr_assert_geq(i, 0);
	say(sent[i].data, sent[i].len);
	become_valid();
	cr_expect_eq(port->station.address[V6].state, ADDRESS_VALID);
}

Test(wire, who_tries_our_address_later_is_told_before_everybody)
{
	struct nd nd;

	become_valid();
	forget();
	say_nd("::", "ff02::1:ff00:2", 135, 0, "2001:db8::2", NULL);
	int i = find(0x86dd, 136);
	cr_assert_geq(i, 0);
	cr_assert(nd_read(&nd, sent[i].data + 14, sent[i].len - 14U));
	struct ip_address all = nd_all_nodes();
	cr_expect(ip_equal(&nd.to, &all) && !nd.solicited && nd.override);
	cr_expect_eq(sent[i].data[0], 0x33);
	cr_expect_eq(port->station.address[V6].state, ADDRESS_VALID);
}

Test(wire, who_asks_for_us_is_answered)
{
	struct nd nd;
	struct ip_address asker = ip("fe80::1");

	become_valid();
	forget();
	say_nd("fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);
	int i = find(0x86dd, 136);
	cr_assert_geq(i, 0);
	cr_assert(nd_read(&nd, sent[i].data + 14, sent[i].len - 14U));
	cr_expect(ip_equal(&nd.to, &asker) && nd.solicited && nd.override && !nd.router);
	cr_expect_eq(memcmp(sent[i].data, their_mac, MAC_LEN), 0);
	forget();
	say_nd("fe80::1", "ff02::1:ff00:3", 135, 0, "2001:db8::3", their_mac);
	cr_expect_eq(find(0x86dd, 136), -1, "for another");
	uint8_t frame[128];
	size_t len =
		frames_nd(frame, "fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);
	frame[21] = 254;
	say(frame, len);
	turn(0);
	cr_expect_eq(find(0x86dd, 136), -1, "from behind a router");
	cr_expect_eq(stat_read(&w->stats.rx_bad_nd), 1);
	expect_no_leak();
}

Test(wire, music_waits_until_the_address_is_ours)
{
	play(V6, "2001:db8::9");
	say_nd("2001:db8::9", "2001:db8::2", 136, 0x60, "2001:db8::9", their_mac);
	turns(200);
	uint64_t kept = stat_read(&w->stats.tx_no_address);
	cr_expect(kept >= 8 && kept <= 12, "%lu", kept);
	become_valid();
	say_nd("2001:db8::9", "2001:db8::2", 136, 0x60, "2001:db8::9", their_mac);
	forget();
	turns(200);
	cr_expect(music_n() >= 9 && music_n() <= 11, "%u", music_n());
	expect_no_leak();
}

Test(wire, music_over_ipv6_finds_its_neighbour)
{
	become_valid();
	forget();
	play(V6, "2001:db8::9");
	int i = find(0x86dd, 135);
	struct nd nd;
	cr_assert_geq(i, 0, "he is asked for");
	cr_assert(nd_read(&nd, sent[i].data + 14, sent[i].len - 14U));
	struct ip_address us = ip("2001:db8::2");
	struct ip_address him = ip("2001:db8::9");
	cr_expect(ip_equal(&nd.from, &us) && ip_equal(&nd.target, &him) && nd.has_mac);
	cr_expect_eq(memcmp(sent[i].data, (uint8_t[]){ 0x33, 0x33, 0xff, 0, 0, 9 }, 6), 0);
	say_nd("2001:db8::9", "2001:db8::2", 136, 0x60, "2001:db8::9", their_mac);
	forget();
	turns(100);
	cr_assert_geq(music_n(), 4);

	struct station them = { .port = 0 };
	struct frame f;
	have(&them, "2001:db8::9", 64, VLAN_NONE, 0);
	memcpy(them.mac, their_mac, MAC_LEN);
	i = find(0x86dd, 0);
	cr_assert_eq(frame_read(&f, &them, sent[i].data, sent[i].len, 0), FRAME_UDP);
	cr_expect(ip_equal(&f.from, &us) && f.to_port == THEIR_RTP && f.len == 172);
	expect_no_leak();
}

Test(wire, a_flow_speaks_one_family)
{
	become_valid();
	open_flow(V4 * FLOWS);
	open_flow(V6 * FLOWS);
	cr_expect_eq(remote(V4 * FLOWS, "2001:db8::9").refusal, DP_REFUSAL_BAD_ADDRESS);
	cr_expect_eq(remote(V6 * FLOWS, "10.99.0.9").refusal, DP_REFUSAL_BAD_ADDRESS);
	cr_expect_eq(remote(V6 * FLOWS, "fe80::9").refusal, DP_REFUSAL_BAD_ADDRESS);
	cr_expect_eq(remote(V6 * FLOWS, "ff02::9").refusal, DP_REFUSAL_BAD_ADDRESS);
	cr_expect_eq(remote(V6 * FLOWS, "2001:db8::9").kind, DP_EVENT_DONE);
}

Test(wire, a_vlan_is_a_wire_of_its_own)
{
	uint8_t frame[128];
	struct arp arp = { .op = ARP_REPLY,
		.from_mac = { 2, 0, 0, 0, 0, 0x77 },
		.from = 0x0a4d0009,
		.to = 0x0a4d0002 };

	forget();
	play(TAGGED, "10.77.0.9");
	int i = find(0x8100, 0);
	cr_assert_geq(i, 0);
	cr_expect_eq((sent[i].data[14] << 8 | sent[i].data[15]) & 0xfff, 100);
	cr_expect_eq(sent[i].data[16] << 8 | sent[i].data[17], 0x0806);
	say(frame, arp_write(frame, &arp, our_mac, VLAN_NONE));
	turns(40);
	cr_expect_eq(music_n(), 0, "said on another wire");
	say(frame, arp_write(frame, &arp, our_mac, 100));
	forget();
	turns(100);
	cr_assert_geq(music_n(), 4);
	i = find(0x8100, 0);
	cr_expect_eq(sent[i].data[14] << 8 | sent[i].data[15], 5 << 13 | 100);
	cr_expect_eq(sent[i].data[19], 46 << 2);
	say(frame, arp_write(frame, &arp, our_mac, 200));
	turn(0);
	cr_expect_eq(stat_read(&w->stats.rx_other_vlan), 1);
	expect_no_leak();
}

static void say_arp(uint32_t from, const uint8_t *mac)
{
	struct arp arp = { .op = ARP_REPLY, .from = from, .to = 0x0a630002 };
	uint8_t frame[128];

	memcpy(arp.from_mac, mac, MAC_LEN);
	say(frame, arp_write(frame, &arp, our_mac, VLAN_NONE));
	turn(0);
}

Test(wire, a_packet_longer_than_the_mtu_is_counted_and_stays)
{
	say_arp(0x0a630009, their_mac);
	play(V4, "10.99.0.9");
	say_arp(0x0a630009, their_mac);
	w->address[V4].header.longest = 171;
	forget();
	turns(100);
	cr_expect_eq(music_n(), 0);
	cr_expect_geq(stat_read(&w->stats.tx_too_long), 4);
	w->address[V4].header.longest = 172;
	turns(100);
	cr_expect_geq(music_n(), 4);
	expect_no_leak();
}

Test(wire, announces_again_when_told)
{
	become_valid();
	turns(10);
	for (int i = 0; i < 5; i++)
		turn(2000);
	forget();
	turn(10000);
	cr_expect_eq(sent_n, 0, "nobody is spoken to without need");
	uint64_t before = stat_read(&w->stats.announcements);
	orders_give(&w->orders, (struct order){ .kind = ORDER_ANNOUNCE });
	forget();
	turn(1);
	cr_expect_eq(stat_read(&w->stats.announcements), before + 4);
	cr_expect_geq(find(0x86dd, 136), 0);
	cr_expect_geq(find(0x8100, 0), 0);
	for (int i = 0; i < 5; i++)
		turn(2000);
	cr_expect_eq(stat_read(&w->stats.announcements), before + 12, "three times");
}

Test(wire, another_gateway_takes_over_without_a_packet_lost)
{
	static const uint8_t other_mac[MAC_LEN] = { 2, 0, 0, 0, 0, 0x99 };

	say_arp(0x0a630001, their_mac);
	play(V4, "8.8.8.8");
	forget();
	turns(100);
	cr_expect_geq(music_n(), 4);
	orders_give(&w->orders,
		(struct order){ .kind = ORDER_GATEWAY, .gateway = { .ip = ip("10.99.0.254") } });
	forget();
	turn(1);
	cr_expect_geq(find(0x0806, 0), 0, "the new one is asked for");
	turns(99);
	cr_expect(music_n() >= 4 && music_n() <= 6, "through the old one meanwhile");
	say_arp(0x0a6300fe, other_mac);
	forget();
	turns(100);
	cr_expect(music_n() >= 4 && music_n() <= 6);
	cr_expect_eq(memcmp(sent[find(0x0800, 0)].data, other_mac, MAC_LEN), 0);
	cr_expect_eq(stat_read(&w->stats.tx_no_neighbour), 0);
	expect_no_leak();
}

Test(wire, somebody_with_our_ipv4_address_is_counted)
{
	say_arp(0x0a630002, their_mac);
	cr_expect_eq(stat_read(&w->stats.rx_arp_conflict), 1);
	say_arp(0x0a630002, port->station.mac);
	cr_expect_eq(stat_read(&w->stats.rx_arp_conflict), 1, "that is us");
}

Test(wire, a_configuration_read_anew_moves_gateways_and_nothing_else)
{
	static struct plant_wire pw;
	static struct config anew;

	say_arp(0x0a630001, their_mac);
	turn(3000);
	turn(3000);
	turn(3000);
	plant_wire_init(&pw, &plant);
	anew = config;
	forget();
	cr_assert(plant_wire_reload(&pw, &plant, &anew));
	plant_wire_turn(&pw, &plant);
	turn(1);
	cr_expect_eq(sent_n, 0, "nothing is new");
	anew.address[V4].gateway = ip("10.99.0.254");
	cr_assert(plant_wire_reload(&pw, &plant, &anew));
	plant_wire_turn(&pw, &plant);
	turn(1);
	cr_expect(sent_n == 1 && find(0x0806, 0) == 0, "one question, for the new one");
	anew.address[V4].gateway = ip("10.99.0.253");
	anew.address[V6].vlan = 7;
	cr_expect_not(plant_wire_reload(&pw, &plant, &anew));
	forget();
	plant_wire_turn(&pw, &plant);
	turn(1);
	cr_expect_eq(sent_n, 0, "taken whole or not at all");
}

Test(wire, what_a_worker_has_no_room_for_is_said_later)
{
	static struct plant_wire pw;
	uint64_t before;

	become_valid();
	for (int i = 0; i < 5; i++)
		turn(2000);
	plant_wire_init(&pw, &plant);
	before = stat_read(&w->stats.announcements);
	for (int i = 0; i < ORDERS_SIZE / 2; i++)
		orders_give(&w->orders, (struct order){ .kind = ORDER_WALL });
	plant_wire_announce(&pw, &plant);
	plant_wire_turn(&pw, &plant);
	turn(1);
	cr_expect_eq(stat_read(&w->stats.announcements), before);
	plant_wire_turn(&pw, &plant);
	turn(1);
	cr_expect_eq(stat_read(&w->stats.announcements), before + 4);
}

// What packets in a row have in common is found once; what they have not must not be.
Test(wire, each_packet_of_a_burst_goes_its_own_way)
{
	static const uint8_t other_mac[MAC_LEN] = { 2, 0, 0, 0, 0, 0x99 };
	uint32_t right[4] = { 0 };

	say_arp(0x0a630001, their_mac);
	play_on(V4, 0, "10.99.0.8");
	play_on(V4, 1, "8.8.8.8");
	play_on(V4, 2, "10.99.0.9");
	play_on(V4, 3, "9.9.9.8");
	play_on(SECOND, 0, "8.8.4.4");
	say_arp(0x0a630008, other_mac);
	say_arp(0x0a630009, other_mac);
	forget();
	for (int i = 0; i < 8; i++)
		turn(20); // all four are due in one turn, and go in one burst
	for (uint32_t i = 0; i < sent_n; i++) {
		const uint8_t *d = sent[i].data;
		uint32_t way = d[33] == 8 && d[30] == 10 ? 0 : d[33] == 9 ? 1 : d[33] == 8 ? 2 : 3;

		if (sent[i].len < 172 + PAYLOAD4_AT)
			continue;
		cr_expect_eq(memcmp(d, way < 2 ? other_mac : their_mac, MAC_LEN), 0);
		cr_expect_eq(d[29], way == 3 ? 3 : 2, "from our own address");
		right[way]++;
	}
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_geq(right[i], 4, "way %u: %u", i, right[i]);
}
