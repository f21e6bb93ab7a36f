// SPDX-License-Identifier: BSD-3-Clause
//
// What flows send that is made of samples, listened to: everybody has a tone of his own, and what
// each hears is exactly the tones that he is to hear.
#include "codecs/g711.h"
#include "dataplane/node.h"
#include "tests/support/talk.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define BEEP UINT64_C(0xbeeb) // 1700 Hz, 100 ms

static struct rig rig;
static struct talker party[6];
static struct heard heard;
static uint8_t beep[800];
static uint8_t long_tone[8000];
static struct track beep_track = { .hash = BEEP, .len = 800 };
static struct track tone_track = { .hash = BEEP + 1, .len = 8000 }; // 600 Hz, a second
static const struct codec *ulaw;

enum { BEEP_HZ = 1700, TONE_HZ = 600, HZ = 400 }; // party n: HZ + 300 n
enum { LOUD = TALK_LOUD, NONE = 60 };

static void fill(uint8_t *codes, size_t n, double hz)
{
	for (size_t i = 0; i < n; i++)
		codes[i] =
			g711_to_ulaw((int16_t)lround(LOUD * sin(2 * M_PI * hz * (double)i / 8000)));
}

static void begin(void)
{
	rig_init(&rig);
	ulaw = codec_find(CODEC_PCMU, 8000);
	fill(beep, sizeof(beep), BEEP_HZ);
	fill(long_tone, sizeof(long_tone), TONE_HZ);
	beep_track.payload[TRACK_PCMU] = beep;
	tone_track.payload[TRACK_PCMU] = long_tone;
	cr_assert(engine_track_show(rig.e, &beep_track));
	cr_assert(engine_track_show(rig.e, &tone_track));
	for (uint32_t i = 0; i < 6; i++) {
		rig_call(&rig, i);
		talk_init(&party[i], i, CODEC_PCMU, 8000, HZ + 300.0 * i);
	}
}

TestSuite(node_mix, .init = begin);

static struct dp_cmd mix(unsigned n, const uint32_t *flows)
{
	struct dp_cmd cmd = { .kind = DP_CMD_MIX, .mix.n = (uint8_t)n };

	for (unsigned i = 0; i < n && i < DP_MIX_MAX; i++)
		cmd.mix.heard[i] = (struct flow_id){ flows[i], 1 };
	return cmd;
}

static struct dp_cmd overlay(uint32_t id, uint64_t track)
{
	return (struct dp_cmd){ .kind = DP_CMD_OVERLAY, .overlay = { .track = track, .id = id } };
}

static struct dp_cmd gain(int16_t tenths, uint16_t ramp)
{
	return (struct dp_cmd){ .kind = DP_CMD_GAIN, .gain = { tenths, ramp } };
}

// Those who are in the mask say their tones for a while.
static void say(unsigned mask, uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++) {
		for (unsigned p = 0; p < 6; p++) {
			if (mask >> p & 1)
				talk(&rig, &party[p]);
		}
		rig_live(&rig, 20);
	}
}

static double tone_of(unsigned p, uint32_t from, uint32_t ms)
{
	return heard_live(&heard, ulaw, from, ms, party[p].hz);
}

// Exactly the tones of these parties, each as loud as it was said.
static void expect_tones(uint32_t flow, unsigned mask)
{
	heard_of(&rig, flow, ulaw, RIG_PCMU, &heard);
	cr_assert(ge(sz, heard.n, 8000));
	for (unsigned p = 0; p < 6; p++) {
		double loud = tone_of(p, heard.n / 8 - 400, 400);

		if (mask >> p & 1)
			cr_expect(lt(dbl, fabs(loud - LOUD), LOUD * 0.03), "flow %u hears %u at %g",
				flow, p, loud);
		else
			cr_expect(lt(dbl, loud, NONE), "flow %u hears %u at %g", flow, p, loud);
	}
}

static void expect_no_leak(void)
{
	for (uint32_t i = 0; i < 6; i++)
		rig_do(&rig, i, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(eq(u32, rig.e->voices.line.used, 0));
	cr_expect(eq(u32, rig.e->voices.large.used, 0));
	cr_expect(eq(u32, rig.e->voices.overlays.pool.used, 0));
}

Test(node_mix, in_a_conference_of_three_each_hears_the_two_others)
{
	rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 2 }));
	rig_do(&rig, 1, mix(2, (uint32_t[]){ 0, 2 }));
	rig_do(&rig, 2, mix(2, (uint32_t[]){ 0, 1 }));
	say(0x7, 100);
	expect_tones(0, 0x6);
	expect_tones(1, 0x5);
	expect_tones(2, 0x3);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(eq(u32, heard.markers, 1));
	cr_expect(le(u32, heard.packets, 101));
	cr_expect(ge(u32, heard.packets, 99));
	expect_no_leak();
}

