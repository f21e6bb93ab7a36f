// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/comfort_noise.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <string.h>

enum { SECOND = 8000, FRAME = 160 };

static int16_t pcm[SECOND];

Test(comfort_noise, a_payload_is_a_level_and_what_follows_is_ignored)
{
	uint8_t level = 99;

	cr_expect(comfort_noise_read(&level, (uint8_t[]){ 60 }, 1));
	cr_expect(eq(u8, level, 60));
	cr_expect(comfort_noise_read(&level, (uint8_t[]){ 70, 12, 200, 3 }, 4));
	cr_expect(eq(u8, level, 70));
	cr_expect(comfort_noise_read(&level, (uint8_t[]){ 0x80 | 45 }, 1));
	cr_expect(eq(u8, level, 45), "the reserved bit");
	cr_expect(not(comfort_noise_read(&level, NULL, 0)));
	cr_expect(eq(u8, level, 45), "nothing was written");
}

Test(comfort_noise, our_payload_is_one_byte_with_its_first_bit_clear)
{
	for (unsigned level = 0; level < 256; level++) {
		uint8_t wire[2] = { 0xee, 0xee }, back;

		comfort_noise_write(wire, (uint8_t)level);
		cr_expect(eq(u8, wire[0] & 0x80, 0));
		cr_expect(eq(u8, wire[1], 0xee));
		cr_assert(comfort_noise_read(&back, wire, COMFORT_NOISE_LEN));
		cr_expect(eq(u8, back, level < 127 ? level : 127));
	}
}

Test(comfort_noise, the_level_of_a_frame_is_in_dbov)
{
	for (unsigned i = 0; i < SECOND; i++)
		pcm[i] = i % 2 ? 32767 : -32768;
	cr_expect(eq(u8, comfort_noise_level(pcm, SECOND), 0), "a square wave that fills all");
	for (unsigned i = 0; i < SECOND; i++)
		pcm[i] = (int16_t)lrint(32767 * sin(2 * M_PI * i / 80));
	cr_expect(eq(u8, comfort_noise_level(pcm, SECOND), 3), "a sine that fills all");
	for (unsigned i = 0; i < SECOND; i++)
		pcm[i] = (int16_t)lrint(327.67 * sin(2 * M_PI * i / 80));
	cr_expect(eq(u8, comfort_noise_level(pcm, SECOND), 43));
	memset(pcm, 0, sizeof(pcm));
	cr_expect(eq(u8, comfort_noise_level(pcm, SECOND), COMFORT_NOISE_SILENCE));
	cr_expect(eq(u8, comfort_noise_level(pcm, 0), COMFORT_NOISE_SILENCE));
}

Test(comfort_noise, noise_is_as_loud_as_asked_for)
{
	for (uint8_t level = COMFORT_NOISE_LOUDEST; level <= 80; level++) {
		struct comfort_noise c;

		comfort_noise_init(&c, 12345);
		comfort_noise_make(&c, level, pcm, FRAME);
		comfort_noise_make(&c, level, pcm, SECOND);
		int heard = comfort_noise_level(pcm, SECOND);
		cr_expect(le(int, abs(heard - level), 1), "%u: %d", level, heard);
	}
}

Test(comfort_noise, nobody_is_deafened_by_a_payload)
{
	for (uint8_t level = 0; level < COMFORT_NOISE_LOUDEST; level++) {
		struct comfort_noise c;

		comfort_noise_init(&c, 1);
		comfort_noise_make(&c, level, pcm, FRAME);
		comfort_noise_make(&c, level, pcm, SECOND);
		cr_expect(ge(int, comfort_noise_level(pcm, SECOND), COMFORT_NOISE_LOUDEST - 1));
	}
}

Test(comfort_noise, silence_is_nothing_and_noise_comes_and_goes_in_a_frame)
{
	struct comfort_noise c;

	comfort_noise_init(&c, 7);
	comfort_noise_make(&c, 40, pcm, FRAME);
	int begins = comfort_noise_level(pcm, FRAME / 4);
	int ends = comfort_noise_level(pcm + FRAME * 3 / 4, FRAME / 4);
	cr_expect(gt(int, begins, ends + 6));
	comfort_noise_make(&c, 40, pcm, FRAME);
	comfort_noise_make(&c, COMFORT_NOISE_SILENCE, pcm, FRAME);
	cr_expect(gt(int, comfort_noise_level(pcm + FRAME * 3 / 4, FRAME / 4), 46));
	comfort_noise_make(&c, COMFORT_NOISE_SILENCE, pcm, FRAME);
	cr_expect(eq(u8, comfort_noise_level(pcm, FRAME), COMFORT_NOISE_SILENCE));
	comfort_noise_make(&c, 40, pcm, 0);
}

Test(comfort_noise, the_same_seed_gives_the_same_noise_and_another_gives_other)
{
	struct comfort_noise a, b, other;
	int16_t x[FRAME], y[FRAME], z[FRAME];

	comfort_noise_init(&a, 0);
	comfort_noise_init(&b, 0);
	comfort_noise_init(&other, 2);
	comfort_noise_make(&a, 50, x, FRAME);
	comfort_noise_make(&b, 50, y, FRAME);
	comfort_noise_make(&other, 50, z, FRAME);
	cr_expect(zero(int, memcmp(x, y, sizeof(x))));
	cr_expect(ne(int, memcmp(x, z, sizeof(x)), 0));
	cr_expect(lt(u8, comfort_noise_level(x, FRAME), 60), "a seed of nothing is a seed");
}

// White: no sample knows the next.
Test(comfort_noise, noise_has_no_pitch)
{
	struct comfort_noise c;
	double power = 0;

	comfort_noise_init(&c, 99);
	comfort_noise_make(&c, 40, pcm, SECOND);
	comfort_noise_make(&c, 40, pcm, SECOND);
	for (unsigned i = 0; i < SECOND; i++)
		power += (double)pcm[i] * pcm[i];
	for (unsigned lag = 1; lag < 200; lag++) {
		double product = 0;

		for (unsigned i = lag; i < SECOND; i++)
			product += (double)pcm[i] * pcm[i - lag];
		cr_expect(lt(dbl, fabs(product / power), 0.06), "%u", lag);
	}
}
