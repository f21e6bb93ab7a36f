// SPDX-License-Identifier: BSD-3-Clause
//
// Digits: each press counted once, at key-up, passed on or withheld, and given back (D12).
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { STAR = 10, HASH = 11 };

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

TestSuite(engine_digits, .init = begin);

static void watch(uint16_t digits)
{
	struct dp_cmd cmd = { .kind = DP_CMD_WATCH, .watch.digits = digits };

	cr_assert(zero(int, rig_do(&rig, 0, cmd)));
}

static void expect_digit(uint32_t n, uint8_t digit, bool withheld, uint16_t ms)
{
	cr_assert(lt(u32, n, rig.told), "digit %u was not told", n);
	cr_expect(eq(int, rig.said[n].kind, DP_EVENT_DIGIT));
	cr_expect(eq(u32, rig.said[n].tag, 0));
	cr_expect(eq(u32, rig.said[n].flow.index, 0));
	cr_expect(eq(u8, rig.said[n].digit.digit, digit), "digit %u", n);
	cr_expect(eq(u8, rig.said[n].digit.withheld, withheld), "digit %u", n);
	cr_expect(eq(u16, rig.said[n].digit.duration_ms, ms), "digit %u", n);
}

static uint32_t events_sent(uint32_t flow)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rig_count(&rig, flow); i++)
		n += rig_sent(&rig, flow, i)->rtp.pt == RIG_EVENT;
	return n;
}

Test(engine_digits, D12_a_press_is_one_digit_told_at_key_up)
{
	for (uint8_t digit = 0; digit < 16; digit++) {
		begin();
		rig_event(&rig, &voice, digit, 160, false);
		rig_live(&rig, 20);
		rig_event(&rig, &voice, digit, 320, false);
		cr_expect(eq(u32, rig.told, 0), "the key is down");
		for (int i = 0; i < 3; i++)
			rig_event(&rig, &voice, digit, 800, true);
		cr_expect(eq(u32, rig.told, 1));
		expect_digit(0, digit, false, 100);
		voice.ts += 800;
		rig_live(&rig, 1000);
		cr_expect(eq(u32, rig.told, 1));
	}
}

Test(engine_digits, D12_whatever_is_lost_or_late_of_a_press_it_is_one_digit)
{
	// The packets of a press are four updates and three ends. Bit n: packet n arrives.
	for (unsigned arrives = 1; arrives < 1U << 7; arrives++) {
		begin();
		for (unsigned n = 0; n < 7; n++) {
			uint16_t duration = (uint16_t)(n < 4 ? (n + 1) * 160 : 640);

			if (arrives >> n & 1)
				rig_event(&rig, &voice, 5, duration, n >= 4);
			else
				voice.seq++;
			rig_live(&rig, n < 4 ? 20 : 0);
		}
		voice.ts += 640;
		rig_live(&rig, 200);
		cr_assert(eq(u32, rig.told, 1), "packets %02x", arrives);
		cr_expect(eq(u8, rig.said[0].digit.digit, 5));
	}
}

Test(engine_digits, D12_a_press_whose_end_is_lost_ends_with_the_next_one)
{
	rig_event(&rig, &voice, 1, 160, false);
	voice.ts += 480;
	rig_event(&rig, &voice, 1, 160, false); // the same key again
	cr_expect(eq(u32, rig.told, 1));
	voice.ts += 480;
	rig_event(&rig, &voice, 2, 160, true);
	cr_expect(eq(u32, rig.told, 3));
	expect_digit(0, 1, false, 20);
	expect_digit(1, 1, false, 20);
	expect_digit(2, 2, false, 20);
}

Test(engine_digits, D12_a_press_whose_end_is_lost_ends_when_audio_has_left_it_behind)
{
	rig_event(&rig, &voice, 1, 160, false);
	voice.ts += 160 + 640;
	rig_speak(&rig, &voice, 0xff);
	cr_expect(eq(u32, rig.told, 0), "phones send audio through a press");
	voice.ts += 320;
	rig_speak(&rig, &voice, 0xff);
	cr_expect(eq(u32, rig.told, 1));
}

