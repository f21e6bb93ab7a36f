// SPDX-License-Identifier: BSD-3-Clause
//
// Relay between legs that share no codec, or not the length of a packet; and what plays over a
// relay whose peer falls silent and speaks again. Judged by what is heard.
#include "codecs/g711.h"
#include "dataplane/node.h"
#include "tests/support/talk.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define TONE UINT64_C(0x70e) // 600 Hz, a second

enum { TONE_HZ = 600, HZ = 1000, LOUD = TALK_LOUD };

static struct rig rig;
static struct talker party; // of flow 0; flow 1 sends it on
static struct heard heard;
static uint8_t tone[8000];
static struct track tone_track = { .hash = TONE, .len = 8000 };

struct leg {
	enum codec_id id;
	uint32_t clock;
	uint32_t ptime;
};

static void add_tone(void)
{
	for (size_t i = 0; i < sizeof(tone); i++)
		tone[i] = g711_to_ulaw(
			(int16_t)lround(LOUD * sin(2 * M_PI * TONE_HZ * (double)i / 8000)));
	tone_track.payload[TRACK_PCMU] = tone;
	cr_assert(engine_track_show(rig.e, &tone_track));
}

static struct dp_cmd remote_of(uint8_t n, struct leg leg)
{
	struct dp_cmd remote = rig_remote(n);

	remote.remote.codec = (uint8_t)leg.id;
	remote.remote.clock = leg.clock;
	remote.remote.ptime = (uint8_t)leg.ptime;
	return remote;
}

static void begin_with(struct leg from, struct leg to)
{
	rig_init(&rig);
	add_tone();
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 1, rig_open());
	cr_assert(zero(int, rig_do(&rig, 0, remote_of(1, from))));
	cr_assert(zero(int, rig_do(&rig, 1, remote_of(2, to))));
	cr_assert(zero(int, rig_do(&rig, 1, rig_relay(0))));
	talk_init(&party, 0, from.id, from.clock, HZ);
	party.ptime = from.ptime;
}

static const struct leg ulaw = { CODEC_PCMU, 8000, 20 };
static const struct leg wide = { CODEC_L16, 16000, 20 };

static void begin(void)
{
	begin_with(ulaw, ulaw);
}

TestSuite(node_voice, .init = begin);

static void say(uint32_t ms)
{
	for (uint32_t i = 0; i < ms; i += party.ptime) {
		talk(&rig, &party);
		rig_live(&rig, party.ptime);
	}
}

static void hear(struct leg leg)
{
	heard_of(&rig, 1, codec_find(leg.id, leg.clock), RIG_PCMU, &heard);
}

static void expect_all_given_back(void)
{
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(eq(u32, rig.e->voices.large.used, 0));
	cr_expect(eq(u32, rig.e->voices.overlays.pool.used, 0));
}

static void check_pair(struct leg from, struct leg to)
{
	const struct codec *codec = codec_find(to.id, to.clock);

	begin_with(from, to);
	say(3000);
	hear(to);
	cr_assert(gt(sz, heard.n, 2800 * codec->rate / 1000), "%s to %s", party.codec->name,
		codec->name);
	double loud = heard_tone(&heard, codec, 1000, 1000, HZ);
	double snr = ear_sine_snr(heard.pcm + codec->rate, codec->rate / 10, HZ, codec->rate);
	cr_expect(lt(dbl, fabs(loud - LOUD), LOUD * 0.1), "%g: %s to %s", loud, party.codec->name,
		codec->name);
	cr_expect(gt(dbl, snr, from.id == CODEC_OPUS || to.id == CODEC_OPUS ? 10 : 28),
		"%g dB: %s to %s", snr, party.codec->name, codec->name);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0), "%u: %s %u to %s %u", heard.jumps, party.codec->name,
		from.ptime, codec->name, to.ptime);
	cr_expect(eq(u32, heard.markers, 1));
	cr_expect(ge(u32, heard.packets, 3000 / to.ptime - 2), "%u", heard.packets);
	cr_expect(le(u32, heard.packets, 3000 / to.ptime));
	expect_all_given_back();
}

