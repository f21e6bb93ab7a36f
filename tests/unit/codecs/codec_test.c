// SPDX-License-Identifier: BSD-3-Clause
//
// What every row of the table keeps, and what the simple codecs write on the wire.
#include "codecs/codec.h"
#include "codecs/g711.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum codec_id id;
	uint32_t clock, rate;
	const char *name;
} rows[] = {
	{ CODEC_PCMU, 8000, 8000, "PCMU" },
	{ CODEC_PCMA, 8000, 8000, "PCMA" },
	{ CODEC_G722, 8000, 16000, "G722" },
	{ CODEC_L16, 8000, 8000, "L16" },
	{ CODEC_L16, 16000, 16000, "L16" },
	{ CODEC_OPUS, 48000, 16000, "opus" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), MARK = 0x5a };

// Memory of exactly that size, so that a sanitizer sees a step beyond it.
static void *exactly(size_t size)
{
	void *memory = aligned_alloc(64, size == 0 ? 64 : size);

	cr_assert(ne(ptr, memory, NULL));
	memset(memory, MARK, size);
	return memory;
}

static void sing(int16_t *pcm, size_t n, uint32_t rate, double from)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)lrint(8000 * sin(2 * M_PI * 400 * (from + (double)i) / rate));
}

static double power(const int16_t *pcm, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)pcm[i] * pcm[i];
	return sum / (double)n;
}

Test(codec, every_row_is_found_by_its_number_and_clock)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct codec *c = codec_find(rows[i].id, rows[i].clock);

		cr_assert(c != NULL, "%s/%u", rows[i].name, rows[i].clock);
		cr_expect(zero(i32, strcmp(c->name, rows[i].name)));
		cr_expect(eq(u32, c->clock, rows[i].clock));
		cr_expect(eq(u32, c->rate, rows[i].rate));
		cr_expect(eq(sz, c->encoder_size % 64, 0));
		cr_expect(eq(sz, c->decoder_size % 64, 0));
	}
}

Test(codec, another_clock_or_number_is_no_codec)
{
	cr_expect(codec_find(CODEC_PCMU, 16000) == NULL);
	cr_expect(codec_find(CODEC_G722, 16000) == NULL);
	cr_expect(codec_find(CODEC_L16, 44100) == NULL);
	cr_expect(codec_find(CODEC_OPUS, 8000) == NULL);
	cr_expect(codec_find(CODEC_IDS, 8000) == NULL);
	cr_expect(codec_find(0xffffffffU, 8000) == NULL);
}

// What was sung comes back, at every length of packet there is, about as loud.
Test(codec, a_song_goes_through_every_codec_at_every_length_of_packet)
{
	static const unsigned lengths[] = { 10, 20, 30, 40, 60 };

	for (size_t i = 0; i < ROWS * 5; i++) {
		const struct codec *c = codec_find(rows[i / 5].id, rows[i / 5].clock);
		size_t n = c->rate / 1000 * lengths[i % 5];
		void *encoder = exactly(c->encoder_size), *decoder = exactly(c->decoder_size);
		int16_t in[CODEC_SAMPLES_MAX], out[CODEC_SAMPLES_MAX];
		uint8_t wire[CODEC_PAYLOAD_MAX];

		c->encoder_init(encoder);
		c->decoder_init(decoder);
		for (unsigned k = 0; k < 10; k++) {
			sing(in, n, c->rate, (double)(k * n));
			size_t len = c->encode(encoder, wire, sizeof(wire), in, n);
			cr_assert(gt(sz, len, 0), "%s", c->name);
			cr_assert(eq(sz, c->decode(decoder, out, CODEC_SAMPLES_MAX, wire, len), n));
		}
		cr_expect(lt(dbl, fabs(10 * log10(power(out, n) / power(in, n))), 1.0), "%s, %u ms",
			c->name, lengths[i % 5]);
		free(encoder);
		free(decoder);
	}
}

