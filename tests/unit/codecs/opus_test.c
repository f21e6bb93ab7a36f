// SPDX-License-Identifier: BSD-3-Clause
//
// What is ours about Opus: which packets are taken, which are made, and what becomes of losses.
// How it sounds is libopus' own affair.
#include "codecs/codec.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <opus/opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, MS = RATE / 1000, FRAME = 20 * MS, MARK = 0x5a5a };

static const struct codec *c;
static void *encoder, *decoder;

static void begin(void)
{
	c = codec_find(CODEC_OPUS, 48000);
	encoder = aligned_alloc(64, c->encoder_size);
	decoder = aligned_alloc(64, c->decoder_size);
	c->encoder_init(encoder);
	c->decoder_init(decoder);
}

static void end(void)
{
	free(encoder);
	free(decoder);
}

// Vowels, more or less: a buzz whose pitch and timbre wander.
static void speak(int16_t *pcm, size_t n, size_t from)
{
	for (size_t i = 0; i < n; i++) {
		double t = (double)(from + i) / RATE, phase = 2 * M_PI * (130 * t + 3 * sin(5 * t));
		double sum = 0;

		for (int k = 1; k < 25; k++)
			sum += sin(k * phase) / (1 + pow(k - 5 - 3 * sin(9 * t), 2) / 8);
		pcm[i] = (int16_t)(3000 * sum * (0.6 + 0.4 * sin(13 * t)));
	}
}

static double power(const int16_t *pcm, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)pcm[i] * pcm[i];
	return sum / (double)n;
}

// Power of the difference, in dB below that of a.
static double likeness(const int16_t *a, const int16_t *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pow((double)a[i] - b[i], 2);
	return 10 * log10(power(a, n) / (sum / (double)n + 1e-9));
}

Test(opus, the_sizes_of_its_states_are_said_before_the_first_call, .init = begin, .fini = end)
{
	fprintf(stderr, "opus: encoder %zu, decoder %zu bytes\n", c->encoder_size, c->decoder_size);
	cr_expect(ge(sz, c->encoder_size, (size_t)opus_encoder_get_size(1)));
	cr_expect(ge(sz, c->decoder_size, (size_t)opus_decoder_get_size(1)));
}

Test(opus, a_packet_of_30_ms_is_three_frames_of_ten, .init = begin, .fini = end)
{
	int16_t pcm[30 * MS], out[30 * MS];
	uint8_t wire[CODEC_PAYLOAD_MAX];

	for (unsigned k = 0; k < 20; k++) {
		speak(pcm, 30 * MS, k * 30 * MS);
		size_t len = c->encode(encoder, wire, sizeof(wire), pcm, 30 * MS);
		cr_assert(gt(sz, len, 0));
		cr_assert(eq(int, opus_packet_get_nb_frames(wire, (opus_int32)len), 3));
		cr_assert(eq(sz, c->decode(decoder, out, 30 * MS, wire, len), 30 * MS));
	}
}

Test(opus, a_length_that_opus_has_not_is_refused, .init = begin, .fini = end)
{
	static const size_t lengths[] = { 0, 1, 5 * MS, 10 * MS + 1, 15 * MS, 50 * MS, 80 * MS };
	static int16_t pcm[80 * MS];
	uint8_t wire[CODEC_PAYLOAD_MAX];

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		cr_expect(eq(sz, c->encode(encoder, wire, sizeof(wire), pcm, lengths[i]), 0), "%zu",
			lengths[i]);
}

Test(opus, a_packet_fits_the_room_it_is_given, .init = begin, .fini = end)
{
	static const size_t lengths[] = { 10, 20, 30, 40, 60 };
	int16_t pcm[60 * MS];

	for (unsigned k = 0; k < 200; k++) {
		size_t room = 1 + k;
		uint8_t *wire = malloc(room);

		speak(pcm, 60 * MS, k * 60 * MS);
		size_t n = lengths[k % 5] * MS;
		cr_expect(le(sz, c->encode(encoder, wire, room, pcm, n), room));
		free(wire);
	}
}

Test(opus, two_channels_become_one, .init = begin, .fini = end)
{
	OpusEncoder *stereo = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, NULL);
	int16_t both[2 * 960], out[FRAME];
	uint8_t wire[CODEC_PAYLOAD_MAX];

	for (unsigned k = 0; k < 20; k++) {
		for (unsigned i = 0; i < 960; i++) {
			double t = 2 * M_PI * (k * 960 + i) / 48000;

			both[2 * i] = (int16_t)(8000 * sin(500 * t));
			both[2 * i + 1] = (int16_t)(8000 * sin(500 * t));
		}
		int len = opus_encode(stereo, both, 960, wire, sizeof(wire));
		cr_assert(eq(int, opus_packet_get_nb_channels(wire), 2));
		cr_assert(eq(sz, c->decode(decoder, out, FRAME, wire, (size_t)len), FRAME));
	}
	cr_expect(lt(dbl, fabs(10 * log10(power(out, FRAME) / (8000.0 * 8000 / 2))), 1.0));
	opus_encoder_destroy(stereo);
}

// Every way a first byte can be, and lengths that do not go with it.
Test(opus, a_hostile_packet_stays_in_its_room, .init = begin, .fini = end)
{
	uint64_t seed = 88172645463325252U;
	int16_t *out = malloc(CODEC_SAMPLES_MAX * sizeof(*out));
	unsigned taken = 0, refused = 0;

	for (unsigned k = 0; k < 256 * 40; k++) {
		size_t len = k / 256 * k / 256 % 400;
		uint8_t *wire = malloc(len + (len == 0));

		for (size_t i = 0; i < len; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			wire[i] = (uint8_t)(seed >> 30);
		}
		if (len > 0)
			wire[0] = (uint8_t)k;
		size_t n = c->decode(decoder, out, CODEC_SAMPLES_MAX, wire, len);
		cr_assert(le(sz, n, CODEC_SAMPLES_MAX));
		*(n > 0 ? &taken : &refused) += 1;
		if (k % 7 == 0)
			c->recover(decoder, out, FRAME, wire, len);
		free(wire);
	}
	cr_expect(gt(uint, taken, 100));
	cr_expect(gt(uint, refused, 100));
	free(out);
}

