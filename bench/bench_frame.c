// SPDX-License-Identifier: BSD-3-Clause
//
// What a frame costs: headers written round 172 bytes of RTP, a frame read, bytes summed; each
// beside a memcpy of the bytes of one frame. And a burst of 32 views through transmit() to a port
// that throws away, beside the same buffers taken from the pool and thrown away without it: the
// difference is ours, the rest is the pool's and the driver's.
#include "bench/bench.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/dpdk/sum.h"
#include "dataplane/dpdk/transmit.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <err.h>
#include <sched.h>

enum { PAYLOAD = 172, FRAMES = 1024, TURNS = 64, ITEMS = FRAMES * TURNS, SLOT = 384, HOPS = 64 };

static struct {
	_Alignas(64) uint8_t slot[FRAMES][SLOT];
	uint8_t copy[FRAMES][SLOT];
	struct header header;
	struct station station;
	struct ip_address to;
	uint64_t known; // sum of a payload, or 0
	uint64_t total; // so that nothing is left out
	struct plant plant;
	struct worker *w;
	uint16_t hop[HOPS];
	uint32_t hops;
} b;

static const uint8_t mac[MAC_LEN] = { 2, 0, 0, 0, 0, 9 };

static void write_frames(void *)
{
	struct header_to to = { .mac = mac, .ip = b.to.b, .from_port = 20000, .to_port = 40000 };

	for (int t = 0; t < TURNS; t++) {
		for (int i = 0; i < FRAMES; i++)
			header_write(&b.header, b.slot[i] + HEADER_ROOM, PAYLOAD, &to, b.known);
	}
}

static void copy_frames(void *)
{
	for (int t = 0; t < TURNS; t++) {
		for (int i = 0; i < FRAMES; i++)
			memcpy(b.copy[i], b.slot[i] + HEADER_ROOM - b.header.len,
				PAYLOAD + (size_t)b.header.len);
	}
}

static void read_frames(void *)
{
	struct frame f;

	for (int t = 0; t < TURNS; t++) {
		for (int i = 0; i < FRAMES; i++)
			b.total +=
				frame_read(&f, &b.station, b.slot[i] + HEADER_ROOM - b.header.len,
					PAYLOAD + (size_t)b.header.len, 0) == FRAME_UDP;
	}
}

static void sum_payloads(void *)
{
	for (int t = 0; t < TURNS; t++) {
		for (int i = 0; i < FRAMES; i++)
			b.total += sum_bytes(b.slot[i] + HEADER_ROOM, PAYLOAD);
	}
}

static void sum_plainly(void *)
{
	for (int t = 0; t < TURNS; t++) {
		for (int i = 0; i < FRAMES; i++)
			b.total += sum_bytes_plain(b.slot[i] + HEADER_ROOM, PAYLOAD);
	}
}

static void show(const char *what, bench_fn run, bench_fn baseline)
{
	bench_run(&(struct bench_pair){ .bench = "frame",
		.what = what,
		.unit = "ns/packet",
		.items = ITEMS,
		.run = run,
		.baseline = baseline,
		.ns = 1 });
}

static struct ip_address ip6(uint8_t last)
{
	return (struct ip_address){ .b = { 0x20, 0x01, 0x0d, 0xb8, [15] = last } };
}

// We write as `from` and read as `to`, so that what is read is good.
static void wire(struct ip_address from, struct ip_address to, uint16_t vlan)
{
	b.to = to;
	b.known = 0;
	header_init(&b.header,
		&(struct header_from){
			.mac = mac, .ip = &from, .vlan = vlan, .mtu = 1500, .dscp = DSCP_VOICE });
	station_init(&b.station, 0, mac);
	station_add(&b.station, &to, 24, vlan, 0)->state = ADDRESS_VALID;
}

