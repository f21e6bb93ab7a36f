// SPDX-License-Identifier: BSD-3-Clause
//
// The filters of dtmf_bank.c in registers of 256 and 512 bits: lanes are tones, and four folded
// samples go to all of them at once. A product of two pairs of 16 bits and their sum in 32
// (VPMADDWD) is exact, so these are equal to the plain ones bit for bit.
#include "codecs/dtmf_bank.h"

#include <immintrin.h>
#include <string.h>

#define AVX2   __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

struct halves {
	int16_t even[DTMF_FOLDED + 8]; // room for a whole register
	int16_t odd[DTMF_FOLDED + 8];
};

AVX2 static inline __m256i squares(__m256i v)
{
	return _mm256_srli_epi32(_mm256_madd_epi16(v, v), DTMF_ENERGY_SHIFT);
}

AVX2 static inline __m256i reversed(const int16_t *x)
{
	const __m256i back = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1));
	__m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const void *)x), back);

	return _mm256_permute4x64_epi64(v, _MM_SHUFFLE(1, 0, 3, 2));
}

// Sixteen folded samples. Returns their squares.
AVX2 static inline __m256i fold_16(struct halves *h, const int16_t *x, int n, __m256i keep)
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

AVX2 static inline uint32_t sum_of(__m256i v)
{
	__m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
	return (uint32_t)_mm_cvtsi128_si32(s);
}

// The last eight of 48 belong to the other half of the window.
AVX2 static inline uint32_t fold(struct halves *h, const int16_t *x)
{
	const __m256i all = _mm256_set1_epi32(-1);
	const __m256i first = _mm256_setr_epi32(-1, -1, -1, -1, 0, 0, 0, 0);
	__m256i sum = fold_16(h, x, 0, all);

	sum = _mm256_add_epi32(sum, fold_16(h, x, 16, all));
	return sum_of(_mm256_add_epi32(sum, fold_16(h, x, 32, first)));
}

// Eight sums of 32 bits for re and im each, to 16 bits in turn: re, im, re, im ...
AVX2 static inline void narrow_8(int16_t (*z)[2], __m256i re, __m256i im)
{
	const __m256i least = _mm256_set1_epi16(-INT16_MAX);

	re = _mm256_srai_epi32(re, DTMF_SUM_SHIFT);
	im = _mm256_srai_epi32(im, DTMF_SUM_SHIFT);
	__m256i low = _mm256_unpacklo_epi32(re, im); // tones 0 1 | 4 5
	__m256i high = _mm256_unpackhi_epi32(re, im);
	__m256i v = _mm256_max_epi16(_mm256_packs_epi32(low, high), least);

	_mm256_storeu_si256((void *)z, v);
}

AVX2 static inline __m256i four(const int16_t *folded)
{
	long long v;

	memcpy(&v, folded, sizeof(v));
	return _mm256_set1_epi64x(v);
}

AVX2 static inline __m256i step_256(__m256i sum, const int16_t (*filter)[4], __m256i samples)
{
	__m256i f = _mm256_loadu_si256((const void *)filter);

	return _mm256_add_epi32(sum, _mm256_madd_epi16(f, samples));
}

// Each tone has two neighbouring sums: tones 0-3 in a, 4-7 in b.
AVX2 static inline __m256i join_256(__m256i a, __m256i b)
{
	return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
}

AVX2 void dtmf_bank_avx2(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t (*window)[DTMF_WINDOW], uint32_t n)
{
	struct halves h;

	for (uint32_t i = 0; i < n; i++) {
		__m256i re[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };
		__m256i im[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };

		out[i].energy = fold(&h, window[i]);
		for (int s = 0; s < DTMF_STEPS; s++) {
			__m256i even = four(h.even + 4 * s), odd = four(h.odd + 4 * s);

			re[0] = step_256(re[0], filters->cos[s], even);
			re[1] = step_256(re[1], filters->cos[s] + 4, even);
			im[0] = step_256(im[0], filters->sin[s], odd);
			im[1] = step_256(im[1], filters->sin[s] + 4, odd);
		}
		narrow_8(out[i].z, join_256(re[0], re[1]), join_256(im[0], im[1]));
	}
}

AVX512 static inline __m512i four_512(const int16_t *folded)
{
	long long v;

	memcpy(&v, folded, sizeof(v));
	return _mm512_set1_epi64(v);
}

AVX512 static inline __m512i step_512(__m512i sum, const int16_t (*filter)[4], __m512i samples)
{
	return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_loadu_si512(filter), samples));
}

AVX512 static inline __m256i join_512(__m512i v)
{
	return join_256(_mm512_castsi512_si256(v), _mm512_extracti32x8_epi32(v, 1));
}

// Two windows at a time, so that no sum waits for the one before.
AVX512 static inline void avx512_two(
	const struct dtmf_filters *filters, struct dtmf_spectrum *out, const int16_t *x[2])
{
	struct halves h[2];
	__m512i re[2] = { _mm512_setzero_si512(), _mm512_setzero_si512() };
	__m512i im[2] = { _mm512_setzero_si512(), _mm512_setzero_si512() };

	out[0].energy = fold(&h[0], x[0]);
	out[1].energy = fold(&h[1], x[1]);
	for (int s = 0; s < DTMF_STEPS; s++) {
		re[0] = step_512(re[0], filters->cos[s], four_512(h[0].even + 4 * s));
		im[0] = step_512(im[0], filters->sin[s], four_512(h[0].odd + 4 * s));
		re[1] = step_512(re[1], filters->cos[s], four_512(h[1].even + 4 * s));
		im[1] = step_512(im[1], filters->sin[s], four_512(h[1].odd + 4 * s));
	}
	narrow_8(out[0].z, join_512(re[0]), join_512(im[0]));
	narrow_8(out[1].z, join_512(re[1]), join_512(im[1]));
}

AVX512 void dtmf_bank_avx512(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t (*window)[DTMF_WINDOW], uint32_t n)
{
	uint32_t i = 0;

	for (; i + 1 < n; i += 2)
		avx512_two(filters, &out[i], (const int16_t *[]){ window[i], window[i + 1] });
	if (i < n)
		dtmf_bank_avx2(filters, &out[i], window + i, 1);
}
