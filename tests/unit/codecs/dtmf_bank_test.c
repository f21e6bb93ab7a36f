// SPDX-License-Identifier: BSD-3-Clause
//
// The filters in wide registers give what the plain ones give, bit for bit.
#include "codecs/dtmf_bank.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 37 }; // odd: more than any variant takes at once

static struct dtmf_filters filters;
static int16_t window[MANY][DTMF_WINDOW];
static const int16_t *windows[MANY];
static uint64_t seed = 88172645463325252U;

static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

// Noise of every loudness; the extremes, which no sum may overflow.
static int16_t sample(int kind)
{
	static const int16_t ends[] = { INT16_MIN, INT16_MAX, INT16_MIN, 0, -1, 1 };

	if (kind == 0)
		return ends[chance() % 6];
	if (kind == 1)
		return ends[chance() % 2];
	return (int16_t)((int16_t)chance() >> (kind - 2) % 16);
}

static void same_as_plain(const struct dtmf_bank *bank, uint32_t n)
{
	static struct dtmf_spectrum want[MANY], got[MANY];

	memset(want, 0, sizeof(want));
	memset(got, 0, sizeof(got));
	dtmf_bank_find(CPU_PLAIN)->run(&filters, want, windows, n);
	bank->run(&filters, got, windows, n);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert(eq(int, memcmp(want[i].z, got[i].z, sizeof(want[i].z)), 0),
			"%s: window %u", bank->name, i);
		cr_assert(eq(int, memcmp(want[i].best, got[i].best, sizeof(want[i].best)), 0));
		cr_assert(eq(u32, want[i].energy, got[i].energy), "%s: window %u", bank->name, i);
	}
}

static void fill(int kind)
{
	for (int i = 0; i < MANY; i++) {
		windows[i] = window[i];
		for (int n = 0; n < DTMF_WINDOW; n++)
			window[i][n] = sample(kind);
	}
}

// Every sample as far as it goes, of the sign that a filter likes most, or least.
static void fill_for(int tone, int16_t with, int16_t against)
{
	for (int i = 0; i < MANY; i++) {
		windows[i] = window[i];
		for (int n = 0; n < DTMF_WINDOW; n++) {
			int k = n < DTMF_FOLDED ? n : DTMF_WINDOW - 1 - n;
			int sign = i % 2 ? filters.cos[k / 4][tone][k % 4]
					 : filters.sin[k / 4][tone][k % 4] * (n == k ? 1 : -1);

			window[i][n] = sign > 0 ? with : against;
		}
	}
}

static void check(enum cpu_level which)
{
	const struct dtmf_bank *bank = dtmf_bank_find(which);

	if (bank == NULL) {
		fprintf(stderr,
			"\n*** SKIPPED: this processor has no registers for variant %u ***\n",
			which);
		cr_skip_test("not on this processor");
	}
	dtmf_filters_init(&filters);
	for (int round = 0; round < 2000; round++) {
		fill(round % 18);
		same_as_plain(bank, (uint32_t)(round % MANY) + 1);
	}
	for (int tone = 0; tone < DTMF_TONES; tone++) {
		fill_for(tone, INT16_MAX, INT16_MIN);
		same_as_plain(bank, MANY);
		fill_for(tone, INT16_MIN, INT16_MAX);
		same_as_plain(bank, MANY);
	}
}

Test(dtmf_bank, avx2_is_equal_to_plain)
{
	check(CPU_AVX2);
}

Test(dtmf_bank, avx512_is_equal_to_plain)
{
	check(CPU_AVX512);
}

// The worst that a filter can meet: every sample of the sign of its coefficient.
Test(dtmf_bank, no_sum_overflows)
{
	dtmf_filters_init(&filters);
	for (int t = 0; t < DTMF_TONES; t++) {
		int64_t re = 0, im = 0;

		for (int n = 0; n < DTMF_FOLDED; n++) {
			re += 32768 * llabs(filters.cos[n / 4][t][n % 4]);
			im += 32768 * llabs(filters.sin[n / 4][t][n % 4]);
		}
		cr_expect(lt(i64, re, INT32_MAX));
		cr_expect(lt(i64, im, INT32_MAX));
	}
}

Test(dtmf_bank, a_sine_has_its_amplitude_and_its_energy)
{
	struct dtmf_spectrum s;

	dtmf_filters_init(&filters);
	windows[0] = window[0];
	for (int t = 0; t < DTMF_TONES; t++) {
		for (int n = 0; n < DTMF_WINDOW; n++)
			window[0][n] =
				(int16_t)(10000 * cos(2 * M_PI * dtmf_hz[t] * (n - 39.5) / 8000));
		dtmf_bank_find(CPU_PLAIN)->run(&filters, &s, windows, 1);
		double power = s.z[t][0] * s.z[t][0] + s.z[t][1] * s.z[t][1];

		cr_expect(lt(dbl, fabs(power / (DTMF_UNIT * 1e8) - 1), 0.01));
		cr_expect(lt(dbl, fabs(s.energy / (DTMF_ENERGY_UNIT * power) - 1), 0.05));
		cr_expect(gt(int, s.z[t][0], 0)); // the phase is that of the middle
		cr_expect(lt(int, abs(s.z[t][1]), 20));
	}
}