static void kind(const char *name, struct ip_address from, struct ip_address to, uint16_t vlan)
{
	char what[64];

	wire(from, to, vlan);
	snprintf(what, sizeof(what), "write/%s", name);
	show(what, write_frames, copy_frames);
	snprintf(what, sizeof(what), "read/%s", name);
	show(what, read_frames, copy_frames);
	b.known = sum_bytes(b.slot[0] + HEADER_ROOM, PAYLOAD);
	snprintf(what, sizeof(what), "write/%s/summed", name);
	show(what, write_frames, copy_frames);
}

// A worker on net_null that knows its gateway and some hosts beside it.
static void build(void)
{
	static struct config c;
	char error[256];
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	config_default(&c, &cpus);
	c.address[0].flows = 16;
	snprintf(c.port[0].device, sizeof(c.port[0].device), "net_null0");
	if (!eal_start(&c, /* verbose */ false, error, sizeof(error)) ||
		!plant_build(&b.plant, &c, error, sizeof(error)))
		errx(1, "%s", error);
	b.w = b.plant.worker[0];
	b.w->now = 1000000000;
	for (uint32_t i = 0; i < HOPS; i++) {
		struct ip_address host = ip_from_v4(0x0a630010 + i);
		struct station *s = &b.w->port[0].station;

		b.hop[i] = (uint16_t)neighbours_towards(&b.w->neighbours, s, 0, &host, b.w->now);
		neighbours_hear(&b.w->neighbours,
			&(struct neighbour_news){ .ip = &host, .mac = mac }, b.w->now);
	}
}

// What of a view the engine would have written.
static void aim(struct pkt *p, uint32_t i)
{
	struct ip_address to = ip_from_v4(0x0a630010 + i % b.hops);

	memcpy(p->ip, to.b, sizeof(p->ip));
	p->hop = b.hop[i % b.hops];
	p->len = PAYLOAD;
	p->local_port = 20000;
	p->remote_port = 40000;
	p->payload_sum = 0x1234;
	p->summed = b.known != 0;
}

static void transmit_bursts(void *)
{
	for (int t = 0; t < ITEMS / BURST_MAX; t++) {
		struct burst *out = &b.w->out;

		transmit_blank(b.w, out, BURST_MAX);
		for (uint32_t i = 0; i < out->n; i++)
			aim(&out->pkt[i], i);
		transmit(b.w, out);
	}
}

// The same without the frames: blanks, views, and the driver.
static void throw_away(void *)
{
	for (int t = 0; t < ITEMS / BURST_MAX; t++) {
		struct burst *out = &b.w->out;
		struct rte_mbuf *m[BURST_MAX];

		transmit_blank(b.w, out, BURST_MAX);
		for (uint32_t i = 0; i < out->n; i++) {
			aim(&out->pkt[i], i);
			m[i] = out->pkt[i].buf;
		}
		b.total += rte_eth_tx_burst(b.w->port[0].id, 0, m, BURST_MAX);
		out->n = 0;
	}
}

static void bursts(const char *what, uint32_t hops, uint64_t known)
{
	b.hops = hops;
	b.known = known;
	show(what, transmit_bursts, throw_away);
}

int main(void)
{
	for (int i = 0; i < FRAMES; i++) {
		for (int k = 0; k < SLOT; k++)
			b.slot[i][k] = (uint8_t)(k * 31 + 1);
	}
	kind("ipv4", ip_from_v4(0x0a630001), ip_from_v4(0x0a630002), VLAN_NONE);
	kind("ipv4/vlan", ip_from_v4(0x0a630001), ip_from_v4(0x0a630002), 100);
	kind("ipv6", ip6(1), ip6(2), VLAN_NONE);
	show("sum/172", sum_payloads, sum_plainly);
	build();
	bursts("transmit/one hop/summed", 1, 1);
	bursts("transmit/one hop", 1, 0);
	bursts("transmit/another hop each/summed", HOPS, 1);
	plant_free(&b.plant);
	eal_stop();
	return b.total == 0;
}