Test(node_voice, each_codec_is_turned_into_each_other)
{
	static const struct leg legs[] = { { CODEC_PCMU, 8000, 20 }, { CODEC_PCMA, 8000, 20 },
		{ CODEC_G722, 8000, 20 }, { CODEC_L16, 16000, 20 }, { CODEC_L16, 8000, 20 },
		{ CODEC_OPUS, 48000, 20 } };

	for (unsigned i = 0; i < 6; i++) {
		for (unsigned k = 0; k < 6; k++)
			check_pair(legs[i], legs[k]);
	}
}

Test(node_voice, row_25_each_leg_has_packets_of_its_own_length)
{
	static const uint32_t ptimes[] = { 10, 20, 30, 40, 60 };

	for (unsigned i = 0; i < 5; i++) {
		for (unsigned k = 0; k < 5; k++) {
			check_pair((struct leg){ CODEC_PCMU, 8000, ptimes[i] },
				(struct leg){ CODEC_G722, 8000, ptimes[k] });
			check_pair((struct leg){ CODEC_PCMU, 8000, ptimes[i] },
				(struct leg){ CODEC_PCMA, 8000, ptimes[k] });
		}
	}
}

Test(node_voice, packets_regrouped_are_the_same_bytes)
{
	begin_with(ulaw, (struct leg){ CODEC_PCMU, 8000, 30 });
	uint8_t said[1600];
	for (unsigned i = 0; i < 10; i++) {
		uint8_t payload[160];

		for (unsigned k = 0; k < 160; k++)
			payload[k] = said[i * 160 + k] = (uint8_t)(i * 31 + k * 7) | 0x80;
		rig_rtp(&rig, 0, talk_header(&party), payload, 160);
		rig_live(&rig, 20);
	}
	cr_assert(eq(u32, rig_count(&rig, 1), 6));
	for (unsigned i = 0; i < 6; i++) {
		cr_expect(eq(int, rig_sent(&rig, 1, i)->len, 12 + 240));
		cr_expect(eq(int, memcmp(rig_sent(&rig, 1, i)->data + 12, said + i * 240, 240), 0));
	}
}

Test(node_voice, one_loss_is_made_up_in_its_place)
{
	begin_with(ulaw, wide);
	say(1000);
	talk_lost(&party);
	rig_live(&rig, 20);
	say(1000);
	hear(wide);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(eq(u32, heard.packets, 101));
	for (uint32_t ms = 950; ms < 1080; ms += 10)
		cr_expect(gt(dbl, heard_tone(&heard, codec_find(CODEC_L16, 16000), ms, 20, HZ),
				  LOUD * 0.6),
			"at %u ms", ms);
}

Test(node_voice, row_19_a_long_loss_is_a_pause_of_that_length)
{
	begin_with(ulaw, wide);
	say(1000);
	for (unsigned i = 0; i < 15; i++) {
		talk_lost(&party);
		rig_live(&rig, 20);
	}
	say(1000);
	hear(wide);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 1));
	cr_expect(eq(sz, heard.n, (1000 + 300 + 1000) * 16));
}

Test(node_voice, row_19_what_comes_late_is_not_sent_in_anothers_place)
{
	uint8_t payload[160];

	begin_with(ulaw, wide);
	say(200);
	talk_make(&party, payload);
	struct rtp late = talk_header(&party);
	say(20);
	rig_rtp(&rig, 0, late, payload, 160);
	say(200);
	hear(wide);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_too_old), 1));
	cr_expect(eq(u64, stat_read(&rig.stats.concealed), 1));
}

Test(node_voice, row_17_another_ssrc_goes_on_in_our_stream)
{
	begin_with((struct leg){ CODEC_G722, 8000, 20 }, ulaw);
	say(1000);
	party.voice = (struct rig_voice){ .flow = 0, .ssrc = 99, .ts = 77, .seq = 5 };
	say(1000);
	hear(ulaw);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(eq(u32, heard.jumps, 0));
	cr_expect(gt(
		dbl, heard_tone(&heard, codec_find(CODEC_PCMU, 8000), 1100, 800, HZ), LOUD * 0.9));
}

