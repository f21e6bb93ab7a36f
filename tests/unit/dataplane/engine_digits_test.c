// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come in: each press counted once, at key-up, passed on or withheld (D12).
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
