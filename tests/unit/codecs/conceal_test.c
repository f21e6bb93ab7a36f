// SPDX-License-Identifier: BSD-3-Clause
//
// Concealment is judged by speech with frames taken away: how near what is made up comes to what
// was lost, beside silence, beside the reference of ITU-T G.711 Appendix I and beside spandsp.
#include "codecs/conceal.h"
#include "codecs/conceal_kernels.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
// Theirs need one another in this order.
// clang-format off
#include <spandsp/telephony.h>
#include <spandsp/plc.h>
// clang-format on

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEECH = 22960, FRAME = 80, LOST = 0x6b20 };

static const char *data_dir(void)
{
	const char *said = getenv("LAYBY_TESTDATA");

	return said != NULL ? said : TESTDATA;
}

// 16-bit little-endian words; returns how many.
static size_t need(const char *name, int16_t *out, size_t room)
{
	static uint8_t bytes[2 * SPEECH];
	char path[4096];

	snprintf(path, sizeof(path), "%s/itu-stl-g711plc/%s", data_dir(), name);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		fprintf(stderr,
			"\n*** SKIPPED: concealment is not judged beside the ITU-T reference: %s is "
			"not there. Set LAYBY_TESTDATA to where the test data is. ***\n\n",
			path);
		cr_skip_test("no ITU-T reference data");
	}
	size_t n = fread(bytes, 2, room, f);
	fclose(f);
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
	return n;
}

static struct conceal *made(uint32_t rate)
{
	struct conceal *p = malloc(CONCEAL_SIZE(rate));

	memset(p, 0x5a, CONCEAL_SIZE(rate));
	conceal_init(p, rate);
	return p;
}

static int16_t speech[SPEECH], reference[SPEECH], muted[SPEECH], ours[SPEECH], theirs[SPEECH];
static int16_t pattern[64];
static size_t patterns;

static bool is_lost(size_t frame)
{
	return pattern[frame % patterns] == LOST;
}

// Mean over lost frames of how far a frame is from the truth, in dB of the frame: what is said of
// a quiet one counts as much as of a loud one. Frames in which there is no speech do not count.
static double nearness(const int16_t *pcm)
{
	double sum = 0;
	unsigned n = 0;

	for (size_t at = 0; at + FRAME <= SPEECH; at += FRAME) {
		double power = 0, error = 0;

		for (size_t i = at; is_lost(at / FRAME) && i < at + FRAME; i++) {
			power += (double)speech[i] * speech[i];
			error += pow((double)speech[i] - pcm[i], 2);
		}
		if (power < 200.0 * 200 * FRAME)
			continue;
		sum += fmax(-10, fmin(35, 10 * log10(power / (error + 1))));
		n++;
	}
	cr_assert(gt(uint, n, 8));
	return sum / n;
}

static double worst_step(const int16_t *pcm, size_t n)
{
	double worst = 0;

	for (size_t i = 1; i < n; i++)
		worst = fmax(worst, fabs((double)pcm[i] - pcm[i - 1]));
	return worst;
}

static void conceal_by_us(void)
{
	struct conceal *p = made(8000);

	memcpy(ours, speech, sizeof(speech));
	for (size_t at = 0; at < SPEECH; at += FRAME)
		if (is_lost(at / FRAME))
			conceal_fill(p, ours + at, FRAME);
		else
			conceal_heard(p, ours + at, FRAME);
	free(p);
}

// Not under a sanitizer: its plc_fillin() copies memory onto itself by memcpy().
static void conceal_by_spandsp(void)
{
	memcpy(theirs, muted, sizeof(muted));
#if !defined(__SANITIZE_ADDRESS__)
	static plc_state_t s;

	plc_init(&s);
	memcpy(theirs, speech, sizeof(speech));
	for (size_t at = 0; at < SPEECH; at += FRAME)
		if (is_lost(at / FRAME))
			plc_fillin(&s, theirs + at, FRAME);
		else
			plc_rx(&s, theirs + at, FRAME);
#endif
}

static void judge(const char *losses, const char *want, const char *silence)
{
	patterns = need(losses, pattern, 64);
	need("f2.le", speech, SPEECH);
	need(want, reference, SPEECH);
	need(silence, muted, SPEECH);
	conceal_by_us();
	conceal_by_spandsp();
	double us = nearness(ours), appendix = nearness(reference);
	fprintf(stderr,
		"%s: lost frames against the truth: silence %.2f dB, spandsp %.2f dB, Appendix I "
		"%.2f dB, ours %.2f dB\n",
		losses, nearness(muted), nearness(theirs), appendix, us);
	cr_expect(gt(dbl, us, appendix - 0.5));
	cr_expect(gt(dbl, us, nearness(theirs)));
	cr_expect(lt(dbl, worst_step(ours, SPEECH), 1.5 * worst_step(speech, SPEECH)));
}

