// SPDX-License-Identifier: BSD-3-Clause
//
// G.711 by arithmetic, 32 lanes of 16 bits at a time, and one law into the other by a table of
// 128 codes in two registers. The end of a frame is a step under a mask.
#include "codecs/g711_kernels.h"

#include <immintrin.h>

enum { LANES = 32 };

// The lanes of a step that are there when n are left, n > 0.
static __mmask32 there(size_t n)
{
	return n >= LANES ? 0xffffffffU : (1U << n) - 1;
}

static __m512i each(int v)
{
	return _mm512_set1_epi16((short)v);
}

static __m512i bytes(uint64_t low, uint64_t high)
{
	return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)high, (long long)low));
}

// In each lane: how many bits e has, 0 to 8. e is below 256.
static __m512i bits_of(__m512i e)
{
	const __m512i low = bytes(0x0303030302020100U, 0x0404040404040404U);
	const __m512i high = bytes(0x0707070706060500U, 0x0808080808080808U);

	return _mm512_max_epi16(_mm512_shuffle_epi8(low, _mm512_and_si512(e, each(15))),
		_mm512_shuffle_epi8(high, _mm512_srli_epi16(e, 4)));
}

static __m512i code_of(__m512i segment, __m512i mantissa)
{
	return _mm512_or_si512(_mm512_slli_epi16(segment, 4), _mm512_and_si512(mantissa, each(15)));
}

static __m512i ulaw_of(__m512i sample)
{
	__m512i sign = _mm512_srai_epi16(sample, 15);
	__m512i m = _mm512_srli_epi16(_mm512_xor_si512(sample, sign), 2);
	m = _mm512_min_epi16(_mm512_add_epi16(m, each(33)), each(0x1fff));
	__m512i bits = bits_of(_mm512_srli_epi16(m, 5));
	__m512i code = code_of(_mm512_sub_epi16(bits, each(1)), _mm512_srlv_epi16(m, bits));

	return _mm512_xor_si512(
		_mm512_or_si512(code, _mm512_and_si512(sign, each(0x80))), each(0xff));
}

static __m512i alaw_of(__m512i sample)
{
	__m512i sign = _mm512_srai_epi16(sample, 15);
	__m512i m = _mm512_srli_epi16(_mm512_xor_si512(sample, sign), 4);
	__m512i segment = bits_of(_mm512_srli_epi16(m, 4));
	__m512i step = _mm512_subs_epu16(segment, each(1));
	__m512i code = code_of(segment, _mm512_srlv_epi16(m, step));

	return _mm512_xor_si512(
		_mm512_xor_si512(code, _mm512_and_si512(sign, each(0x80))), each(0xd5));
}

static void store_codes(uint8_t *dst, __mmask32 m, __m512i codes)
{
	_mm256_mask_storeu_epi8(dst, m, _mm512_cvtepi16_epi8(codes));
}

static void encode_ulaw(uint8_t *dst, const int16_t *src, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);

		store_codes(dst + i, m, ulaw_of(_mm512_maskz_loadu_epi16(m, src + i)));
	}
}

static void encode_alaw(uint8_t *dst, const int16_t *src, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);

		store_codes(dst + i, m, alaw_of(_mm512_maskz_loadu_epi16(m, src + i)));
	}
}

static __m512i segment_of(__m512i c)
{
	return _mm512_and_si512(_mm512_srli_epi16(c, 4), each(7));
}

static __m512i negated_where_signed(__m512i c, __m512i v)
{
	__mmask32 is_signed = _mm512_test_epi16_mask(c, each(0x80));

	return _mm512_mask_sub_epi16(v, is_signed, _mm512_setzero_si512(), v);
}

static __m512i from_ulaw(__m512i code)
{
	__m512i c = _mm512_xor_si512(code, each(0xff));
	__m512i m = _mm512_slli_epi16(_mm512_and_si512(c, each(15)), 3);

	m = _mm512_sllv_epi16(_mm512_add_epi16(m, each(0x84)), segment_of(c));
	return negated_where_signed(c, _mm512_sub_epi16(m, each(0x84)));
}

static __m512i from_alaw(__m512i code)
{
	__m512i c = _mm512_xor_si512(code, each(0xd5));
	__m512i m = _mm512_slli_epi16(_mm512_and_si512(c, each(15)), 4);
	__m512i segment = segment_of(c);
	__mmask32 beyond_first = _mm512_test_epi16_mask(segment, segment);

	m = _mm512_add_epi16(m, each(8));
	m = _mm512_mask_add_epi16(m, beyond_first, m, each(0x100));
	m = _mm512_sllv_epi16(m, _mm512_subs_epu16(segment, each(1)));
	return negated_where_signed(c, m);
}

static __m512i load_codes(__mmask32 m, const uint8_t *src)
{
	return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(m, src));
}

static void decode_ulaw(int16_t *dst, const uint8_t *src, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);

		_mm512_mask_storeu_epi16(dst + i, m, from_ulaw(load_codes(m, src + i)));
	}
}

static void decode_alaw(int16_t *dst, const uint8_t *src, size_t n)
{
	for (size_t i = 0; i < n; i += LANES) {
		__mmask32 m = there(n - i);

		_mm512_mask_storeu_epi16(dst + i, m, from_alaw(load_codes(m, src + i)));
	}
}

// The lookup does not see bit 7: the sign of a code passes by.
static void translate(const uint8_t table[256], uint8_t *codes, size_t n)
{
	const __m512i sign = _mm512_set1_epi8((char)0x80);
	__m512i low = _mm512_loadu_si512(table), high = _mm512_loadu_si512(table + 64);

	for (size_t i = 0; i < n; i += 64) {
		__mmask64 m = n - i >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (n - i)) - 1;
		__m512i c = _mm512_maskz_loadu_epi8(m, codes + i);
		__m512i found = _mm512_permutex2var_epi8(low, c, high);

		found = _mm512_xor_si512(found, _mm512_and_si512(c, sign));
		_mm512_mask_storeu_epi8(codes + i, m, found);
	}
}

const struct g711_kernels g711_avx512 = {
	encode_ulaw,
	encode_alaw,
	decode_ulaw,
	decode_alaw,
	translate,
};
