// SPDX-License-Identifier: BSD-3-Clause
//
// Hundreds of streams that come, go, are held and see the worker stand still, and every packet of
// every one of them looked at: its number, its time, its source, its audio and its sum.
#include "dataplane/engine.h"
#include "dataplane/flow.h"
#include "dataplane/random.h"
#include "tests/support/wishes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { FLOWS = 600, ROOM = 1500, TRACKS = 2, CATCH_UP_MS = 100 };

// What a flow is to send, and what it has sent.
struct stream {
	uint32_t gen;
	bool open, held, plays, began;
	uint8_t codec, ptime;
	uint32_t clock, track, at; // position
	uint32_t ssrc, ts, first_ts;
	uint16_t seq;
	uint64_t first; // when it sent its first packet
	uint32_t sent;
	uint64_t closed;
};

static struct engine *engine;
static void *memory;
static struct worker_stats stats;
static struct stream streams[FLOWS];
static struct random dice;
static uint64_t now;
static uint32_t left_now; // packets of this turn
static uint32_t summed, blanks;
static uint8_t buffer[BURST_MAX][ROOM];
static struct burst out;
static enum dp_refusal refusal;

static uint8_t audio[TRACKS][TRACK_CODECS][400 * TRACK_BLOCK * 4];
static uint16_t sums[TRACKS][TRACK_CODECS][400];
static struct track tracks[TRACKS];
static const uint32_t track_len[TRACKS] = { 313 * TRACK_BLOCK, 7001 };

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(random_draw(&dice) % below);
}

static uint8_t encoding_of(const struct stream *s)
{
	return flow_encoding(s->codec, s->clock);
}

static void expect_time(struct stream *s, const struct rtp *rtp, uint32_t units)
{
	int64_t elapsed = (int64_t)((now - s->first) / NS_PER_MS);
	int64_t told = (int64_t)((rtp->ts - s->first_ts) / (s->clock / 1000));

	// A source's first time is that of its beginning: less than a packet off, and a ms or two.
	cr_assert(le(i64, elapsed - told, CATCH_UP_MS + s->ptime + 3), "never older than that");
	cr_assert(ge(i64, elapsed - told, -CATCH_UP_MS - s->ptime), "the first may have been late");
	if (!rtp->marker)
		cr_assert(eq(u32, rtp->ts, s->ts + units));
	else
		cr_assert(gt(i32, (int32_t)(rtp->ts - s->ts), 0));
}

static void expect_audio(struct stream *s, const uint8_t *payload, uint32_t units)
{
	uint8_t want[ROOM];

	s->at = track_loop(&tracks[s->track], encoding_of(s), s->at, want, units);
	cr_assert(zero(int, memcmp(want, payload, units * track_unit(encoding_of(s)))));
}

static void expect_sum(const struct pkt *p)
{
	uint32_t total = 0;

	if (!p->summed)
		return;
	for (uint16_t i = 0; i < p->len; i += 2) {
		uint16_t word;

		memcpy(&word, p->data + i, sizeof(word));
		total += word;
	}
	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	cr_assert(eq(u16, p->payload_sum, (uint16_t)total));
	summed++;
}

static void expect_packet(const struct pkt *p)
{
	struct stream *s = &streams[p->flow];
	struct rtp rtp;

	cr_assert(s->open && s->plays && !s->held, "flow %u", p->flow);
	cr_assert(eq(int, rtp_read(&rtp, p->data, p->len), RTP_OK));

	uint32_t units = s->ptime * (uint32_t)TRACK_UNITS_PER_MS;
	cr_assert(eq(u32, rtp.payload_len, units * track_unit(encoding_of(s))));
	cr_assert(eq(u8, p->ip[15], (uint8_t)(p->flow + 1)));
	if (!s->began) {
		s->ssrc = rtp.ssrc;
		s->first = now;
		s->first_ts = rtp.ts;
		s->began = true;
		cr_assert(rtp.marker);
	} else {
		cr_assert(eq(u32, rtp.ssrc, s->ssrc));
		cr_assert(eq(u16, rtp.seq, (uint16_t)(s->seq + 1)));
		expect_time(s, &rtp, units * track_clock(encoding_of(s)));
	}
	s->ts = rtp.ts;
	s->seq = rtp.seq;
	s->sent++;
	expect_audio(s, p->data + RTP_FIXED_LEN, units);
	expect_sum(p);
}

static void on_flush(void *, struct burst *burst)
{
	for (uint32_t i = 0; i < burst->n; i++) {
		if (burst->pkt[i].local_port % 2 == 0) {
			expect_packet(&burst->pkt[i]);
			left_now++;
		}
	}
	burst->n = 0;
}

static uint32_t on_blank(void *, struct burst *burst, uint32_t n)
{
	uint32_t given = 0;

	for (; given < n && blanks > 0; given++, blanks--) {
		burst->pkt[burst->n] =
			(struct pkt){ .data = buffer[burst->n], .room = sizeof(buffer[0]) };
		burst->n++;
	}
	return given;
}