Test(engine_digits, D12_a_press_whose_end_is_lost_ends_after_three_updates_without)
{
	rig_event(&rig, &voice, 1, 160, false);
	rig_live(&rig, 90);
	rig_event(&rig, &voice, 1, 880, false);
	rig_live(&rig, 90);
	cr_expect(eq(u32, rig.told, 0));
	rig_live(&rig, 15);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 1, false, 110);
	rig_event(&rig, &voice, 1, 1040, true); // the end, after all
	cr_expect(eq(u32, rig.told, 1));
}

Test(engine_digits, D12_audio_between_the_updates_changes_nothing)
{
	struct rig_voice audio = voice;

	for (uint16_t i = 0; i < 10; i++) {
		audio.seq = voice.seq++;
		rig_speak(&rig, &audio, 0xff);
		rig_event(&rig, &voice, 7, (uint16_t)(160 * (i + 1)), i == 9);
		rig_live(&rig, 20);
	}
	cr_expect(eq(u32, rig.told, 1));
	expect_digit(0, 7, false, 200);
	cr_expect(eq(u32, events_sent(1), 10));
}

Test(engine_digits, D12_a_press_longer_than_the_field_goes_on_in_segments)
{
	rig_event(&rig, &voice, 3, 65000, false);
	rig_event(&rig, &voice, 3, 0xffff, false);
	voice.ts += 0xffff;
	rig_event(&rig, &voice, 3, 160, false);
	rig_event(&rig, &voice, 3, 1600, true);
	cr_expect(eq(u32, rig.told, 1));
	expect_digit(0, 3, false, (0xffff + 1600) / 8);
}

Test(engine_digits, D12_the_same_digit_ten_times_is_ten_digits)
{
	for (uint32_t i = 0; i < 10; i++) {
		rig_press(&rig, &voice, HASH);
		rig_live(&rig, 50);
		voice.ts += 400;
	}
	cr_assert(eq(u32, rig.told, 10));
	for (uint32_t i = 0; i < 10; i++)
		expect_digit(i, HASH, false, 80);
	cr_expect(eq(u64, stat_read(&rig.stats.digits_seen), 10));
}

Test(engine_digits, another_ssrc_ends_a_press_and_makes_no_second_one)
{
	rig_event(&rig, &voice, 3, 160, false);
	voice.ssrc = 77;
	rig_speak(&rig, &voice, 0xff);
	cr_expect(eq(u32, rig.told, 1));
	voice.ts = 5; // far behind the old source's
	rig_event(&rig, &voice, 4, 160, true);
	rig_live(&rig, 300);
	cr_expect(eq(u32, rig.told, 2));
	expect_digit(1, 4, false, 20);
}

Test(engine_digits, an_update_that_comes_late_is_no_new_press)
{
	uint32_t first = voice.ts;

	rig_event(&rig, &voice, 1, 160, true);
	voice.ts += 800;
	rig_event(&rig, &voice, 2, 160, false);
	voice.ts = first;
	rig_event(&rig, &voice, 1, 160, true);
	rig_live(&rig, 200);
	cr_expect(eq(u32, rig.told, 2));
	rig_event(&rig, &voice, 1, 160, true);
	cr_expect(eq(u32, rig.told, 2));
}

Test(engine_digits, a_press_is_passed_on_in_the_far_ends_type_and_our_time)
{
	struct dp_cmd far = rig_remote(2);

	far.remote.dtmf_tx = 96;
	rig_do(&rig, 1, far);
	rig_speak(&rig, &voice, 0xff);
	rig_live(&rig, 20);
	rig_press(&rig, &voice, 9);
	rig_speak(&rig, &voice, 0xff);
	cr_assert(eq(u32, rig_count(&rig, 1), 9));
	const struct rig_packet *before = rig_sent(&rig, 1, 0);
	for (uint32_t i = 1; i < 9; i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i);

		cr_expect(eq(u16, p->rtp.seq, (uint16_t)(before->rtp.seq + i)));
		cr_expect(eq(u32, p->rtp.ts - before->rtp.ts, i == 8 ? 800 : 160));
		cr_expect(eq(u8, p->rtp.pt, i == 8 ? RIG_PCMU : 96));
		if (i < 8)
			cr_expect(eq(u8, p->data[12], 9));
	}
}

