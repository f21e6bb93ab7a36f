// SPDX-License-Identifier: BSD-3-Clause
//
// The loops of mix.h, 32 samples at a time; the end of a frame is a step under a mask. Unpacking
// and packing both stay within their 128 bits, so samples come out in the order they came in.
#include "codecs/mix_kernels.h"

#include <immintrin.h>

enum { LANES = 32 };

// The lanes of a step that are there when n samples are left, n > 0.
static __mmask32 there(size_t n)
{
	return n >= LANES ? 0xffffffffU : (1U << n) - 1;
}

static __m512i scaled(__m512i samples, __m512i gains_low, __m512i gains_high)
{
	const __m512i one = _mm512_set1_epi16(1);
	__m512i low = _mm512_madd_epi16(_mm512_unpacklo_epi16(samples, one), gains_low);
	__m512i high = _mm512_madd_epi16(_mm512_unpackhi_epi16(samples, one), gains_high);

	return _mm512_packs_epi32(_mm512_srai_epi32(low, MIX_Q), _mm512_srai_epi32(high, MIX_Q));
}

static __m512i gain_and_half(int32_t gain)
{
	return _mm512_set1_epi32(MIX_HALF << 16 | gain);
}

static void add(int16_t *dst, const int16_t *src, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);
		__m512i a = _mm512_maskz_loadu_epi16(m, dst + i);
		__m512i b = _mm512_maskz_loadu_epi16(m, src + i);

		_mm512_mask_storeu_epi16(dst + i, m, _mm512_adds_epi16(a, b));
	}
}

static void scale(int16_t *dst, const int16_t *src, size_t n, int32_t gain)
{
	__m512i g = gain_and_half(gain);

	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);
		__m512i s = _mm512_maskz_loadu_epi16(m, src + i);

		_mm512_mask_storeu_epi16(dst + i, m, scaled(s, g, g));
	}
}

static void scale_add(int16_t *dst, const int16_t *src, size_t n, int32_t gain)
{
	__m512i g = gain_and_half(gain);

	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);
		__m512i s = scaled(_mm512_maskz_loadu_epi16(m, src + i), g, g);
		__m512i d = _mm512_maskz_loadu_epi16(m, dst + i);

		_mm512_mask_storeu_epi16(dst + i, m, _mm512_adds_epi16(d, s));
	}
}

// The gains of 32 samples, as unpacked samples meet them.
struct gains {
	__m512i low, high, step;
};

static struct gains gains_from(int32_t at, int32_t step)
{
	__m512i each = _mm512_set1_epi32(step), from = _mm512_set1_epi32(at);
	__m512i low = _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
	__m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(4));

	return (struct gains){
		.low = _mm512_add_epi32(from, _mm512_mullo_epi32(each, low)),
		.high = _mm512_add_epi32(from, _mm512_mullo_epi32(each, high)),
		.step = _mm512_slli_epi32(each, 5),
	};
}

static __m512i ramped(struct gains *g, __m512i samples)
{
	const __m512i half = _mm512_set1_epi32(MIX_HALF << 16);
	__m512i low = _mm512_or_si512(_mm512_srli_epi32(g->low, MIX_RAMP_Q), half);
	__m512i high = _mm512_or_si512(_mm512_srli_epi32(g->high, MIX_RAMP_Q), half);

	g->low = _mm512_add_epi32(g->low, g->step);
	g->high = _mm512_add_epi32(g->high, g->step);
	return scaled(samples, low, high);
}

static void ramp(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step)
{
	struct gains g = gains_from(at, step);

	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);
		__m512i s = _mm512_maskz_loadu_epi16(m, src + i);

		_mm512_mask_storeu_epi16(dst + i, m, ramped(&g, s));
	}
}

static void ramp_add(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step)
{
	struct gains g = gains_from(at, step);

	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);
		__m512i s = ramped(&g, _mm512_maskz_loadu_epi16(m, src + i));
		__m512i d = _mm512_maskz_loadu_epi16(m, dst + i);

		_mm512_mask_storeu_epi16(dst + i, m, _mm512_adds_epi16(d, s));
	}
}

const struct mix_kernels mix_avx512 = { add, scale, scale_add, ramp, ramp_add };