Test(node_voice, row_23_pauses_are_as_long_and_comfort_noise_is_passed_on)
{
	begin_with(ulaw, wide);
	say(1000);
	struct rtp noise = {
		.pt = 13, .seq = party.voice.seq++, .ts = party.voice.ts, .ssrc = party.voice.ssrc
	};
	rig_rtp(&rig, 0, noise, (const uint8_t *)"\x40", 1);
	rig_live(&rig, 2000);
	talk_pause(&party, 2000);
	say(1000);
	const struct rig_packet *said = NULL;
	for (uint32_t i = 0; i < rig.sent; i++) {
		if (rig.packet[i].flow == 1 && !rig.packet[i].rtcp && rig.packet[i].rtp.pt == 13)
			said = &rig.packet[i];
	}
	cr_assert(said != NULL);
	cr_expect(eq(int, said->len, 13));
	cr_expect(eq(u8, said->data[12], 0x40));
	hear(wide);
	cr_expect(eq(u32, heard.jumps, 1));
	cr_expect(eq(sz, heard.n, 4000 * 16));
	cr_expect(eq(u32, heard.packets, 100));
}

Test(node_voice, D12_events_are_passed_on_in_the_other_legs_clock)
{
	begin_with(ulaw, (struct leg){ CODEC_OPUS, 48000, 20 });
	say(200);
	for (uint16_t i = 1; i <= 5; i++) {
		rig_event(&rig, &party.voice, 7, (uint16_t)(160 * i), i == 5);
		rig_live(&rig, 20);
	}
	talk_pause(&party, 100);
	say(200);
	uint32_t n = 0;
	const struct rig_packet *last = NULL, *first = NULL, *before = NULL;
	for (uint32_t i = 0; i < rig.sent; i++) {
		const struct rig_packet *p = &rig.packet[i];

		if (p->flow != 1 || p->rtcp)
			continue;
		if (before != NULL)
			cr_expect(eq(u16, (uint16_t)(p->rtp.seq - before->rtp.seq), 1));
		before = p;
		if (p->rtp.pt != RIG_EVENT)
			continue;
		first = first == NULL ? p : first;
		last = p;
		cr_expect(eq(u32, p->rtp.ts, first->rtp.ts));
		cr_expect(eq(int, p->data[14] << 8 | p->data[15], 960 * (int)++n));
	}
	cr_expect(eq(u32, n, 5));
	cr_assert(last != NULL && before != NULL);
	cr_expect(eq(u8, last->data[13] & 0x80, 0x80));
	cr_expect(eq(u32, before->rtp.ts - first->rtp.ts, 48 * (100 + 180)));
}

static struct dp_cmd overlay(uint16_t flags)
{
	return (struct dp_cmd){ .kind = DP_CMD_OVERLAY,
		.overlay = { .track = TONE, .id = 1, .flags = flags } };
}

// There is one packet for each time from ms to ms, and each carries the tone that lies over it.
static void expect_tone_throughout(uint32_t from, uint32_t to)
{
	const struct codec *codec = codec_find(CODEC_PCMU, 8000);

	for (uint32_t ms = from; ms + 40 <= to; ms += 20)
		cr_expect(gt(dbl, heard_tone(&heard, codec, ms, 40, TONE_HZ), LOUD * 0.8),
			"at %u ms: %g", ms, heard_tone(&heard, codec, ms, 40, TONE_HZ));
}