Test(conceal, speech_with_lost_frames_of_10_ms_is_as_near_as_the_appendix_comes)
{
	judge("fe10.g192", "f2_10.raw", "f2_10m.raw");
}

Test(conceal, speech_with_lost_frames_of_20_ms_is_as_near_as_the_appendix_comes)
{
	judge("fe10_2.g192", "f2_10_2.raw", "f2_10_2m.raw");
}

// A voice of four harmonics.
static void sing(int16_t *pcm, size_t n, double hz, double rate, size_t from)
{
	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (int k = 1; k < 5; k++)
			sum += sin(2 * M_PI * hz * k * (double)(from + i) / rate) / k;
		pcm[i] = (int16_t)lrint(6000 * sum);
	}
}

static const uint32_t rates[] = { 8000, 16000 };

Test(conceal, a_steady_voice_of_any_pitch_goes_on_as_it_was)
{
	for (unsigned i = 0; i < 2; i++)
		for (double hz = 80; hz <= 190; hz += 10) {
			struct conceal *p = made(rates[i]);
			size_t n = rates[i] / 100;
			int16_t pcm[1600], out[160];
			double power = 0, error = 0;

			sing(pcm, 10 * n, hz, rates[i], 0);
			conceal_heard(p, pcm, 10 * n);
			conceal_fill(p, out, n);
			sing(pcm, n, hz, rates[i], 10 * n);
			for (size_t k = 0; k < n; k++) {
				power += (double)pcm[k] * pcm[k];
				error += pow((double)pcm[k] - out[k], 2);
			}
			cr_expect(gt(dbl, 10 * log10(power / (error + 1)), 12),
				"%u Hz, voice of %f", rates[i], hz);
			free(p);
		}
}

Test(conceal, after_60_ms_there_is_silence_and_not_before)
{
	for (unsigned i = 0; i < 2; i++) {
		struct conceal *p = made(rates[i]);
		size_t ms = rates[i] / 1000;
		static int16_t pcm[3200];
		double last = 0;

		sing(pcm, 100 * ms, 150, rates[i], 0);
		conceal_heard(p, pcm, 100 * ms);
		conceal_fill(p, pcm, 200 * ms);
		for (size_t k = 50 * ms; k < 60 * ms; k++)
			last = fmax(last, fabs((double)pcm[k]));
		cr_expect(gt(dbl, last, 300));
		for (size_t k = 60 * ms; k < 200 * ms; k++)
			cr_assert(eq(i16, pcm[k], 0));
		free(p);
	}
}

Test(conceal, pieces_of_any_length_give_what_the_whole_gives)
{
	for (unsigned i = 0; i < 2; i++) {
		struct conceal *a = made(rates[i]), *b = made(rates[i]);
		static int16_t pcm[1600], whole[1280], pieces[1280];
		size_t n = rates[i] / 1000 * 80;

		sing(pcm, 1600, 137, rates[i], 0);
		conceal_heard(a, pcm, 1600);
		for (size_t at = 0; at < 1600; at += 32)
			conceal_heard(b, pcm + at, 32);
		conceal_fill(a, whole, n);
		for (size_t at = 0, take; at < n; at += take) {
			take = 1 + at * 7 % 39;
			take = take < n - at ? take : n - at;
			conceal_fill(b, pieces + at, take);
		}
		cr_expect(zero(int, memcmp(whole, pieces, n * sizeof(*whole))));
		free(a);
		free(b);
	}
}

Test(conceal, nothing_is_changed_when_nothing_was_lost)
{
	struct conceal *p = made(8000);
	int16_t pcm[160], same[160];

	for (unsigned k = 0; k < 10; k++) {
		sing(pcm, 160, 200, 8000, k * 160);
		memcpy(same, pcm, sizeof(pcm));
		conceal_heard(p, pcm, 160);
		cr_expect(zero(int, memcmp(same, pcm, sizeof(pcm))));
	}
	free(p);
}

static void hum(int16_t *pcm, size_t n, double hz, double rate)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)lrint(10000 * cos(2 * M_PI * hz * (double)i / rate));
}

