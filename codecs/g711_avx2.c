// SPDX-License-Identifier: BSD-3-Clause
//
// G.711 by arithmetic, 16 lanes of 16 bits at a time. What AVX2 has no instruction for comes from
// tables of 16 bytes: the number of the highest bit, and 2^k to shift each lane by its own k.
#include "codecs/g711_kernels.h"

#include <immintrin.h>

enum { LANES = 16 };

static __m256i load(const void *p)
{
	return _mm256_loadu_si256((const __m256i_u *)p);
}

static __m256i each(int v)
{
	return _mm256_set1_epi16((short)v);
}

// The same 16 bytes for both halves.
static __m256i bytes(uint64_t low, uint64_t high)
{
	return _mm256_set_epi64x((long long)high, (long long)low, (long long)high, (long long)low);
}

// In each lane: how many bits e has, 0 to 8. e is below 256.
static __m256i bits_of(__m256i e)
{
	const __m256i low = bytes(0x0303030302020100U, 0x0404040404040404U);
	const __m256i high = bytes(0x0707070706060500U, 0x0808080808080808U);

	return _mm256_max_epi16(_mm256_shuffle_epi8(low, _mm256_and_si256(e, each(15))),
		_mm256_shuffle_epi8(high, _mm256_srli_epi16(e, 4)));
}

// 0x8000 >> k in each lane, k below 8: k asks for the high byte, and nothing for the low one.
static __m256i half_to(__m256i k)
{
	const __m256i high_byte = bytes(0x0102040810204080U, 0);

	return _mm256_shuffle_epi8(high_byte, _mm256_or_si256(_mm256_slli_epi16(k, 8), each(0x80)));
}

static __m256i code_of(__m256i segment, __m256i mantissa)
{
	return _mm256_or_si256(_mm256_slli_epi16(segment, 4), _mm256_and_si256(mantissa, each(15)));
}

static __m256i ulaw_of(__m256i sample)
{
	__m256i sign = _mm256_srai_epi16(sample, 15);
	__m256i m = _mm256_srli_epi16(_mm256_xor_si256(sample, sign), 2);
	m = _mm256_min_epi16(_mm256_add_epi16(m, each(33)), each(0x1fff));
	__m256i segment = _mm256_sub_epi16(bits_of(_mm256_srli_epi16(m, 5)), each(1));
	__m256i code = code_of(segment, _mm256_mulhi_epu16(m, half_to(segment)));

	return _mm256_xor_si256(
		_mm256_or_si256(code, _mm256_and_si256(sign, each(0x80))), each(0xff));
}

static __m256i alaw_of(__m256i sample)
{
	__m256i sign = _mm256_srai_epi16(sample, 15);
	__m256i m = _mm256_srli_epi16(_mm256_xor_si256(sample, sign), 4);
	__m256i segment = bits_of(_mm256_srli_epi16(m, 4));
	__m256i step = _mm256_subs_epu16(segment, each(1));
	__m256i code = code_of(segment, _mm256_mulhi_epu16(_mm256_slli_epi16(m, 1), half_to(step)));

	return _mm256_xor_si256(
		_mm256_xor_si256(code, _mm256_and_si256(sign, each(0x80))), each(0xd5));
}

static void store_codes(uint8_t *dst, __m256i a, __m256i b)
{
	__m256i packed = _mm256_packus_epi16(a, b);

	_mm256_storeu_si256((__m256i_u *)dst, _mm256_permute4x64_epi64(packed, 0xd8));
}

static void encode_ulaw(uint8_t *dst, const int16_t *src, size_t n)
{
	size_t i = 0;

	for (; i + 2 * LANES <= n; i += 2 * LANES)
		store_codes(dst + i, ulaw_of(load(src + i)), ulaw_of(load(src + i + LANES)));
	g711_plain.encode_ulaw(dst + i, src + i, n - i);
}