Test(node_mix, a_whisper_is_heard_by_one)
{
	// 0 is the customer, 1 the agent, 2 the supervisor.
	rig_do(&rig, 0, rig_relay(1));
	rig_do(&rig, 1, mix(2, (uint32_t[]){ 0, 2 }));
	rig_do(&rig, 2, mix(2, (uint32_t[]){ 0, 1 }));
	say(0x7, 100);
	expect_tones(0, 0x2);
	expect_tones(1, 0x5);
	expect_tones(2, 0x3);
	// He barges in.
	rig.sent = 0;
	rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 2 }));
	say(0x7, 100);
	expect_tones(0, 0x6);
	expect_no_leak();
}

Test(node_mix, four_are_summed_and_the_sum_stops_at_the_end_of_16_bits)
{
	for (unsigned i = 1; i < 5; i++)
		party[i].loud = 12000;
	rig_do(&rig, 0, mix(4, (uint32_t[]){ 1, 2, 3, 4 }));
	say(0x1e, 100);
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	int top = 0;
	for (size_t i = heard.n - 4000; i < heard.n; i++)
		top = abs(heard.pcm[i]) > top ? abs(heard.pcm[i]) : top;
	cr_expect(ge(int, top, 32000));
	for (unsigned p = 1; p < 5; p++)
		cr_expect(gt(dbl, tone_of(p, 1500, 400), 10000));
}

Test(node_mix, who_closes_is_silent_and_his_successor_is_not_heard)
{
	rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 2 }));
	say(0x6, 50);
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	say(0x4, 50);
	expect_tones(0, 0x4);
	rig.now += 2 * DP_REST_MS * NS_PER_MS;

	struct dp_cmd open = rig_open(), remote = rig_remote(2);
	open.flow.gen = remote.flow.gen = 2;
	cr_assert(zero(int, rig_do(&rig, 1, open)));
	cr_assert(zero(int, rig_do(&rig, 1, remote)));
	say(0x6, 50);
	expect_tones(0, 0x4);

	struct dp_cmd hear = mix(1, (uint32_t[]){ 1 }); // somebody else hears him
	hear.mix.heard[0].gen = 2;
	cr_assert(zero(int, rig_do(&rig, 3, hear)));
	say(0x6, 50);
	expect_tones(0, 0x4);
	expect_tones(3, 0x2);
	rig_do(&rig, 3, rig_plain(DP_CMD_SILENT));
	rig_do(&rig, 0, rig_plain(DP_CMD_SILENT));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(eq(u32, rig.e->voices.line.used, 0));
}

Test(node_mix, another_list_goes_on_in_the_same_stream)
{
	rig_do(&rig, 0, mix(1, (uint32_t[]){ 1 }));
	say(0x6, 50);
	cr_assert(zero(int, rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 2 }))));
	say(0x6, 50);
	expect_tones(0, 0x6);
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(eq(u32, heard.markers, 1));
	rig_do(&rig, 0, mix(1, (uint32_t[]){ 2 }));
	cr_expect(eq(u32, rig.e->voices.line.used, 1));
	say(0x6, 50);
	expect_tones(0, 0x4);
	expect_no_leak();
}

Test(node_mix, row_19_who_mixes_hears_through_loss_and_wrong_order)
{
	rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 2 }));
	say(0x6, 50);
	for (unsigned i = 0; i < 100; i++) {
		uint8_t first[160], second[160];
		struct rtp a, b;

		// Two that pass each other, and of party 2 each tenth is lost.
		talk_make(&party[1], first);
		a = talk_header(&party[1]);
		rig_live(&rig, 20);
		talk_make(&party[1], second);
		b = talk_header(&party[1]);
		rig_rtp(&rig, 1, b, second, 160);
		rig_rtp(&rig, 1, a, first, 160);
		if (i % 5 == 0)
			talk_lost(&party[2]);
		else
			talk(&rig, &party[2]);
		talk(&rig, &party[2]);
		rig_live(&rig, 20);
	}
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(gt(dbl, tone_of(1, heard.n / 8 - 2000, 2000), LOUD * 0.9));
	cr_expect(gt(dbl, tone_of(2, heard.n / 8 - 2000, 2000), LOUD * 0.85));
	cr_expect(eq(u32, heard.jumps, 0));
}

