// SPDX-License-Identifier: BSD-3-Clause
//
// Speech and music are no digits, and digits over them are found (docs/DTMF.md).
#include "tests/support/sounds.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char keypad[] = "123A456B789C*0#D";
static struct sounds sounds;
static struct tape tape;

// Plays all files and expects no digit in any. Returns how many hours that was.
static double hours_without_a_digit(enum tape_law law, double decibels)
{
	struct press silence = press_plain();
	double samples = 0;
	unsigned began = 0;

	for (unsigned i = 0; i < sounds.n; i++) {
		struct heard heard;

		if (!sounds_read(&tape, sounds.path[i], decibels))
			continue;
		samples += (double)tape.n;
		tape_wait(&tape, &silence, 50);
		tape_through(&tape, law);
		tape_play(&tape, NULL, &heard);
		began += heard.began;
		cr_expect(eq(u32, heard.n, 0), "%s, law %d, %+.0f dB: %s", sounds.path[i], law,
			decibels, heard.keys);
	}
	fprintf(stderr, "law %d, %+3.0f dB: %.3f h, %u suspicions\n", law, decibels,
		samples / 8000 / 3600, began);
	return samples / 8000 / 3600;
}

static void no_digit_in(enum tape_law law)
{
	static const double loudness[] = { 0, 6, -12 };

	sounds_find(&sounds);
	for (int i = 0; i < 3; i++)
		cr_expect(ge(dbl, hours_without_a_digit(law, loudness[i]), SOUNDS_HOURS / 10.0),
			"some of the packages are not installed");
}

Test(row_22, hears_no_digit_in_speech_and_music_through_mu_law, .timeout = 60)
{
	no_digit_in(TAPE_ULAW);
}

Test(row_22, hears_no_digit_in_speech_and_music_through_a_law, .timeout = 60)
{
	no_digit_in(TAPE_ALAW);
}

// Adds digits to what is on the tape, one each half second, so that each is as much louder as snr
// says than what it covers. Returns how many.
static unsigned digits_over(struct tape *t, double snr, char *want)
{
	static struct tape tones;
	const size_t each = 4000, on = 800;
	unsigned n = 0;

	for (size_t at = each / 2; at + each < t->n && n < TAPE_HEARD; at += each) {
		struct press p = press_plain();
		double power = 0;

		for (size_t i = 0; i < on; i++)
			power += (double)t->pcm[at + i] * t->pcm[at + i] / (double)on;
		// of one tone: half of what both are to have
		p.low = 10 * log10(fmax(power, 1000) / 2) + snr - 10 * log10(32124.0 * 32124 / 2) +
			3.17;
		if (p.low > -3)
			continue;
		p.high = p.low;
		p.on = 100;
		p.off = 0;
		tape_rewind(&tones, at);
		tape_press(&tones, &p, keypad[at / each % 16]);
		for (size_t i = 0; i < on; i++) {
			int v = t->pcm[at + i] + tones.pcm[i];

			t->pcm[at + i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
		}
		want[n++] = keypad[at / each % 16];
	}
	want[n] = '\0';
	return n;
}

struct hits {
	unsigned pressed, ours, spandsp, wrong;
};

// How many of want, in order, are in got; the rest of got is wrong.
static unsigned in_order(const char *want, const char *got, unsigned *wrong)
{
	unsigned right = 0;

	for (; *got != '\0'; got++) {
		const char *at = strchr(want, *got);

		if (at == NULL || at - want > 8) {
			(*wrong)++;
			continue;
		}
		want = at + 1;
		right++;
	}
	return right;
}

static struct hits hits_over_everything(double snr, unsigned every)
{
	struct hits hits = { 0 };

	for (unsigned i = 0; i < sounds.n; i += every) {
		char want[TAPE_HEARD + 1];
		struct heard heard;
		unsigned ignored = 0;

		if (!sounds_read(&tape, sounds.path[i], -12) || tape.n > 8000 * 30)
			continue;
		hits.pressed += digits_over(&tape, snr, want);
		tape_through(&tape, TAPE_ULAW);
		tape_play(&tape, NULL, &heard);
		hits.ours += in_order(want, heard.keys, &hits.wrong);
		tape_play_spandsp(&tape, TAPE_SPANDSP_7, &heard);
		hits.spandsp += in_order(want, heard.keys, &ignored);
	}
	fprintf(stderr, "%.0f dB over speech: %u pressed, %u found, %u wrong; spandsp %u\n", snr,
		hits.pressed, hits.ours, hits.wrong, hits.spandsp);
	return hits;
}

Test(row_22, finds_digits_pressed_over_speech, .timeout = 60)
{
	sounds_find(&sounds);
	struct hits at15 = hits_over_everything(15, 3);
	struct hits at12 = hits_over_everything(12, 3);

	cr_expect(gt(u32, at15.pressed, 1000));
	cr_expect(eq(u32, at15.wrong, 0));
	cr_expect(ge(u32, at15.ours * 100, at15.pressed * 99));
	cr_expect(ge(u32, at15.ours, at15.spandsp));
	cr_expect(ge(u32, at12.ours, at12.spandsp));
}

// The harness itself: a detector that is deaf, or hears what is not there, does not pass it.
Test(row_22, this_test_would_notice_a_digit_in_speech)
{
	char want[TAPE_HEARD + 1];
	struct heard heard;
	unsigned wrong = 0;

	sounds_find(&sounds);
	cr_assert(sounds_read(&tape, sounds.path[sounds.n / 2], 0));
	tape_wait(&tape, &(struct press){ .noise = TAPE_NOTHING, .dial = TAPE_NOTHING }, 2000);
	cr_assert(gt(u32, digits_over(&tape, 15, want), 0));
	tape_play(&tape, NULL, &heard);
	cr_expect(gt(u32, heard.n, 0));
	cr_expect(eq(u32, in_order("1234", "124", &wrong), 3));
	cr_expect(eq(u32, wrong, 0));
	cr_expect(eq(u32, in_order("1234", "1294", &wrong), 3));
	cr_expect(eq(u32, wrong, 1));
}
