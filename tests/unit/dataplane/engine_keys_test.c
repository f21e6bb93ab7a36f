// SPDX-License-Identifier: BSD-3-Clause
//
// Digits given back: as if somebody pressed them (D12).
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { HASH = 11 };

static struct rig rig;
static struct rig_voice voice; // the party of flow 0; flow 1 sends it on

static void begin(void)
{
	rig_init(&rig);
	rig_pair(&rig, 0, 1);
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65530 };
	rig_speak(&rig, &voice, 0xff);
	rig_live(&rig, 20);
	rig_speak(&rig, &voice, 0xff);
	rig_live(&rig, 20);
	rig_forget(&rig);
}

TestSuite(engine_keys, .init = begin);

// What a phone shows of a digit that it received: marker, one timestamp, growing, three ends.
static uint32_t expect_press(uint32_t flow, uint32_t from, uint8_t digit, uint16_t duration)
{
	const struct rig_packet *first = rig_sent(&rig, flow, from);
	uint32_t updates = (duration + 159U) / 160 - 1;

	for (uint32_t i = 0; i < updates + 3; i++) {
		const struct rig_packet *p = rig_sent(&rig, flow, from + i);
		struct telephone_event event;

		cr_assert(eq(int, p->len, 16), "packet %u", from + i);
		cr_assert(zero(int, telephone_event_read(&event, p->data + 12, 4)));
		cr_expect(eq(u8, p->rtp.pt, RIG_EVENT));
		cr_expect(eq(int, p->rtp.marker, i == 0));
		cr_expect(eq(u32, p->rtp.ts, first->rtp.ts));
		cr_expect(eq(u16, p->rtp.seq, (uint16_t)(first->rtp.seq + i)));
		cr_expect(eq(u8, event.code, digit));
		cr_expect(eq(int, event.end, i >= updates));
		cr_expect(eq(u16, event.duration, i < updates ? (i + 1) * 160 : duration));
		cr_expect(eq(u64, p->at - first->at, i * 20 * NS_PER_MS));
	}
	return from + updates + 3;
}

Test(engine_keys, D12_digits_given_back_are_pressed_one_after_the_other)
{
	struct dp_cmd keys = rig_keys("#50");

	keys.digits.ms[1] = 45;
	keys.digits.ms[2] = 250;
	rig_do(&rig, 1, keys);
	rig_live(&rig, 1000);
	uint32_t at = expect_press(1, 0, HASH, 640);
	uint32_t five = at;
	at = expect_press(1, at, 5, 360);
	uint32_t zero = at;
	at = expect_press(1, at, 0, 2000);
	cr_expect(eq(u32, rig_count(&rig, 1), at));
	uint32_t ts[3] = { rig_sent(&rig, 1, 0)->rtp.ts, rig_sent(&rig, 1, five)->rtp.ts,
		rig_sent(&rig, 1, zero)->rtp.ts };
	cr_expect(ge(u32, ts[1] - ts[0], 640 + 400), "a pause of 50 ms");
	cr_expect(ge(u32, ts[2] - ts[1], 360 + 400), "a pause of 50 ms");
	cr_expect(le(u32, ts[2] - ts[1], 360 + 800));
	cr_expect(eq(u64, stat_read(&rig.stats.digit_packets), at));
	cr_expect(eq(u32, rig.told, 0));
}

Test(engine_keys, digits_given_back_hold_the_relay_and_it_goes_on_in_time)
{
	rig_do(&rig, 1, rig_keys("5"));
	for (uint32_t i = 0; i < 20; i++) {
		rig_speak(&rig, &voice, 0x44);
		rig_live(&rig, 20);
	}
	uint32_t audio = expect_press(1, 0, 5, 640);
	cr_expect(eq(u64, stat_read(&rig.stats.relay_held) + rig_count(&rig, 1) - audio, 20));
	cr_expect(ge(u64, stat_read(&rig.stats.relay_held), 7));
	const struct rig_packet *first = rig_sent(&rig, 1, 0), *next = rig_sent(&rig, 1, audio);
	uint32_t elapsed = (uint32_t)((next->at - first->at) / NS_PER_MS * 8);

	cr_expect(eq(u8, next->data[12], 0x44));
	cr_expect(next->rtp.marker);
	cr_expect(eq(u16, next->rtp.seq, (uint16_t)(first->rtp.seq + audio)));
	cr_expect(le(u32, next->rtp.ts - first->rtp.ts - elapsed + 160, 320));
}

Test(engine_keys, digits_given_back_hold_music_and_it_goes_on_where_it_was)
{
	rig_do(&rig, 1, rig_music(RIG_MUSIC));
	rig_live(&rig, 40);
	cr_assert(eq(u32, rig_count(&rig, 1), 2));
	rig_do(&rig, 1, rig_keys("5"));
	rig_live(&rig, 400);
	uint32_t audio = expect_press(1, 2, 5, 640);
	cr_expect(eq(u8, rig_sent(&rig, 1, audio)->data[12], rig.ulaw[0][320]));
	cr_expect(rig_sent(&rig, 1, audio)->rtp.marker);
}

Test(engine_keys, a_press_that_comes_while_digits_are_given_back_follows_them)
{
	rig_do(&rig, 1, rig_keys("#"));
	rig_live(&rig, 20);
	rig_press(&rig, &voice, 8);
	rig_live(&rig, 500);
	cr_expect(eq(u32, rig.told, 1));
	cr_expect(not(rig.said[0].digit.withheld));
	uint32_t at = expect_press(1, 0, HASH, 640);
	at = expect_press(1, at, 8, 640);
	cr_expect(eq(u32, rig_count(&rig, 1), at));
}

Test(engine_keys, a_digit_of_eight_seconds_is_sent_in_segments_at_a_fast_clock)
{
	struct dp_cmd fast = rig_remote(2), keys = rig_keys("1");
	uint32_t total = 0;

	fast.remote.codec = DP_CODEC_OTHER;
	fast.remote.clock = 48000;
	rig_do(&rig, 1, fast);
	keys.digits.ms[0] = DP_DIGIT_MS_MAX;
	rig_do(&rig, 1, keys);
	rig_live(&rig, 9000);
	cr_assert(eq(u32, rig_count(&rig, 1), 402));
	for (uint32_t i = 0; i < 402; i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i);
		uint32_t since = p->rtp.ts - rig_sent(&rig, 1, 0)->rtp.ts;
		uint32_t duration = (uint32_t)(p->data[14] << 8 | p->data[15]);

		cr_expect(zero(u32, since % 0xffff));
		cr_expect(gt(u32, duration, 0));
		total = since + duration;
		cr_expect(eq(u32, total, i < 399 ? (i + 1) * 960 : 384000));
	}
}

Test(engine_keys, nothing_is_pressed_at_a_party_on_hold)
{
	struct dp_cmd hold = rig_remote(2);

	hold.remote.flags = DP_REMOTE_MUTE;
	rig_do(&rig, 1, hold);
	rig_do(&rig, 1, rig_keys("123"));
	rig_live(&rig, 2000);
	cr_expect(eq(u32, rig_count(&rig, 1), 0));
	rig_do(&rig, 1, rig_remote(2));
	rig_live(&rig, 2000);
	cr_expect(eq(u32, rig_count(&rig, 1), 0), "its time is over");
}
