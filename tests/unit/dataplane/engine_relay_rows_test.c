// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of the fault matrix that concern relay: what a far end hears of a source that changes,
// jumps, loses, repeats, falls silent, or numbers things its own way.
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { CN = 13, NOISE = 77 };

static struct rig rig;
static struct rig_voice voice; // the party of flow 0; flow 1 sends it on

static void begin(void)
{
	rig_init(&rig);
	rig_pair(&rig, 0, 1);
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65500 };
}

TestSuite(engine_relay_rows, .init = begin);

static uint64_t count(const _Atomic uint64_t *stat)
{
	return stat_read(stat);
}

static void speak(uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++) {
		rig_speak(&rig, &voice, (uint8_t)i);
		rig_live(&rig, 20);
	}
}

static const struct rtp *sent(uint32_t n)
{
	return &rig_sent(&rig, 1, n)->rtp;
}

static uint16_t seq_step(uint32_t n)
{
	return (uint16_t)(sent(n)->seq - sent(n - 1)->seq);
}

static uint32_t ts_step(uint32_t n)
{
	return sent(n)->ts - sent(n - 1)->ts;
}

static uint32_t digits_told(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rig.told; i++)
		n += rig.said[i].kind == DP_EVENT_DIGIT;
	return n;
}

// A number in an order that looks random and is the same each time.
static uint32_t draw(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static void remote(uint32_t flow, struct dp_cmd cmd)
{
	cr_assert(eq(int, rig_do(&rig, flow, cmd), DP_REFUSAL_NONE));
}

static void noise(uint8_t pt)
{
	rig_rtp(&rig, 0,
		(struct rtp){ .pt = pt, .seq = voice.seq++, .ts = voice.ts, .ssrc = voice.ssrc },
		(const uint8_t *)"\x40", 1);
}

Test(engine_relay_rows, row_17_another_ssrc_goes_on_in_ours_and_its_digits_are_its_own)
{
	speak(5);
	rig_event(&rig, &voice, 5, 160, false); // pressed, and then this source is gone
	rig_live(&rig, 20);
	voice = (struct rig_voice){ .ssrc = 0x9999, .ts = 77, .seq = 3 };
	speak(10);
	rig_live(&rig, 1000);
	cr_expect(eq(u32, digits_told(), 1), "the one that was pressed, once");
	rig_press(&rig, &voice, 5);
	rig_live(&rig, 1000);
	cr_expect(eq(u32, digits_told(), 2), "the same digit of another source is another press");
	for (uint32_t i = 1; i < rig_count(&rig, 1); i++) {
		cr_expect(eq(u16, seq_step(i), 1), "packet %u", i);
		cr_expect(eq(u32, sent(i)->ssrc, sent(0)->ssrc), "packet %u", i);
	}
}

Test(engine_relay_rows, row_17_two_sources_in_turn_are_one_stream)
{
	struct rig_voice other = { .ssrc = 0x5555, .ts = 1U << 31, .seq = 9 };

	for (uint32_t i = 0; i < 200; i++) {
		rig_speak(&rig, i % 2 ? &other : &voice, 0);
		rig_live(&rig, 20);
	}
	cr_assert(eq(u32, rig_count(&rig, 1), 200));
	for (uint32_t i = 1; i < 200; i++) {
		cr_expect(eq(u16, seq_step(i), 1));
		cr_expect(eq(u32, ts_step(i), 160));
	}
}

Test(engine_relay_rows, row_18_numbers_and_timestamps_go_round)
{
	voice.seq = 65530;
	voice.ts = UINT32_MAX - 500;
	speak(70000 / 20);
	cr_assert(eq(u32, rig_count(&rig, 1), 3500));
	for (uint32_t i = 1; i < 3500; i++) {
		cr_assert(eq(u16, seq_step(i), 1));
		cr_assert(eq(u32, ts_step(i), 160));
		cr_assert(not(sent(i)->marker));
	}
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(zero(u32, rig.answer.closed.rx_lost));
}

Test(engine_relay_rows, row_18_a_jump_of_1000_is_not_heard)
{
	speak(10);
	voice.seq += 1000;
	voice.ts += 1000 * 160;
	speak(10);
	for (uint32_t i = 1; i < 20; i++) {
		cr_expect(eq(u16, seq_step(i), 1));
		cr_expect(eq(u32, ts_step(i), 160));
	}
}

// What arrives of 2000 packets, some lost, some swapped, some twice, arrives at the far end once,
// with the same distances, whatever its order.
static void through_a_bad_network(uint32_t lost_percent)
{
	static struct rig_voice at[2000];
	static bool seen[2000];
	uint32_t state = lost_percent + 1, arrived = 0;

	begin();
	rig_speak(&rig, &voice, 0);
	uint16_t seq = voice.seq;
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < 2000; i++) {
		at[i] = voice;
		voice.seq++;
		voice.ts += 160;
	}
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t n = draw(&state) % 10 == 0 && i > 0 ? i - 1 : i; // late by one, or again
		uint32_t times = draw(&state) % 20 == 0 ? 2 : 1;

		rig_live(&rig, 20);
		if (draw(&state) % 100 < lost_percent)
			continue;
		arrived += !seen[n];
		seen[n] = true;
		for (uint32_t k = 0; k < times; k++) {
			struct rig_voice v = at[n];

			rig_speak(&rig, &v, (uint8_t)n);
		}
	}
	cr_assert(eq(u32, rig_count(&rig, 1), arrived + 1));
	for (uint32_t i = 1; i <= arrived; i++) {
		uint16_t n = (uint16_t)(sent(i)->seq - sent(0)->seq - 1);

		cr_assert(seen[n] && rig_sent(&rig, 1, i)->data[12] == (uint8_t)n);
		cr_expect(eq(u32, sent(i)->ts - sent(0)->ts, (n + 1U) * 160));
		seen[n] = false; // once
	}
	cr_expect(eq(u16, (uint16_t)(at[0].seq - seq), 0));
}

