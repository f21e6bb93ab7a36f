// SPDX-License-Identifier: BSD-3-Clause
//
// Music and prompts: what is heard, when, and what happens between one source and the next.
#include "codecs/g711.h"
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;

static void begin(void)
{
	rig_init(&rig);
}

TestSuite(engine_play, .init = begin);

// One stream from end to end: one SSRC, no number missing, time by the clock.
static void expect_one_stream(uint32_t flow, uint32_t tolerance)
{
	const struct rig_packet *first = rig_sent(&rig, flow, 0), *last = first;

	for (uint32_t i = 1; i < rig_count(&rig, flow); i++) {
		const struct rig_packet *p = rig_sent(&rig, flow, i);
		uint32_t elapsed = (uint32_t)((p->at - first->at) / NS_PER_MS * 8);
		int32_t off = (int32_t)(p->rtp.ts - first->rtp.ts - elapsed);

		cr_expect(eq(u16, p->rtp.seq, (uint16_t)(last->rtp.seq + 1)), "packet %u", i);
		cr_expect(eq(u32, p->rtp.ssrc, first->rtp.ssrc), "packet %u", i);
		cr_expect(gt(i32, (int32_t)(p->rtp.ts - last->rtp.ts), 0), "packet %u", i);
		cr_expect(le(u32, (uint32_t)(off < 0 ? -off : off), tolerance), "packet %u: %d", i,
			off);
		last = p;
	}
}

static uint32_t markers(uint32_t flow)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rig_count(&rig, flow); i++)
		n += rig_sent(&rig, flow, i)->rtp.marker;
	return n;
}

Test(engine_play, music_has_no_seam_and_comes_every_20_ms)
{
	rig_call(&rig, 3);
	cr_assert(zero(int, rig_do(&rig, 3, rig_music(RIG_MUSIC))));
	rig_live(&rig, 1000);

	cr_assert(eq(u32, rig_count(&rig, 3), 50));
	expect_one_stream(3, 0);
	cr_expect(eq(u32, markers(3), 1));
	uint32_t at = 0;
	for (uint32_t i = 0; i < 50; i++) {
		const struct rig_packet *p = rig_sent(&rig, 3, i);

		cr_expect(eq(int, p->len, 172));
		cr_expect(eq(u8, p->rtp.pt, RIG_PCMU));
		cr_expect(eq(u16, p->remote_port, 4000));
		cr_expect(eq(u8, p->ip[15], 4));
		cr_expect(eq(u16, p->local_port, RIG_PORT + 6));
		cr_expect(eq(u16, p->address, 0));
		cr_expect(eq(u64, p->at - rig_sent(&rig, 3, 0)->at, i * 20 * NS_PER_MS));
		for (uint32_t b = 0; b < 160; b++, at++)
			cr_assert(eq(u8, p->data[12 + b], rig.ulaw[0][at % RIG_TRACK_LEN]));
	}
}

Test(engine_play, streams_are_spread_over_the_packet_time_by_their_places)
{
	for (uint32_t flow = 0; flow < RIG_FLOWS; flow++) {
		rig_call(&rig, flow);
		rig_do(&rig, flow, rig_music(RIG_MUSIC));
	}
	rig_tick(&rig);
	rig_live(&rig, 19);
	for (uint32_t flow = 0; flow < RIG_FLOWS; flow++) {
		cr_expect(eq(u32, rig_count(&rig, flow), 1), "within one frame of the command");
		cr_expect(eq(u64, rig_sent(&rig, flow, 0)->at, RIG_START + flow * NS_PER_MS));
	}
}

