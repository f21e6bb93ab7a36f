// SPDX-License-Identifier: BSD-3-Clause
//
// The filters of dtmf_bank.c in registers of 512 bits, as in dtmf_bank_avx2.c.
#include "codecs/dtmf_bank_fold.h"

static inline __m512i four(const int16_t *folded)
{
	long long v;

	memcpy(&v, folded, sizeof(v));
	return _mm512_set1_epi64(v);
}

static inline __m512i step(__m512i sum, const int16_t (*filter)[4], __m512i samples)
{
	return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_loadu_si512(filter), samples));
}

static inline __m256i join(__m512i v)
{
	return join_256(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

// Two windows at a time, so that no sum waits for the one before.
static inline void two(
	const struct dtmf_filters *filters, struct dtmf_spectrum *out, const int16_t *const *x)
{
	struct halves h[2];
	__m512i re[2] = { _mm512_setzero_si512(), _mm512_setzero_si512() };
	__m512i im[2] = { _mm512_setzero_si512(), _mm512_setzero_si512() };

	out[0].energy = fold(&h[0], x[0]);
	out[1].energy = fold(&h[1], x[1]);
	for (int s = 0; s < DTMF_STEPS; s++) {
		re[0] = step(re[0], filters->cos[s], four(h[0].even + 4 * s));
		im[0] = step(im[0], filters->sin[s], four(h[0].odd + 4 * s));
		re[1] = step(re[1], filters->cos[s], four(h[1].even + 4 * s));
		im[1] = step(im[1], filters->sin[s], four(h[1].odd + 4 * s));
	}
	narrow_8(&out[0], join(re[0]), join(im[0]));
	narrow_8(&out[1], join(re[1]), join(im[1]));
}

void dtmf_bank_avx512(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t *const *window, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 1 < n; i += 2)
		two(filters, &out[i], window + i);
	if (i < n) {
		struct dtmf_spectrum twice[2];

		two(filters, twice, (const int16_t *const[]){ window[i], window[i] });
		out[i] = twice[0];
	}
}
