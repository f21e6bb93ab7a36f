// SPDX-License-Identifier: BSD-3-Clause
//
// The filters of dtmf_bank.c in registers of 256 bits: lanes are tones, and four folded samples go
// to all of them at once. A product of two pairs of 16 bits and their sum in 32 (VPMADDWD) is
// exact, so this is equal to the plain one bit for bit.
#include "codecs/dtmf_bank_fold.h"

static inline __m256i four(const int16_t *folded)
{
	long long v;

	memcpy(&v, folded, sizeof(v));
	return _mm256_set1_epi64x(v);
}

static inline __m256i step(__m256i sum, const int16_t (*filter)[4], __m256i samples)
{
	__m256i f = _mm256_loadu_si256((const void *)filter);

	return _mm256_add_epi32(sum, _mm256_madd_epi16(f, samples));
}

void dtmf_bank_avx2(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t *const *window, uint32_t n)
{
	struct halves h;

	for (uint32_t i = 0; i < n; i++) {
		__m256i re[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };
		__m256i im[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };

		out[i].energy = fold(&h, window[i]);
		for (int s = 0; s < DTMF_STEPS; s++) {
			__m256i even = four(h.even + 4 * s), odd = four(h.odd + 4 * s);

			re[0] = step(re[0], filters->cos[s], even);
			re[1] = step(re[1], filters->cos[s] + 4, even);
			im[0] = step(im[0], filters->sin[s], odd);
			im[1] = step(im[1], filters->sin[s] + 4, odd);
		}
		narrow_8(&out[i], join_256(re[0], re[1]), join_256(im[0], im[1]));
	}
}