Test(engine_play, every_packet_time_has_its_own_length_and_beat)
{
	static const uint8_t ptimes[] = { 10, 20, 30, 40, 60 };

	for (unsigned i = 0; i < sizeof(ptimes); i++) {
		struct dp_cmd cmd = rig_remote(1);

		begin();
		cmd.remote.ptime = ptimes[i];
		cmd.remote.codec = DP_CODEC_PCMA;
		cmd.remote.pt_tx = RIG_PCMA;
		rig_do(&rig, 0, rig_open());
		rig_do(&rig, 0, cmd);
		rig_do(&rig, 0, rig_music(RIG_PROMPT));
		rig_live(&rig, 599);
		cr_expect(eq(u32, rig_count(&rig, 0), 600 / ptimes[i]), "%u ms", ptimes[i]);
		cr_expect(eq(u16, rig_sent(&rig, 0, 1)->len, 12 + 8 * ptimes[i]));
		cr_expect(eq(u8, rig_sent(&rig, 0, 0)->data[12], rig.alaw[1][0]));
		expect_one_stream(0, 8);
	}
}

Test(engine_play, the_same_music_again_goes_on_without_a_jump)
{
	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 100);
	cr_expect(zero(int, rig_do(&rig, 0, rig_music(RIG_MUSIC))));
	rig_live(&rig, 100);
	cr_expect(eq(u8, rig_sent(&rig, 0, 6)->data[12], rig.ulaw[0][960]));
	cr_expect(eq(u32, markers(0), 1));

	rig_do(&rig, 0, rig_music(RIG_PROMPT));
	rig_forget(&rig);
	rig_live(&rig, 20);
	cr_expect(eq(u8, rig_sent(&rig, 0, 0)->data[12], rig.ulaw[1][0]), "another one begins");
	cr_expect(eq(u32, markers(0), 1));
}

Test(engine_play, a_prompt_plays_its_tracks_back_to_back_then_silence_then_says_played)
{
	struct dp_cmd cmd = rig_prompt(RIG_SHORT, RIG_PROMPT);

	cmd.prompt.track[2] = RIG_SHORT;
	rig_call(&rig, 0);
	cr_assert(zero(int, rig_do(&rig, 0, cmd)));
	rig_live(&rig, 159); // 1200 samples are 7.5 packets
	cr_expect(eq(u32, rig_count(&rig, 0), 8));
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(int, rig.said[0].kind, DP_EVENT_PLAYED));
	cr_expect(eq(u32, rig.said[0].tag, 0));
	cr_expect(eq(u32, rig.said[0].flow.gen, 1));
	expect_one_stream(0, 8);
	for (uint32_t i = 0; i < 1280; i++) {
		uint8_t got = rig_sent(&rig, 0, i / 160)->data[12 + i % 160];
		uint8_t want = i < 100    ? rig.ulaw[2][i]
			       : i < 1100 ? rig.ulaw[1][i - 100]
			       : i < 1200 ? rig.ulaw[2][i - 1100]
					  : G711_ULAW_SILENCE;

		cr_assert(eq(u8, got, want), "sample %u", i);
	}
	rig_live(&rig, 200);
	cr_expect(eq(u32, rig_count(&rig, 0), 8), "silent afterwards");
	cr_expect(eq(u32, rig.told, 1), "said once");
}

Test(engine_play, a_prompt_asked_for_again_goes_on_and_one_cut_short_is_not_played)
{
	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 60);
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 62);
	cr_expect(eq(u32, rig.told, 1), "1000 samples are 125 ms");
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 50);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 500);
	cr_expect(eq(u32, rig.told, 1));
}

Test(engine_play, S0_20_the_customer_has_music_from_the_park_on_while_the_parker_hears_the_slot)
{
	struct rig_voice customer = { .flow = 1, .ssrc = 5, .ts = 77, .seq = 9 };

	rig_pair(&rig, 0, 1); // 0 the parker, 1 the customer
	for (int i = 0; i < 10; i++) {
		rig_speak(&rig, &customer, (uint8_t)i);
		rig_live(&rig, 20);
	}
	cr_expect(eq(u32, rig_count(&rig, 0), 10));
	rig_do(&rig, 1, rig_music(RIG_MUSIC));
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	uint64_t parked = rig.now;
	for (int i = 0; i < 10; i++) {
		rig_speak(&rig, &customer, 0x11);
		rig_live(&rig, 20);
	}
	cr_expect(le(u64, rig_sent(&rig, 1, 0)->at, parked + 20 * NS_PER_MS));
	cr_expect(eq(u32, rig_count(&rig, 1), 10));
	cr_expect(eq(u32, rig_count(&rig, 0), 17), "ten of the customer, seven of the prompt");
	expect_one_stream(0, 160);
	expect_one_stream(1, 8);
	cr_expect(eq(u32, markers(0), 2));
	for (uint32_t i = 0; i < 10; i++)
		cr_expect(eq(
			u8, rig_sent(&rig, 1, i)->data[12], rig.ulaw[0][i * 160 % RIG_TRACK_LEN]));
}

