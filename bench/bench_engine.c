// SPDX-License-Identifier: BSD-3-Clause
//
// How many packets a second one core makes or passes on, without a card. The baseline copies the
// same bytes to the same places and does nothing else.
#include "bench/bench.h"
#include "codecs/track.h"
#include "dataplane/engine.h"
#include "dataplane/flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLOWS_MAX = 10000,
	FRAME = 160,
	PACKET = RTP_FIXED_LEN + FRAME,
	BUFFERS = 4096, // as many as a card may hold at once
	ROOM = 2048,
	TRACK = 8000 * 60,
	MS = 1000, // of media time in one run
	RELAYED = 50 * 1000,
};

struct table {
	struct engine *e;
	uint32_t flows;
	uint64_t now;
	uint64_t made;
	uint32_t next; // buffer
	uint8_t *buffers;
	uint8_t *audio;
	struct worker_stats stats;
	struct burst out, in, drop;
	uint16_t seq;
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
	return t->buffers + (size_t)(t->next++ % BUFFERS) * ROOM;
}

static uint32_t on_blank(void *ctx, struct burst *out, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out->pkt[out->n++] = (struct pkt){ .data = buffer(ctx), .room = ROOM };
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
	void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

	if (memory == NULL)
		abort();
	memset(memory, 0, size);
	return memory;
}

static void give(struct table *t, uint32_t flow, struct dp_cmd cmd)
{
	cmd.tag = 1;
	cmd.flow = (struct flow_id){ flow, 1 };
	engine_command(t->e, &cmd, t->now);
}

static struct dp_cmd remote(uint32_t flow, uint8_t codec)
{
	return (struct dp_cmd){
		.kind = DP_CMD_REMOTE,
		.remote = { .ip = { [10] = 0xff,
				    [11] = 0xff,
				    10,
				    0,
				    (uint8_t)(flow >> 8),
				    (uint8_t)flow },
			.clock = 8000,
			.rtp_port = 4000,
			.rtcp_port = 4001,
			.dtmf_tx = 101,
			.dtmf_rx = 101,
			.codec = codec,
			.ptime = 20 },
	};
}

static void lay(struct table *t, uint32_t flows)
{
	struct engine_address address = { .port_first = 16384, .flows = flows };
	struct engine_plan plan = { .flows = flows, .addresses = 1, .address = &address };
	struct engine_ops ops = { .ctx = t,
		.answer = on_answer,
		.tell = on_tell,
		.blank = on_blank,
		.flush = on_flush,
		.hop = on_hop,
		.entry = on_entry };
	static struct track track = { .hash = 1, .len = TRACK };

	t->flows = flows;
	t->now = UINT64_C(1000000000);
	t->e = engine_init(room(engine_size(&plan)), &plan, &ops, &t->stats, t->now);
	track.payload[TRACK_PCMU] = track.payload[TRACK_PCMA] = t->audio;
	if (!engine_track_show(t->e, &track))
		abort();
	for (uint32_t flow = 0; flow < flows; flow++) {
		give(t, flow, (struct dp_cmd){ .kind = DP_CMD_OPEN });
		give(t, flow, remote(flow, DP_CODEC_PCMU));
	}
}

// A second of media time: 50 packets for each flow, and now and then a report.
static void music(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t ms = 0; ms < MS; ms++) {
		t->now += NS_PER_MS;
		engine_tick(t->e, &t->out, t->now);
		on_flush(t, &t->out);
	}
}

static void copy(void *ctx)
{
	struct table *t = ctx;
	uint32_t packets = t->flows * (MS / 20);

	// Each flow reads on where it was, as in the engine.
	for (uint32_t i = 0; i < packets; i++) {
		uint8_t *to = buffer(t);
		size_t from = (size_t)(i / t->flows) * FRAME + (size_t)(i % t->flows) * 7;

		memcpy(to, t->audio, RTP_FIXED_LEN);
		memcpy(to + RTP_FIXED_LEN, t->audio + from % (TRACK - FRAME), FRAME);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
}

// Bursts for flows two by two.
static void relay(void *ctx)
{
	struct table *t = ctx;

	assert(t->flows > 0);
	for (uint32_t i = 0; i < RELAYED; i += BURST_MAX) {
		t->in.n = BURST_MAX;
		for (uint32_t k = 0; k < BURST_MAX; k++) {
			uint32_t flow = (i + k) % t->flows;
			struct pkt *p = &t->in.pkt[k];

			if (flow == 0)
				t->seq++;
			*p = (struct pkt){ .data = buffer(t),
				.len = PACKET,
				.room = ROOM,
				.remote_port = 4000,
				.local_port = (uint16_t)(16384 + 2 * flow) };
			memcpy(p->ip, remote(flow, 0).remote.ip, sizeof(p->ip));
			rtp_write(p->data,
				&(struct rtp){ .seq = t->seq, .ts = t->seq * 160U, .ssrc = 1 });
		}
		t->now += NS_PER_MS;
		engine_input(t->e, &t->in, &t->out, &t->drop, t->now);
		on_flush(t, &t->out);
		t->drop.n = 0;
	}
}

static void copy_relayed(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t i = 0; i < RELAYED; i++) {
		uint8_t *to = buffer(t);

		memcpy(to, t->audio + i, PACKET);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
}

static void bench_music(struct table *t, const char *what, uint32_t flows)
{
	struct dp_cmd play = { .kind = DP_CMD_MUSIC, .music.track = 1 };

	lay(t, flows);
	for (uint32_t flow = 0; flow < flows; flow++)
		give(t, flow, play);
	bench_compare("engine", what, flows * 50.0, music, copy, t);
	free(t->e);
}

static void bench_relay(struct table *t, const char *what, uint8_t codec)
{
	lay(t, 1024);
	for (uint32_t flow = 0; flow < t->flows; flow += 2) {
		give(t, flow, remote(flow, codec));
		give(t, flow,
			(struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = { flow + 1, 1 } });
		give(t, flow + 1,
			(struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = { flow, 1 } });
	}
	bench_compare("engine", what, RELAYED, relay, copy_relayed, t);
	if (stat_read(&t->stats.relayed) == 0)
		abort();
	free(t->e);
}

int main(void)
{
	struct table *t = room(sizeof(*t));

	t->buffers = room((size_t)BUFFERS * ROOM);
	t->audio = room(TRACK);
	bench_music(t, "music/32 flows", 32);
	bench_music(t, "music/1000 flows", 1000);
	bench_music(t, "music/10000 flows", FLOWS_MAX);
	bench_relay(t, "relay/pcmu-pcmu", DP_CODEC_PCMU);
	bench_relay(t, "relay/pcmu-pcma", DP_CODEC_PCMA);
	free(t->audio);
	free(t->buffers);
	free(t);
	return 0;
}