Test(node_voice, row_23_the_tick_takes_over_from_a_peer_who_falls_silent_and_gives_back)
{
	for (uint32_t silence = 20; silence < 400; silence += 7) {
		begin();
		say(500);
		rig_do(&rig, 1, overlay(DP_OVERLAY_LOOP));
		say(500);
		rig_live(&rig, silence);
		talk_pause(&party, silence);
		say(1000);
		rig_do(&rig, 1, (struct dp_cmd){ .kind = DP_CMD_OVERLAY_END });
		say(500);
		hear(ulaw);
		cr_expect(eq(u32, heard.gaps, 0));
		expect_tone_throughout(510, 1990);
		// Never more of it than time has passed, but for the packet under way.
		cr_expect(le(sz, heard.n, (2500 + silence + 20) * 8), "%u: %zu ms", silence,
			heard.n / 8);
		cr_expect(ge(sz, heard.n, (2500 + silence - 20) * 8), "%u: %zu ms", silence,
			heard.n / 8);
		cr_expect(gt(dbl,
			heard_tone(
				&heard, codec_find(CODEC_PCMU, 8000), heard.n / 8 - 450, 400, HZ),
			LOUD * 0.95));
		cr_expect(lt(dbl,
			heard_tone(&heard, codec_find(CODEC_PCMU, 8000), heard.n / 8 - 450, 400,
				TONE_HZ),
			LOUD * 0.02));
		cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	}
}

// The tick has used numbers that the peer's packets would have had.
Test(node_voice, row_23_what_is_passed_on_after_the_tick_goes_on_behind_it)
{
	say(200);
	rig_do(&rig, 1, overlay(DP_OVERLAY_LOOP));
	say(200);
	rig_live(&rig, 300); // the tick has taken over
	rig_do(&rig, 1, (struct dp_cmd){ .kind = DP_CMD_OVERLAY_END });
	cr_assert(zero(int, rig.e->flows[1].tx &FLOW_RENDERED));
	say(200);
	for (uint32_t i = 1; i < rig_count(&rig, 1); i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i),
					*before = rig_sent(&rig, 1, i - 1);

		cr_expect(eq(u16, p->rtp.seq, (uint16_t)(before->rtp.seq + 1)), "packet %u", i);
		cr_expect(ge(i32, (int32_t)(p->rtp.ts - before->rtp.ts), 160), "packet %u", i);
	}
}

Test(node_voice, row_23_after_comfort_noise_the_tick_takes_over_at_once)
{
	say(500);
	rig_do(&rig, 1, overlay(DP_OVERLAY_LOOP));
	say(500);
	struct rtp noise = {
		.pt = 13, .seq = party.voice.seq++, .ts = party.voice.ts, .ssrc = party.voice.ssrc
	};
	rig_rtp(&rig, 0, noise, (const uint8_t *)"\x40", 1);
	rig_live(&rig, 1000);
	talk_pause(&party, 1000);
	say(500);
	hear(ulaw);
	cr_expect(eq(u32, heard.gaps, 0));
	expect_tone_throughout(510, 2480);
	cr_expect(le(u32, heard.worst, 40 * (uint32_t)NS_PER_MS));
	cr_expect(le(sz, heard.n, 2520 * 8));
}

// Packets come 60 ms late again and again: what was made in their place is not made up for.
Test(node_voice, a_network_that_holds_packets_back_does_not_lengthen_the_stream)
{
	say(500);
	rig_do(&rig, 1, overlay(DP_OVERLAY_LOOP));
	for (unsigned i = 0; i < 20; i++) {
		say(200);
		rig_live(&rig, 100);
		for (unsigned k = 0; k < 5; k++)
			talk(&rig, &party); // all at once
	}
	hear(ulaw);
	cr_expect(eq(u32, heard.gaps, 0));
	cr_expect(le(sz, heard.n, (500 + 20 * 300 + 20) * 8), "%zu ms", heard.n / 8);
	expect_tone_throughout(510, 6000);
}

Test(node_voice, an_overlay_over_a_peer_who_never_spoke_begins_within_a_frame)
{
	rig_live(&rig, 100);
	uint64_t asked = rig.now;
	rig_do(&rig, 1, overlay(0));
	rig_live(&rig, 2000);
	cr_assert(eq(u32, rig_count(&rig, 1), 50));
	cr_expect(le(u64, rig_sent(&rig, 1, 0)->at, asked + 21 * NS_PER_MS));
	cr_expect(eq(int, rig.said[0].kind, DP_EVENT_OVERLAY_DONE));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
}