Test(engine_play, S0_22_after_the_refusal_both_hear_each_other_again_in_the_same_stream)
{
	struct rig_voice parker = { .flow = 0, .ssrc = 4, .ts = 4000000000, .seq = 65530 };
	struct rig_voice customer = { .flow = 1, .ssrc = 5, .ts = 77, .seq = 9 };

	rig_pair(&rig, 0, 1);
	for (int i = 0; i < 60; i++) {
		if (i == 10) {
			rig_do(&rig, 1, rig_music(RIG_MUSIC));
			rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
		}
		if (i == 17) { // PLAYED was heard
			cr_expect(eq(u32, rig.told, 3), "two locks, one PLAYED");
			rig_do(&rig, 0, rig_relay(1));
			rig_do(&rig, 1, rig_relay(0));
		}
		rig_speak(&rig, &parker, 0x22);
		rig_speak(&rig, &customer, 0x33);
		rig_live(&rig, 20);
	}
	expect_one_stream(0, 320);
	expect_one_stream(1, 320);
	cr_expect(eq(u32, markers(0), 3));
	cr_expect(eq(u32, markers(1), 3));
	cr_expect(eq(u32, rig_count(&rig, 0), 60));
	cr_expect(eq(u32, rig_count(&rig, 1), 60));
	cr_expect(eq(u8, rig_sent(&rig, 0, 59)->data[100], 0x33));
	cr_expect(eq(u8, rig_sent(&rig, 1, 59)->data[100], 0x22));
}

Test(engine_play, nothing_is_sent_to_a_party_on_hold_and_the_track_waits_for_him)
{
	struct dp_cmd hold = rig_remote(1);

	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 99);
	hold.remote.flags = DP_REMOTE_MUTE;
	rig_do(&rig, 0, hold);
	rig_live(&rig, 1000);
	cr_expect(eq(u32, rig_count(&rig, 0), 5));
	rig_do(&rig, 0, rig_remote(1));
	rig_live(&rig, 100);
	cr_expect(eq(u32, rig_count(&rig, 0), 10));
	cr_expect(eq(u8, rig_sent(&rig, 0, 5)->data[12], rig.ulaw[0][800]));
	cr_expect(eq(u32, markers(0), 2));
	expect_one_stream(0, 8);
}

Test(engine_play, a_prompt_for_a_party_on_hold_takes_its_time_and_is_played)
{
	struct dp_cmd hold = rig_remote(1);

	hold.remote.flags = DP_REMOTE_MUTE;
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, hold);
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 119);
	cr_expect(eq(u32, rig.told, 0));
	rig_live(&rig, 10);
	cr_expect(eq(u32, rig.told, 1));
	cr_expect(eq(u32, rig.sent, 0));
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig.now += 500 * NS_PER_MS;
	rig_tick(&rig);
	cr_expect(eq(u64, stat_read(&rig.stats.late_packets), 0), "none was to be sent");
	cr_expect(eq(u64, stat_read(&rig.stats.skipped_packets), 0), "none was to be sent");
}

Test(engine_play, after_a_short_stall_everything_is_sent_in_order)
{
	rig_call(&rig, 0);
	rig_call(&rig, 10);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_do(&rig, 10, rig_music(RIG_MUSIC));
	rig_live(&rig, 19);
	rig_forget(&rig);
	rig.now += 91 * NS_PER_MS; // due: 0 at 20 40 60 80 100, 10 at 30 50 70 90 110
	rig_tick(&rig);
	cr_assert(eq(u32, rig.sent, 10));
	for (uint32_t i = 0; i < 10; i++) {
		cr_expect(eq(u32, rig.packet[i].flow, i % 2 == 0 ? 0 : 10));
		cr_expect(not(rig.packet[i].rtp.marker));
		cr_expect(eq(u32, rig.packet[i].rtp.ts - rig.packet[i % 2].rtp.ts, i / 2 * 160));
	}
	cr_expect(eq(u64, stat_read(&rig.stats.late_packets), 9), "all but the last");
	cr_expect(eq(u64, stat_read(&rig.stats.skipped_packets), 0));
}

