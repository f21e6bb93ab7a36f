// SPDX-License-Identifier: BSD-3-Clause
//
// What both wide variants of dtmf_bank.c do with registers of 256 bits: the folding of a window
// before the filters, and the narrowing of the sums after them.
#pragma once

#include "codecs/dtmf_bank.h"

#include <immintrin.h>
#include <string.h>

struct halves {
	int16_t even[DTMF_FOLDED + 8]; // room for a whole register
	int16_t odd[DTMF_FOLDED + 8];
};

static inline __m256i squares(__m256i v)
{
	return _mm256_srli_epi32(_mm256_madd_epi16(v, v), DTMF_ENERGY_SHIFT);
}

static inline __m256i reversed(const int16_t *x)
{
	const __m256i back = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1));
	__m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const void *)x), back);

	return _mm256_permute4x64_epi64(v, _MM_SHUFFLE(1, 0, 3, 2));
}

// Sixteen folded samples. Returns their squares.
static inline __m256i fold_16(struct halves *h, const int16_t *x, int n, __m256i keep)
{
	__m256i a = _mm256_loadu_si256((const void *)(x + n));
	__m256i b = reversed(x + DTMF_WINDOW - 16 - n);
	__m256i even = _mm256_add_epi16(
		_mm256_and_si256(a, b), _mm256_srai_epi16(_mm256_xor_si256(a, b), 1));
	__m256i odd = _mm256_sub_epi16(even, b);

	_mm256_storeu_si256((void *)(h->even + n), even);
	_mm256_storeu_si256((void *)(h->odd + n), odd);
	return _mm256_and_si256(keep, _mm256_add_epi32(squares(even), squares(odd)));
}

static inline uint32_t sum_of(__m256i v)
{
	__m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
	return (uint32_t)_mm_cvtsi128_si32(s);
}

// The last eight of 48 belong to the other half of the window.
static inline uint32_t fold(struct halves *h, const int16_t *x)
{
	const __m256i all = _mm256_set1_epi32(-1);
	const __m256i first = _mm256_setr_epi32(-1, -1, -1, -1, 0, 0, 0, 0);
	__m256i sum = fold_16(h, x, 0, all);

	sum = _mm256_add_epi32(sum, fold_16(h, x, 16, all));
	return sum_of(_mm256_add_epi32(sum, fold_16(h, x, 32, first)));
}

// Eight sums of 32 bits for re and im each, to 16 bits in turn: re, im, re, im ...
static inline void narrow_8(struct dtmf_spectrum *out, __m256i re, __m256i im)
{
	const __m256i least = _mm256_set1_epi16(-INT16_MAX);

	re = _mm256_srai_epi32(re, DTMF_SUM_SHIFT);
	im = _mm256_srai_epi32(im, DTMF_SUM_SHIFT);
	__m256i low = _mm256_unpacklo_epi32(re, im); // tones 0 1 | 4 5
	__m256i high = _mm256_unpackhi_epi32(re, im);
	__m256i z = _mm256_max_epi16(_mm256_packs_epi32(low, high), least);
	__m256i best = _mm256_madd_epi16(z, z); // low tones | high tones

	best = _mm256_max_epi32(best, _mm256_shuffle_epi32(best, _MM_SHUFFLE(1, 0, 3, 2)));
	best = _mm256_max_epi32(best, _mm256_shuffle_epi32(best, _MM_SHUFFLE(2, 3, 0, 1)));
	_mm256_storeu_si256((void *)out->z, z);
	out->best[0] = _mm256_extract_epi32(best, 0);
	out->best[1] = _mm256_extract_epi32(best, 4);
}

// Each tone has two neighbouring sums: tones 0-3 in a, 4-7 in b.
static inline __m256i join_256(__m256i a, __m256i b)
{
	return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
}