// A loss of any length, anywhere in a hum that swells: neither where it begins nor within nor
// where it ends is there a step that the hum would not make.
Test(conceal, there_is_no_click_where_a_loss_begins_or_ends)
{
	for (unsigned i = 0; i < 2; i++)
		for (size_t lost = 5; lost <= 100; lost += 5) {
			struct conceal *p = made(rates[i]);
			size_t ms = rates[i] / 1000, n = lost * ms, at = 80 * ms + lost * 3;
			static int16_t pcm[16 * 300];

			hum(pcm, 250 * ms, 70, rates[i]);
			for (size_t k = 0; k < at; k++)
				pcm[k] = (int16_t)(pcm[k] *
						   exp(((double)k - (double)at) / (15.0 * ms)));
			double usual = worst_step(pcm, 250 * ms);
			conceal_heard(p, pcm, at);
			conceal_fill(p, pcm + at, n);
			conceal_heard(p, pcm + at + n, 20 * ms);
			cr_expect(lt(dbl, worst_step(pcm, at + n + 20 * ms), 1.2 * usual),
				"%u Hz, %zu ms", rates[i], lost);
			free(p);
		}
}

// What was made up is the past of the next loss.
Test(conceal, every_other_packet_is_enough_for_a_steady_voice)
{
	for (unsigned i = 0; i < 2; i++) {
		struct conceal *p = made(rates[i]);
		size_t n = rates[i] / 100;
		int16_t truth[160], pcm[160];
		double power = 0, error = 0;

		for (size_t frame = 0; frame < 100; frame++) {
			sing(truth, n, 125, rates[i], frame * n);
			memcpy(pcm, truth, sizeof(pcm));
			if (frame % 4 > 1 && frame > 9)
				conceal_fill(p, pcm, n);
			else
				conceal_heard(p, pcm, n);
			for (size_t k = 0; k < n; k++) {
				power += (double)truth[k] * truth[k];
				error += pow((double)truth[k] - pcm[k], 2);
			}
		}
		cr_expect(gt(dbl, 10 * log10(power / (error + 1)), 18), "%u Hz", rates[i]);
		free(p);
	}
}

Test(conceal, a_short_packet_after_a_loss_is_blended_as_far_as_it_goes)
{
	struct conceal *p = made(8000);
	int16_t pcm[160];

	sing(pcm, 160, 125, 8000, 0);
	conceal_heard(p, pcm, 160);
	conceal_fill(p, pcm, 160);
	for (unsigned k = 0; k < 160; k++)
		pcm[k] = 1000;
	conceal_heard(p, pcm, 8);
	cr_expect(gt(i32, abs(pcm[0] - 1000), 100));
	for (unsigned k = 8; k < 160; k++)
		cr_expect(eq(i16, pcm[k], 1000));
	free(p);
}

Test(conceal, the_loudest_there_is_does_not_wrap_round)
{
	for (unsigned kind = 0; kind < 4; kind++) {
		struct conceal *p = made(16000);
		int16_t pcm[960], next[320];

		for (unsigned k = 0; k < 960; k++)
			pcm[k] = kind == 0   ? INT16_MIN
				 : kind == 1 ? INT16_MAX
				 : kind == 2 ? (k / 40 % 2 ? INT16_MIN : INT16_MAX)
					     : (k == 959 ? INT16_MIN : INT16_MAX);
		memcpy(next, pcm, sizeof(next));
		conceal_heard(p, pcm, 960);
		conceal_fill(p, pcm, 960);
		conceal_heard(p, next, 320);
		for (unsigned k = 0; kind == 0 && k < 160; k++)
			cr_assert(lt(i32, pcm[k], -30000));
		for (unsigned k = 0; kind == 1 && k < 160; k++)
			cr_assert(gt(i32, pcm[k], 30000));
		free(p);
	}
}

Test(conceal, avx2_gives_the_same_sums_as_plain_c)
{
	conceal_alike_fn fast = conceal_alike_at(CPU_AVX2);
	static int16_t a[400], b[400];
	uint64_t seed = 88172645463325252U;

	if (fast == NULL)
		cr_skip_test("this machine has no such instructions");
	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned i = 0; i < 400; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			a[i] = kind == 0 ? (int16_t)(seed % 65535 - 32767) : INT16_MAX;
			b[i] = kind == 0   ? (int16_t)((seed >> 20) % 65535 - 32767)
			       : kind == 1 ? INT16_MAX
					   : -INT16_MAX;
		}
		for (size_t n = 0; n <= 320; n++) {
			struct conceal_alike want = conceal_alike_plain(a + n % 17, b + n % 23, n);
			struct conceal_alike got = fast(a + n % 17, b + n % 23, n);

			cr_assert(eq(i64, got.product, want.product), "%zu", n);
			cr_assert(eq(i64, got.energy, want.energy), "%zu", n);
		}
	}
}
