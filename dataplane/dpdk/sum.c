// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/sum.h"

#include <assert.h>
#include <emmintrin.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sum_net16() swaps");

uint64_t sum_bytes_plain(const uint8_t *data, size_t len)
{
	uint64_t total = 0;

	for (; len >= 4; data += 4, len -= 4)
		total += sum_word(data);
	if (len > 0) {
		uint8_t rest[4] = { 0 };

		memcpy(rest, data, len);
		total += sum_word(rest);
	}
	return total;
}

// Halves of a vector, each with room above it: 32 bits become 64.
static inline __m128i add_wide(__m128i total, __m128i words)
{
	const __m128i zero = _mm_setzero_si128();

	total = _mm_add_epi64(total, _mm_unpacklo_epi32(words, zero));
	return _mm_add_epi64(total, _mm_unpackhi_epi32(words, zero));
}

static inline __m128i load(const uint8_t *data)
{
	return _mm_loadu_si128((const __m128i *)(const void *)data);
}

// Two sums at once, so that an addition does not wait for the one before it.
uint64_t sum_bytes(const uint8_t *data, size_t len)
{
	__m128i even = _mm_setzero_si128();
	__m128i odd = even;
	uint64_t half[2];

	for (; len >= 32; data += 32, len -= 32) {
		even = add_wide(even, load(data));
		odd = add_wide(odd, load(data + 16));
	}
	if (len >= 16) {
		even = add_wide(even, load(data));
		data += 16;
		len -= 16;
	}
	_mm_storeu_si128((__m128i *)(void *)half, _mm_add_epi64(even, odd));
	return half[0] + half[1] + sum_bytes_plain(data, len);
}
