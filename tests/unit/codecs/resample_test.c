// SPDX-License-Identifier: BSD-3-Clause
//
// The filter is judged by sines swept over the whole band, as it is heard: from samples.
#include "codecs/resample_kernels.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	LONG = 1600, // samples of 8 kHz: every multiple of 5 Hz is periodic in them
	SETTLED = 64,
	LOUD = 16000,
	LATE = 31, // samples of 16 kHz
};

static void sine(int16_t *pcm, size_t n, double hz, double rate)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)lrint(LOUD * sin(2 * M_PI * hz * (double)i / rate));
}

// How loud hz is in n samples, in dB of LOUD.
static double level(const int16_t *pcm, size_t n, double hz, double rate)
{
	double re = 0, im = 0;

	for (size_t i = 0; i < n; i++) {
		re += pcm[i] * cos(2 * M_PI * hz * (double)i / rate);
		im += pcm[i] * sin(2 * M_PI * hz * (double)i / rate);
	}
	return 20 * log10(hypot(re, im) * 2 / (double)n / LOUD + 1e-9);
}

static int16_t narrow[LONG + SETTLED], wide[2 * (LONG + SETTLED)];

Test(resample, up_is_flat_to_3400_hz_and_makes_no_mirror)
{
	double low = 0, high = 0, mirror = -200;

	for (double hz = 100; hz <= 3400; hz += 50) {
		struct resample_up s = { 0 };

		sine(narrow, LONG + SETTLED, hz, 8000);
		resample_up(&s, wide, narrow, LONG + SETTLED);
		double heard = level(wide + 2 * SETTLED, 2 * LONG, hz, 16000);
		double image = level(wide + 2 * SETTLED, 2 * LONG, 8000 - hz, 16000);
		low = fmin(low, heard);
		high = fmax(high, heard);
		mirror = fmax(mirror, image);
	}
	fprintf(stderr, "up: %.3f to %.3f dB, mirror %.1f dB\n", low, high, mirror);
	cr_expect(gt(dbl, low, -0.25));
	cr_expect(lt(dbl, high, 0.25));
	cr_expect(lt(dbl, mirror, -60));
}

Test(resample, down_is_flat_to_3400_hz)
{
	double low = 0, high = 0;

	for (double hz = 100; hz <= 3400; hz += 50) {
		struct resample_down s = { 0 };

		sine(wide, 2 * (LONG + SETTLED), hz, 16000);
		resample_down(&s, narrow, wide, LONG + SETTLED);
		double heard = level(narrow + SETTLED, LONG, hz, 8000);
		low = fmin(low, heard);
		high = fmax(high, heard);
	}
	fprintf(stderr, "down: %.3f to %.3f dB\n", low, high);
	cr_expect(gt(dbl, low, -0.25));
	cr_expect(lt(dbl, high, 0.25));
}

Test(resample, down_lets_nothing_above_4600_hz_fold_back)
{
	double most = -200;

	for (double hz = 4600; hz < 8000; hz += 50) {
		struct resample_down s = { 0 };

		sine(wide, 2 * (LONG + SETTLED), hz, 16000);
		resample_down(&s, narrow, wide, LONG + SETTLED);
		most = fmax(most, level(narrow + SETTLED, LONG, 8000 - hz, 8000));
	}
	fprintf(stderr, "fold: %.1f dB\n", most);
	cr_expect(lt(dbl, most, -60));
}

Test(resample, there_and_back_is_the_same_two_filters_late)
{
	struct resample_up up = { 0 };
	struct resample_down down = { 0 };
	int16_t back[LONG];
	double worst = 0;

	sine(narrow, LONG, 1000, 8000);
	resample_up(&up, wide, narrow, LONG);
	resample_down(&down, back, wide, LONG);
	for (unsigned i = 100; i < LONG; i++)
		worst = fmax(worst, fabs((double)back[i] - narrow[i - LATE]));
	cr_expect(lt(dbl, worst, LOUD * 0.01), "%f", worst);
}

