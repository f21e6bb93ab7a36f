// SPDX-License-Identifier: BSD-3-Clause
//
// What the way to a worker and back costs: commands a second through the lanes of a bridge into
// the engine, and how long one takes from when it is written until its answer is there. The
// worker polls on a core of its own, as in layby-media; we are its core on another. Every command
// is a real one: MUSIC and SILENT in turn, for 10000 open flows. What it is compared with is the
// same two lanes with nobody behind them but a copy, on the same two cores.
//
// Usage: bench_lanes [--cpu N]
#include "bench/bench.h"
#include "bench/port/cpus.h"
#include "bench/port/world.h"

#include <rte_launch.h>
#include <rte_lcore.h>

#include <err.h>

enum { FLOWS = 10000, UNDER_WAY = 512, PINGS = 20000, ROUNDS = 5, GEN = 1, TRACK_HASH = 0xfeed };

enum { MODE_WORKER, MODE_ECHO, MODE_END };

static struct world world;
static _Atomic int mode, at_work;

// Two lanes with a copy between them.
static struct bare {
	struct lane down, up;
	struct dp_cmd cmds[BRIDGE_LANE_SIZE];
	struct dp_event events[BRIDGE_LANE_SIZE];
	struct lane_reader taker;
	struct lane_writer teller;
} bare;

// This end of either.
struct end {
	struct lane_writer down;
	struct lane_reader up;
	struct dp_cmd *cmds;
	struct dp_event *events;
	uint32_t tags, flow;
};

static struct end ends[2];
static double latency[2][ROUNDS * PINGS];

static void echo(struct bare *b)
{
	uint32_t from, to;

	while (lane_room(&b->teller) > 0 && lane_peek(&b->taker, &from) &&
		lane_reserve(&b->teller, &to)) {
		struct dp_cmd cmd = b->cmds[from];

		lane_release(&b->taker);
		b->events[to] = (struct dp_event){ .tag = cmd.tag, .kind = DP_EVENT_DONE };
		lane_commit(&b->teller);
	}
}

static int serve(void *)
{
	struct worker *w = world.side[0].w;
	int now;

	while ((now = atomic_load_explicit(&mode, memory_order_relaxed)) != MODE_END) {
		if (now == MODE_WORKER)
			worker_turn(w, clock_now(&w->clock));
		else
			echo(&bare);
		if (atomic_load_explicit(&at_work, memory_order_relaxed) != now)
			atomic_store_explicit(&at_work, now, memory_order_release);
	}
	return 0;
}

static void switch_to(int next)
{
	atomic_store(&mode, next);
	while (next != MODE_END && atomic_load_explicit(&at_work, memory_order_acquire) != next)
		;
}

static bool ask(struct end *e)
{
	uint32_t at;

	if (!lane_reserve(&e->down, &at))
		return false;
	e->tags += e->tags == UINT32_MAX ? 2 : 1;
	e->flow = (e->flow + 7) % FLOWS;
	e->cmds[at] = (struct dp_cmd){ .tag = e->tags,
		.kind = e->tags % 2 == 0 ? DP_CMD_MUSIC : DP_CMD_SILENT,
		.flow = { e->flow, GEN },
		.music.track = TRACK_HASH };
	lane_commit(&e->down);
	return true;
}

// Whether an answer was there.
static bool hear(struct end *e)
{
	uint32_t at;

	if (!lane_peek(&e->up, &at))
		return false;
	if (e->events[at].kind != DP_EVENT_DONE || e->events[at].tag == 0)
		errx(1, "a command is answered by %u (%u)", e->events[at].kind,
			e->events[at].refusal);
	lane_release(&e->up);
	return true;
}

