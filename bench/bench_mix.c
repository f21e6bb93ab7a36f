// SPDX-License-Identifier: BSD-3-Clause
//
// What a packet costs that is not passed on as it came, through the whole engine on arrays: from
// the packet that comes in (where one does) to the one that leaves. Nanoseconds and cycles of a
// packet of 20 ms that leaves; the baseline copies its payload, in turn with it.
//
// Usage: bench_mix [mix|transcode]   without: both
#include "bench/bench.h"
#include "bench/engine/table.h"
#include "codecs/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FLOWS = 96, SAID = 50, TURNS = 50 }; // packets that each says over and over; of a run

struct party {
	uint16_t seq;
	uint32_t ts;
	bool speaks;
};

struct scene {
	struct table table;
	const struct codec *codec; // of those who speak
	struct party party[FLOWS];
	uint32_t turn;
	uint32_t leaves; // packets in a run
	size_t len[SAID];
	uint8_t said[SAID][CODEC_PAYLOAD_MAX];
	uint8_t copy[FLOWS][CODEC_PAYLOAD_MAX];
};

static struct scene *scene;

static void make_speech(struct scene *s)
{
	void *encoder = table_room(s->codec->encoder_size + 64);
	int16_t pcm[CODEC_SAMPLES_MAX];
	size_t n = s->codec->rate / 1000 * PTIME;

	s->codec->encoder_init(encoder);
	for (unsigned i = 0; i < SAID; i++) {
		for (size_t k = 0; k < n; k++)
			pcm[k] = (int16_t)lround(
				8000 * sin(0.13 * (double)(i * n + k)) * sin(0.0007 * (double)k));
		s->len[i] = s->codec->encode(encoder, s->said[i], CODEC_PAYLOAD_MAX, pcm, n);
	}
	free(encoder);
}

static void put_packet(struct scene *s, uint32_t flow)
{
	struct table *t = &s->table;
	struct party *who = &s->party[flow];
	struct pkt *p = &t->in.pkt[t->in.n++];
	size_t len = s->len[s->turn % SAID];

	*p = (struct pkt){ .data = table_buffer(t),
		.room = ROOM - HEADROOM,
		.len = (uint16_t)(RTP_FIXED_LEN + len),
		.local_port = (uint16_t)(PORT + 2 * flow),
		.remote_port = 4000 };
	table_far_end(p->ip, flow);
	rtp_write(p->data, &(struct rtp){ .seq = who->seq++, .ts = who->ts, .ssrc = flow });
	who->ts += PTIME * s->codec->clock / 1000;
	memcpy(p->data + RTP_FIXED_LEN, s->said[s->turn % SAID], len);
}

static void hand_in(struct scene *s)
{
	struct table *t = &s->table;

	engine_input(t->e, &t->in, &t->out, &t->drop, t->now);
	table_take(t, &t->out);
	t->in.n = t->drop.n = 0;
}

static void live(void *ctx)
{
	struct scene *s = ctx;
	struct table *t = &s->table;

	for (unsigned turn = 0; turn < TURNS; turn++, s->turn++) {
		for (uint32_t flow = 0; flow < FLOWS; flow++) {
			if (s->party[flow].speaks)
				put_packet(s, flow);
			if (t->in.n == BURST_MAX)
				hand_in(s);
		}
		hand_in(s);
		for (unsigned ms = 0; ms < PTIME; ms++) {
			t->now += NS_PER_MS;
			engine_tick(t->e, &t->out, t->now);
			table_take(t, &t->out);
		}
	}
}

static void copy(void *ctx)
{
	struct scene *s = ctx;

	for (unsigned i = 0; i < s->leaves; i++)
		memcpy(s->copy[i % FLOWS], s->said[i % SAID], s->len[i % SAID]);
	__asm__ volatile("" : : "r"(s->copy) : "memory");
}

static void remote(struct scene *s, uint32_t flow, const struct codec *codec, uint8_t id)
{
	struct dp_cmd cmd = { .kind = DP_CMD_REMOTE,
		.remote = { .clock = codec->clock,
			.rtp_port = 4000,
			.rtcp_port = 4001,
			.dtmf_tx = 101,
			.dtmf_rx = 101,
			.codec = id,
			.ptime = PTIME,
			.cn = DP_NO_PT } };

	table_far_end(cmd.remote.ip, flow);
	table_give(&s->table, flow, cmd);
}

static void begin(uint8_t id, uint32_t clock)
{
	scene = table_room(sizeof(*scene));
	scene->codec = codec_find(id, clock);
	scene->table.buffers = table_room((size_t)BUFFERS * ROOM);
	scene->table.audio = table_room(TRACK);
	for (size_t i = 0; i < TRACK; i++)
		scene->table.audio[i] = (uint8_t)(i * 7 + i / 251);
	table_lay(&scene->table, FLOWS, false, DP_CODEC_PCMU);
	make_speech(scene);
}

