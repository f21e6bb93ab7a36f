// SPDX-License-Identifier: BSD-3-Clause
//
// Against the reference files of the ITU-T software tools, through the table, in packets.
#include "codecs/codec.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 97536, CODES = SAMPLES / 2, PACKET = 320 };

static const char *data_dir(void)
{
	const char *said = getenv("LAYBY_TESTDATA");

	return said != NULL ? said : TESTDATA;
}

// 16-bit little-endian words.
static void need(const char *name, int16_t *out, size_t n)
{
	static uint8_t bytes[2 * SAMPLES];
	char path[4096];

	snprintf(path, sizeof(path), "%s/itu-stl-g722/%s", data_dir(), name);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		fprintf(stderr,
			"\n*** SKIPPED: G.722 is not checked against the ITU-T reference: %s is not "
			"there. Set LAYBY_TESTDATA to where the test data is. ***\n\n",
			path);
		cr_skip_test("no ITU-T reference data");
	}
	size_t got = fread(bytes, 1, 2 * n, f);
	fclose(f);
	cr_assert(eq(sz, got, 2 * n), "%s is cut short", path);
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
}

static int16_t linear[SAMPLES], codes[CODES], want[SAMPLES];

Test(g722, speech_becomes_the_codes_of_the_reference)
{
	const struct codec *c = codec_find(CODEC_G722, 8000);
	void *encoder = aligned_alloc(64, c->encoder_size);
	uint8_t wire[PACKET / 2];

	need("inpsp.bin", linear, SAMPLES);
	need("codspw.cod", codes, CODES);
	memset(encoder, 0x5a, c->encoder_size);
	c->encoder_init(encoder);
	for (size_t at = 0; at < SAMPLES; at += PACKET) {
		size_t n = SAMPLES - at < PACKET ? SAMPLES - at : PACKET;

		cr_assert(eq(sz, c->encode(encoder, wire, sizeof(wire), linear + at, n), n / 2));
		for (size_t i = 0; i < n / 2; i++)
			cr_assert(
				eq(u8, wire[i], codes[at / 2 + i] & 0xff), "code %zu", at / 2 + i);
	}
	free(encoder);
}

Test(g722, codes_become_the_samples_of_the_reference)
{
	const struct codec *c = codec_find(CODEC_G722, 8000);
	void *decoder = aligned_alloc(64, c->decoder_size);
	int16_t out[PACKET];
	uint8_t wire[PACKET / 2];

	need("codspw.cod", codes, CODES);
	need("outsp1.bin", want, SAMPLES);
	memset(decoder, 0x5a, c->decoder_size);
	c->decoder_init(decoder);
	for (size_t at = 0; at < SAMPLES; at += PACKET) {
		size_t n = SAMPLES - at < PACKET ? SAMPLES - at : PACKET;

		for (size_t i = 0; i < n / 2; i++)
			wire[i] = (uint8_t)codes[at / 2 + i];
		cr_assert(eq(sz, c->decode(decoder, out, PACKET, wire, n / 2), n));
		for (size_t i = 0; i < n; i++)
			cr_assert(eq(i16, out[i], want[at + i]), "sample %zu", at + i);
	}
	free(decoder);
}

Test(g722, half_a_byte_is_no_packet)
{
	const struct codec *c = codec_find(CODEC_G722, 8000);
	void *encoder = aligned_alloc(64, c->encoder_size);
	uint8_t wire[PACKET];

	c->encoder_init(encoder);
	cr_expect(eq(sz, c->encode(encoder, wire, sizeof(wire), linear, 161), 0));
	free(encoder);
}

// One packet of 20 ms in ten is lost. Mean over those in which there is speech, in dB.
static double nearness(const struct codec *c, bool conceal)
{
	void *encoder = aligned_alloc(64, c->encoder_size);
	void *whole = aligned_alloc(64, c->decoder_size),
	     *lossy = aligned_alloc(64, c->decoder_size);
	int16_t truth[PACKET], out[PACKET];
	uint8_t wire[PACKET / 2];
	double sum = 0;
	unsigned n = 0;

	c->encoder_init(encoder);
	c->decoder_init(whole);
	c->decoder_init(lossy);
	for (size_t at = 0; at + PACKET <= SAMPLES; at += PACKET) {
		double power = 0, error = 0;

		c->encode(encoder, wire, sizeof(wire), linear + at, PACKET);
		c->decode(whole, truth, PACKET, wire, PACKET / 2);
		if (at / PACKET % 10 != 9) {
			c->decode(lossy, out, PACKET, wire, PACKET / 2);
			continue;
		}
		c->conceal(lossy, out, PACKET);
		for (size_t i = 0; i < PACKET; i++) {
			power += (double)truth[i] * truth[i];
			error += pow((double)truth[i] - (conceal ? out[i] : 0), 2);
		}
		if (power < 200.0 * 200 * PACKET)
			continue;
		sum += fmax(-10, fmin(35, 10 * log10(power / (error + 1))));
		n++;
	}
	cr_assert(gt(uint, n, 8));
	free(encoder);
	free(whole);
	free(lossy);
	return sum / n;
}

Test(g722, a_lost_packet_of_speech_is_nearer_to_the_truth_than_silence)
{
	const struct codec *c = codec_find(CODEC_G722, 8000);

	need("inpsp.bin", linear, SAMPLES);
	double silent = nearness(c, false), concealed = nearness(c, true);
	fprintf(stderr,
		"G.722, lost packets of 20 ms against the truth: silence %.2f dB, ours %.2f dB\n",
		silent, concealed);
	cr_expect(gt(dbl, concealed, silent + 0.5));
}
