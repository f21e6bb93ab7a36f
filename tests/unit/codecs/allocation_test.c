// SPDX-License-Identifier: BSD-3-Clause
//
// Nothing is allocated from the first byte to the last, not by us and not by the libraries: this
// program's malloc() is the one they call, and it counts.
#include "codecs/codec.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
Test(allocation, no_codec_allocates)
{
	cr_skip_test("the sanitizer's malloc() is not ours to count");
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static _Atomic unsigned allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

// A second of packets with losses.
static void talk(const struct codec *c, void *encoder, void *decoder, size_t n)
{
	int16_t pcm[CODEC_SAMPLES_MAX], out[CODEC_SAMPLES_MAX];
	uint8_t wire[CODEC_PAYLOAD_MAX];

	for (unsigned k = 0; k < 50; k++) {
		for (size_t i = 0; i < n; i++)
			pcm[i] = (int16_t)(i * k * 77);
		size_t len = c->encode(encoder, wire, sizeof(wire), pcm, n);
		if (k % 5 == 3)
			c->conceal(decoder, out, n);
		else if (k % 5 == 4 && c->recover != NULL)
			c->recover(decoder, out, n, wire, len);
		else
			c->decode(decoder, out, CODEC_SAMPLES_MAX, wire, len);
	}
}

Test(allocation, no_codec_allocates)
{
	static const struct {
		unsigned id;
		uint32_t clock;
	} rows[] = { { CODEC_PCMU, 8000 }, { CODEC_PCMA, 8000 }, { CODEC_G722, 8000 },
		{ CODEC_L16, 8000 }, { CODEC_L16, 16000 }, { CODEC_OPUS, 48000 } };
	static const size_t lengths[] = { 10, 20, 30, 40, 60 };

	unsigned before = allocations;
	free(malloc(1));
	cr_assert(gt(uint, allocations, before), "it does count");
	for (unsigned i = 0; i < 6 * 5; i++) {
		const struct codec *c = codec_find(rows[i / 5].id, rows[i / 5].clock);
		void *encoder = aligned_alloc(64, c->encoder_size + 64);
		void *decoder = aligned_alloc(64, c->decoder_size + 64);

		before = allocations;
		c->encoder_init(encoder);
		c->decoder_init(decoder);
		talk(c, encoder, decoder, c->rate / 1000 * lengths[i % 5]);
		unsigned made = allocations - before;
		cr_expect(eq(uint, made, 0), "%s, %zu ms", c->name, lengths[i % 5]);
		free(encoder);
		free(decoder);
	}
}
#endif
