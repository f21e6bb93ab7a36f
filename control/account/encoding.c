// SPDX-License-Identifier: BSD-3-Clause
#include "control/account/encoding.h"

#include "codecs/codec.h"
#include "codecs/g711.h"
#include "codecs/track.h"
#include "control/account/rate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	NARROW = 8000,
	WIDE = 16000,
	PACKET = WIDE / 50, // samples of 20 ms
	OPUS_CLOCK = 48000,
	OPUS_BYTES = 400,         // room for a packet: five times what they come to
	OPUS_PADDED = 5 * NARROW, // units: what is shorter is a prompt, and filled up with silence
	LINE = 64,
};

// The audio at a rate, in n samples: the music's own, or *made, which is to be freed.
static const int16_t *audio_in(const struct music *m, uint32_t rate, size_t n, int16_t **made)
{
	size_t own = (size_t)m->len * (m->rate / NARROW);

	*made = NULL;
	if (m->rate == rate && own == n)
		return m->audio;
	*made = malloc(n * sizeof(**made));
	if (*made == NULL || !rate_ring(*made, n, m->audio, own)) {
		free(*made);
		*made = NULL;
	}
	return *made;
}

static void put_l16(uint8_t *to, const int16_t *audio, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = (uint8_t)((uint16_t)audio[i] >> 8);
		to[2 * i + 1] = (uint8_t)audio[i];
	}
}

static bool make_plain(struct encoding *out, const struct music *m, unsigned encoding)
{
	uint32_t rate = encoding == TRACK_L16_WIDE ? WIDE : NARROW;
	size_t n = (size_t)m->len * (rate / NARROW);
	int16_t *made;
	const int16_t *audio = audio_in(m, rate, n, &made);

	out->len = m->len * track_unit(encoding);
	out->bytes = malloc(out->len);
	if (audio != NULL && out->bytes != NULL) {
		if (encoding == TRACK_PCMU)
			g711_encode_ulaw(out->bytes, audio, n);
		else if (encoding == TRACK_PCMA)
			g711_encode_alaw(out->bytes, audio, n);
		else
			put_l16(out->bytes, audio, n);
	}
	free(made);
	return audio != NULL && out->bytes != NULL;
}

static void *new_encoder(const struct codec *codec)
{
	void *encoder = aligned_alloc(LINE, (codec->encoder_size + LINE - 1) / LINE * LINE);

	if (encoder != NULL)
		codec->encoder_init(encoder);
	return encoder;
}

static bool go_g722(uint8_t *to, const struct codec *codec, void *encoder, const int16_t *audio,
	size_t n, const atomic_bool *stop)
{
	for (size_t at = 0; at < n; at += PACKET) {
		size_t part = n - at < PACKET ? n - at : PACKET;

		if (atomic_load_explicit(stop, memory_order_relaxed))
			return false;
		if (codec->encode(encoder, to + at / 2, part / 2, audio + at, part) != part / 2)
			return false;
	}
	return true;
}

static bool make_g722(struct encoding *out, const struct music *m, const atomic_bool *stop)
{
	const struct codec *codec = codec_find(CODEC_G722, NARROW);
	size_t n = (size_t)m->len * 2;
	int16_t *made;
	const int16_t *audio = audio_in(m, WIDE, n, &made);
	void *encoder = new_encoder(codec);
	bool done;

	out->len = m->len;
	out->bytes = malloc(out->len);
	done = audio != NULL && encoder != NULL && out->bytes != NULL &&
	       go_g722(out->bytes, codec, encoder, audio, n, stop) &&
	       go_g722(out->bytes, codec, encoder, audio, n, stop);
	free(encoder);
	free(made);
	return done;
}

// Whole packets: a prompt gets silence at its end, music is stretched by at most 0.2 %.
static int16_t *opus_audio(const struct music *m, uint32_t *packets)
{
	bool prompt = m->len < OPUS_PADDED;
	uint32_t up = prompt ? TRACK_PACKET - 1 : TRACK_PACKET / 2;
	size_t own = (size_t)m->len * 2;
	int16_t *made, *whole = NULL;

	*packets = (m->len + up) / TRACK_PACKET;
	size_t n = (size_t)*packets * PACKET;
	const int16_t *audio = audio_in(m, WIDE, prompt ? own : n, &made);

	if (audio != NULL)
		whole = calloc(n, sizeof(*whole));
	if (whole != NULL)
		memcpy(whole, audio, (prompt ? own : n) * sizeof(*whole));
	free(made);
	return whole;
}

struct opus_round {
	uint8_t *to;   // of all packets
	uint32_t *end; // of each
	void *encoder;
	const int16_t *audio;
	uint32_t packets;
};

// Once round. Returns the bytes of all packets; 0: stopped.
static uint32_t go_opus(
	const struct opus_round *r, const struct codec *codec, const atomic_bool *stop)
{
	uint32_t len = 0;

	for (uint32_t i = 0; i < r->packets; i++) {
		if (atomic_load_explicit(stop, memory_order_relaxed))
			return 0;
		size_t n = codec->encode(
			r->encoder, r->to + len, OPUS_BYTES, r->audio + (size_t)i * PACKET, PACKET);
		if (n == 0)
			return 0;
		len += (uint32_t)n;
		r->end[i] = len;
	}
	return len;
}

static bool make_opus(struct encoding *out, const struct music *m, const atomic_bool *stop)
{
	const struct codec *codec = codec_find(CODEC_OPUS, OPUS_CLOCK);
	uint32_t packets, len = 0;
	int16_t *audio = opus_audio(m, &packets);
	void *encoder = new_encoder(codec);
	size_t head = ((size_t)packets + 1) * sizeof(uint32_t);

	out->bytes = malloc(head + (size_t)packets * OPUS_BYTES);
	if (audio != NULL && encoder != NULL && out->bytes != NULL) {
		struct opus_round round = { .to = out->bytes + head,
			.end = (void *)(out->bytes + sizeof(uint32_t)),
			.encoder = encoder,
			.audio = audio,
			.packets = packets };

		memcpy(out->bytes, &packets, sizeof(packets));
		if (go_opus(&round, codec, stop) > 0)
			len = go_opus(&round, codec, stop);
	}
	free(encoder);
	free(audio);
	out->len = head + len;
	return len > 0;
}

bool encoding_make(
	struct encoding *out, const struct music *m, unsigned encoding, const atomic_bool *stop)
{
	bool done;

	assert(encoding < TRACK_CODECS && m->len > 0);
	*out = (struct encoding){ .len = 0 };
	if (encoding == TRACK_OPUS)
		done = make_opus(out, m, stop);
	else if (encoding == TRACK_G722)
		done = make_g722(out, m, stop);
	else
		done = make_plain(out, m, encoding);
	if (!done) {
		free(out->bytes);
		*out = (struct encoding){ .len = 0 };
	}
	return done;
}
