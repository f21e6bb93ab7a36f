// SPDX-License-Identifier: BSD-3-Clause
//
// Tones as they are heard: how long, how loud, at which frequencies, and without clicks.
#include "codecs/tone_table.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <spandsp.h>

#include <math.h>
#include <string.h>

enum { LONG = 16000 * 20 };

static int16_t pcm[LONG];
static const uint32_t rates[] = { 8000, 16000 };

// The level of hz in n samples, in dBm0.
static double level(const int16_t *x, size_t n, double hz, uint32_t rate)
{
	double re = 0, im = 0;

	for (size_t i = 0; i < n; i++) {
		re += x[i] * cos(2 * M_PI * hz * (double)i / rate);
		im += x[i] * sin(2 * M_PI * hz * (double)i / rate);
	}
	return 20 * log10(hypot(re, im) * 2 / (double)n / 32768 + 1e-9) + 3.14;
}

static bool is_silent(const int16_t *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (x[i] != 0)
			return false;
	return true;
}

// Every step of every tone of every country, one round and into the next.
static void check_tone(const struct tone *t, uint32_t rate, const char *iso)
{
	struct tone_cursor c;
	size_t at = 0, ms = rate / 1000;

	tone_begin(&c, t, rate);
	cr_assert(eq(sz, tone_render(&c, pcm, 2 * ms), 2 * ms));
	tone_begin(&c, t, rate);
	size_t said = tone_render(&c, pcm, LONG);
	for (unsigned i = 0; i < TONE_STEPS && t->step[i].ms != 0; i++) {
		const struct tone_step *s = &t->step[i];
		size_t n = s->ms * ms, edge = 3 * ms;

		cr_assert(le(sz, at + n, LONG));
		cr_expect(eq(int, is_silent(pcm + at, n), s->hz[0] == 0), "%s, step %u", iso, i);
		for (unsigned k = 0; k < 2 && s->hz[k] != 0; k++) {
			double heard = level(pcm + at + edge, n - 2 * edge, s->hz[k], rate);
			cr_expect(lt(dbl, fabs(heard + t->level[k]), s->ms < 100 ? 1.5 : 1.0),
				"%s, %u Hz at %f dBm0", iso, s->hz[k], heard);
		}
		at += n;
	}
	cr_expect(eq(sz, said, t->once ? at : LONG));
	cr_expect(eq(int, is_silent(pcm + at, 50 * ms), t->once));
}

Test(tone, every_tone_of_every_country_has_its_cadence_frequencies_and_levels)
{
	for (unsigned i = 0; i < TONE_COUNTRIES * TONE_KINDS * 2; i++) {
		const struct tone_country *there = &tone_countries[i / 2 / TONE_KINDS];

		check_tone(&there->tone[i / 2 % TONE_KINDS], rates[i % 2], there->iso);
	}
}

Test(tone, a_country_is_found_by_its_letters_in_any_case_and_no_other_is)
{
	static const char *const known[] = { "US", "gb", "De", "fr", "it", "ES", "nl", "jp", "au",
		"br" };

	for (unsigned i = 0; i < 10; i++)
		cr_expect(tone_find(known[i], TONE_BUSY) != NULL, "%s", known[i]);
	cr_expect(tone_find("xx", TONE_BUSY) == NULL);
	cr_expect(tone_find("", TONE_BUSY) == NULL);
	cr_expect(tone_find("usa", TONE_BUSY) == NULL);
	cr_expect(eq(u16, tone_find("gb", TONE_BUSY)->step[0].hz[0], 400));
	cr_expect(eq(u16, tone_find("us", TONE_CALL_WAITING)->step[0].ms, 300));
}

Test(tone, every_tone_is_something_and_is_loud_enough_to_be_heard)
{
	for (unsigned i = 0; i < TONE_COUNTRIES * TONE_KINDS; i++) {
		const struct tone *t = &tone_countries[i / TONE_KINDS].tone[i % TONE_KINDS];

		cr_expect(gt(u16, t->step[0].ms, 0));
		cr_expect(ge(u16, t->step[0].hz[0], 300));
		cr_expect(le(u8, t->level[0], 24));
		cr_expect(eq(int, t->once, i % TONE_KINDS == TONE_RECALL));
	}
}

Test(tone, a_digit_is_as_long_as_said_to_the_sample_and_so_is_its_pause)
{
	for (unsigned r = 0; r < 2; r++)
		for (uint16_t ms = 40; ms < 400; ms = (uint16_t)(ms + 37)) {
			size_t on = ms * rates[r] / 1000, off = ms / 4 * rates[r] / 1000;
			struct tone_cursor c;

			tone_begin_digit(&c, 5, ms, ms / 4, rates[r]);
			cr_assert(eq(sz, tone_render(&c, pcm, LONG), on + off));
			// A sine may pass through nothing beside the ends.
			cr_expect(not(is_silent(pcm + on - 8, 8)));
			cr_expect(not(is_silent(pcm, 8)));
			cr_expect(is_silent(pcm + on, off + 100));
			cr_expect(eq(sz, tone_render(&c, pcm, 10), 0), "it is over");
		}
}