static void on_answer(void *, const struct dp_event *event)
{
	refusal = event->refusal;
}

static bool on_tell(void *, const struct dp_event *)
{
	return true;
}

static int on_hop(void *, uint16_t, const uint8_t[16])
{
	return 0;
}

static void on_entry(void *, uint32_t, uint32_t, bool, uint64_t)
{
}

static void lay_tracks(void)
{
	for (uint32_t t = 0; t < TRACKS; t++) {
		tracks[t] = (struct track){ .hash = t + 1, .len = track_len[t] };
		for (uint32_t c = 0; c < TRACK_OPUS; c++) {
			for (uint32_t i = 0; i < sizeof(audio[t][c]); i++)
				audio[t][c][i] = (uint8_t)draw(256);
			tracks[t].payload[c] = audio[t][c];
			tracks[t].sums[c] = sums[t][c];
			track_sums(sums[t][c], c, audio[t][c], track_len[t]);
		}
		cr_assert(engine_track_show(engine, &tracks[t]));
	}
}

static void begin_with(uint32_t burst_most)
{
	static const struct engine_address address = {
		.ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
		.port_first = 16384,
		.flows = FLOWS
	};
	struct engine_plan plan = {
		.flows = FLOWS, .addresses = 1, .address = &address, .burst_most = burst_most
	};
	struct engine_ops ops = { .answer = on_answer,
		.tell = on_tell,
		.blank = on_blank,
		.flush = on_flush,
		.hop = on_hop,
		.entry = on_entry };

	free(memory);
	memory = aligned_alloc(64, (engine_size(&plan) + 63) / 64 * 64);
	memset(streams, 0, sizeof(streams));
	dice = (struct random){ .key = { 11, 12 } };
	blanks = UINT32_MAX;
	now = UINT64_C(5000) * NS_PER_SEC;
	engine = engine_init(memory, &plan, &ops, &stats, now);
	lay_tracks();
}

static void begin(void)
{
	begin_with(0);
}

static void end(void)
{
	free(memory);
	memory = NULL;
}

TestSuite(engine_streams, .init = begin, .fini = end);

static enum dp_refusal give(uint32_t flow, struct dp_cmd cmd)
{
	cmd.tag = 1;
	cmd.flow = (struct flow_id){ flow, streams[flow].gen };
	engine_command(engine, &cmd, now);
	return refusal;
}

static struct dp_cmd remote_of(uint32_t flow)
{
	const struct stream *s = &streams[flow];
	struct dp_cmd cmd = rig_remote((uint8_t)(flow + 1));

	cmd.remote.codec = s->codec;
	cmd.remote.clock = s->clock;
	cmd.remote.ptime = s->ptime;
	cmd.remote.flags = s->held ? DP_REMOTE_MUTE : 0;
	return cmd;
}

static void start(uint32_t flow)
{
	static const uint8_t ptimes[] = { 10, 20, 20, 20, 30, 40 };
	static const struct {
		uint8_t codec;
		uint32_t clock;
	} speech[] = { { DP_CODEC_PCMU, 8000 }, { DP_CODEC_PCMA, 8000 }, { DP_CODEC_G722, 8000 },
		{ DP_CODEC_L16, 8000 }, { DP_CODEC_L16, 16000 } };
	struct stream *s = &streams[flow];
	uint32_t kind = draw(5), gen = s->gen + 1;

	*s = (struct stream){ .gen = gen,
		.open = true,
		.codec = speech[kind].codec,
		.clock = speech[kind].clock,
		.ptime = ptimes[draw(6)] };
	cr_assert(zero(int, give(flow, rig_open())));
	cr_assert(zero(int, give(flow, remote_of(flow))));
}

static void play(uint32_t flow, uint32_t track)
{
	struct stream *s = &streams[flow];

	cr_assert(zero(int, give(flow, rig_music(track + 1))));
	if (!s->plays || s->track != track)
		s->at = 0;
	s->track = track;
	s->plays = true;
}

// Something that a core may want of a flow.
static void wish(uint32_t flow)
{
	struct stream *s = &streams[flow];
	uint32_t what = draw(10);

	if (!s->open) {
		if (now >= s->closed + DP_REST_MS * NS_PER_MS)
			start(flow);
		return;
	}
	if (what < 6) {
		play(flow, draw(TRACKS));
	} else if (what == 6) {
		cr_assert(zero(int, give(flow, rig_plain(DP_CMD_SILENT))));
		s->plays = false;
	} else if (what < 9) {
		s->held = !s->held;
		cr_assert(zero(int, give(flow, remote_of(flow))));
	} else {
		cr_assert(zero(int, give(flow, rig_plain(DP_CMD_CLOSE))));
		s->open = s->plays = false;
		s->closed = now;
	}
}

static void turn(uint64_t ns)
{
	now += ns;
	left_now = 0;
	engine_tick(engine, &out, now);
	on_flush(NULL, &out);
}

