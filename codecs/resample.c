// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/resample_kernels.h"

#include <string.h>

enum { CHUNK = 160 }; // samples of 8 kHz at a time

const int16_t resample_taps[RESAMPLE_TAPS] = {
	-3, 10, -21, 39, -66, 105, -159, 232, -331, 464, -643, 896, -1277, 1929, -3381, 10398, //
	10398, -3381, 1929, -1277, 896, -643, 464, -331, 232, -159, 105, -66, 39, -21, 10, -3, //
};

static int32_t filtered(const int16_t *src)
{
	int32_t sum = 0;

	for (unsigned k = 0; k < RESAMPLE_TAPS; k++)
		sum += resample_taps[k] * src[k];
	return sum;
}

static void up(int16_t *dst, const int16_t *src, size_t n)
{
	const int32_t half = 1 << (RESAMPLE_Q - 1);

	for (size_t i = 0; i < n; i++) {
		dst[2 * i] = resample_clamp((filtered(src + i) + half) >> RESAMPLE_Q);
		dst[2 * i + 1] = src[i + RESAMPLE_MIDDLE];
	}
}

static void down(int16_t *dst, const int16_t *src, const int16_t *between, size_t n)
{
	const int32_t half = 1 << RESAMPLE_Q;

	for (size_t i = 0; i < n; i++) {
		int32_t middle = between[i + RESAMPLE_MIDDLE] * (1 << RESAMPLE_Q);

		dst[i] = resample_clamp((filtered(src + i) + middle + half) >> (RESAMPLE_Q + 1));
	}
}

static void split(int16_t *odd, int16_t *even, const int16_t *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		even[i] = src[2 * i];
		odd[i] = src[2 * i + 1];
	}
}

const struct resample_kernels resample_plain = { up, down, split };

const struct resample_kernels *resample_kernels(enum cpu_level level)
{
	if (level > cpu_level())
		return NULL;
#if defined(__x86_64__)
	if (level == CPU_AVX2)
		return &resample_avx2;
#endif
	return level == CPU_PLAIN ? &resample_plain : NULL;
}

static const struct resample_kernels *use = &resample_plain;

__attribute__((constructor)) static void choose(void)
{
	const struct resample_kernels *best = resample_kernels(CPU_AVX2);

	if (best != NULL)
		use = best;
}

// Takes what the filter remembered to the front of x, and remembers the end of x, n samples on.
static void recall(int16_t *x, const int16_t past[RESAMPLE_TAPS])
{
	memcpy(x, past, RESAMPLE_TAPS * sizeof(*x));
}

static void remember(int16_t past[RESAMPLE_TAPS], const int16_t *x, size_t n)
{
	memcpy(past, x + n, RESAMPLE_TAPS * sizeof(*x));
}

void resample_up(struct resample_up *s, int16_t *dst, const int16_t *src, size_t n)
{
	int16_t x[RESAMPLE_TAPS + CHUNK];

	while (n > 0) {
		size_t take = n < CHUNK ? n : CHUNK;

		recall(x, s->past);
		memcpy(x + RESAMPLE_TAPS, src, take * sizeof(*x));
		use->up(dst, x + 1, take);
		remember(s->past, x, take);
		dst += 2 * take;
		src += take;
		n -= take;
	}
}

void resample_down(struct resample_down *s, int16_t *dst, const int16_t *src, size_t n)
{
	int16_t odd[RESAMPLE_TAPS + CHUNK], even[RESAMPLE_TAPS + CHUNK];

	while (n > 0) {
		size_t take = n < CHUNK ? n : CHUNK;

		recall(odd, s->odd);
		recall(even, s->even);
		use->split(odd + RESAMPLE_TAPS, even + RESAMPLE_TAPS, src, take);
		// One sample later in the even ones: the whole is then late by whole samples.
		use->down(dst, even + 1, odd, take);
		remember(s->odd, odd, take);
		remember(s->even, even, take);
		dst += take;
		src += 2 * take;
		n -= take;
	}
}