Test(node_mix, listeners_of_other_rates_and_lengths_hear_the_same)
{
	struct dp_cmd wide = rig_remote(1), slow = rig_remote(4);
	const struct codec *l16 = codec_find(CODEC_L16, 16000);

	wide.remote.codec = DP_CODEC_L16;
	wide.remote.clock = 16000;
	slow.remote.ptime = 60;
	rig_do(&rig, 0, wide);
	rig_do(&rig, 3, slow);
	talk_init(&party[0], 0, CODEC_L16, 16000, HZ);
	rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 2 }));
	rig_do(&rig, 3, mix(3, (uint32_t[]){ 0, 1, 2 }));
	say(0x7, 150);
	expect_tones(3, 0x7);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(le(u32, heard.packets, 51));
	heard_of(&rig, 0, l16, RIG_PCMU, &heard);
	cr_expect(eq(u32, heard.jumps, 0));
	for (unsigned p = 1; p < 3; p++)
		cr_expect(gt(dbl, heard_live(&heard, l16, 2500, 400, party[p].hz), LOUD * 0.97));
	cr_expect(lt(dbl, heard_live(&heard, l16, 2500, 400, party[0].hz), NONE));
	expect_no_leak();
}

Test(node_mix, a_list_that_makes_no_sense_is_refused)
{
	struct dp_cmd other = rig_remote(2);

	cr_expect(eq(int, rig_do(&rig, 0, mix(0, NULL)), DP_REFUSAL_BAD_VALUE));
	cr_expect(
		eq(int, rig_do(&rig, 0, mix(5, (uint32_t[]){ 1, 2, 3, 4 })), DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(int, rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 1 })), DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(int, rig_do(&rig, 0, mix(2, (uint32_t[]){ 1, 0 })), DP_REFUSAL_BAD_PEER));
	cr_expect(eq(int, rig_do(&rig, 0, mix(1, (uint32_t[]){ 9 })), DP_REFUSAL_BAD_PEER));
	cr_expect(eq(int, rig_do(&rig, 0, mix(1, (uint32_t[]){ 99999 })), DP_REFUSAL_BAD_PEER));
	other.remote.codec = DP_CODEC_OTHER;
	rig_do(&rig, 1, other);
	cr_expect(eq(int, rig_do(&rig, 0, mix(1, (uint32_t[]){ 1 })), DP_REFUSAL_CODEC_CLASH));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
}

Test(node_mix, a_gain_changes_music_little_by_little_and_then_costs_nothing)
{
	rig_do(&rig, 0, rig_music(BEEP + 1));
	rig_live(&rig, 1000);
	cr_assert(zero(int, rig_do(&rig, 0, gain(-120, 500))));
	rig_live(&rig, 2000);
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	double before = heard_tone(&heard, ulaw, 700, 200, TONE_HZ);
	double middle = heard_tone(&heard, ulaw, 1150, 200, TONE_HZ);
	double after = heard_tone(&heard, ulaw, 2000, 200, TONE_HZ);
	cr_expect(lt(dbl, fabs(before - LOUD), LOUD * 0.03));
	cr_expect(lt(dbl, middle, before * 0.8));
	cr_expect(gt(dbl, middle, before * 0.4));
	cr_expect(lt(dbl, fabs(after / before - 0.251), 0.01), "%g", after / before);
	cr_expect(eq(u32, heard.jumps, 0));
	rig_do(&rig, 0, gain(0, 200));
	rig_live(&rig, 1000);
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(
		lt(dbl, fabs(heard_tone(&heard, ulaw, 3600, 200, TONE_HZ) - before), LOUD * 0.03));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.markers, 1));
}

Test(node_mix, a_gain_of_nothing_is_comfort_noise_where_that_is_known)
{
	rig_do(&rig, 0, rig_music(BEEP + 1));
	rig_live(&rig, 200);
	rig_do(&rig, 0, gain(-400, 0));
	rig_live(&rig, 1000);
	rig_do(&rig, 0, gain(0, 0));
	rig_live(&rig, 1000);

	uint32_t noise = 0;
	for (uint32_t i = 0; i < rig_count(&rig, 0); i++) {
		const struct rig_packet *p = rig_sent(&rig, 0, i);

		noise += p->rtp.pt == 13 && p->len == 13 && p->data[12] == 70;
		if (i > 0)
			cr_expect(eq(u16,
				(uint16_t)(p->rtp.seq - rig_sent(&rig, 0, i - 1)->rtp.seq), 1));
	}
	cr_expect(eq(u32, noise, 5));
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(eq(u32, heard.jumps, 1));
	cr_expect(eq(u32, heard.markers, 2));
	cr_expect(ge(sz, heard.n, 2200 * 8));
	cr_expect(le(sz, heard.n, 2220 * 8));
	cr_expect(gt(dbl, heard_tone(&heard, ulaw, 1400, 400, TONE_HZ), LOUD * 0.97));
}

Test(node_mix, a_gain_of_nothing_is_silence)
{
	struct dp_cmd plain = rig_remote(1);

	plain.remote.cn = DP_NO_PT;
	rig_do(&rig, 0, plain);
	rig_do(&rig, 0, rig_music(BEEP + 1));
	rig_do(&rig, 0, gain(-400, 0));
	rig_live(&rig, 500);
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(eq(dbl, ear_power(heard.pcm, heard.n), 0));
	expect_no_leak();
}