Test(node_voice, an_overlay_on_hold_ends_all_the_same)
{
	struct dp_cmd hold = rig_remote(2);

	hold.remote.flags = DP_REMOTE_MUTE;
	rig_do(&rig, 1, hold);
	rig_do(&rig, 1, overlay(0));
	say(2000);
	cr_expect(eq(u32, rig_count(&rig, 1), 0));
	cr_assert(gt(u32, rig.told, 0));
	cr_expect(eq(int, rig.said[rig.told - 1].kind, DP_EVENT_OVERLAY_DONE));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
}

Test(node_voice, music_for_a_codec_without_tracks_is_made)
{
	const struct codec *opus = codec_find(CODEC_OPUS, 48000);

	cr_assert(zero(int, rig_do(&rig, 1, remote_of(2, (struct leg){ CODEC_OPUS, 48000, 20 }))));
	cr_assert(zero(int, rig_do(&rig, 1, rig_music(TONE))));
	rig_live(&rig, 3000);
	heard_of(&rig, 1, opus, RIG_PCMU, &heard);
	cr_expect(gt(dbl, heard_tone(&heard, opus, 1000, 1000, TONE_HZ), LOUD * 0.8));
	cr_expect(eq(u32, heard.jumps, 0));
	expect_all_given_back();
}

Test(node_voice, what_exceeds_the_capacity_is_refused_and_changes_nothing)
{
	rig_init_with(&rig,
		(struct engine_capacity){ .voices = 2, .overlays = 1, .jitters = 1, .opus = 1 });
	add_tone();
	for (uint32_t i = 0; i < 4; i++)
		rig_call(&rig, i);

	struct dp_cmd turn = remote_of(2, wide);
	cr_expect(zero(int, rig_do(&rig, 1, turn)));
	cr_expect(zero(int, rig_do(&rig, 1, rig_relay(0))));
	cr_expect(eq(u32, rig.e->voices.voice.used, 2));
	cr_expect(eq(int, rig_do(&rig, 0, rig_relay(1)), DP_REFUSAL_NONE), "in the same voices");
	cr_expect(eq(int, rig_do(&rig, 2, overlay(0)), DP_REFUSAL_NO_ROOM));
	cr_expect(eq(int, rig_do(&rig, 2, (struct dp_cmd){ .kind = DP_CMD_GAIN, .gain.gain = -60 }),
		DP_REFUSAL_NO_ROOM));
	cr_expect(zero(int, rig_do(&rig, 2, rig_relay(3))));
	cr_expect(eq(int, rig_do(&rig, 3, turn), DP_REFUSAL_NO_ROOM), "it would have to be turned");
	cr_expect(zero(int, rig_do(&rig, 0, overlay(DP_OVERLAY_LOOP))));
	cr_expect(eq(int, rig_do(&rig, 1, overlay(DP_OVERLAY_LOOP)), DP_REFUSAL_NO_ROOM));
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(zero(int, rig_do(&rig, 3, turn)));
	rig_do(&rig, 2, rig_plain(DP_CMD_CLOSE));
	rig_do(&rig, 3, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
}

Test(node_voice, who_turns_to_something_else_gives_back_his_peers_voice_too)
{
	begin_with(ulaw, wide);
	say(100);
	cr_expect(eq(u32, rig.e->voices.voice.used, 2));
	rig_do(&rig, 1, rig_plain(DP_CMD_SILENT));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(not(rig.e->flows[0].rx & FLOW_HEARD));
}

Test(node_voice, codecs_that_nobody_can_turn_still_clash)
{
	struct dp_cmd other = rig_remote(1);

	other.remote.codec = DP_CODEC_OTHER;
	rig_do(&rig, 1, rig_plain(DP_CMD_SILENT));
	cr_assert(zero(int, rig_do(&rig, 0, other)));
	cr_expect(eq(int, rig_do(&rig, 1, rig_relay(0)), DP_REFUSAL_CODEC_CLASH));
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
}
