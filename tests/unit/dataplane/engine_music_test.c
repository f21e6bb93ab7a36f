// SPDX-License-Identifier: BSD-3-Clause
//
// Music in encodings that come later, in Opus, and at a place that all share.
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { PT_OPUS = 107, PACKETS = 6 };

static struct rig rig;

static void begin(void)
{
	rig_init(&rig);
}

TestSuite(engine_music, .init = begin);

// Packet i of Opus is i + 1 bytes of i.
static uint8_t opus[PACKETS * (PACKETS + 1) / 2];
static uint32_t ends[PACKETS];
static struct track with_opus;

static void show_opus(void)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		memset(opus + end, (int)i, i + 1);
		end += i + 1;
		ends[i] = end;
	}
	with_opus = rig.track[0];
	with_opus.payload[TRACK_OPUS] = opus;
	with_opus.packet_end = ends;
	with_opus.packets = PACKETS;
	cr_assert(engine_track_show(rig.e, &with_opus));
}

static struct dp_cmd opus_remote(uint8_t ptime)
{
	struct dp_cmd cmd = rig_remote(1);

	cmd.remote.codec = DP_CODEC_OPUS;
	cmd.remote.clock = 48000;
	cmd.remote.ptime = ptime;
	cmd.remote.pt_tx = cmd.remote.pt_rx = PT_OPUS;
	return cmd;
}

static void call_in_opus(uint8_t ptime)
{
	cr_assert(zero(int, rig_do(&rig, 0, rig_open())));
	cr_assert(zero(int, rig_do(&rig, 0, opus_remote(ptime))));
}

static void expect_packet(uint32_t i, uint32_t which)
{
	const struct rig_packet *p = rig_sent(&rig, 0, i);

	cr_expect(eq(u32, p->len, 12 + which + 1), "packet %u", i);
	cr_expect(eq(u32, p->data[12], which), "packet %u", i);
	cr_expect(eq(u32, p->rtp.pt, PT_OPUS));
	if (i > 0)
		cr_expect(eq(u32, p->rtp.ts - rig_sent(&rig, 0, i - 1)->rtp.ts, 960));
}

Test(engine_music, a_loop_in_opus_goes_round_packet_by_packet)
{
	show_opus();
	call_in_opus(20);
	cr_assert(zero(int, rig_do(&rig, 0, rig_music(RIG_MUSIC))));
	rig_live(&rig, 280);
	cr_assert(ge(u32, rig_count(&rig, 0), 14));
	for (uint32_t i = 0; i < 14; i++)
		expect_packet(i, i % PACKETS);
	cr_expect(zero(u64, stat_read(&rig.stats.rendered)));
}

Test(engine_music, prompts_in_opus_follow_one_another)
{
	show_opus();
	call_in_opus(20);
	cr_assert(zero(int, rig_do(&rig, 0, rig_prompt(RIG_MUSIC, RIG_MUSIC))));
	rig_live(&rig, 300);
	cr_assert(eq(u32, rig_count(&rig, 0), 2 * PACKETS));
	for (uint32_t i = 0; i < 2 * PACKETS; i++)
		expect_packet(i, i % PACKETS);
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(u32, rig.said[0].kind, DP_EVENT_PLAYED));
}

Test(engine_music, opus_in_packets_of_another_length_is_rendered)
{
	show_opus();
	call_in_opus(40);
	cr_assert(zero(int, rig_do(&rig, 0, rig_music(RIG_MUSIC))));
	rig_live(&rig, 200);
	cr_expect(ge(u64, stat_read(&rig.stats.rendered), 4));
}

Test(engine_music, what_is_not_encoded_yet_is_rendered_until_it_is_asked_for_again)
{
	call_in_opus(20);
	cr_assert(zero(int, rig_do(&rig, 0, rig_music(RIG_MUSIC))));
	rig_live(&rig, 45);
	uint64_t rendered = stat_read(&rig.stats.rendered);
	uint32_t sent = rig_count(&rig, 0);
	cr_assert(gt(u64, rendered, 0));
	cr_expect(eq(u64, rendered, sent));

	show_opus();
	cr_assert(zero(int, rig_do(&rig, 0, rig_music(RIG_MUSIC))));
	rig_live(&rig, 40);
	cr_expect(eq(u64, stat_read(&rig.stats.rendered), rendered), "it is a copy now");
	cr_assert(ge(u32, rig_count(&rig, 0), sent + 2));
	expect_packet(sent, sent % PACKETS);
	cr_expect(
		zero(u32, rig_sent(&rig, 0, sent)->rtp.marker), "the stream goes on where it was");
}

static struct dp_cmd shared(void)
{
	struct dp_cmd cmd = rig_music(RIG_MUSIC);

	cmd.music.flags = DP_MUSIC_SHARED;
	return cmd;
}

// The payload that the time says.
static void expect_place(const struct rig_packet *p)
{
	uint64_t place = p->at / 125000 % RIG_TRACK_LEN;

	cr_expect(eq(u8, p->data[12], rig.ulaw[0][place - place % TRACK_BLOCK]));
}

Test(engine_music, all_who_share_a_track_are_at_one_place_of_it)
{
	for (uint32_t flow = 0; flow < 3; flow++) {
		rig_call(&rig, flow);
		cr_assert(zero(int, rig_do(&rig, flow, shared())));
		rig_live(&rig, 130);
	}
	for (uint32_t flow = 0; flow < 3; flow++)
		expect_place(rig_sent(&rig, flow, 0));
	const struct rig_packet *first = rig_sent(&rig, 0, 0), *later = rig_sent(&rig, 0, 5);
	uint64_t place = first->at / 125000 % RIG_TRACK_LEN;

	cr_expect(eq(u8, later->data[12],
			  rig.ulaw[0][(place - place % TRACK_BLOCK + 5 * 160) % RIG_TRACK_LEN]),
		"it goes on without a jump");
}

Test(engine_music, who_was_on_hold_is_with_the_others_again)
{
	struct dp_cmd hold = rig_remote(1);

	hold.remote.flags = DP_REMOTE_MUTE;
	rig_call(&rig, 0);
	cr_assert(zero(int, rig_do(&rig, 0, shared())));
	rig_live(&rig, 60);
	cr_assert(zero(int, rig_do(&rig, 0, hold)));
	rig_live(&rig, 333);
	uint32_t before = rig_count(&rig, 0);
	cr_assert(zero(int, rig_do(&rig, 0, rig_remote(1))));
	rig_live(&rig, 60);
	cr_assert(gt(u32, rig_count(&rig, 0), before));
	expect_place(rig_sent(&rig, 0, before));
}

Test(engine_music, own_places_begin_with_the_track)
{
	rig_live(&rig, 133);
	rig_call(&rig, 0);
	cr_assert(zero(int, rig_do(&rig, 0, rig_music(RIG_MUSIC))));
	rig_live(&rig, 30);
	cr_expect(eq(u8, rig_sent(&rig, 0, 0)->data[12], rig.ulaw[0][0]));
	struct dp_cmd cmd = shared();
	cmd.music.flags = 1 << 5;
	cr_expect(eq(int, rig_do(&rig, 0, cmd), DP_REFUSAL_BAD_VALUE), "no such flag");
}
