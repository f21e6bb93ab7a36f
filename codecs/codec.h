// SPDX-License-Identifier: BSD-3-Clause
//
// What the dataplane can turn into samples and back: one table, so that nobody else asks which
// codec it is. States are the caller's memory, of the size said here; nothing is allocated after
// a state is made.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The numbers are those of enum dp_codec.
enum codec_id { CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_L16, CODEC_OPUS, CODEC_IDS };

enum {
	CODEC_RATE_MAX = 16000, // Hz of linear audio, of every codec here
	CODEC_MS_MAX = 60,      // of one packet
	CODEC_SAMPLES_MAX = CODEC_RATE_MAX / 1000 * CODEC_MS_MAX,
	CODEC_PAYLOAD_MAX = 2 * CODEC_SAMPLES_MAX, // bytes: L16 is the longest
};

struct codec {
	const char *name;    // as in SDP
	uint32_t clock;      // Hz of the RTP timestamps
	uint32_t rate;       // Hz of the linear samples: 8000 or 16000
	size_t encoder_size; // bytes, aligned to 64; may be 0
	size_t decoder_size;
	void (*encoder_init)(void *encoder);
	void (*decoder_init)(void *decoder);

	// n samples, 10-60 ms of them, into at most room bytes. Returns how many bytes; 0: there is
	// not room, or this codec has no packets of that length.
	size_t (*encode)(
		void *encoder, uint8_t *payload, size_t room, const int16_t *pcm, size_t n);

	// Returns how many samples, at most room; 0: this is not a payload of this codec, or a
	// longer one than there is room for, and the decoder is as it was.
	size_t (*decode)(
		void *decoder, int16_t *pcm, size_t room, const uint8_t *payload, size_t len);

	// Makes up n samples in the place of what was lost; silence when the loss goes on.
	void (*conceal)(void *decoder, int16_t *pcm, size_t n);

	// The same when the packet that follows the loss is there already, and may carry a copy of
	// what was lost (to be decoded in its turn as well). NULL: this codec sends no copies.
	void (*recover)(void *decoder, int16_t *pcm, size_t n, const uint8_t *payload, size_t len);
};

// The codec of that number and RTP clock, or NULL.
const struct codec *codec_find(unsigned id, uint32_t clock);
