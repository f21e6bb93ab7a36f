// SPDX-License-Identifier: BSD-3-Clause
//
// The loops of resample.h, 16 samples of 8 kHz at a time. A multiply-add of two neighbours gives
// every second sum; the sums between come from the same source one sample on.
#include "codecs/resample_kernels.h"

#include <immintrin.h>
#include <string.h>

enum { LANES = 16 };

// The sums of 16 samples: 0, 2, ... 14 and 1, 3, ... 15.
struct sums {
	__m256i even, odd;
};

static __m256i load(const int16_t *p)
{
	return _mm256_loadu_si256((const __m256i_u *)p);
}

static struct sums filtered(const int16_t *src, __m256i even, __m256i odd)
{
	for (unsigned k = 0; k < RESAMPLE_TAPS; k += 2) {
		int32_t pair;

		memcpy(&pair, &resample_taps[k], sizeof(pair));
		__m256i taps = _mm256_set1_epi32(pair);
		even = _mm256_add_epi32(even, _mm256_madd_epi16(load(src + k), taps));
		odd = _mm256_add_epi32(odd, _mm256_madd_epi16(load(src + k + 1), taps));
	}
	return (struct sums){ even, odd };
}

// Unpacking and packing both stay within their 128 bits.
static __m256i narrowed(__m256i even, __m256i odd)
{
	return _mm256_packs_epi32(
		_mm256_unpacklo_epi32(even, odd), _mm256_unpackhi_epi32(even, odd));
}

// The 32 samples a0 b0 a1 b1 ... a15 b15.
static void store_between(int16_t *dst, __m256i a, __m256i b)
{
	__m256i low = _mm256_unpacklo_epi16(a, b), high = _mm256_unpackhi_epi16(a, b);

	_mm256_storeu_si256((__m256i_u *)dst, _mm256_permute2x128_si256(low, high, 0x20));
	_mm256_storeu_si256((__m256i_u *)(dst + LANES), _mm256_permute2x128_si256(low, high, 0x31));
}

static void up(int16_t *dst, const int16_t *src, size_t n)
{
	const __m256i half = _mm256_set1_epi32(1 << (RESAMPLE_Q - 1));
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		struct sums s = filtered(src + i, half, half);
		__m256i made = narrowed(_mm256_srai_epi32(s.even, RESAMPLE_Q),
			_mm256_srai_epi32(s.odd, RESAMPLE_Q));

		store_between(dst + 2 * i, made, load(src + i + RESAMPLE_MIDDLE));
	}
	resample_plain.up(dst + 2 * i, src + i, n - i);
}

static void down(int16_t *dst, const int16_t *src, const int16_t *between, size_t n)
{
	const __m256i half = _mm256_set1_epi32(1 << RESAMPLE_Q);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		__m256i middle = load(between + i + RESAMPLE_MIDDLE);
		__m256i first = _mm256_srai_epi32(_mm256_slli_epi32(middle, 16), 16 - RESAMPLE_Q);
		__m256i second = _mm256_slli_epi32(_mm256_srai_epi32(middle, 16), RESAMPLE_Q);
		struct sums s = filtered(
			src + i, _mm256_add_epi32(first, half), _mm256_add_epi32(second, half));
		__m256i made = narrowed(_mm256_srai_epi32(s.even, RESAMPLE_Q + 1),
			_mm256_srai_epi32(s.odd, RESAMPLE_Q + 1));

		_mm256_storeu_si256((__m256i_u *)(dst + i), made);
	}
	resample_plain.down(dst + i, src + i, between + i, n - i);
}

static void split(int16_t *odd, int16_t *even, const int16_t *src, size_t n)
{
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		__m256i a = load(src + 2 * i), b = load(src + 2 * i + LANES);
		__m256i o = _mm256_packs_epi32(_mm256_srai_epi32(a, 16), _mm256_srai_epi32(b, 16));
		__m256i e = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_slli_epi32(a, 16), 16),
			_mm256_srai_epi32(_mm256_slli_epi32(b, 16), 16));

		_mm256_storeu_si256((__m256i_u *)(odd + i), _mm256_permute4x64_epi64(o, 0xd8));
		_mm256_storeu_si256((__m256i_u *)(even + i), _mm256_permute4x64_epi64(e, 0xd8));
	}
	resample_plain.split(odd + i, even + i, src + 2 * i, n - i);
}

const struct resample_kernels resample_avx2 = { up, down, split };
