// SPDX-License-Identifier: BSD-3-Clause
//
// What is a digit and what is not: ITU-T Q.24 and ES 201 235-3, row by row (docs/DTMF.md).
#include "codecs/dtmf.h"
#include "codecs/resample.h"
#include "tests/support/tape.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char keypad[] = "123A456B789C*0#D";
static struct tape tape;

// Presses each key so often, each press on a tape of its own that begins at another place between
// two windows. Returns how many were heard as that one digit and nothing else.
static unsigned heard_of(const struct press *p, unsigned times, unsigned presses)
{
	unsigned right = 0;

	for (unsigned i = 0; i < 16 * times; i++) {
		char want[TAPE_HEARD + 1] = { 0 };
		struct heard heard;

		memset(want, keypad[i % 16], presses);
		tape_rewind(&tape, i);
		tape_wait(&tape, p, 100 + 5 * tape_chance(&tape));
		for (unsigned k = 0; k < presses; k++)
			tape_press(&tape, p, keypad[i % 16]);
		tape_wait(&tape, p, 100);
		tape_through(&tape, p->law);
		tape_play(&tape, NULL, &heard);
		right += strcmp(heard.keys, want) == 0 && heard.ended == presses;
	}
	return right;
}

static void all_are_digits(const struct press *p, unsigned times, const char *what, double value)
{
	cr_expect(eq(u32, heard_of(p, times, 1), 16 * times), "%s %.1f", what, value);
}

static void none_is_a_digit(const struct press *p, unsigned times, const char *what, double value)
{
	for (unsigned i = 0; i < 16 * times; i++) {
		struct heard heard;

		tape_rewind(&tape, i);
		tape_wait(&tape, p, 100 + 5 * tape_chance(&tape));
		tape_press(&tape, p, keypad[i % 16]);
		tape_through(&tape, p->law);
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.n, 0), "%s %.1f: '%c' was heard as %s", what, value,
			keypad[i % 16], heard.keys);
	}
}

Test(dtmf, hears_ten_digits_a_second_in_either_law)
{
	struct press p = press_plain();

	p.off = 50;
	for (p.law = TAPE_LINEAR; p.law <= TAPE_ALAW; p.law++) {
		struct heard heard;

		tape_rewind(&tape, p.law);
		for (int i = 0; i < 160; i++)
			tape_press(&tape, &p, keypad[i % 16]);
		tape_wait(&tape, &p, 50);
		tape_through(&tape, p.law);
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.n, 160));
		cr_expect(eq(u32, heard.ended, 160));
		for (int i = 0; i < 160; i++)
			cr_expect(eq(chr, heard.keys[i], keypad[i % 16]));
	}
}

Test(dtmf, says_how_long_a_digit_was_pressed)
{
	struct press p = press_plain();

	for (p.on = 40; p.on < 2000; p.on *= 1.3) {
		struct heard heard;

		tape_rewind(&tape, 1);
		tape_wait(&tape, &p, 33);
		tape_press(&tape, &p, '7');
		tape_through(&tape, p.law);
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.ended, 1));
		cr_expect(
			lt(dbl, fabs(heard.ms[0] - p.on), 5), "%.0f ms were %u", p.on, heard.ms[0]);
	}
}

// Q.24: 1.5 %; ES 201 235-3: 1.5 % and 2 Hz; both tones, either way, at once.
Test(dtmf, accepts_both_tones_off_by_one_and_a_half_per_cent)
{
	for (int way = 0; way < 4; way++) {
		for (double off = 0; off < 1.65; off += 0.1) {
			struct press p = press_plain();

			p.low_off = way & 1 ? -off : off;
			p.high_off = way & 2 ? -off : off;
			all_are_digits(&p, 4, way & 1 ? "low off by -" : "low off by +", off);
		}
	}
}

Test(dtmf, accepts_one_tone_off_by_one_and_eight_tenths_per_cent)
{
	for (double off = -1.8; off < 1.85; off += 0.1) {
		struct press p = press_plain();

		p.low_off = off;
		all_are_digits(&p, 4, "low off by", off);
		p.low_off = 0;
		p.high_off = off;
		all_are_digits(&p, 4, "high off by", off);
	}
}

Test(dtmf, refuses_what_is_three_and_a_half_per_cent_off)
{
	// From 5 % on it is another digit, out of tune.
	for (double off = 3.5; off < 5; off += 0.1) {
		for (int way = -1; way <= 1; way += 2) {
			struct press p = press_plain();

			p.low_off = way * off;
			none_is_a_digit(&p, 2, "low off by", p.low_off);
			p.high_off = p.low_off;
			none_is_a_digit(&p, 2, "both off by", p.low_off);
			p.low_off = 0;
			none_is_a_digit(&p, 2, "high off by", p.high_off);
		}
	}
}

static struct press twisted(double high_over_low)
{
	struct press p = press_plain();

	p.high += high_over_low < 0 ? high_over_low : 0;
	p.low -= high_over_low > 0 ? high_over_low : 0;
	return p;
}

