// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/sum.h"

#include <assert.h>
#include <emmintrin.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sum_net16() swaps");

enum { LONGEST = 1 << 19 }; // a lane takes in at most 2^16 of every 32 bytes, and has 31 bits

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

static inline __m128i load(const uint8_t *data)
{
	return _mm_loadu_si128((const __m128i *)(const void *)data);
}

// Adds neighbouring words in pairs. The machine multiplies and adds signed ones only: with the
// highest bit turned over, a word is what it was less 2^15.
static inline __m128i add_pairs(__m128i total, const uint8_t *data)
{
	__m128i less = _mm_xor_si128(load(data), _mm_set1_epi16(INT16_MIN));

	return _mm_add_epi32(total, _mm_madd_epi16(less, _mm_set1_epi16(1)));
}

// Four lanes that may be below zero, as one number.
static inline int64_t add_lanes(__m128i lanes)
{
	int32_t lane[4];

	_mm_storeu_si128((__m128i *)(void *)lane, lanes);
	return (int64_t)lane[0] + lane[1] + lane[2] + lane[3];
}

// Two sums at once, so that an addition does not wait for the one before it.
static uint64_t sum_vectors(const uint8_t *data, size_t len)
{
	__m128i even = _mm_setzero_si128();
	__m128i odd = even;
	size_t at = 0;

	for (; at + 32 <= len; at += 32) {
		even = add_pairs(even, data + at);
		odd = add_pairs(odd, data + at + 16);
	}
	if (at < len)
		even = add_pairs(even, data + at);
	return (uint64_t)(add_lanes(_mm_add_epi32(even, odd)) + (int64_t)(len / 2) * -INT16_MIN);
}

uint64_t sum_bytes(const uint8_t *data, size_t len)
{
	size_t whole = len / 16 * 16;
	uint64_t total;

	assert(len < LONGEST);
	total = sum_vectors(data, whole);
	for (data += whole, len -= whole; len >= 4; data += 4, len -= 4)
		total += sum_word(data);
	return len > 0 ? total + sum_bytes_plain(data, len) : total;
}