// 120 ms in one packet is Opus, and is more than anybody here has room for.
Test(opus, what_is_refused_leaves_the_decoder_as_it_was, .init = begin, .fini = end)
{
	static const uint8_t long_packet[] = { 0x58 | 3, 0x02, 0, 0, 0, 0 }; // 2 frames of 60 ms
	void *before = malloc(c->decoder_size);
	int16_t pcm[60 * MS], out[CODEC_SAMPLES_MAX];
	uint8_t wire[CODEC_PAYLOAD_MAX];

	speak(pcm, 60 * MS, 0);
	size_t len = c->encode(encoder, wire, sizeof(wire), pcm, 60 * MS);
	c->decode(decoder, out, CODEC_SAMPLES_MAX, wire, len);
	memcpy(before, decoder, c->decoder_size);
	cr_expect(eq(int, opus_packet_get_nb_samples(long_packet, 6, RATE), 120 * MS));
	cr_expect(eq(sz, c->decode(decoder, out, CODEC_SAMPLES_MAX, long_packet, 6), 0));
	cr_expect(eq(sz, c->decode(decoder, out, FRAME, wire, len), 0), "60 ms into 20");
	cr_expect(eq(sz, c->decode(decoder, out, CODEC_SAMPLES_MAX, wire, 0), 0));
	cr_expect(eq(sz, c->decode(decoder, out, CODEC_SAMPLES_MAX, (uint8_t[]){ 0x5b, 0 }, 2), 0),
		"no frames");
	cr_expect(zero(int, memcmp(before, decoder, c->decoder_size)));
	free(before);
}

// One packet in eight is lost, and the one behind it is there: the copy is nearer to the
// truth than what can be made up.
Test(opus, a_lost_packet_is_recovered_from_the_copy_in_the_next, .init = begin, .fini = end)
{
	void *other = aligned_alloc(64, c->decoder_size),
	     *whole = aligned_alloc(64, c->decoder_size);
	double made_up = 0, copied = 0;

	c->decoder_init(other);
	c->decoder_init(whole);
	for (unsigned k = 0; k < 200; k++) {
		int16_t pcm[FRAME], truth[FRAME], a[FRAME], b[FRAME];
		uint8_t wire[2][CODEC_PAYLOAD_MAX];
		static size_t len[2];

		speak(pcm, FRAME, k * FRAME);
		len[k % 2] = c->encode(encoder, wire[k % 2], CODEC_PAYLOAD_MAX, pcm, FRAME);
		c->decode(whole, truth, FRAME, wire[k % 2], len[k % 2]);
		if (k % 8 == 6) { // lost; what it would have been is kept in `pcm` of the next turn
			int16_t next[FRAME];
			void *ahead = aligned_alloc(64, c->encoder_size);
			uint8_t following[CODEC_PAYLOAD_MAX];

			memcpy(ahead, encoder, c->encoder_size);
			speak(next, FRAME, (k + 1) * FRAME);
			size_t n = c->encode(ahead, following, sizeof(following), next, FRAME);
			c->recover(decoder, a, FRAME, following, n);
			c->conceal(other, b, FRAME);
			copied += likeness(truth, a, FRAME);
			made_up += likeness(truth, b, FRAME);
			free(ahead);
			continue;
		}
		c->decode(decoder, a, FRAME, wire[k % 2], len[k % 2]);
		c->decode(other, b, FRAME, wire[k % 2], len[k % 2]);
	}
	fprintf(stderr, "opus, lost frames against the truth: copied %.1f dB, made up %.1f dB\n",
		copied / 25, made_up / 25);
	cr_expect(gt(dbl, copied, made_up + 25 * 3.0));
	free(other);
	free(whole);
}

Test(opus, a_packet_that_is_none_recovers_nothing_and_does_no_harm, .init = begin, .fini = end)
{
	int16_t pcm[FRAME], a[FRAME];
	uint8_t wire[CODEC_PAYLOAD_MAX];

	for (unsigned k = 0; k < 10; k++) {
		speak(pcm, FRAME, k * FRAME);
		size_t len = c->encode(encoder, wire, sizeof(wire), pcm, FRAME);
		c->decode(decoder, a, FRAME, wire, len);
	}
	c->recover(decoder, a, FRAME, (uint8_t[]){ 0x5b, 0 }, 2);
	cr_expect(gt(dbl, power(a, FRAME), power(pcm, FRAME) / 10), "concealed instead");
	for (unsigned k = 0; k < 10; k++)
		c->recover(decoder, a, FRAME, wire, 0);
	cr_expect(zero(dbl, power(a, FRAME)), "and silent when it goes on");
}

// 10.5 ms is not a length of Opus: the rest is silence, not what was there.
Test(opus, any_number_of_samples_can_be_concealed, .init = begin, .fini = end)
{
	for (size_t n = 0; n <= CODEC_SAMPLES_MAX; n += 24) {
		int16_t *out = malloc(n * sizeof(*out) + 1);

		for (size_t i = 0; i < n; i++)
			out[i] = MARK;
		c->conceal(decoder, out, n);
		for (size_t i = 0; i < n; i++)
			cr_assert(ne(i16, out[i], MARK));
		free(out);
	}
}
