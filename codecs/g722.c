// SPDX-License-Identifier: BSD-3-Clause
//
// G.722 at 64 kbit/s, by spandsp: the door to that library. Two samples of 16 kHz are one byte.
#include "codecs/conceal.h"
#include "codecs/rows.h"

// Theirs need one another in this order.
// clang-format off
#include <spandsp/telephony.h>
#include <spandsp/g722.h>
#include <spandsp/private/g722.h>
// clang-format on

#include <assert.h>

enum { RATE = 16000, BIT_RATE = 64000 };

// spandsp's state comes first; what conceals losses stands at the next multiple of 64.
#define ROUNDED(size) (((size) + 63) / 64 * 64)
#define ENCODER_SIZE  ROUNDED(sizeof(struct g722_encode_state_s))
#define CONCEAL_AT    ROUNDED(sizeof(struct g722_decode_state_s))

static struct conceal *conceal_of(void *decoder)
{
	return (void *)((char *)decoder + CONCEAL_AT);
}

static void encoder_init(void *encoder)
{
	g722_encode_state_t *made = g722_encode_init(encoder, BIT_RATE, 0);

	assert(made == encoder);
}

static void decoder_init(void *decoder)
{
	g722_decode_state_t *made = g722_decode_init(decoder, BIT_RATE, 0);

	assert(made == decoder);
	conceal_init(conceal_of(decoder), RATE);
}

static size_t encode(void *encoder, uint8_t *payload, size_t room, const int16_t *pcm, size_t n)
{
	if (n % 2 != 0 || n / 2 > room || n > CODEC_SAMPLES_MAX)
		return 0;
	return (size_t)g722_encode(encoder, payload, pcm, (int)n);
}

static size_t decode(void *decoder, int16_t *pcm, size_t room, const uint8_t *payload, size_t len)
{
	if (len == 0 || len > room / 2 || len > CODEC_SAMPLES_MAX / 2)
		return 0;
	size_t n = (size_t)g722_decode(decoder, pcm, payload, (int)len);
	conceal_heard(conceal_of(decoder), pcm, n);
	return n;
}

static void conceal(void *decoder, int16_t *pcm, size_t n)
{
	conceal_fill(conceal_of(decoder), pcm, n);
}

const struct codec codec_g722 = {
	.name = "G722",
	.clock = 8000, // RFC 3551, 4.5.2: an old error that stays
	.rate = RATE,
	.encoder_size = ENCODER_SIZE,
	.decoder_size = CONCEAL_AT + CONCEAL_SIZE(RATE),
	.encoder_init = encoder_init,
	.decoder_init = decoder_init,
	.encode = encode,
	.decode = decode,
	.conceal = conceal,
};
