// SPDX-License-Identifier: BSD-3-Clause
//
// The table, and the codecs that are too simple for a file of their own: G.711 and L16. Their
// encoders remember nothing; their decoders are what conceals a loss.
#include "codecs/codec.h"

#include "codecs/conceal.h"
#include "codecs/g711.h"
#include "codecs/rows.h"

static void nothing_init(void *)
{
}

static void decoder_8k_init(void *decoder)
{
	conceal_init(decoder, 8000);
}

static void decoder_16k_init(void *decoder)
{
	conceal_init(decoder, 16000);
}

static void conceal(void *decoder, int16_t *pcm, size_t n)
{
	conceal_fill(decoder, pcm, n);
}

static size_t pcmu_encode(void *, uint8_t *payload, size_t room, const int16_t *pcm, size_t n)
{
	if (n > room)
		return 0;
	g711_encode_ulaw(payload, pcm, n);
	return n;
}

static size_t pcmu_decode(
	void *decoder, int16_t *pcm, size_t room, const uint8_t *payload, size_t len)
{
	if (len == 0 || len > room)
		return 0;
	g711_decode_ulaw(pcm, payload, len);
	conceal_heard(decoder, pcm, len);
	return len;
}

static size_t pcma_encode(void *, uint8_t *payload, size_t room, const int16_t *pcm, size_t n)
{
	if (n > room)
		return 0;
	g711_encode_alaw(payload, pcm, n);
	return n;
}

static size_t pcma_decode(
	void *decoder, int16_t *pcm, size_t room, const uint8_t *payload, size_t len)
{
	if (len == 0 || len > room)
		return 0;
	g711_decode_alaw(pcm, payload, len);
	conceal_heard(decoder, pcm, len);
	return len;
}

// RFC 3551, 4.5.11: network byte order.
static size_t l16_encode(void *, uint8_t *payload, size_t room, const int16_t *pcm, size_t n)
{
	if (2 * n > room)
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint16_t sample = (uint16_t)pcm[i];

		payload[2 * i] = (uint8_t)(sample >> 8);
		payload[2 * i + 1] = (uint8_t)sample;
	}
	return 2 * n;
}

static size_t l16_decode(
	void *decoder, int16_t *pcm, size_t room, const uint8_t *payload, size_t len)
{
	size_t n = len / 2;

	if (n == 0 || len % 2 != 0 || n > room)
		return 0;
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)(payload[2 * i] << 8 | payload[2 * i + 1]);
	conceal_heard(decoder, pcm, n);
	return n;
}

static const struct codec pcmu = {
	.name = "PCMU",
	.clock = 8000,
	.rate = 8000,
	.decoder_size = CONCEAL_SIZE(8000),
	.encoder_init = nothing_init,
	.decoder_init = decoder_8k_init,
	.encode = pcmu_encode,
	.decode = pcmu_decode,
	.conceal = conceal,
};

static const struct codec pcma = {
	.name = "PCMA",
	.clock = 8000,
	.rate = 8000,
	.decoder_size = CONCEAL_SIZE(8000),
	.encoder_init = nothing_init,
	.decoder_init = decoder_8k_init,
	.encode = pcma_encode,
	.decode = pcma_decode,
	.conceal = conceal,
};

static const struct codec l16_8k = {
	.name = "L16",
	.clock = 8000,
	.rate = 8000,
	.decoder_size = CONCEAL_SIZE(8000),
	.encoder_init = nothing_init,
	.decoder_init = decoder_8k_init,
	.encode = l16_encode,
	.decode = l16_decode,
	.conceal = conceal,
};

static const struct codec l16_16k = {
	.name = "L16",
	.clock = 16000,
	.rate = 16000,
	.decoder_size = CONCEAL_SIZE(16000),
	.encoder_init = nothing_init,
	.decoder_init = decoder_16k_init,
	.encode = l16_encode,
	.decode = l16_decode,
	.conceal = conceal,
};

static const struct codec *with_clock(const struct codec *c, uint32_t clock)
{
	return c->clock == clock ? c : NULL;
}

const struct codec *codec_find(unsigned id, uint32_t clock)
{
	switch ((enum codec_id)id) {
	case CODEC_PCMU:
		return with_clock(&pcmu, clock);
	case CODEC_PCMA:
		return with_clock(&pcma, clock);
	case CODEC_G722:
		return with_clock(&codec_g722, clock);
	case CODEC_L16:
		return with_clock(clock == l16_16k.clock ? &l16_16k : &l16_8k, clock);
	case CODEC_OPUS:
		return with_clock(codec_opus, clock);
	case CODEC_IDS:
		break;
	}
	return NULL;
}
