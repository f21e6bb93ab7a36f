// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/stage.h"

#include "bench/bench.h"
#include "bench/port/wire.h"

#include <err.h>

enum { SMALL = 1000, MS = 1000000, LINK_TRIES = 3000 };

// The device of worker n, as a configuration names it, and what of the kernel belongs to it.
static void lay_port(const struct contest *c, uint32_t n, char device[CROWD_DEVICE_MAX])
{
	switch (c->port) {
	case CONTEST_NULL:
		snprintf(device, CROWD_DEVICE_MAX, "net_null%u,no-rx=1", n);
		break;
	case CONTEST_RING: // known when the rings are there
		break;
	case CONTEST_MEMIF:
		snprintf(
			device, CROWD_DEVICE_MAX, "net_memif0,role=client,id=0,socket=%s", "bench");
		break;
	case CONTEST_AF_PACKET:
		snprintf(device, CROWD_DEVICE_MAX, "net_af_packet0,iface=ours0,qdisc_bypass=1");
		break;
	case CONTEST_AF_XDP:
		snprintf(device, CROWD_DEVICE_MAX, "net_af_xdp0,iface=ours0,force_copy=1");
		break;
	case CONTEST_TAP:
		snprintf(device, CROWD_DEVICE_MAX, "net_tap0,iface=ours1");
		break;
	case CONTEST_PORTS:
		break;
	}
}

static void lay_rival(struct rival *rival, const struct contest *c)
{
	static const char *const device[CONTEST_PORTS] = { "net_null0", "net_ring0",
		"net_memif0,role=client,id=1,socket=bench",
		"net_af_packet0,iface=theirs0,qdisc_bypass=1",
		"net_af_xdp0,iface=theirs0,force_copy=1", "net_tap1,iface=theirs1" };

	rival->main_cpu = c->main_cpu;
	rival->cpu = c->cpu;
	rival->seconds = c->seconds;
	rival->forward = c->port == CONTEST_RING ? "macswap" : "txonly";
	rival->tx_first = c->port == CONTEST_RING;
	rival->tx_ip = c->port >= CONTEST_AF_PACKET ? "10.98.0.2,100.64.0.1" : NULL;
	snprintf(rival->vdev[0], RIVAL_TEXT, "%s", device[c->port]);
}

static void lay_wires(const struct contest *c)
{
	if (c->port < CONTEST_MEMIF)
		return;
	wire_unshare();
	if (c->port == CONTEST_AF_PACKET || c->port == CONTEST_AF_XDP) {
		wire_pair("ours0", "ours1", "10.99.0.1/16");
		wire_pair("theirs0", "theirs1", "10.98.0.1/16");
	}
}

// Whoever takes in what goes through memif: on the other core, for both of us.
static void start_drain(struct rival *drain, const struct contest *c)
{
	*drain = (struct rival){ .forward = "rxonly", .main_cpu = c->main_cpu, .cpu = c->main_cpu };
	snprintf(drain->vdev[0], RIVAL_TEXT, "net_memif0,role=server,id=0,socket=bench");
	snprintf(drain->vdev[1], RIVAL_TEXT, "net_memif1,role=server,id=1,socket=bench");
	rival_start(drain);
	rival_say(drain, "start\n");
}

static void open_side(struct stage *stage, const struct contest *c, uint32_t n)
{
	struct side *s = &stage->world.side[n];
	struct drive *d = &stage->drive[n];
	enum side_kind kind = c->kind == CONTEST_RELAY     ? SIDE_RELAY
			      : c->kind == CONTEST_HOSTILE ? SIDE_SILENT
			      : c->kind == CONTEST_RTCP    ? SIDE_SILENT
							   : SIDE_MUSIC;

	s->order = world_order(s->flows, c->shuffled);
	*d = (struct drive){ .side = s, .seconds = c->seconds, .quiet = c->port <= CONTEST_MEMIF };
	if (c->port == CONTEST_RING) {
		s->far = &stage->far[n];
		crowd_meet(s->far, side_port(s)->id, s->flows, stage->world.audio);
		memcpy(s->far->mac, side_port(s)->station.mac, sizeof(s->far->mac));
		s->far->order = s->order;
		s->far->relay = c->kind == CONTEST_RELAY;
	}
	if (d->quiet)
		side_know_gateway(s);
	side_open(s, kind, DP_CODEC_PCMU);
	if (d->quiet)
		side_know_gateway(s);
}

void stage_build(struct stage *s, const struct contest *c)
{
	uint32_t sides = c->kind == CONTEST_SCALE ? 2 : 1;
	char device[WORLD_SIDES_MAX][CROWD_DEVICE_MAX] = { { 0 } };

	lay_wires(c);
	for (uint32_t n = 0; n < sides; n++) {
		lay_port(c, n, device[n]);
		world_plan(&s->world, n, n == 0 ? c->flows : SMALL, device[n]);
	}
	world_start_eal(&s->world, c->cpu, c->cpu);
	if (c->port == CONTEST_MEMIF)
		start_drain(&s->drain, c);
	for (uint32_t n = 0; n < sides && c->port == CONTEST_RING; n++) {
		crowd_make(&s->far[n], n, device[n]);
		world_device(&s->world, n, device[n]);
	}
	world_build(&s->world);
	if (c->port == CONTEST_TAP)
		wire_up("ours1", "10.99.0.1/16");
	for (uint32_t n = 0; n < sides; n++)
		open_side(s, c, n);
}

// Until the first music has gone out: links take their time, and so does the kernel's ARP.
void stage_await_link(struct stage *st)
{
	const struct timespec pause = { .tv_nsec = MS };
	struct side *s = &st->world.side[0];
	uint64_t before = stat_read(&s->w->stats.music_packets);

	for (int i = 0; i < LINK_TRIES; i++) {
		uint64_t missed = stat_read(&s->w->stats.tx_no_neighbour) +
				  stat_read(&s->w->stats.tx_refused);

		s->now += MS;
		side_turn(s);
		side_hear(s);
		if (stat_read(&s->w->stats.music_packets) > before &&
			stat_read(&s->w->stats.tx_no_neighbour) +
					stat_read(&s->w->stats.tx_refused) ==
				missed)
			return;
		before = stat_read(&s->w->stats.music_packets);
		nanosleep(&pause, NULL);
	}
	errx(1, "nothing goes out of %s", st->world.config.port[0].device);
}

void stage_start_rival(struct stage *s, const struct contest *c)
{
	char text[64];

	lay_rival(&s->rival, c);
	rival_start(&s->rival);
	if (c->port == CONTEST_TAP)
		wire_up("theirs1", "10.98.0.1/16");
	if (c->port >= CONTEST_AF_PACKET) {
		struct wire_count crowd_end = wire_count("theirs1");
		const uint8_t *m = crowd_end.mac;

		snprintf(text, sizeof(text), "set eth-peer 0 %02x:%02x:%02x:%02x:%02x:%02x\n", m[0],
			m[1], m[2], m[3], m[4], m[5]);
		rival_say(&s->rival, text);
	}
}
