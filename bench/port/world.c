// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/world.h"

#include "bench/port/crowd.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/neighbour.h"

#include <err.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERROR_MAX = 512, GEN = 1, MS = 1000000, TRACK_HASH = 0xfeed, SETTLE_TURNS = 1000000 };

// The gateway's MAC; locally administered.
static const uint8_t gateway_mac[MAC_LEN] = { 2, 0, 0, 0, 0, 0x77 };

// If not, the plant would say each time that there are none.
static bool there_are_hugepages(void)
{
	static const char mark[] = "HugePages_Free:";
	char line[128];
	unsigned long pages = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, mark, sizeof(mark) - 1) == 0)
			pages = strtoul(line + sizeof(mark) - 1, NULL, 10);
	}
	if (f != NULL)
		fclose(f);
	return pages > 0;
}

void world_device(struct world *world, uint32_t n, const char *device)
{
	struct config_port *port = &world->config.port[n];

	snprintf(port->device, sizeof(port->device), "%.127s", device);
}

void world_plan(struct world *world, uint32_t n, uint32_t flows, const char *device)
{
	struct config *c = &world->config;
	struct config_port *port = &c->port[n];

	if (n == 0) {
		cpu_set_t cpus;

		sched_getaffinity(0, sizeof(cpus), &cpus);
		config_default(c, &cpus);
		c->addresses = 0;
		c->sleep = false;
		c->hugepages = there_are_hugepages();
	}
	c->workers = c->ports = n + 1;
	*port = c->port[0]; // but for what differs
	snprintf(port->name, sizeof(port->name), "bench%u", n);
	world_device(world, n, device);
	port->pci = false;
	port->worker = (uint16_t)n;
	port->queues = 1;
	port->poller[0] = (uint16_t)n;
	for (uint32_t at = 0; at < flows; at += WORLD_PORTS_OF_ADDRESS) {
		uint32_t left = flows - at;

		if (c->addresses == BRIDGE_ADDRESSES_MAX)
			errx(1, "%u flows need more than %d addresses", flows,
				BRIDGE_ADDRESSES_MAX);
		c->address[c->addresses++] = (struct config_address){
			.ip = ip_from_v4(world_our_ip(n, at)),
			.gateway = ip_from_v4(world_gateway(n)),
			.prefix = 24,
			.port = (uint16_t)n,
			.worker = (uint16_t)n,
			.port_first = WORLD_RTP,
			.flows = left < WORLD_PORTS_OF_ADDRESS ? left : WORLD_PORTS_OF_ADDRESS,
		};
	}
	world->side[n].flows = flows;
}

void world_start_eal(struct world *world, uint32_t main_cpu, uint32_t cpu)
{
	char error[ERROR_MAX];
	struct config *c = &world->config;

	c->main_cpu = main_cpu;
	for (uint32_t i = 0; i < c->workers; i++)
		c->cpu[i] = cpu;
	if (!eal_start(c, secure_getenv("BENCH_VERBOSE") != NULL, error, sizeof(error)))
		errx(1, "%s", error);
}

static void take_bridge(struct world *world, uint32_t n)
{
	struct side *s = &world->side[n];
	struct report r;

	s->bridge = &world->bridge.worker[n];
	lane_writer_init(&s->down, s->bridge->down, BRIDGE_LANE_SIZE);
	lane_reader_init(&s->up, s->bridge->up, BRIDGE_LANE_SIZE);
	orders_give(&s->w->orders, (struct order){ .kind = ORDER_ADOPT, .bridge = s->bridge });
	side_turn(s);
	if (!orders_hear(&s->w->orders, &r) || r.kind != REPORT_ADOPTED)
		errx(1, "the worker does not take the bridge");
	orders_give(&s->w->orders, (struct order){ .kind = ORDER_SHOW, .track = &world->track });
	side_turn(s);
	if (!orders_hear(&s->w->orders, &r) || r.kind != REPORT_SHOWN || !r.yes)
		errx(1, "the worker does not take the track");
}

static void record(struct world *world)
{
	uint64_t x = 88172645463325252U;

	world->audio = malloc(WORLD_TRACK);
	if (world->audio == NULL)
		err(1, "no room for a track");
	for (uint32_t i = 0; i < WORLD_TRACK; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		world->audio[i] = (uint8_t)(x >> 32);
	}
	world->track = (struct track){ .hash = TRACK_HASH, .len = WORLD_TRACK };
	track_sums(world->sums, TRACK_PCMU, world->audio, WORLD_TRACK);
	world->track.sums[TRACK_PCMU] = world->track.sums[TRACK_PCMA] = world->sums;
	world->track.payload[TRACK_PCMU] = world->audio;
	world->track.payload[TRACK_PCMA] = world->audio;
}