Test(tone, a_digit_without_a_pause_is_over_with_its_sound)
{
	struct tone_cursor c;

	tone_begin_digit(&c, 11, 50, 0, 8000);
	cr_expect(eq(sz, tone_render(&c, pcm, LONG), 400));
	tone_begin_digit(&c, 11, 0, 0, 8000);
	cr_expect(eq(sz, tone_render(&c, pcm, LONG), 0));
}

// Q.23, as on a keypad.
Test(tone, a_digit_is_the_frequencies_of_its_row_and_its_column)
{
	static const char pad[] = "123A456B789C*0#D", keys[] = "0123456789*#ABCD";
	static const uint16_t rows[] = { 697, 770, 852, 941 };
	static const uint16_t columns[] = { 1209, 1336, 1477, 1633 };

	for (unsigned i = 0; i < 16; i++) {
		const struct tone *t = &tone_digits[strchr(keys, pad[i]) - keys];

		cr_expect(eq(u16, t->step[0].hz[0], rows[i / 4]), "%c", pad[i]);
		cr_expect(eq(u16, t->step[0].hz[1], columns[i % 4]), "%c", pad[i]);
	}
}

// Another's ear, in frames of 20 ms: each digit once, in order.
Test(tone, a_detector_hears_all_sixteen_digits)
{
	static const char keys[] = "0123456789*#ABCD";
	dtmf_rx_state_t *ear = dtmf_rx_init(NULL, NULL, NULL);
	char heard[32] = "";

	for (uint8_t code = 0; code < TONE_DIGITS; code++) {
		struct tone_cursor c;

		tone_begin_digit(&c, code, 60, 50, 8000);
		for (unsigned k = 0; k < 6; k++) {
			tone_render(&c, pcm, 160);
			dtmf_rx(ear, pcm, 160);
		}
	}
	dtmf_rx_get(ear, heard, 31);
	cr_expect(zero(int, strcmp(heard, keys)), "%s", heard);
	dtmf_rx_free(ear);
}

Test(tone, digits_are_louder_in_the_high_group_and_not_too_loud_in_all)
{
	struct tone_cursor c;

	tone_begin_digit(&c, 1, 500, 0, 16000);
	tone_render(&c, pcm, 8000);
	cr_expect(lt(dbl, fabs(level(pcm + 100, 7800, 697, 16000) + 8), 0.2));
	cr_expect(lt(dbl, fabs(level(pcm + 100, 7800, 1209, 16000) + 6), 0.2));
}

// No step is steeper than the sines themselves are: neither where a sound begins nor where it
// ends nor between two calls.
Test(tone, nothing_clicks_and_frames_of_any_length_join)
{
	static int16_t pieces[LONG];

	for (unsigned r = 0; r < 2; r++)
		for (unsigned i = 0; i < TONE_COUNTRIES * TONE_KINDS; i++) {
			const struct tone *t = &tone_countries[i / TONE_KINDS].tone[i % TONE_KINDS];
			struct tone_cursor a, b;
			size_t n = rates[r] * 3;
			double steepest = 0, worst = 0;

			tone_begin(&a, t, rates[r]);
			tone_begin(&b, t, rates[r]);
			tone_render(&a, pcm, n);
			for (size_t at = 0, take; at < n; at += take) {
				take = 1 + at * 7 % 331;
				take = take < n - at ? take : n - at;
				tone_render(&b, pieces + at, take);
			}
			cr_assert(zero(int, memcmp(pcm, pieces, n * sizeof(*pcm))));
			for (unsigned k = 0; k < 2; k++)
				steepest += a.amplitude[k] * 2 * M_PI * t->step[0].hz[k] / rates[r];
			for (size_t k = 1; k < n; k++)
				worst = fmax(worst, abs(pcm[k] - pcm[k - 1]));
			cr_expect(lt(dbl, worst, steepest + 3), "%s",
				tone_countries[i / TONE_KINDS].iso);
			cr_expect(lt(int, abs(pcm[1]), steepest / 4), "it begins softly");
		}
}

// The purity of a sine from a table: all that is not it, far below it.
Test(tone, a_sine_is_a_sine)
{
	struct tone t = { { 0, 0 }, 0, { { 1000, { 1000, 0 } } } };
	struct tone_cursor c;
	double rest = 0;

	tone_begin(&c, &t, 8000);
	tone_render(&c, pcm, 8000);
	double heard = level(pcm + 800, 6400, 1000, 8000);
	for (double hz = 100; hz < 4000; hz += 100)
		if (fabs(hz - 1000) > 1)
			rest = fmax(rest, pow(10, level(pcm + 800, 6400, hz, 8000) / 20));
	cr_expect(lt(dbl, fabs(heard), 0.05));
	cr_expect(lt(dbl, 20 * log10(rest + 1e-9), -75));
}