Test(node_mix, an_overlay_plays_over_music_that_is_ducked_and_comes_back)
{
	struct dp_cmd over = overlay(5, BEEP);

	over.overlay.gain = -60;
	over.overlay.duck = -120;
	over.overlay.ramp = 40;
	rig_do(&rig, 0, rig_music(BEEP + 1));
	rig_live(&rig, 1000);
	uint32_t told = rig.told;
	cr_assert(zero(int, rig_do(&rig, 0, over)));
	rig_live(&rig, 1000);
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	size_t first = 0; // the ms in which the beep begins
	while (heard_tone(&heard, ulaw, first, 20, BEEP_HZ) < LOUD / 4)
		first++;
	cr_expect(ge(sz, first, 985), "%zu", first);
	cr_expect(le(sz, first, 1025), "%zu", first);
	cr_expect(lt(dbl, fabs(heard_tone(&heard, ulaw, 1050, 40, BEEP_HZ) / LOUD - 0.501), 0.05));
	cr_expect(lt(dbl, heard_tone(&heard, ulaw, 1060, 40, TONE_HZ), LOUD * 0.4));
	cr_expect(lt(dbl, heard_tone(&heard, ulaw, 1130, 60, BEEP_HZ), NONE));
	cr_expect(gt(dbl, heard_tone(&heard, ulaw, 1200, 100, TONE_HZ), LOUD * 0.97));
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_assert(eq(u32, rig.told, told + 1));
	cr_expect(eq(int, rig.said[told].kind, DP_EVENT_OVERLAY_DONE));
	cr_expect(eq(u32, rig.said[told].overlay.id, 5));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0), "cost only while it plays");
}

Test(node_mix, an_overlay_over_silence_is_sent_and_then_nothing)
{
	rig_do(&rig, 0, overlay(1, BEEP));
	rig_live(&rig, 500);
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(eq(u32, heard.packets, 5));
	cr_expect(gt(dbl, heard_tone(&heard, ulaw, 10, 80, BEEP_HZ), LOUD * 0.97));
	cr_expect(eq(u32, rig.told, 1));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
}

Test(node_mix, an_overlay_that_loops_is_ended_and_survives_other_modes)
{
	struct dp_cmd over = overlay(9, BEEP + 1);

	over.overlay.flags = DP_OVERLAY_LOOP;
	rig_do(&rig, 0, over);
	rig_live(&rig, 500);
	rig_do(&rig, 0, rig_prompt(BEEP, 0));
	rig_live(&rig, 1500);
	cr_expect(eq(int, rig.said[0].kind, DP_EVENT_PLAYED));
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(gt(dbl, heard_tone(&heard, ulaw, 520, 60, BEEP_HZ), LOUD * 0.9));
	cr_expect(gt(dbl, heard_tone(&heard, ulaw, 100, 1800, TONE_HZ), LOUD * 0.95));
	uint32_t packets = heard.packets;
	rig_do(&rig, 0, (struct dp_cmd){ .kind = DP_CMD_OVERLAY_END, .overlay_end.id = 9 });
	rig_live(&rig, 500);
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(eq(u32, heard.packets, packets));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(eq(u32, rig.told, 1), "ended by command is not done");
}

Test(node_mix, a_beep_over_live_speech_is_heard_on_one_side_only)
{
	rig_do(&rig, 0, rig_relay(1));
	rig_do(&rig, 1, rig_relay(0));
	say(0x3, 50);
	rig_do(&rig, 0, overlay(1, BEEP));
	say(0x3, 50);
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	heard_of(&rig, 1, ulaw, RIG_PCMU, &heard);
	for (uint32_t ms = 0; ms < 1900; ms += 50)
		cr_expect(lt(dbl, heard_tone(&heard, ulaw, ms, 50, BEEP_HZ), NONE));
	heard_of(&rig, 0, ulaw, RIG_PCMU, &heard);
	cr_expect(eq(u32, heard.packets, 100));
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(eq(u32, heard.markers, 1));
	cr_expect(gt(dbl, heard_tone(&heard, ulaw, 1005, 80, BEEP_HZ), LOUD * 0.97));
	cr_expect(lt(dbl, heard_tone(&heard, ulaw, 1110, 80, BEEP_HZ), NONE));
	cr_expect(lt(dbl, heard_tone(&heard, ulaw, 910, 80, BEEP_HZ), NONE));
	for (uint32_t ms = 0; ms < 1900; ms += 50)
		cr_expect(gt(dbl, heard_tone(&heard, ulaw, ms, 50, party[1].hz), LOUD * 0.9));
	expect_no_leak();
}