Test(engine_play, after_a_long_stall_what_is_too_late_is_counted_and_not_sent)
{
	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 1);
	rig.now += 10 * NS_PER_SEC - NS_PER_MS;
	rig_tick(&rig);
	cr_expect(eq(u32, rig_count(&rig, 0), 1 + 6), "due 9,900 to 10,000 ms");
	cr_expect(eq(u64, stat_read(&rig.stats.skipped_packets), 494));
	cr_expect(eq(u32, rig_sent(&rig, 0, 1)->rtp.ts - rig_sent(&rig, 0, 0)->rtp.ts, 9900 * 8));
	cr_expect(rig_sent(&rig, 0, 1)->rtp.marker);
	cr_expect(eq(u16, rig_sent(&rig, 0, 1)->rtp.seq - rig_sent(&rig, 0, 0)->rtp.seq, 1));
	rig_forget(&rig);
	rig_live(&rig, 100);
	cr_expect(eq(u32, rig_count(&rig, 0), 5), "the beat is the old one");
}

Test(engine_play, a_burst_that_is_full_is_flushed_and_an_empty_pool_is_counted)
{
	for (uint32_t flow = 0; flow < RIG_FLOWS; flow++) {
		rig_call(&rig, flow);
		rig_do(&rig, flow, rig_music(RIG_MUSIC));
	}
	rig_live(&rig, 20);
	rig_forget(&rig);
	rig.now += 99 * NS_PER_MS;
	rig_tick(&rig);
	cr_expect(gt(u32, rig.sent, 2 * BURST_MAX));
	rig.blanks = 3;
	rig_forget(&rig);
	rig_live(&rig, 20);
	cr_expect(eq(u32, rig.sent, 3));
	cr_expect(eq(u64, stat_read(&rig.stats.tx_no_buffer), RIG_FLOWS - 3));
}

Test(engine_play, without_a_buffer_the_track_waits_and_the_timestamp_does_not)
{
	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 39);
	rig.blanks = 0;
	rig_live(&rig, 40);
	rig.blanks = UINT32_MAX;
	rig_live(&rig, 40);
	cr_assert(eq(u32, rig_count(&rig, 0), 4));
	expect_one_stream(0, 8);
	cr_expect(eq(u8, rig_sent(&rig, 0, 2)->data[12], rig.ulaw[0][320]));
}

Test(engine_play, a_track_in_use_stays_and_one_in_another_codec_takes_its_place)
{
	struct track more = rig.track[3];
	struct dp_cmd alaw = rig_remote(1);

	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_ULAW));
	cr_expect(not(engine_track_hide(rig.e, RIG_ULAW)));
	rig_live(&rig, 19);
	more.payload[TRACK_PCMA] = rig.alaw[3];
	cr_expect(engine_track_show(rig.e, &more));
	alaw.remote.codec = DP_CODEC_PCMA;
	cr_expect(zero(int, rig_do(&rig, 0, alaw)), "it is there now");
	rig_live(&rig, 20);
	cr_expect(eq(u8, rig_sent(&rig, 0, 1)->data[12], rig.alaw[3][160]));

	rig_do(&rig, 0, rig_prompt(RIG_ULAW, RIG_ULAW));
	cr_expect(not(engine_track_hide(rig.e, RIG_ULAW)));
	rig_do(&rig, 0, rig_plain(DP_CMD_SILENT));
	cr_expect(engine_track_hide(rig.e, RIG_ULAW));
	cr_expect(engine_track_hide(rig.e, RIG_ULAW), "gone is gone");
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(RIG_ULAW)), DP_REFUSAL_NO_TRACK));
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(engine_track_hide(rig.e, RIG_MUSIC));
}