Test(codec, what_there_is_no_room_for_is_refused_and_nothing_is_written)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct codec *c = codec_find(rows[i].id, rows[i].clock);
		size_t n = c->rate / 1000 * 20;
		void *encoder = exactly(c->encoder_size), *decoder = exactly(c->decoder_size);
		int16_t in[CODEC_SAMPLES_MAX], *out = exactly(64);
		uint8_t wire[CODEC_PAYLOAD_MAX], *small = exactly(64);

		c->encoder_init(encoder);
		c->decoder_init(decoder);
		sing(in, n, c->rate, 0);
		size_t len = c->encode(encoder, wire, sizeof(wire), in, n);
		if (rows[i].id != CODEC_OPUS) // makes its packets as short as it must
			cr_expect(eq(sz, c->encode(encoder, small, 64, in, n), 0), "%s", c->name);
		cr_expect(eq(sz, c->decode(decoder, out, 32, wire, len), 0), "%s", c->name);
		cr_expect(eq(sz, c->decode(decoder, out, 32, wire, 0), 0), "%s", c->name);
		for (unsigned k = 0; k < 32; k++)
			cr_expect(eq(i16, out[k], MARK << 8 | MARK));
		free(out);
		free(small);
		free(encoder);
		free(decoder);
	}
}

Test(codec, what_is_made_up_for_a_loss_is_heard_and_then_fades_to_silence)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct codec *c = codec_find(rows[i].id, rows[i].clock);
		size_t n = c->rate / 1000 * 20;
		void *encoder = exactly(c->encoder_size), *decoder = exactly(c->decoder_size);
		int16_t in[CODEC_SAMPLES_MAX], out[CODEC_SAMPLES_MAX];
		uint8_t wire[CODEC_PAYLOAD_MAX];

		c->encoder_init(encoder);
		c->decoder_init(decoder);
		for (unsigned k = 0; k < 10; k++) {
			sing(in, n, c->rate, (double)(k * n));
			size_t len = c->encode(encoder, wire, sizeof(wire), in, n);
			c->decode(decoder, out, CODEC_SAMPLES_MAX, wire, len);
		}
		double before = power(out, n);
		c->conceal(decoder, out, n);
		cr_expect(gt(dbl, power(out, n), before / 4), "%s", c->name);
		for (unsigned k = 0; k < 9; k++)
			c->conceal(decoder, out, n);
		cr_expect(zero(dbl, power(out, n)), "%s", c->name);
		c->conceal(decoder, out, 0);
		free(encoder);
		free(decoder);
	}
}

Test(codec, a_decoder_that_heard_nothing_conceals_by_silence)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct codec *c = codec_find(rows[i].id, rows[i].clock);
		void *decoder = exactly(c->decoder_size);
		int16_t out[CODEC_SAMPLES_MAX];

		c->decoder_init(decoder);
		c->conceal(decoder, out, c->rate / 1000 * 20);
		cr_expect(lt(dbl, power(out, c->rate / 1000 * 20), 1), "%s", c->name);
		free(decoder);
	}
}

Test(codec, g711_on_the_wire_is_the_code_of_each_sample)
{
	const int16_t pcm[4] = { 0, -1, 1000, -32768 };
	uint8_t wire[4];

	codec_find(CODEC_PCMU, 8000)->encode(NULL, wire, sizeof(wire), pcm, 4);
	for (unsigned i = 0; i < 4; i++)
		cr_expect(eq(u8, wire[i], g711_to_ulaw(pcm[i])));
	codec_find(CODEC_PCMA, 8000)->encode(NULL, wire, sizeof(wire), pcm, 4);
	for (unsigned i = 0; i < 4; i++)
		cr_expect(eq(u8, wire[i], g711_to_alaw(pcm[i])));
}

// RFC 3551, 4.5.11.
Test(codec, l16_on_the_wire_has_the_high_byte_first)
{
	const struct codec *c = codec_find(CODEC_L16, 16000);
	const uint8_t want[6] = { 0x12, 0x34, 0x80, 0x00, 0xff, 0xfe };
	const int16_t pcm[3] = { 0x1234, -32768, -2 };
	void *decoder = exactly(c->decoder_size);
	int16_t back[3];
	uint8_t wire[6];

	c->decoder_init(decoder);
	cr_assert(eq(sz, c->encode(NULL, wire, sizeof(wire), pcm, 3), 6));
	cr_expect(zero(i32, memcmp(wire, want, 6)));
	cr_assert(eq(sz, c->decode(decoder, back, 3, wire, 6), 3));
	cr_expect(zero(i32, memcmp(back, pcm, 6)));
	cr_expect(eq(sz, c->decode(decoder, back, 3, wire, 5), 0), "half a sample");
	free(decoder);
}