// Runs it, counts what leaves and prints.
static void measure(const char *bench, const char *what)
{
	struct table *t = &scene->table;
	uint64_t before;

	live(scene);
	before = t->made;
	live(scene);
	scene->leaves = (uint32_t)(t->made - before);
	bench_run(&(struct bench_pair){ .bench = bench,
		.what = what,
		.unit = "ns/packet",
		.items = scene->leaves,
		.run = live,
		.ctx = scene,
		.baseline = copy,
		.baseline_ctx = scene,
		.ns = 1 });
	table_clear(t);
	free(t->buffers);
	free(t->audio);
	free(scene);
}

static struct dp_cmd overlay(void)
{
	return (struct dp_cmd){ .kind = DP_CMD_OVERLAY,
		.overlay = { .track = 1,
			.id = 1,
			.gain = -150,
			.duck = -60,
			.flags = DP_OVERLAY_LOOP } };
}

// Odd flows speak, even ones relay them.
static void relay_all(void)
{
	for (uint32_t flow = 0; flow < FLOWS; flow += 2) {
		scene->party[flow + 1].speaks = true;
		table_give(&scene->table, flow,
			(struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = { flow + 1, 1 } });
	}
}

static void give_all(struct dp_cmd cmd)
{
	for (uint32_t flow = 0; flow < FLOWS; flow++)
		table_give(&scene->table, flow, cmd);
}

static void mix(void)
{
	begin(DP_CODEC_PCMU, 8000);
	give_all((struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = 1 });
	measure("mix", "music/plain");

	begin(DP_CODEC_PCMU, 8000);
	give_all((struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = 1 });
	give_all((struct dp_cmd){ .kind = DP_CMD_GAIN, .gain.gain = -30 });
	measure("mix", "music/gain");

	begin(DP_CODEC_PCMU, 8000);
	give_all((struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = 1 });
	give_all(overlay());
	measure("mix", "music/overlay");

	begin(DP_CODEC_PCMU, 8000);
	relay_all();
	measure("mix", "relay/plain");

	begin(DP_CODEC_PCMU, 8000);
	relay_all();
	for (uint32_t flow = 0; flow < FLOWS; flow += 2)
		table_give(&scene->table, flow, overlay());
	measure("mix", "relay/overlay");

	begin(DP_CODEC_PCMU, 8000);
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		uint32_t first = flow / 3 * 3;
		struct dp_cmd cmd = { .kind = DP_CMD_MIX, .mix.n = 2 };

		scene->party[flow].speaks = true;
		cmd.mix.heard[0] = (struct flow_id){ first + (flow + 1) % 3, 1 };
		cmd.mix.heard[1] = (struct flow_id){ first + (flow + 2) % 3, 1 };
		table_give(&scene->table, flow, cmd);
	}
	measure("mix", "conference-of-three/listener");
}

static void transcode(void)
{
	static const struct {
		const char *what;
		uint8_t from;
		uint32_t from_clock;
		uint8_t to;
		uint32_t to_clock;
	} pairs[] = {
		{ "pcmu-pcma", DP_CODEC_PCMU, 8000, DP_CODEC_PCMA, 8000 },
		{ "pcmu-l16", DP_CODEC_PCMU, 8000, DP_CODEC_L16, 16000 },
		{ "pcmu-g722", DP_CODEC_PCMU, 8000, DP_CODEC_G722, 8000 },
		{ "g722-pcmu", DP_CODEC_G722, 8000, DP_CODEC_PCMU, 8000 },
		{ "pcmu-opus", DP_CODEC_PCMU, 8000, DP_CODEC_OPUS, 48000 },
		{ "opus-pcmu", DP_CODEC_OPUS, 48000, DP_CODEC_PCMU, 8000 },
		{ "g722-opus", DP_CODEC_G722, 8000, DP_CODEC_OPUS, 48000 },
	};

	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		begin(pairs[i].from, pairs[i].from_clock);
		for (uint32_t flow = 0; flow < FLOWS; flow += 2) {
			remote(scene, flow, codec_find(pairs[i].to, pairs[i].to_clock),
				pairs[i].to);
			remote(scene, flow + 1, scene->codec, pairs[i].from);
		}
		relay_all();
		measure("transcode", pairs[i].what);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "mix") == 0)
		mix();
	if (argc < 2 || strcmp(argv[1], "transcode") == 0)
		transcode();
	return 0;
}
