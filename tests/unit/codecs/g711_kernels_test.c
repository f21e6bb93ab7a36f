// SPDX-License-Identifier: BSD-3-Clause
//
// Every set of loops against the plain one, over all there is: every sample and every code at
// every lane, and every length of frame. The plain set itself is judged by g711_test.c.
#include "codecs/g711_kernels.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

enum { SAMPLES = 65536, CODES = 256, LANES = 64, LONGEST = 200, MARK = 0xa5 };

static int16_t sample[SAMPLES + LANES];
static uint8_t code[4 * CODES + LANES];

// All values in turn; a frame that begins `lane` later shows each to another lane.
static void lay(void)
{
	for (unsigned i = 0; i < SAMPLES + LANES; i++)
		sample[i] = (int16_t)(uint16_t)i;
	for (unsigned i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)i;
}

static const struct g711_kernels *need(enum cpu_level level)
{
	const struct g711_kernels *k = g711_kernels(level);

	if (k == NULL)
		cr_skip_test("this machine has no such instructions");
	lay();
	return k;
}

static void every_sample(const struct g711_kernels *k)
{
	static uint8_t want[SAMPLES + LANES], got[SAMPLES + LANES];

	for (unsigned lane = 0; lane < LANES; lane++) {
		g711_plain.encode_ulaw(want, sample + lane, SAMPLES);
		k->encode_ulaw(got, sample + lane, SAMPLES);
		cr_assert(zero(i32, memcmp(want, got, SAMPLES)), "mu-law from lane %u", lane);
		g711_plain.encode_alaw(want, sample + lane, SAMPLES);
		k->encode_alaw(got, sample + lane, SAMPLES);
		cr_assert(zero(i32, memcmp(want, got, SAMPLES)), "A-law from lane %u", lane);
	}
}

static void every_code(const struct g711_kernels *k)
{
	static int16_t want[4 * CODES], got[4 * CODES];

	for (unsigned lane = 0; lane < LANES; lane++) {
		g711_plain.decode_ulaw(want, code + lane, 4 * CODES);
		k->decode_ulaw(got, code + lane, 4 * CODES);
		cr_assert(zero(i32, memcmp(want, got, sizeof(want))), "mu-law from lane %u", lane);
		g711_plain.decode_alaw(want, code + lane, 4 * CODES);
		k->decode_alaw(got, code + lane, 4 * CODES);
		cr_assert(zero(i32, memcmp(want, got, sizeof(want))), "A-law from lane %u", lane);
	}
}

static void every_translation(const struct g711_kernels *k)
{
	const uint8_t *const tables[] = { g711_alaw_of_ulaw, g711_ulaw_of_alaw };

	for (unsigned i = 0; i < 2 * LANES; i++) {
		uint8_t want[sizeof(code)], got[sizeof(code)];

		memcpy(want, code, sizeof(code));
		memcpy(got, code, sizeof(code));
		g711_plain.translate(tables[i % 2], want + i / 2, 4 * CODES);
		k->translate(tables[i % 2], got + i / 2, 4 * CODES);
		cr_assert(zero(i32, memcmp(want, got, sizeof(got))), "from lane %u", i / 2);
	}
}

// Not one sample more or less than asked for; what lies beyond stays.
static void every_length(const struct g711_kernels *k)
{
	for (size_t n = 0; n <= LONGEST; n++) {
		uint8_t codes[3][LONGEST + LANES], want[3][LONGEST + LANES];
		int16_t linear[2][LONGEST + LANES], want_linear[2][LONGEST + LANES];

		memset(codes, MARK, sizeof(codes));
		memset(want, MARK, sizeof(want));
		memset(linear, MARK, sizeof(linear));
		memset(want_linear, MARK, sizeof(want_linear));
		k->encode_ulaw(codes[0], sample + 97 * n, n);
		g711_plain.encode_ulaw(want[0], sample + 97 * n, n);
		k->encode_alaw(codes[1], sample + 97 * n, n);
		g711_plain.encode_alaw(want[1], sample + 97 * n, n);
		k->translate(g711_alaw_of_ulaw, codes[2], n);
		g711_plain.translate(g711_alaw_of_ulaw, want[2], n);
		k->decode_ulaw(linear[0], code + n, n);
		g711_plain.decode_ulaw(want_linear[0], code + n, n);
		k->decode_alaw(linear[1], code + n, n);
		g711_plain.decode_alaw(want_linear[1], code + n, n);
		cr_assert(zero(i32, memcmp(codes, want, sizeof(want))), "%zu", n);
		cr_assert(zero(i32, memcmp(linear, want_linear, sizeof(linear))), "%zu", n);
	}
}

Test(g711_kernels, avx2_gives_the_code_of_every_sample_in_every_lane)
{
	every_sample(need(CPU_AVX2));
}

Test(g711_kernels, avx2_gives_the_sample_of_every_code_in_every_lane)
{
	every_code(need(CPU_AVX2));
}

Test(g711_kernels, avx2_gives_the_other_law_of_every_code_in_every_lane)
{
	every_translation(need(CPU_AVX2));
}

Test(g711_kernels, avx2_does_every_length_and_nothing_beyond)
{
	every_length(need(CPU_AVX2));
}

Test(g711_kernels, avx512_gives_the_code_of_every_sample_in_every_lane)
{
	every_sample(need(CPU_AVX512));
}

Test(g711_kernels, avx512_gives_the_sample_of_every_code_in_every_lane)
{
	every_code(need(CPU_AVX512));
}

Test(g711_kernels, avx512_gives_the_other_law_of_every_code_in_every_lane)
{
	every_translation(need(CPU_AVX512));
}

Test(g711_kernels, avx512_does_every_length_and_nothing_beyond)
{
	every_length(need(CPU_AVX512));
}
