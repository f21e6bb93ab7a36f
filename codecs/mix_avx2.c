// SPDX-License-Identifier: BSD-3-Clause
//
// The loops of mix.h, 16 samples at a time. Unpacking and packing both stay within their 128
// bits, so samples come out in the order they came in.
#include "codecs/mix_kernels.h"

#include <immintrin.h>

enum { LANES = 16 };

static __m256i load(const int16_t *p)
{
	return _mm256_loadu_si256((const __m256i_u *)p);
}

static void store(int16_t *p, __m256i v)
{
	_mm256_storeu_si256((__m256i_u *)p, v);
}

// Each sample beside a one, each gain beside the half that rounds: one multiply-add does both.
static __m256i scaled(__m256i samples, __m256i gains_low, __m256i gains_high)
{
	const __m256i one = _mm256_set1_epi16(1);
	__m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(samples, one), gains_low);
	__m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(samples, one), gains_high);

	return _mm256_packs_epi32(_mm256_srai_epi32(low, MIX_Q), _mm256_srai_epi32(high, MIX_Q));
}

static __m256i gain_and_half(int32_t gain)
{
	return _mm256_set1_epi32(MIX_HALF << 16 | gain);
}

static void add(int16_t *dst, const int16_t *src, size_t n)
{
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		store(dst + i, _mm256_adds_epi16(load(dst + i), load(src + i)));
	mix_plain.add(dst + i, src + i, n - i);
}

static void scale(int16_t *dst, const int16_t *src, size_t n, int32_t gain)
{
	__m256i g = gain_and_half(gain);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		store(dst + i, scaled(load(src + i), g, g));
	mix_plain.scale(dst + i, src + i, n - i, gain);
}

static void scale_add(int16_t *dst, const int16_t *src, size_t n, int32_t gain)
{
	__m256i g = gain_and_half(gain);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		store(dst + i, _mm256_adds_epi16(load(dst + i), scaled(load(src + i), g, g)));
	mix_plain.scale_add(dst + i, src + i, n - i, gain);
}

// The gains of 16 samples, as unpacked samples meet them: 0-3 and 8-11, 4-7 and 12-15.
struct gains {
	__m256i low, high, step;
};

static struct gains gains_from(int32_t at, int32_t step)
{
	__m256i each = _mm256_set1_epi32(step), from = _mm256_set1_epi32(at);
	__m256i low = _mm256_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11);
	__m256i high = _mm256_setr_epi32(4, 5, 6, 7, 12, 13, 14, 15);

	return (struct gains){
		.low = _mm256_add_epi32(from, _mm256_mullo_epi32(each, low)),
		.high = _mm256_add_epi32(from, _mm256_mullo_epi32(each, high)),
		.step = _mm256_slli_epi32(each, 4),
	};
}

static __m256i ramped(struct gains *g, __m256i samples)
{
	const __m256i half = _mm256_set1_epi32(MIX_HALF << 16);
	__m256i low = _mm256_or_si256(_mm256_srli_epi32(g->low, MIX_RAMP_Q), half);
	__m256i high = _mm256_or_si256(_mm256_srli_epi32(g->high, MIX_RAMP_Q), half);

	g->low = _mm256_add_epi32(g->low, g->step);
	g->high = _mm256_add_epi32(g->high, g->step);
	return scaled(samples, low, high);
}

static void ramp(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step)
{
	struct gains g = gains_from(at, step);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		store(dst + i, ramped(&g, load(src + i)));
	mix_plain.ramp(dst + i, src + i, n - i, at + step * (int32_t)i, step);
}

static void ramp_add(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step)
{
	struct gains g = gains_from(at, step);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		store(dst + i, _mm256_adds_epi16(load(dst + i), ramped(&g, load(src + i))));
	mix_plain.ramp_add(dst + i, src + i, n - i, at + step * (int32_t)i, step);
}

const struct mix_kernels mix_avx2 = { add, scale, scale_add, ramp, ramp_add };
