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
#include "dataplane/node.h"

#include <assert.h>
#include <sys/mman.h>

enum {
	FRAME = 160,
	PTIME = 20,
	PACKET = RTP_FIXED_LEN + FRAME,
	BUFFERS = 512, // as many as the cache of a pool hands out again and again
	ROOM = 2048,
	HEADROOM = 192,
	HUGE = 1 << 21,
	TRACK = 1 << 23,
	PORT = 16384,
	FLOWS_AN_ADDRESS = 8192,
	PACKETS = 2500000, // in one run, or one for each flow
};

struct table {
	struct engine *e;
	void *memory;
	uint32_t flows;
	uint32_t ms; // of media time in one run
	uint32_t *order;
	uint32_t *heard; // order, and who is heard in it, ms by ms
	uint64_t now;
	uint64_t made;
	uint32_t next; // buffer
	uint32_t turn; // of what comes in
	uint8_t *buffers;
	uint8_t *audio;
	uint32_t *from; // baseline: where each flow reads
	struct worker_stats stats;
	struct burst out, in, drop;
};

static void on_answer(void *, const struct dp_event *event)
{
	if (event->kind == DP_EVENT_REFUSED)
		abort();
}

static bool on_tell(void *, const struct dp_event *)
{
	return true;
}

static uint8_t *buffer(struct table *t)
{
	return t->buffers + (size_t)(t->next++ % BUFFERS) * ROOM + HEADROOM;
}

static uint32_t on_blank(void *ctx, struct burst *out, uint32_t n)
{
	n = n < BURST_MAX - out->n ? n : BURST_MAX - out->n;
	for (uint32_t i = 0; i < n; i++) {
		struct pkt *p = &out->pkt[out->n++];

		p->data = buffer(ctx);
		p->room = ROOM - HEADROOM;
		p->summed = false;
	}
	return n;
}

static void on_flush(void *ctx, struct burst *out)
{
	((struct table *)ctx)->made += out->n;
	out->n = 0;
}

static int on_hop(void *, uint16_t, const uint8_t[16])
{
	return 0;
}

static void on_entry(void *, uint32_t, uint32_t, bool, uint64_t)
{
}

static void *room(size_t size)
{
	size_t unit = size < HUGE ? 64 : HUGE; // as the shell does
	void *memory = aligned_alloc(unit, (size + unit - 1) / unit * unit);

	if (memory == NULL)
		abort();
	if (size >= HUGE && madvise(memory, size, MADV_HUGEPAGE) < 0)
		perror("huge pages");
	memset(memory, 0, size);
	return memory;
}

static void give(struct table *t, uint32_t flow, struct dp_cmd cmd)
{
	cmd.tag = 1;
	cmd.flow = (struct flow_id){ flow, 1 };
	engine_command(t->e, &cmd, t->now);
}

static void far_end(uint8_t ip[16], uint32_t flow)
{
	const uint8_t of[16] = { [10] = 0xff,
		[11] = 0xff,
		10,
		(uint8_t)(flow >> 16),
		(uint8_t)(flow >> 8),
		(uint8_t)flow };

	memcpy(ip, of, sizeof(of));
}

static struct dp_cmd remote(uint32_t flow, uint8_t codec)
{
	struct dp_cmd cmd = {
		.kind = DP_CMD_REMOTE,
		.remote = { .clock = 8000,
			.rtp_port = 4000,
			.rtcp_port = 4001,
			.dtmf_tx = 101,
			.dtmf_rx = 101,
			.codec = codec,
			.cn = DP_NO_PT,
			.ptime = PTIME },
	};

	far_end(cmd.remote.ip, flow);
	return cmd;
}

static uint64_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return *state >> 33;
}

static void shuffle(uint32_t *order, uint32_t n)
{
	uint64_t state = 42;

	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t k = (uint32_t)(draw(&state) % (i + 1)), kept = order[i];

		order[i] = order[k];
		order[k] = kept;
	}
}