Test(engine_streams, whatever_happens_each_goes_on_with_its_next_packet)
{
	for (uint32_t step = 0; step < 30000; step++) {
		uint32_t luck = draw(3000);

		for (uint32_t i = draw(4); i > 0; i--)
			wish(draw(FLOWS));
		blanks = luck > 2900 ? draw(40) : UINT32_MAX;
		turn(luck < 3 ? draw(3000) * NS_PER_MS : draw(1500) * 1000);
	}
	cr_expect(gt(u64, stat_read(&stats.music_packets), 100000));
	cr_expect(gt(u64, stat_read(&stats.skipped_packets), 0));
	cr_expect(gt(u64, stat_read(&stats.tx_no_buffer), 0));
	cr_expect(gt(u32, summed, 50000), "the sums of whole blocks are known");
}

Test(engine_streams, are_even_over_the_packet_time_in_whatever_order_they_open)
{
	for (uint32_t i = 0; i < FLOWS / 2; i++) {
		uint32_t flow = i % 2 * 300 + i / 2 * 2; // many places that are alike
		struct stream *s = &streams[flow];

		*s = (struct stream){ .gen = 1, .open = true, .clock = 8000, .ptime = 20 };
		give(flow, rig_open());
		give(flow, remote_of(flow));
		play(flow, 0);
		if (i % 7 == 0)
			turn(NS_PER_MS);
	}
	for (uint32_t i = 0; i < 100; i++)
		turn(NS_PER_MS);
	for (uint32_t i = 0; i < 40; i++) {
		turn(NS_PER_MS);
		cr_expect(ge(u32, left_now, FLOWS / 2 / 20 - 2), "turn %u", i);
		cr_expect(le(u32, left_now, FLOWS / 2 / 20 + 2), "turn %u", i);
	}
}

static void all_play(uint32_t flows)
{
	for (uint32_t flow = 0; flow < flows; flow++) {
		streams[flow] =
			(struct stream){ .gen = 1, .open = true, .clock = 8000, .ptime = 20 };
		give(flow, rig_open());
		give(flow, remote_of(flow));
		play(flow, 0);
	}
}

Test(engine_streams, after_a_stall_no_turn_sends_more_than_its_share_and_nothing_is_lost)
{
	uint32_t turns = 0, sent = 0;

	all_play(FLOWS);
	for (uint32_t i = 0; i < 100; i++)
		turn(NS_PER_MS);
	now += 90 * NS_PER_MS;
	do {
		turn(10000);
		cr_expect(le(u32, left_now, 512));
		sent += left_now;
		turns++;
	} while (engine_next_due(engine, now) == now);
	cr_expect(eq(u32, sent, 90 * FLOWS / 20));
	cr_expect(ge(u32, turns, sent / 512));
	cr_expect(zero(u64, stat_read(&stats.skipped_packets)));
	cr_expect(gt(u64, stat_read(&stats.late_packets), 0));
	turn(NS_PER_MS);
	cr_expect(eq(u32, left_now, FLOWS / 20), "and the beat is the old one");
}

Test(engine_streams, of_which_there_are_too_many_new_ones_are_refused_until_there_is_time)
{
	uint64_t before;

	begin_with(10); // 10 packets in 2 ms are what 100 streams send
	all_play(FLOWS / 3);
	for (uint32_t i = 0; i < 1000; i++)
		turn(2 * NS_PER_MS);
	streams[FLOWS - 1].gen = 1;
	cr_expect(eq(int, give(FLOWS - 1, rig_open()), DP_REFUSAL_NO_ROOM));
	cr_expect(eq(u64, stat_read(&stats.streams_refused), 1));
	cr_expect(zero(int, give(0, rig_music(2))), "who is there may go on to something else");
	streams[0].track = 1;
	streams[0].at = 0;
	before = stat_read(&stats.music_packets);
	for (uint32_t i = 0; i < 1000; i++)
		turn(2 * NS_PER_MS);
	cr_expect(ge(u64, stat_read(&stats.music_packets) - before, 9900), "as many as it can");

	for (uint32_t flow = 0; flow < FLOWS / 3 - 80; flow++) {
		give(flow, rig_plain(DP_CMD_CLOSE));
		streams[flow].open = false;
	}
	for (uint32_t i = 0; i < 400; i++)
		turn(2 * NS_PER_MS);
	cr_expect(zero(int, give(FLOWS - 1, rig_open())), "there is time again");
}

Test(engine_streams, a_short_stall_of_the_host_refuses_nobody)
{
	all_play(FLOWS / 3);
	for (uint32_t i = 0; i < 50; i++) {
		turn(50 * NS_PER_MS);
		for (uint32_t k = 0; k < 20; k++)
			turn(NS_PER_MS);
		streams[FLOWS - 1 - i].gen = 1;
		cr_assert(zero(int, give(FLOWS - 1 - i, rig_open())));
	}
}