Test(engine_digits, a_far_end_without_events_gets_none_and_the_core_hears_all_the_same)
{
	struct dp_cmd far = rig_remote(2);

	far.remote.dtmf_tx = DP_NO_PT;
	rig_do(&rig, 1, far);
	rig_press(&rig, &voice, 9);
	rig_speak(&rig, &voice, 0xff);
	expect_digit(0, 9, false, 80);
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	cr_expect(eq(u64, stat_read(&rig.stats.events_kept), 7));
}

Test(engine_digits, D12_from_the_watched_digit_on_all_are_withheld_and_audio_goes_on_without_a_hole)
{
	watch(1 << HASH);
	rig_speak(&rig, &voice, 0xff);
	rig_press(&rig, &voice, 5);
	cr_expect(eq(u32, events_sent(1), 7), "not watched for");
	rig_press(&rig, &voice, HASH);
	rig_speak(&rig, &voice, 0x31);
	rig_press(&rig, &voice, 0);
	rig_speak(&rig, &voice, 0x32);
	rig_press(&rig, &voice, 6);
	rig_speak(&rig, &voice, 0x33);
	cr_expect(eq(u32, events_sent(1), 7));
	expect_digit(0, 5, false, 80);
	expect_digit(1, HASH, true, 80);
	expect_digit(2, 0, true, 80);
	expect_digit(3, 6, true, 80);
	cr_expect(eq(u64, stat_read(&rig.stats.digits_withheld), 3));
	cr_assert(eq(u32, rig_count(&rig, 1), 11));
	for (uint32_t i = 1; i < 11; i++)
		cr_expect(eq(u16, rig_sent(&rig, 1, i)->rtp.seq,
			(uint16_t)(rig_sent(&rig, 1, i - 1)->rtp.seq + 1)));
	cr_expect(eq(u8, rig_sent(&rig, 1, 10)->data[12], 0x33));

	watch(1 << HASH); // forgets
	rig_press(&rig, &voice, 7);
	expect_digit(4, 7, false, 80);
	watch(0);
	rig_press(&rig, &voice, HASH);
	expect_digit(5, HASH, false, 80);
}

Test(engine_digits, a_press_stays_what_it_was_when_it_began)
{
	watch(1 << HASH);
	rig_event(&rig, &voice, HASH, 160, false);
	watch(0);
	rig_event(&rig, &voice, HASH, 320, true);
	rig_event(&rig, &voice, HASH, 320, true);
	expect_digit(0, HASH, true, 40);
	cr_expect(eq(u32, events_sent(1), 0));
	voice.ts += 320;
	rig_event(&rig, &voice, STAR, 160, false);
	watch(1 << STAR);
	rig_event(&rig, &voice, STAR, 320, true);
	expect_digit(1, STAR, false, 40);
	cr_expect(eq(u32, events_sent(1), 2));
}

Test(engine_digits, a_late_packet_finds_its_number_taken_after_a_withheld_one)
{
	struct rig_voice late = voice;

	voice.seq++;
	voice.ts += 160;
	watch(1 << HASH);
	rig_event(&rig, &voice, HASH, 160, true);
	rig_speak(&rig, &voice, 0x31);
	rig_speak(&rig, &late, 0x30);
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_too_old), 1));
}

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

Test(engine_digits, D12_digits_given_back_are_pressed_one_after_the_other)
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

Test(engine_digits, digits_given_back_hold_the_relay_and_it_goes_on_in_time)
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

Test(engine_digits, digits_given_back_hold_music_and_it_goes_on_where_it_was)
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

Test(engine_digits, a_press_that_comes_while_digits_are_given_back_follows_them)
{
	rig_do(&rig, 1, rig_keys("#"));
	rig_live(&rig, 20);
	rig_press(&rig, &voice, 8);
	rig_live(&rig, 500);
	expect_digit(0, 8, false, 80);
	uint32_t at = expect_press(1, 0, HASH, 640);
	at = expect_press(1, at, 8, 640);
	cr_expect(eq(u32, rig_count(&rig, 1), at));
}

Test(engine_digits, a_digit_of_eight_seconds_is_sent_in_segments_at_a_fast_clock)
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

Test(engine_digits, nothing_is_pressed_at_a_party_on_hold)
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