Test(engine_relay_rows, row_19_loss_order_and_duplicates_stay_what_they_are)
{
	through_a_bad_network(0);
	through_a_bad_network(1);
	through_a_bad_network(5);
	through_a_bad_network(20);
}

Test(engine_relay_rows, row_20_a_press_with_audio_between_its_ends_is_one)
{
	speak(3);
	for (uint16_t ms = 20; ms <= 100; ms += 20) {
		rig_event(&rig, &voice, 7, (uint16_t)(ms * 8), false);
		rig_live(&rig, 20);
	}
	rig_event(&rig, &voice, 7, 800, true);
	struct rig_voice end = voice;
	voice.ts += 800;
	voice.seq += 2;
	speak(2);
	rig_event(&rig, &end, 7, 800, true); // the other two ends come late
	rig_event(&rig, &end, 7, 800, true);
	rig_live(&rig, 1000);
	cr_expect(eq(u32, digits_told(), 1));
}

Test(engine_relay_rows, row_23_comfort_noise_passes_to_who_has_agreed_on_it)
{
	struct dp_cmd hears = rig_remote(2), speaks = rig_remote(1);

	hears.remote.cn = NOISE;
	speaks.remote.cn = 99;
	remote(0, speaks);
	remote(1, hears);
	speak(5);
	noise(CN); // the number that RFC 3551 gives it
	rig_live(&rig, 200);
	voice.ts += 1600;
	noise(99); // the one that was agreed
	rig_live(&rig, 3000);
	voice.ts += 24000;
	voice.seq++; // one of those between was lost
	speak(5);
	cr_assert(eq(u32, rig_count(&rig, 1), 12));
	cr_expect(eq(u8, sent(5)->pt, NOISE));
	cr_expect(eq(u8, sent(6)->pt, NOISE));
	cr_expect(eq(u8, rig_sent(&rig, 1, 5)->data[12], 0x40), "its level");
	cr_expect(eq(u16, rig_sent(&rig, 1, 5)->len, 13));
	cr_expect(eq(u32, ts_step(6), 1600));
	cr_expect(eq(u32, ts_step(7), 24000));
	cr_expect(eq(u16, seq_step(7), 2));
	cr_expect(zero(u64, count(&rig.stats.rx_comfort_noise)));
}

Test(engine_relay_rows, row_23_noise_that_is_kept_leaves_the_time_that_it_took)
{
	struct dp_cmd deaf = rig_remote(2);

	deaf.remote.cn = DP_NO_PT;
	remote(1, deaf);
	speak(5);
	for (unsigned i = 0; i < 50; i++) {
		noise(CN);
		rig_live(&rig, 100);
		voice.ts += 800;
	}
	rig_rtp(&rig, 0,
		(struct rtp){ .marker = true, .seq = voice.seq++, .ts = voice.ts, .ssrc = 0x1234 },
		(const uint8_t *)"speech", 6);
	cr_assert(eq(u32, rig_count(&rig, 1), 6));
	cr_expect(eq(u16, seq_step(5), 1));
	cr_expect(eq(u32, ts_step(5), 160 + 50 * 800));
	cr_expect(sent(5)->marker, "the first after a pause");
	cr_expect(eq(u64, count(&rig.stats.rx_comfort_noise), 50));
}

Test(engine_relay_rows, row_23_an_hour_without_a_packet_ends_nothing)
{
	speak(5);
	for (unsigned i = 0; i < 3600; i++) {
		rig.now += NS_PER_SEC;
		rig_tick(&rig);
		rig.sent = rig.sent < 64 ? rig.sent : 64;
	}
	voice.ts += 3600 * 8000;
	rig_forget(&rig);
	speak(2);
	cr_expect(eq(u32, rig_count(&rig, 1), 2));
	cr_expect(eq(u32, rig_count(&rig, 0), 0));
}

