// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/dtmf_bank.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const double dtmf_hz[DTMF_TONES] = { 697, 770, 852, 941, 1209, 1336, 1477, 1633 };

enum {
	PEAK = 3200, // of a coefficient: the sum of 40 products stays within 32 bits
};

void dtmf_filters_init(struct dtmf_filters *filters)
{
	for (int n = 0; n < DTMF_FOLDED; n++) {
		double hann = 0.5 - 0.5 * cos(2 * M_PI * (n + 0.5) / DTMF_WINDOW);
		double before = (DTMF_WINDOW - 1) / 2.0 - n; // the middle

		for (int t = 0; t < DTMF_TONES; t++) {
			double angle = 2 * M_PI * dtmf_hz[t] * before / 8000;

			filters->cos[n / 4][t][n % 4] = (int16_t)lrint(PEAK * hann * cos(angle));
			filters->sin[n / 4][t][n % 4] = (int16_t)lrint(PEAK * hann * sin(angle));
		}
	}
}

// Half the sum, rounded down, of two; y less is half the difference, rounded down.
static int16_t half_sum(int16_t x, int16_t y)
{
	return (int16_t)((x + y) >> 1);
}

static int16_t narrow(int32_t sum)
{
	int32_t v = sum >> DTMF_SUM_SHIFT;

	return (int16_t)(v > INT16_MAX ? INT16_MAX : v < -INT16_MAX ? -INT16_MAX : v);
}

static uint32_t square(const int16_t pair[2])
{
	int64_t sum = (int64_t)pair[0] * pair[0] + (int64_t)pair[1] * pair[1];

	return (uint32_t)(sum >> DTMF_ENERGY_SHIFT);
}

// sum[t] becomes the sum of 40 products.
static void filter_all(
	int32_t sum[DTMF_TONES], const int16_t (*filter)[DTMF_TONES][4], const int16_t *folded)
{
	memset(sum, 0, DTMF_TONES * sizeof(*sum));
	for (int s = 0; s < DTMF_STEPS; s++, folded += 4) {
		for (int t = 0; t < DTMF_TONES; t++) {
			const int16_t *f = filter[s][t];

			sum[t] += f[0] * folded[0] + f[1] * folded[1];
			sum[t] += f[2] * folded[2] + f[3] * folded[3];
		}
	}
}

static void strongest(struct dtmf_spectrum *s)
{
	s->best[0] = s->best[1] = 0;
	for (int t = 0; t < DTMF_TONES; t++) {
		int32_t power = s->z[t][0] * s->z[t][0] + s->z[t][1] * s->z[t][1];

		if (power > s->best[t / 4])
			s->best[t / 4] = power;
	}
}

static void plain_one(
	const struct dtmf_filters *filters, struct dtmf_spectrum *out, const int16_t *x)
{
	int16_t even[DTMF_FOLDED], odd[DTMF_FOLDED];
	int32_t re[DTMF_TONES], im[DTMF_TONES];

	out->energy = 0;
	for (int n = 0; n < DTMF_FOLDED; n++) {
		int16_t y = x[DTMF_WINDOW - 1 - n];

		even[n] = half_sum(x[n], y);
		odd[n] = (int16_t)(even[n] - y);
	}
	for (int n = 0; n < DTMF_FOLDED; n += 2)
		out->energy += square(even + n) + square(odd + n);
	filter_all(re, filters->cos, even);
	filter_all(im, filters->sin, odd);
	for (int t = 0; t < DTMF_TONES; t++) {
		out->z[t][0] = narrow(re[t]);
		out->z[t][1] = narrow(im[t]);
	}
	strongest(out);
}

static void plain(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t *const *window, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		plain_one(filters, &out[i], window[i]);
}

static const struct dtmf_bank banks[CPU_LEVELS] = {
	{ "scalar", plain },
#if defined(__x86_64__)
	{ "avx2", dtmf_bank_avx2 },
	{ "avx512", dtmf_bank_avx512 },
#endif
};

const struct dtmf_bank *dtmf_bank_find(enum cpu_level level)
{
	return level > cpu_level() ? NULL : &banks[level];
}

const struct dtmf_bank *dtmf_bank_best(void)
{
	return dtmf_bank_find(cpu_level());
}