static void encode_alaw(uint8_t *dst, const int16_t *src, size_t n)
{
	size_t i = 0;

	for (; i + 2 * LANES <= n; i += 2 * LANES)
		store_codes(dst + i, alaw_of(load(src + i)), alaw_of(load(src + i + LANES)));
	g711_plain.encode_alaw(dst + i, src + i, n - i);
}

static __m256i load_codes(const uint8_t *src)
{
	return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i_u *)src));
}

// Bits 4 to 6 of each lane, so that they ask a table for the low byte, and nothing for the high.
static __m256i segment_of(__m256i c)
{
	return _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(c, 4), each(7)), each(0x8000));
}

// Bit 7 of each lane in all its bits.
static __m256i sign_of(__m256i c)
{
	return _mm256_srai_epi16(_mm256_slli_epi16(c, 8), 15);
}

static __m256i negated_where(__m256i mask, __m256i v)
{
	return _mm256_sub_epi16(_mm256_xor_si256(v, mask), mask);
}

static void decode_ulaw(int16_t *dst, const uint8_t *src, size_t n)
{
	const __m256i power = bytes(0x8040201008040201U, 0), bias = each(0x84);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		__m256i c = _mm256_xor_si256(load_codes(src + i), each(0xff));
		__m256i m = _mm256_slli_epi16(_mm256_and_si256(c, each(15)), 3);
		__m256i shift = _mm256_shuffle_epi8(power, segment_of(c));

		m = _mm256_mullo_epi16(_mm256_add_epi16(m, bias), shift);
		m = negated_where(sign_of(c), _mm256_sub_epi16(m, bias));
		_mm256_storeu_si256((__m256i_u *)(dst + i), m);
	}
	g711_plain.decode_ulaw(dst + i, src + i, n - i);
}

static void decode_alaw(int16_t *dst, const uint8_t *src, size_t n)
{
	const __m256i power = bytes(0x4020100804020101U, 0);
	const __m256i none = each(0x8000); // segment_of() nothing
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		__m256i c = _mm256_xor_si256(load_codes(src + i), each(0xd5));
		__m256i m = _mm256_slli_epi16(_mm256_and_si256(c, each(15)), 4);
		__m256i segment = segment_of(c);
		__m256i first = _mm256_cmpeq_epi16(segment, none);

		m = _mm256_add_epi16(m, each(8));
		m = _mm256_add_epi16(m, _mm256_andnot_si256(first, each(0x100)));
		m = _mm256_mullo_epi16(m, _mm256_shuffle_epi8(power, segment));
		_mm256_storeu_si256((__m256i_u *)(dst + i), negated_where(sign_of(c), m));
	}
	g711_plain.decode_alaw(dst + i, src + i, n - i);
}

// Eight tables of 16 codes; each lane is looked up in all and is in one: in the others it is
// pushed beyond 0x7f, where a shuffle gives nothing. The sign of a code passes by.
static void translate(const uint8_t table[256], uint8_t *codes, size_t n)
{
	const __m256i sign = _mm256_set1_epi8((char)0x80), push = _mm256_set1_epi8(0x70);
	__m256i row[8];
	size_t i = 0;

	for (unsigned r = 0; r < 8; r++)
		row[r] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i_u *)(table + (size_t)16 * r)));
	for (; i + 2 * LANES <= n; i += 2 * LANES) {
		__m256i c = load(codes + i), is_signed = _mm256_and_si256(c, sign);
		__m256i found = is_signed, at = _mm256_xor_si256(c, is_signed);

		for (unsigned r = 0; r < 8; r++) {
			__m256i in_row = _mm256_xor_si256(at, _mm256_set1_epi8((char)(r << 4)));
			found = _mm256_xor_si256(
				found, _mm256_shuffle_epi8(row[r], _mm256_adds_epu8(in_row, push)));
		}
		_mm256_storeu_si256((__m256i_u *)(codes + i), found);
	}
	g711_plain.translate(table, codes + i, n - i);
}

const struct g711_kernels g711_avx2 = {
	encode_ulaw,
	encode_alaw,
	decode_ulaw,
	decode_alaw,
	translate,
};
