// SPDX-License-Identifier: BSD-3-Clause
//
// Against the reference files of the ITU-T software tools: every 16-bit sample, both laws.
#include "codecs/g711.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 65536 };

static const char *data_dir(void)
{
	const char *said = getenv("LAYBY_TESTDATA");

	return said != NULL ? said : TESTDATA;
}

// Reads one sweep file, 16-bit little-endian words. False: it is not there.
static bool read_sweep(const char *name, uint16_t out[SAMPLES])
{
	static uint8_t bytes[2 * SAMPLES];
	char path[4096];

	snprintf(path, sizeof(path), "%s/itu-stl-g711/%s", data_dir(), name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	size_t got = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	cr_assert(eq(sz, got, sizeof(bytes)), "%s is cut short", path);
	for (unsigned i = 0; i < SAMPLES; i++)
		out[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
	return true;
}

static void need_sweep(const char *name, uint16_t out[SAMPLES])
{
	if (read_sweep(name, out))
		return;
	fprintf(stderr,
		"\n*** SKIPPED: G.711 is not checked against the ITU-T reference: %s/itu-stl-g711/%s "
		"is not there. Set LAYBY_TESTDATA to where the test data is. ***\n\n",
		data_dir(), name);
	cr_skip_test("no ITU-T reference data");
}

static uint16_t source[SAMPLES], want[SAMPLES];

Test(g711, every_sample_becomes_the_mu_law_code_of_the_reference)
{
	need_sweep("sweep.src", source);
	need_sweep("sweep-r.u", want);
	for (unsigned i = 0; i < SAMPLES; i++)
		cr_assert(eq(u16, g711_to_ulaw((int16_t)source[i]), want[i]), "sample %d",
			(int16_t)source[i]);
}

Test(g711, every_sample_becomes_the_a_law_code_of_the_reference)
{
	need_sweep("sweep.src", source);
	need_sweep("sweep-r.a", want);
	for (unsigned i = 0; i < SAMPLES; i++)
		cr_assert(eq(u16, g711_to_alaw((int16_t)source[i]), want[i]), "sample %d",
			(int16_t)source[i]);
}

Test(g711, every_mu_law_code_becomes_the_sample_of_the_reference)
{
	need_sweep("sweep-r.u", source);
	need_sweep("sweep-r.u-u", want);
	for (unsigned i = 0; i < SAMPLES; i++)
		cr_assert(eq(i16, g711_from_ulaw[source[i] & 0xff], (int16_t)want[i]), "code %02x",
			source[i]);
}

Test(g711, every_a_law_code_becomes_the_sample_of_the_reference)
{
	need_sweep("sweep-r.a", source);
	need_sweep("sweep-r.a-a", want);
	for (unsigned i = 0; i < SAMPLES; i++)
		cr_assert(eq(i16, g711_from_alaw[source[i] & 0xff], (int16_t)want[i]), "code %02x",
			source[i]);
}

// Each code of positive sign by way of its sample; the negative ones are their mirrors.
Test(g711, one_law_becomes_the_other_as_by_way_of_linear)
{
	for (unsigned code = 0x80; code < 0x100; code++) {
		uint8_t alaw = g711_to_alaw(g711_from_ulaw[code]);
		uint8_t ulaw = g711_to_ulaw(g711_from_alaw[code]);

		cr_expect(eq(u8, g711_alaw_of_ulaw[code], alaw), "mu-law %02x", code);
		cr_expect(eq(u8, g711_ulaw_of_alaw[code], ulaw), "A-law %02x", code);
		cr_expect(eq(u8, g711_alaw_of_ulaw[code ^ 0x80], alaw ^ 0x80), "mu-law %02x", code);
		cr_expect(eq(u8, g711_ulaw_of_alaw[code ^ 0x80], ulaw ^ 0x80), "A-law %02x", code);
	}
}

Test(g711, silence_of_either_law_is_almost_nothing_and_stays_silence)
{
	cr_expect(eq(i16, g711_from_ulaw[G711_ULAW_SILENCE], 0));
	cr_expect(eq(i16, g711_from_alaw[G711_ALAW_SILENCE], 8));
	cr_expect(eq(u8, g711_alaw_of_ulaw[G711_ULAW_SILENCE], G711_ALAW_SILENCE));
}

Test(g711, a_frame_is_its_samples_one_by_one)
{
	const int16_t linear[5] = { 0, -1, 1000, -32768, 32767 };
	uint8_t ulaw[6] = { [5] = 0x33 }, alaw[6] = { [5] = 0x33 };
	int16_t back[2];

	g711_encode_ulaw(ulaw, linear, 5);
	g711_encode_alaw(alaw, linear, 5);
	for (unsigned i = 0; i < 5; i++) {
		cr_expect(eq(u8, ulaw[i], g711_to_ulaw(linear[i])));
		cr_expect(eq(u8, alaw[i], g711_to_alaw(linear[i])));
	}
	g711_decode_ulaw(&back[0], &ulaw[2], 1);
	g711_decode_alaw(&back[1], &alaw[2], 1);
	cr_expect(eq(i16, back[0], g711_from_ulaw[ulaw[2]]));
	cr_expect(eq(i16, back[1], g711_from_alaw[alaw[2]]));
	g711_translate(g711_alaw_of_ulaw, ulaw, 5);
	cr_expect(eq(u8, ulaw[2], g711_alaw_of_ulaw[g711_to_ulaw(1000)]));
	cr_expect(eq(u8, ulaw[5], 0x33), "one byte too many");
	cr_expect(eq(u8, alaw[5], 0x33), "one byte too many");
}
