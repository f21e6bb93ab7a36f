// SPDX-License-Identifier: BSD-3-Clause
//
// 16 samples at a time. A sum of two products fits 32 bits because INT16_MIN is not among them;
// more are summed in 64.
#include "codecs/conceal_kernels.h"

#include <immintrin.h>

enum { LANES = 16 };

static __m256i load(const int16_t *p)
{
	return _mm256_loadu_si256((const __m256i_u *)p);
}

static __m256i add_wide(__m256i sum, __m256i pairs)
{
	__m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(pairs));
	__m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(pairs, 1));

	return _mm256_add_epi64(sum, _mm256_add_epi64(low, high));
}

static int64_t total(__m256i sum)
{
	__m128i two = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));

	return _mm_extract_epi64(two, 0) + _mm_extract_epi64(two, 1);
}

struct conceal_alike conceal_alike_avx2(const int16_t *now, const int16_t *then, size_t n)
{
	__m256i product = _mm256_setzero_si256(), energy = product;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		__m256i a = load(now + i), b = load(then + i);

		product = add_wide(product, _mm256_madd_epi16(a, b));
		energy = add_wide(energy, _mm256_madd_epi16(b, b));
	}
	struct conceal_alike rest = conceal_alike_plain(now + i, then + i, n - i);
	return (struct conceal_alike){
		total(product) + rest.product,
		total(energy) + rest.energy,
	};
}