void world_build(struct world *world)
{
	char error[ERROR_MAX];
	int fd;

	record(world);
	if (!plant_build(&world->plant, &world->config, error, sizeof(error)))
		errx(1, "%s", error);
	if (bridge_create(&world->bridge, &world->plant.plan, &fd) != BRIDGE_OK)
		errx(1, "there is no bridge");
	close(fd);
	for (uint32_t n = 0; n < world->config.workers; n++) {
		struct side *s = &world->side[n];

		s->w = world->plant.worker[n];
		s->n = n;
		s->now = clock_now(&world->plant.clock) / MS * MS + MS;
		take_bridge(world, n);
	}
}

void world_end(struct world *world)
{
	plant_free(&world->plant);
	bridge_unmap(&world->bridge);
	eal_stop();
	free(world->audio);
}

void side_turn(struct side *s)
{
	worker_turn(s->w, s->now);
}

void side_hear(struct side *s)
{
	uint32_t at;

	while (lane_peek(&s->up, &at)) {
		const struct dp_event *e = &s->bridge->events[at];

		if (e->kind == DP_EVENT_REFUSED)
			errx(1, "a command is refused: %u", e->refusal);
		if (e->tag != 0)
			s->under_way--;
		else
			s->told++;
		lane_release(&s->up);
	}
}

// In a turn of its own the far end is asked to empty its ring: opening is nobody's measured time.
static void serve(struct side *s)
{
	side_turn(s);
	side_hear(s);
	if (s->far != NULL)
		crowd_hear(s->far);
}

void side_command(struct side *s, uint32_t flow, struct dp_cmd cmd)
{
	uint32_t at;

	while (!lane_reserve(&s->down, &at) || s->under_way == BRIDGE_LANE_SIZE)
		serve(s);
	cmd.tag = ++s->tags;
	if (cmd.tag == 0)
		cmd.tag = ++s->tags;
	cmd.flow = (struct flow_id){ flow, GEN };
	s->bridge->cmds[at] = cmd;
	lane_commit(&s->down);
	s->under_way++;
}

void side_settle(struct side *s)
{
	for (uint32_t i = 0; s->under_way > 0; i++) {
		if (i == SETTLE_TURNS)
			errx(1, "%u commands are never answered", s->under_way);
		serve(s);
	}
}

static struct dp_cmd remote(uint32_t flow, uint8_t codec)
{
	uint32_t ip = world_caller_ip(flow);

	return (struct dp_cmd){
		.kind = DP_CMD_REMOTE,
		.remote = { .ip = { [10] = 0xff,
				    [11] = 0xff,
				    (uint8_t)(ip >> 24),
				    (uint8_t)(ip >> 16),
				    (uint8_t)(ip >> 8),
				    (uint8_t)ip },
			.clock = 8000,
			.rtp_port = world_caller_port(flow),
			.rtcp_port = (uint16_t)(world_caller_port(flow) + 1),
			.pt_tx = codec == DP_CODEC_PCMA ? 8 : 0,
			.pt_rx = codec == DP_CODEC_PCMA ? 8 : 0,
			.dtmf_tx = 101,
			.dtmf_rx = 101,
			.codec = codec,
			.ptime = 20,
			.cn = DP_NO_PT },
	};
}

void side_open(struct side *s, enum side_kind kind, uint8_t codec)
{
	for (uint32_t i = 0; i < s->flows; i++) {
		uint32_t flow = s->order[i];

		side_command(s, flow, (struct dp_cmd){ .kind = DP_CMD_OPEN, .open.owner = flow });
		side_command(s, flow, remote(flow, codec));
	}
	side_settle(s);
	for (uint32_t i = 0; i < s->flows; i++) {
		uint32_t flow = s->order[i];

		if (kind == SIDE_MUSIC)
			side_command(s, flow,
				(struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = TRACK_HASH });
		else if (kind == SIDE_RELAY)
			side_command(s, flow,
				(struct dp_cmd){ .kind = DP_CMD_RELAY,
					.relay.peer = { flow ^ 1, GEN },
					.relay.worker = 0 });
	}
	side_settle(s);
}

void side_know_gateway(struct side *s)
{
	struct ip_address gateway = ip_from_v4(world_gateway(s->n));

	neighbours_hear(&s->w->neighbours,
		&(struct neighbour_news){ .port = side_port(s)->station.port,
			.word = WORD_ANSWER,
			.ip = &gateway,
			.mac = gateway_mac },
		s->now);
}

uint32_t *world_order(uint32_t n, bool shuffled)
{
	uint32_t *order = malloc(n * sizeof(*order));
	uint64_t x = 1181783497276652981U;

	if (order == NULL)
		err(1, "no room for %u flows", n);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n; shuffled && i > 1; i--) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		uint32_t other = (uint32_t)((x >> 11) % i), kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
	return order;
}