Test(engine_relay_rows, row_23_noise_of_a_mixed_clock_does_not_pass)
{
	struct dp_cmd wide = rig_remote(2);

	wide.remote.codec = DP_CODEC_OTHER;
	wide.remote.clock = 16000;
	remote(1, wide);
	noise(CN);
	cr_expect(eq(u64, count(&rig.stats.relay_clash), 1));
	cr_expect(eq(u32, rig_count(&rig, 1), 0));
}

Test(engine_relay_rows, row_25_each_leg_has_its_own_numbers)
{
	struct dp_cmd a = rig_remote(1), b = rig_remote(2);

	a.remote.codec = b.remote.codec = DP_CODEC_OTHER;
	a.remote.pt_rx = 97, a.remote.pt_tx = 98;
	a.remote.dtmf_rx = 101, a.remote.dtmf_tx = 100;
	b.remote.pt_rx = 111, b.remote.pt_tx = 112;
	b.remote.dtmf_rx = 102, b.remote.dtmf_tx = 103;
	remote(0, a);
	remote(1, b);
	static const uint8_t from[] = { 97, 98, 101, 100, 96, 112, 103, 111 };
	static const uint8_t to[] = { 112, 112, 103, 103, 0, 0, 0, 0 };
	uint32_t n = 0;

	for (unsigned i = 0; i < sizeof(from); i++) {
		bool event = to[i] == 103;
		uint8_t data[20] = { event ? 4 : 1, event ? 0x8a : 2, 3, 4 };

		rig_rtp(&rig, 0,
			(struct rtp){
				.pt = from[i], .seq = voice.seq++, .ts = voice.ts, .ssrc = 0x1234 },
			data, event ? 4 : 20);
		n += to[i] != 0;
		cr_assert(eq(u32, rig_count(&rig, 1), n), "payload type %u", from[i]);
		if (to[i] != 0)
			cr_expect(eq(u8, sent(n - 1)->pt, to[i]), "payload type %u", from[i]);
		if (!event)
			voice.ts += 160;
	}
	cr_expect(eq(u64, count(&rig.stats.rx_bad_pt), 4));
}

Test(engine_relay_rows, row_25_every_ptime_passes_as_it_is)
{
	static const uint32_t ptime[] = { 10, 20, 30, 40, 60 };
	uint8_t audio[480] = { 1 };
	uint32_t n = 0;

	for (unsigned i = 0; i < 5; i++) {
		for (unsigned k = 0; k < 20; k++) {
			uint32_t units = ptime[i] * 8;

			rig_rtp(&rig, 0,
				(struct rtp){ .seq = voice.seq++, .ts = voice.ts, .ssrc = 0x1234 },
				audio, units);
			rig_live(&rig, ptime[i]);
			voice.ts += units;
			cr_expect(eq(u16, rig_sent(&rig, 1, n)->len, 12 + units));
			if (n > 0)
				cr_expect(eq(u16, seq_step(n), 1));
			if (k > 0)
				cr_expect(eq(u32, ts_step(n), units));
			n++;
		}
	}
	cr_expect(eq(u32, rig_count(&rig, 1), 100));
}

// Where one codec ends and another source begins, time goes on by what was really sent.
static void after_packets_of(uint8_t codec, uint32_t clock, uint32_t bytes, uint32_t units)
{
	struct dp_cmd a = rig_remote(1), b = rig_remote(2);
	uint8_t audio[1280] = { 0 };

	begin();
	a.remote.codec = b.remote.codec = codec;
	a.remote.clock = b.remote.clock = clock;
	remote(0, a);
	remote(1, b);
	for (unsigned i = 0; i < 2; i++) { // two at once: the clock has not moved
		rig_rtp(&rig, 0, (struct rtp){ .seq = 7, .ts = 9, .ssrc = i }, audio, bytes);
		cr_assert(eq(u32, rig_count(&rig, 1), i + 1));
	}
	cr_expect(eq(u32, ts_step(1), units), "codec %u", codec);
}

Test(engine_relay_rows, row_25_a_packet_is_as_long_as_its_codec_says)
{
	after_packets_of(DP_CODEC_PCMA, 8000, 80, 80);
	after_packets_of(DP_CODEC_G722, 8000, 240, 240);
	after_packets_of(DP_CODEC_L16, 16000, 1280, 640);
	after_packets_of(DP_CODEC_OPUS, 48000, 61, 960);
	after_packets_of(DP_CODEC_OTHER, 16000, 33, 320);
}

Test(engine_relay_rows, row_25_noise_with_the_number_of_something_else_is_refused)
{
	static const uint8_t bad[] = { RIG_PCMU, RIG_EVENT, 128, 254 };
	struct dp_cmd cmd = rig_remote(1);

	for (unsigned i = 0; i < sizeof(bad); i++) {
		cmd.remote.cn = bad[i];
		cr_expect(eq(int, rig_do(&rig, 0, cmd), DP_REFUSAL_BAD_VALUE), "%u", bad[i]);
	}
}