static void lay_engine(struct table *t)
{
	struct engine_address address[BRIDGE_ADDRESSES_MAX] = { 0 };
	struct engine_plan plan = { .flows = t->flows, .address = address };
	struct engine_ops ops = { .ctx = t,
		.answer = on_answer,
		.tell = on_tell,
		.blank = on_blank,
		.flush = on_flush,
		.hop = on_hop,
		.entry = on_entry };
	static struct track track;

	for (uint32_t at = 0; at < t->flows; at += FLOWS_AN_ADDRESS) {
		uint32_t left = t->flows - at;

		address[plan.addresses++] = (struct engine_address){ .port_first = PORT,
			.flows = left < FLOWS_AN_ADDRESS ? left : FLOWS_AN_ADDRESS,
			.flow_first = at };
	}
	t->memory = room(engine_size(&plan));
	t->e = engine_init(t->memory, &plan, &ops, &t->stats, t->now);
	track = (struct track){ .hash = 1, .len = TRACK, .payload = { t->audio, t->audio } };
	if (!engine_track_show(t->e, &track))
		abort();
}

static void lay(struct table *t, uint32_t flows, bool random, uint8_t second)
{
	t->flows = flows;
	t->now = UINT64_C(1000000000);
	t->turn = 0;
	t->ms = PACKETS / flows < 1 ? PTIME : PACKETS / flows * PTIME;
	t->order = room(flows * sizeof(uint32_t));
	t->from = room(flows * sizeof(uint32_t));
	memset(&t->stats, 0, sizeof(t->stats));
	for (uint32_t i = 0; i < flows; i++)
		t->order[i] = i;
	if (random)
		shuffle(t->order, flows);
	lay_engine(t);
	for (uint32_t i = 0; i < flows; i++) {
		uint32_t flow = t->order[i];

		give(t, flow, (struct dp_cmd){ .kind = DP_CMD_OPEN });
		give(t, flow, remote(flow, flow % 2 == 0 ? DP_CODEC_PCMU : second));
	}
}

static void clear(struct table *t)
{
	free(t->memory);
	free(t->order);
	free(t->from);
}

static void play(struct table *t)
{
	uint64_t state = 7;

	for (uint32_t i = 0; i < t->flows; i++) {
		uint32_t flow = t->order[i];

		give(t, flow, (struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = 1 });
		t->e->flows[flow].track_at = t->from[flow] =
			(uint32_t)(draw(&state) % (TRACK / TRACK_BLOCK)) * TRACK_BLOCK;
	}
}

// The next packet of a flow's far end, as the shell would show it.
static void view(struct table *t, uint32_t flow)
{
	struct pkt *p = &t->in.pkt[t->in.n++];

	p->data = buffer(t);
	p->len = PACKET;
	p->room = ROOM - HEADROOM;
	p->remote_port = 4000;
	p->local_port = (uint16_t)(PORT + 2 * (flow % FLOWS_AN_ADDRESS));
	p->address = (uint8_t)(flow / FLOWS_AN_ADDRESS);
	far_end(p->ip, flow);
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
		on_flush(t, &t->out);
	}
	t->turn++;
}

static void tick(struct table *t)
{
	engine_tick(t->e, &t->out, t->now);
	on_flush(t, &t->out);
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
	uint8_t *to = buffer(t);

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
		give(t, flow,
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
	lay(t, flows, random, k->second);
	if (k->plays)
		play(t);
	if (k->relays)
		pair(t);
	bench_run(&(struct bench_pair){ .bench = "engine",
		.what = what,
		.unit = k->unit,
		.items = (double)flows * (t->ms / PTIME),
		.run = k->run,
		.ctx = t,
		.baseline = k->baseline,
		.baseline_ctx = t });
	check(t, k);
	clear(t);
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
	struct table *t = room(sizeof(*t));

	wanted = argc > 1 ? argv[1] : "";
	t->buffers = room((size_t)BUFFERS * ROOM);
	t->audio = room(TRACK);
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