Test(resample, a_constant_stays_what_it_is)
{
	struct resample_up up = { 0 };
	struct resample_down down = { 0 };

	for (unsigned i = 0; i < 2 * LONG; i++)
		wide[i] = 12345;
	resample_down(&down, narrow, wide, LONG);
	for (unsigned i = SETTLED; i < LONG; i++)
		cr_assert(eq(i16, narrow[i], 12345));
	resample_up(&up, wide, narrow + SETTLED, LONG - SETTLED);
	for (unsigned i = 2 * SETTLED; i < 2 * (LONG - SETTLED); i++)
		cr_assert(eq(i16, wide[i], 12345));
}

Test(resample, frames_of_any_length_join_without_a_seam)
{
	static int16_t whole[2 * LONG], pieces[2 * LONG], back[LONG], back_pieces[LONG];
	struct resample_up a = { 0 }, b = { 0 };
	struct resample_down c = { 0 }, d = { 0 };
	size_t n;

	sine(narrow, LONG, 777, 8000);
	resample_up(&a, whole, narrow, LONG);
	resample_down(&c, back, whole, LONG);
	for (size_t at = 0; at < LONG; at += n) {
		n = 1 + at * 7 % 173;
		n = n < LONG - at ? n : LONG - at;
		resample_up(&b, pieces + 2 * at, narrow + at, n);
		resample_down(&d, back_pieces + at, pieces + 2 * at, n);
	}
	cr_expect(zero(i32, memcmp(whole, pieces, sizeof(whole))));
	cr_expect(zero(i32, memcmp(back, back_pieces, sizeof(back))));
}

// The worst there can be: every tap meets the sample that drives the sum furthest.
Test(resample, the_loudest_input_stops_at_both_ends)
{
	int16_t worst[RESAMPLE_TAPS], best[RESAMPLE_TAPS], middle[RESAMPLE_TAPS], out[2];

	for (unsigned i = 0; i < RESAMPLE_TAPS; i++) {
		best[i] = resample_taps[i] > 0 ? INT16_MAX : INT16_MIN;
		worst[i] = resample_taps[i] > 0 ? INT16_MIN : INT16_MAX;
	}
	resample_plain.up(out, best, 1);
	cr_expect(eq(i16, out[0], INT16_MAX));
	resample_plain.up(out, worst, 1);
	cr_expect(eq(i16, out[0], INT16_MIN));
	for (unsigned i = 0; i < RESAMPLE_TAPS; i++)
		middle[i] = INT16_MAX;
	resample_plain.down(out, best, middle, 1);
	cr_expect(eq(i16, out[0], INT16_MAX));
	for (unsigned i = 0; i < RESAMPLE_TAPS; i++)
		middle[i] = INT16_MIN;
	resample_plain.down(out, worst, middle, 1);
	cr_expect(eq(i16, out[0], INT16_MIN));
}

static uint64_t seed = 88172645463325252U;

static void fill(int16_t *frame, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		frame[i] = (int16_t)(seed >> 40);
		if (seed >> 62 == 0)
			frame[i] = frame[i] < 0 ? INT16_MIN : INT16_MAX;
	}
}

Test(resample, avx2_gives_the_same_samples_as_plain_c)
{
	enum { MOST = 200, ROOM = 2 * MOST + 2 * RESAMPLE_TAPS };
	static int16_t a[ROOM], b[ROOM], want[2][ROOM], got[2][ROOM];
	const struct resample_kernels *k = resample_kernels(CPU_AVX2);

	if (k == NULL)
		cr_skip_test("this machine has no such instructions");
	for (size_t n = 0; n <= MOST; n++)
		for (size_t shift = 0; shift < RESAMPLE_TAPS; shift++) {
			fill(a, ROOM);
			fill(b, ROOM);
			resample_plain.up(want[0], a + shift, n);
			k->up(got[0], a + shift, n);
			resample_plain.down(want[1], a + shift, b, n);
			k->down(got[1], a + shift, b, n);
			cr_assert(
				zero(i32, memcmp(want, got, sizeof(want))), "%zu at %zu", n, shift);
			resample_plain.split(want[0], want[1], a + shift, n);
			k->split(got[0], got[1], a + shift, n);
			cr_assert(
				zero(i32, memcmp(want, got, sizeof(want))), "%zu at %zu", n, shift);
		}
}