Test(dtmf, accepts_twist_from_minus_eight_to_six_decibels)
{
	for (double twist = -8; twist <= 6; twist += 0.5) {
		struct press p = twisted(twist);

		all_are_digits(&p, 4, "twist", twist);
	}
}

Test(dtmf, refuses_twist_beyond_minus_eleven_and_ten_decibels)
{
	for (double twist = 10; twist <= 20; twist += 1) {
		struct press p = twisted(twist);

		none_is_a_digit(&p, 2, "twist", twist);
		p = twisted(-twist - 1);
		none_is_a_digit(&p, 2, "twist", -twist - 1);
	}
}

Test(dtmf, accepts_levels_from_three_to_minus_forty_one)
{
	for (double level = 3; level >= -41; level -= 1) {
		struct press p = press_plain();

		p.low = p.high = level;
		all_are_digits(&p, 4, "level", level);
	}
}

Test(dtmf, refuses_levels_under_minus_forty_five)
{
	for (double level = -45; level >= -60; level -= 1) {
		struct press p = press_plain();

		p.low = p.high = level;
		none_is_a_digit(&p, 2, "level", level);
	}
}

Test(dtmf, accepts_forty_milliseconds_and_refuses_twenty_three)
{
	for (double on = 31; on <= 60; on += 1) {
		struct press p = press_plain();

		p.on = on;
		all_are_digits(&p, 10, "on", on);
	}
	for (double on = 1; on <= 23; on += 1) {
		struct press p = press_plain();

		p.on = on;
		none_is_a_digit(&p, 10, "on", on);
	}
}

Test(dtmf, a_pause_of_twenty_milliseconds_makes_two_digits_of_one)
{
	for (double pause = 20; pause <= 60; pause += 2.5) {
		struct press p = press_plain();

		p.off = pause;
		cr_expect(eq(u32, heard_of(&p, 4, 2), 64), "pause %.1f", pause);
	}
}

Test(dtmf, a_break_of_ten_milliseconds_splits_no_digit)
{
	for (double hole = 1; hole <= 11; hole += 1) {
		struct press p = press_plain();

		p.on = 80 + hole;
		p.hole = hole;
		all_are_digits(&p, 10, "break", hole);
	}
}

// Where the break begins and ends a window sounds for a moment like another key, and comes to
// nothing: has_come_to_stay().
Test(dtmf, a_break_with_twist_splits_no_digit_wherever_it_falls)
{
	struct heard heard;

	for (unsigned i = 0; i < 3 * 16 * 40; i++) {
		static const double holes[] = { 9, 9.5, 11 };
		const char key[2] = { keypad[i / 40 % 16], '\0' };
		struct press p = press_plain();

		p.on = 100;
		p.hole = holes[i / 640];
		p.high = p.low + 6;
		tape_rewind(&tape, 1);
		tape_wait(&tape, &p, 50 + i % 40 / 8.0);
		tape_press(&tape, &p, key[0]);
		tape_wait(&tape, &p, 80);
		tape_play(&tape, NULL, &heard);
		cr_expect(zero(int, strcmp(heard.keys, key)), "%s: %s", key, heard.keys);
	}
}

Test(dtmf, a_digit_that_stumbles_as_it_begins_is_still_heard_once)
{
	for (unsigned i = 0; i < 160; i++) {
		struct press p = press_plain();
		struct heard heard;

		tape_rewind(&tape, i);
		tape_wait(&tape, &p, 50 + 5 * tape_chance(&tape));
		p.on = 10 + i % 11;
		p.off = 10;
		tape_press(&tape, &p, keypad[i % 16]);
		p.on = 50;
		p.off = 50;
		tape_press(&tape, &p, keypad[i % 16]);
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.ended, 1), "%u ms, a break, 50 ms", 10 + i % 11);
		cr_expect(eq(chr, heard.keys[0], keypad[i % 16]));
	}
}

static struct press noisy(double snr)
{
	struct press p = press_plain();

	p.noise = p.low + 10 * log10(2) - snr;
	return p;
}

Test(row_22, finds_all_digits_at_nine_decibels_over_noise)
{
	for (double snr = 9; snr <= 21; snr += 3) {
		struct press p = noisy(snr);

		all_are_digits(&p, 60, "signal to noise", snr);
	}
}

Test(row_22, finds_digits_in_noise_that_are_short_and_out_of_tune)
{
	struct press p = noisy(12);

	p.on = 40;
	p.off = 40;
	p.low_off = 1.5;
	p.high_off = 1.5;
	all_are_digits(&p, 60, "signal to noise", 12);
	p.high_off = -1.5;
	all_are_digits(&p, 60, "signal to noise", 12);
}

Test(row_22, hears_no_digit_in_noise_alone)
{
	struct press p = press_plain();
	struct heard heard;

	p.noise = -10;
	tape_rewind(&tape, 22);
	tape_wait(&tape, &p, 600 * 1000);
	tape_through(&tape, p.law);
	tape_play(&tape, NULL, &heard);
	cr_expect(eq(u32, heard.n, 0));
}