// Answers a second, with many under way.
static double many(void *ctx)
{
	struct end *e = ctx;
	uint64_t begin = bench_ns(), took, answers = 0;
	uint32_t under_way = 0;

	switch_to((int)(e - ends));
	do {
		while (under_way < UNDER_WAY && ask(e))
			under_way++;
		while (under_way > 0 && hear(e)) {
			under_way--;
			answers++;
		}
		took = bench_ns() - begin;
	} while (took < 500000000);
	while (under_way > 0)
		under_way -= hear(e);
	return (double)answers * 1e9 / (double)took;
}

// One by one.
static void ping(int which, double *ns)
{
	struct end *e = &ends[which];

	switch_to(which);
	for (int i = 0; i < PINGS; i++) {
		uint64_t begin = bench_cycles();

		if (!ask(e))
			errx(1, "a lane is full of nothing");
		while (!hear(e))
			;
		ns[i] = (double)(bench_cycles() - begin) * 1e9 / bench_hz();
	}
}

static void lay_ends(void)
{
	struct side *s = &world.side[0];

	ends[MODE_WORKER] = (struct end){ .down = s->down,
		.up = s->up,
		.cmds = s->bridge->cmds,
		.events = s->bridge->events,
		.tags = s->tags };
	ends[MODE_ECHO] = (struct end){ .cmds = bare.cmds, .events = bare.events };
	lane_writer_init(&ends[MODE_ECHO].down, &bare.down, BRIDGE_LANE_SIZE);
	lane_reader_init(&ends[MODE_ECHO].up, &bare.up, BRIDGE_LANE_SIZE);
	lane_reader_init(&bare.taker, &bare.down, BRIDGE_LANE_SIZE);
	lane_writer_init(&bare.teller, &bare.up, BRIDGE_LANE_SIZE);
}

static void tell(const char *what, const char *unit, double ours, double theirs, double cycles,
	const struct bench_span *span)
{
	bench_print(&(struct bench_line){ .bench = "lanes",
		.what = what,
		.unit = unit,
		.value = ours,
		.cycles = cycles,
		.baseline = theirs,
		.ratio = ours / theirs,
		.steal = bench_steal(span),
		.waited = bench_waited(span),
		.more = ",\"against\":\"bare lanes\"" });
}

static void tell_latency(const char *what, double part, const struct bench_span *span)
{
	size_t at = (size_t)(part * (ROUNDS * PINGS - 1));

	tell(what, "ns", latency[MODE_WORKER][at], latency[MODE_ECHO][at], -1, span);
}

int main(int argc, char **argv)
{
	uint32_t cpu = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : cpus_last();
	double ours, theirs;

	world_plan(&world, 0, FLOWS, "net_null0,no-rx=1");
	world_start_eal(&world, cpus_other(cpu), cpu);
	world_build(&world);
	world.side[0].order = world_order(FLOWS, /* shuffled */ true);
	side_know_gateway(&world.side[0]);
	side_open(&world.side[0], SIDE_SILENT, DP_CODEC_PCMU);
	lay_ends();
	if (rte_eal_remote_launch(serve, NULL, 1) < 0)
		errx(1, "no worker");

	struct bench_span span = bench_begin((int)cpu);
	bench_race(many, &ends[MODE_WORKER], many, &ends[MODE_ECHO], ROUNDS, &ours, &theirs);
	tell("commands", "commands/s", ours, theirs, bench_hz() / ours, &span);
	span = bench_begin((int)cpu);
	for (int i = 0; i < ROUNDS; i++) {
		ping(MODE_WORKER, latency[MODE_WORKER] + (size_t)i * PINGS);
		ping(MODE_ECHO, latency[MODE_ECHO] + (size_t)i * PINGS);
	}
	for (int which = 0; which < 2; which++)
		qsort(latency[which], ROUNDS * PINGS, sizeof(double), bench_order);
	tell_latency("latency/p50", 0.5, &span);
	tell_latency("latency/p99", 0.99, &span);
	tell_latency("latency/p99.9", 0.999, &span);
	switch_to(MODE_END);
	rte_eal_mp_wait_lcore();
	world_end(&world);
	return 0;
}
