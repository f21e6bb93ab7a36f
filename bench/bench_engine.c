// SPDX-License-Identifier: BSD-3-Clause
//
// How many packets a second one core makes, takes in or passes on, without a card: the engine on
// arrays. Usage: bench_engine [PART OF A CASE]
//
//   music    every flow plays, each at a place of its own of an 8 MB track
//   parked   the same, and of each flow audio comes in that nobody is to hear; counted each way
//   relay    two by two, each sends what the other says; counted as it leaves
//
// In order of their places, or in a random one. The baseline writes the same bytes to the same
// places in the same order (for what comes in: makes the same views) and does nothing else.
#include "bench/bench.h"
#include "bench/engine/table.h"

// The next packet of a flow's far end, as the shell would show it.
static void view(struct table *t, uint32_t flow)
{
	struct pkt *p = &t->in.pkt[t->in.n++];

	p->data = table_buffer(t);
	p->len = PACKET;
	p->room = ROOM - HEADROOM;
	p->remote_port = 4000;
	p->local_port = (uint16_t)(PORT + 2 * (flow % FLOWS_AN_ADDRESS));
	p->address = (uint8_t)(flow / FLOWS_AN_ADDRESS);
	table_far_end(p->ip, flow);
	rtp_write(p->data, &(struct rtp){ .seq = (uint16_t)(t->turn / PTIME),
				   .ts = t->turn / PTIME * FRAME,
				   .ssrc = flow });
}

// What comes in within a millisecond: of every flow a packet each 20 ms.
static void hear(struct table *t, bool engine)
{
	uint32_t part = (t->flows + PTIME - 1) / PTIME;
	uint32_t from = t->turn % PTIME * part;
	uint32_t end = from + part < t->flows ? from + part : t->flows;

	for (uint32_t i = from; i < end;) {
		t->in.n = t->drop.n = 0;
		for (; i < end && t->in.n < BURST_MAX; i++)
			view(t, t->order[i]);
		if (engine)
			engine_input(t->e, &t->in, &t->out, &t->drop, t->now);
		else
			__asm__ volatile("" : : "r"(t) : "memory");
		table_take(t, &t->out);
	}
	t->turn++;
}

static void tick(struct table *t)
{
	engine_tick(t->e, &t->out, t->now);
	table_take(t, &t->out);
}

static void music(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t ms = 0; ms < t->ms; ms++) {
		t->now += NS_PER_MS;
		tick(t);
	}
}

static void parked(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t ms = 0; ms < t->ms; ms++) {
		t->now += NS_PER_MS;
		hear(t, true);
		tick(t);
	}
}

static void relay(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t ms = 0; ms < t->ms; ms++) {
		t->now += NS_PER_MS;
		hear(t, true);
	}
}

static void copy_frame(struct table *t, uint32_t flow)
{
	uint8_t *to = table_buffer(t);

	memcpy(to, t->audio, RTP_FIXED_LEN);
	memcpy(to + RTP_FIXED_LEN, t->audio + t->from[flow], FRAME);
	__asm__ volatile("" : : "r"(to) : "memory");
	t->from[flow] = (t->from[flow] + FRAME) % (TRACK - FRAME);
}

static void copy(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t ms = 0; ms < t->ms; ms += PTIME) {
		for (uint32_t i = 0; i < t->flows; i++)
			copy_frame(t, t->order[i]);
	}
}

static void copy_parked(void *ctx)
{
	struct table *t = ctx;
	uint32_t turn = t->turn;

	for (uint32_t ms = 0; ms < t->ms; ms++)
		hear(t, false);
	t->turn = turn;
	copy(ctx);
}

static void copy_relayed(void *ctx)
{
	struct table *t = ctx;
	uint32_t turn = t->turn;

	for (uint32_t ms = 0; ms < t->ms; ms++)
		hear(t, false);
	t->turn = turn;
	copy(ctx);
}

static const char *wanted = "";

struct kind {
	const char *name;
	const char *unit;
	bench_fn run, baseline;
	bool plays, relays;
	uint8_t second; // codec of every other flow
};

static void pair(struct table *t)
{
	for (uint32_t flow = 0; flow < t->flows; flow++)
		table_give(t, flow,
			(struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = { flow ^ 1, 1 } });
}

static void check(const struct table *t, const struct kind *k)
{
	uint64_t packets = (uint64_t)t->flows * (t->ms / PTIME) * (BENCH_ROUNDS + 1);
	uint64_t sent =
		k->plays ? stat_read(&t->stats.music_packets) : stat_read(&t->stats.relayed);

	// Those whose time was the first millisecond have sent one more.
	if (sent < packets || sent > packets + t->flows || stat_read(&t->stats.late_packets) != 0) {
		fprintf(stderr, "%lu packets were to leave, %lu did\n", packets, sent);
		abort();
	}
}

static void bench(struct table *t, const struct kind *k, uint32_t flows, bool random)
{
	char what[64];

	snprintf(what, sizeof(what), "none/%s/%u/%s", k->name, flows, random ? "random" : "linear");
	if (strstr(what, wanted) == NULL)
		return;
	table_lay(t, flows, random, k->second);
	if (k->plays)
		table_play(t);
	if (k->relays)
		pair(t);
	bench_run(&(struct bench_pair){ .bench = "engine",
		.what = what,
		.unit = k->unit,
		.items = (double)(flows * (uint64_t)(t->ms / PTIME)),
		.run = k->run,
		.ctx = t,
		.baseline = k->baseline,
		.baseline_ctx = t });
	check(t, k);
	table_clear(t);
}

// How long an engine needs until it takes its first command, its memory's pages included.
static void bench_start(struct table *t, uint32_t flows)
{
	char what[64];
	double ms[BENCH_ROUNDS];

	snprintf(what, sizeof(what), "none/start/%u", flows);
	if (strstr(what, wanted) == NULL)
		return;

	struct bench_span span = bench_begin(sched_getcpu());
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t begin = bench_ns();

		t->flows = flows;
		table_lay_engine(t);
		ms[i] = (double)(bench_ns() - begin) / 1e6;
		free(t->memory);
	}
	bench_print(&(struct bench_line){ .bench = "engine",
		.what = what,
		.unit = "ms",
		.value = bench_median(ms, BENCH_ROUNDS),
		.cycles = -1,
		.baseline = -1,
		.ratio = -1,
		.steal = bench_steal(&span),
		.waited = bench_waited(&span) });
}

int main(int argc, char **argv)
{
	static const uint32_t flows[] = { 1000, 10000, 100000, 250000 };
	static const struct kind kinds[] = {
		{ "music", "packets/s/core", music, copy, true, false, DP_CODEC_PCMU },
		{ "parked", "packets/s/core each way", parked, copy_parked, true, false,
			DP_CODEC_PCMU },
		{ "relay", "packets/s/core", relay, copy_relayed, false, true, DP_CODEC_PCMU },
		{ "relay-pcmu-pcma", "packets/s/core", relay, copy_relayed, false, true,
			DP_CODEC_PCMA },
	};
	struct table *t = table_room(sizeof(*t));

	wanted = argc > 1 ? argv[1] : "";
	t->buffers = table_room((size_t)BUFFERS * ROOM);
	t->audio = table_room(TRACK);
	bench_start(t, 250000);
	for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (unsigned n = 0; n < sizeof(flows) / sizeof(flows[0]); n++) {
			bench(t, &kinds[k], flows[n], false);
			bench(t, &kinds[k], flows[n], true);
		}
	}
	free(t->audio);
	free(t->buffers);
	free(t);
	return 0;
}