Test(dtmf, dial_tone_as_loud_as_the_digit_less_a_decibel_is_no_hindrance)
{
	struct press p = press_plain();

	for (p.dial = -30; p.dial <= -11; p.dial += 1)
		all_are_digits(&p, 4, "dial tone", p.dial);
}

Test(dtmf, dial_tone_alone_is_no_digit)
{
	struct press p = press_plain();
	struct heard heard;

	p.dial = -10;
	tape_rewind(&tape, 1);
	tape_wait(&tape, &p, 10 * 1000);
	tape_play(&tape, NULL, &heard);
	cr_expect(eq(u32, heard.began, 0));
}

static void one_tone_is_none(bool low)
{
	for (int i = 0; i < 16; i++) {
		struct press p = press_plain();
		struct heard heard;

		p.on = 500;
		p.low = low ? p.low : TAPE_NOTHING;
		p.high = low ? TAPE_NOTHING : p.high;
		tape_rewind(&tape, i);
		tape_press(&tape, &p, keypad[i]);
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.began, 0));
	}
}

Test(dtmf, one_tone_of_the_two_is_no_digit)
{
	one_tone_is_none(true);
	one_tone_is_none(false);
}

// The engine withholds from here on: docs/DTMF.md says how much is heard before.
Test(dtmf, suspects_a_digit_within_twenty_milliseconds)
{
	for (unsigned i = 0; i < 160; i++) {
		struct press p = press_plain();
		struct heard heard;
		size_t from;

		tape_rewind(&tape, i);
		tape_wait(&tape, &p, 100 + 20 * tape_chance(&tape));
		from = tape.n;
		tape_press(&tape, &p, keypad[i % 16]);
		tape_through(&tape, p.law);
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.began, 1));
		// A frame is told of as a whole.
		cr_expect(le(
			sz, heard.last_began, (from / TAPE_FRAME + 1) * TAPE_FRAME + TAPE_FRAME));
	}
}

static unsigned told;

static void count(void *ctx, struct dtmf_channel *c, const struct dtmf_event *event)
{
	(void)ctx;
	(void)c;
	told += event->news == DTMF_SURE || event->news == DTMF_ENDED;
}

Test(dtmf, a_reset_ends_a_digit_and_forgets_the_rest)
{
	static struct dtmf_batch batch;
	struct dtmf_channel channel = { 0 };
	struct press p = press_plain();

	p.on = 300;
	tape_rewind(&tape, 1);
	tape_press(&tape, &p, '5');
	dtmf_batch_init(&batch, dtmf_bank_best(), count, NULL);
	dtmf_feed(&batch, &channel, tape.pcm, 800);
	dtmf_reset(&batch, &channel);
	cr_expect(eq(u32, told, 2));
	for (size_t i = 0; i < sizeof(channel); i++)
		cr_assert(eq(u8, ((uint8_t *)&channel)[i], 0));
	dtmf_feed(&batch, &channel, tape.pcm + 800, 120); // not enough for a digit of its own
	dtmf_reset(&batch, &channel);
	cr_expect(eq(u32, told, 2));
}

Test(dtmf, hears_at_sixteen_kilohertz)
{
	static int16_t fast[2 * TAPE_ROOM / 64];
	struct resample_down down = { 0 };
	struct heard heard;

	for (int key = 0; key < 16; key++) {
		double low = dtmf_hz[key / 4], high = dtmf_hz[4 + key % 4];
		size_t n = 1600;

		memset(fast, 0, sizeof(fast));
		for (size_t i = 0; i < n; i++)
			fast[800 + i] = (int16_t)(8000 * sin(2 * M_PI * low * (double)i / 16000) +
						  8000 * sin(2 * M_PI * high * (double)i / 16000));
		tape_rewind(&tape, 1);
		resample_down(&down, tape.pcm, fast, 2400);
		tape.n = 2400;
		tape_play(&tape, NULL, &heard);
		cr_expect(eq(u32, heard.ended, 1));
		cr_expect(eq(chr, heard.keys[0], keypad[key]));
		cr_expect(lt(dbl, fabs(heard.ms[0] - 100.0), 5));
	}
}

// What lies beyond 4 kHz would come down on the digits.
Test(dtmf, tones_that_would_fold_into_a_digit_are_not_heard)
{
	static int16_t fast[16000];
	struct resample_down down = { 0 };
	struct heard heard;

	for (int i = 0; i < 16000; i++)
		fast[i] = (int16_t)(8000 * sin(2 * M_PI * (8000 - 697) * i / 16000) +
				    8000 * sin(2 * M_PI * (8000 - 1209) * i / 16000));
	tape_rewind(&tape, 1);
	resample_down(&down, tape.pcm, fast, 8000);
	tape.n = 8000;
	tape_play(&tape, NULL, &heard);
	cr_expect(eq(u32, heard.n, 0));
}
