// SPDX-License-Identifier: BSD-3-Clause
//
// What a stranger may send to a decoder: a byte that says which codec, then packets, each with a
// byte that says what is done with it and two of its length.
#include "codecs/codec.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 6, HEAD = 3, MS = 20, LOST = 1, RECOVERED = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Memory of exactly that size, so that a sanitizer sees a step beyond it.
static void *exactly(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

	if (memory == NULL)
		abort();
	return memory;
}

static void one_packet(
	const struct codec *c, void *decoder, uint8_t what, const uint8_t *payload, size_t len)
{
	size_t room = what & 0x80 ? c->rate / 1000 * MS : CODEC_SAMPLES_MAX;
	int16_t *pcm = malloc(room * sizeof(*pcm));
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (pcm == NULL || copy == NULL)
		abort();
	memcpy(copy, payload, len);
	if (what % 4 == LOST)
		c->conceal(decoder, pcm, c->rate / 1000 * MS);
	else if (what % 4 == RECOVERED && c->recover != NULL)
		c->recover(decoder, pcm, c->rate / 1000 * MS, copy, len);
	else if (c->decode(decoder, pcm, room, copy, len) > room)
		abort();
	free(copy);
	free(pcm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct {
		unsigned id;
		uint32_t clock;
	} rows[ROWS] = { { CODEC_OPUS, 48000 }, { CODEC_PCMU, 8000 }, { CODEC_PCMA, 8000 },
		{ CODEC_G722, 8000 }, { CODEC_L16, 8000 }, { CODEC_L16, 16000 } };

	if (len == 0)
		return 0;
	const struct codec *c = codec_find(rows[data[0] % ROWS].id, rows[data[0] % ROWS].clock);
	void *decoder = exactly(c->decoder_size);
	c->decoder_init(decoder);
	for (size_t at = 1; at + HEAD <= len;) {
		size_t said = (size_t)(data[at + 1] << 8 | data[at + 2]) % 2000;
		size_t there = len - at - HEAD;
		size_t n = said < there ? said : there;

		one_packet(c, decoder, data[at], data + at + HEAD, n);
		at += HEAD + n;
	}
	free(decoder);
	return 0;
}
