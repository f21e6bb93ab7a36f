// SPDX-License-Identifier: BSD-3-Clause
#include "tests/dpdk/dock.h"

#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/port.h"

#include <criterion/criterion.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct plant plant;
struct worker *worker[DOCK_WORKERS];
uint64_t now;
const uint8_t their_mac[6] = { 2, 0, 0, 0, 0, 0x77 };

static struct bridge bridge;
static struct dock_heard heard[DOCK_WORKERS];
static uint32_t tags[DOCK_WORKERS]; // commands given
static uint32_t told[DOCK_WORKERS]; // events read

static void hear(struct dock_heard *h, const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	bool arp = data[13] == 0x06;

	(*(arp ? &h->arps : &h->datagrams))++;
	memcpy(arp ? h->arp : h->datagram, data, m->data_len);
}

static void empty_rings(void)
{
	struct rte_mbuf *frames[BURST_MAX];
	uint16_t n;

	for (uint16_t q = 0; q < DOCK_WORKERS; q++) {
		while ((n = rte_eth_rx_burst(plant.port[0].id, q, frames, BURST_MAX)) > 0) {
			for (uint16_t i = 0; i < n; i++)
				hear(&heard[q], frames[i]);
			rte_pktmbuf_free_bulk(frames, n);
		}
	}
}

// What one has handed over the other takes in its next turn, whatever the order.
void dock_turn(uint64_t after_ms)
{
	now += after_ms * 1000000;
	for (uint32_t i = 0; i < 2 * DOCK_WORKERS; i++) {
		worker_turn(worker[i % DOCK_WORKERS], now);
		if (i >= DOCK_WORKERS - 1)
			empty_rings();
	}
}

struct dock_heard dock_sent(uint32_t w)
{
	struct dock_heard h = heard[w];

	heard[w] = (struct dock_heard){ 0 };
	return h;
}

static void take_bridge(void)
{
	int fd;
	struct report r;

	cr_assert_eq(bridge_create(&bridge, &plant.plan, &fd), BRIDGE_OK);
	close(fd);
	for (uint32_t i = 0; i < DOCK_WORKERS; i++)
		orders_give(&worker[i]->orders,
			(struct order){ .kind = ORDER_ADOPT, .bridge = &bridge.worker[i] });
	dock_turn(1);
	for (uint32_t i = 0; i < DOCK_WORKERS; i++)
		cr_assert(orders_hear(&worker[i]->orders, &r) && r.kind == REPORT_ADOPTED);
}

void dock_set_up(void)
{
	static struct config c;
	char error[256];
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	config_default(&c, &cpus);
	c.workers = DOCK_WORKERS;
	for (uint32_t i = 0; i < DOCK_WORKERS; i++)
		c.cpu[i] = c.main_cpu;
	c.mbufs = DOCK_MBUFS;
	snprintf(c.port[0].device, sizeof(c.port[0].device), "net_ring0");
	c.addresses = DOCK_WORKERS;
	for (uint16_t i = 0; i < DOCK_WORKERS; i++) {
		c.address[i] = c.address[0];
		c.address[i].ip = ip_from_v4(DOCK_US + i);
		c.address[i].worker = i;
		c.address[i].port_first = DOCK_RTP;
		c.address[i].flows = DOCK_FLOWS;
		c.port[0].poller[i] = i;
	}
	c.port[0].queues = DOCK_WORKERS;
	cr_assert(eal_start(&c, /* verbose */ false, error, sizeof(error)), "%s", error);
	cr_assert(plant_build(&plant, &c, error, sizeof(error)), "%s", error);
	for (uint32_t i = 0; i < DOCK_WORKERS; i++)
		worker[i] = plant.worker[i];
	now = 1000000000;
	take_bridge();
	dock_say_arp(0, ARP_REPLY, DOCK_THEM, DOCK_US);
	dock_turn(1);
	dock_sent(0);
	dock_sent(1);
}

void dock_tear_down(void)
{
	bridge_unmap(&bridge);
	plant_free(&plant);
	eal_stop();
}

void dock_say(uint16_t queue, const uint8_t *data, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker[0]->pool);

	cr_assert_not_null(m);
	memcpy(rte_pktmbuf_append(m, len), data, len);
	cr_assert_eq(rte_eth_tx_burst(plant.port[0].id, queue, &m, 1), 1);
}

void dock_say_arp(uint16_t queue, uint16_t op, uint32_t from, uint32_t to)
{
	struct arp arp = { .op = op, .from = from, .to = to };
	uint8_t frame[64];

	memcpy(arp.from_mac, their_mac, MAC_LEN);
	size_t len = arp_write(
		frame, &arp, op == ARP_REPLY ? plant.port[0].station.mac : NULL, /* vlan */ 0);
	dock_say(queue, frame, len);
}

static void put_word(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// Ethernet, IPv4 and UDP, which carries no checksum (RFC 768).
static void headers(uint8_t *frame, uint32_t to, uint16_t to_port, size_t len)
{
	static const uint8_t start[] = { 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17 };
	uint32_t sum = 0;

	memset(frame, 0, DOCK_HEADERS);
	memcpy(frame, plant.port[0].station.mac, MAC_LEN);
	memcpy(frame + 6, their_mac, MAC_LEN);
	memcpy(frame + 12, start, sizeof(start));
	put_word(frame + 16, (uint32_t)(28 + len));
	put_word(frame + 26, DOCK_THEM >> 16);
	put_word(frame + 28, DOCK_THEM & 0xffff);
	put_word(frame + 30, to >> 16);
	put_word(frame + 32, to & 0xffff);
	for (int i = 14; i < 34; i += 2)
		sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
	put_word(frame + 24, ~((sum & 0xffff) + (sum >> 16)));
	put_word(frame + 34, DOCK_THEIR_RTP);
	put_word(frame + 36, to_port);
	put_word(frame + 38, (uint32_t)(8 + len));
}

void dock_say_rtp(uint16_t queue, uint32_t w, uint32_t flow, uint16_t seq, const char *payload)
{
	uint8_t frame[DOCK_HEADERS + 200];
	uint8_t *rtp = frame + DOCK_HEADERS;
	size_t len = strlen(payload);

	rtp_write(rtp, &(struct rtp){ .ts = seq * 160U, .ssrc = 7, .seq = seq });
	memcpy(rtp + RTP_FIXED_LEN, payload, len);
	headers(frame, DOCK_US + w, (uint16_t)(DOCK_RTP + 2 * flow), RTP_FIXED_LEN + len);
	dock_say(queue, frame, (uint16_t)(DOCK_HEADERS + RTP_FIXED_LEN + len));
}

// The answer to this tag; what the worker said unasked before it is passed over.
static struct dp_event answer(uint32_t w, uint32_t tag)
{
	struct bridge_worker *b = &bridge.worker[w];

	while (told[w] != atomic_load(&b->up->tail)) {
		struct dp_event e = b->events[told[w]++ % BRIDGE_LANE_SIZE];

		atomic_store(&b->up->head, told[w]);
		if (e.tag == tag)
			return e;
	}
	cr_assert_fail("worker %u does not answer", w);
	return (struct dp_event){ 0 };
}

struct dp_event dock_command(uint32_t w, struct dp_cmd cmd)
{
	struct bridge_worker *b = &bridge.worker[w];

	cmd.tag = tags[w] + 1;
	b->cmds[tags[w]++ % BRIDGE_LANE_SIZE] = cmd;
	atomic_store(&b->down->tail, tags[w]);
	dock_turn(0);
	return answer(w, cmd.tag);
}

void dock_open(uint32_t w, uint32_t flow, uint32_t gen)
{
	struct flow_id id = { flow, gen };
	struct dp_cmd remote = { .kind = DP_CMD_REMOTE,
		.flow = id,
		.remote = { .ip = { [10] = 0xff, 0xff },
			.clock = 8000,
			.rtp_port = DOCK_THEIR_RTP,
			.rtcp_port = DOCK_THEIR_RTP + 1,
			.dtmf_tx = DP_NO_PT,
			.dtmf_rx = DP_NO_PT,
			.ptime = 20,
			.cn = DP_NO_PT } };

	memcpy(&remote.remote.ip[12], &(uint32_t){ htonl(DOCK_THEM) }, 4);
	struct dp_event e = dock_command(w, (struct dp_cmd){ .kind = DP_CMD_OPEN, .flow = id });
	cr_assert_eq(e.kind, DP_EVENT_DONE, "refusal %d", e.refusal);
	e = dock_command(w, remote);
	cr_assert_eq(e.kind, DP_EVENT_DONE, "refusal %d", e.refusal);
}

struct dp_event dock_relay(
	uint32_t w, struct flow_id flow, uint32_t peer_worker, struct flow_id peer)
{
	return dock_command(
		w, (struct dp_cmd){ .kind = DP_CMD_RELAY,
			   .flow = flow,
			   .relay = { .peer = peer, .worker = (uint16_t)peer_worker } });
}

void dock_expect_no_leak(void)
{
	uint32_t there = rte_mempool_avail_count(plant.pool[0]);

	cr_expect_eq(there, DOCK_MBUFS, "%u buffers are gone", DOCK_MBUFS - there);
}
