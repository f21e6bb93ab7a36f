// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/mix_kernels.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 200, GUARD = 64 };

static uint64_t seed = 88172645463325252U;

static uint32_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

// One in four is an end of the range or beside it.
static int16_t any_sample(void)
{
	static const int16_t ends[] = { INT16_MIN, INT16_MIN + 1, -1, 0, 1, INT16_MAX - 1,
		INT16_MAX };
	uint32_t r = any();

	return r % 4 == 0 ? ends[r / 4 % 7] : (int16_t)(r >> 16);
}

static void fill(int16_t *frame, size_t n)
{
	for (size_t i = 0; i < n; i++)
		frame[i] = any_sample();
}

// One call of one kind, on copies of the same two frames.
static void run(const struct mix_kernels *k, unsigned kind, int16_t *dst, const int16_t *src,
	size_t n, int32_t gain, int32_t step)
{
	switch (kind) {
	case 0:
		k->add(dst, src, n);
		break;
	case 1:
		k->scale(dst, src, n, gain >> MIX_RAMP_Q);
		break;
	case 2:
		k->scale_add(dst, src, n, gain >> MIX_RAMP_Q);
		break;
	case 3:
		k->ramp(dst, src, n, gain, step);
		break;
	case 4:
		k->ramp_add(dst, src, n, gain, step);
		break;
	}
}

static void same_as_plain(const struct mix_kernels *k, unsigned kind, size_t n, size_t shift)
{
	static int16_t src[LONGEST + GUARD], before[LONGEST + 2 * GUARD];
	static int16_t want[LONGEST + 2 * GUARD], got[LONGEST + 2 * GUARD];
	int32_t top = mix_gain(MIX_MAX) << MIX_RAMP_Q;
	int32_t gain = any() % 8 == 0 ? top : (int32_t)(any() % (uint32_t)top);
	int32_t end = any() % 8 == 0 ? 0 : (int32_t)(any() % (uint32_t)top);
	int32_t step = n == 0 ? 0 : (end - gain) / (int32_t)n;

	fill(src, LONGEST + GUARD);
	fill(before, LONGEST + 2 * GUARD);
	memcpy(want, before, sizeof(want));
	memcpy(got, before, sizeof(got));
	run(&mix_plain, kind, want + shift, src + shift / 2, n, gain, step);
	run(k, kind, got + shift, src + shift / 2, n, gain, step);
	cr_assert(zero(i32, memcmp(want, got, sizeof(want))), "kind %u, %zu samples at %zu", kind,
		n, shift);
}

static void all_as_plain(enum cpu_level level)
{
	const struct mix_kernels *k = mix_kernels(level);

	if (k == NULL)
		cr_skip_test("this machine has no such instructions");
	for (unsigned kind = 0; kind < 5; kind++)
		for (size_t n = 0; n <= LONGEST; n++)
			for (size_t shift = 0; shift < GUARD; shift += 1 + any() % 7)
				same_as_plain(k, kind, n, shift);
}

Test(mix, avx2_gives_the_same_samples_as_plain_c)
{
	all_as_plain(CPU_AVX2);
}

Test(mix, avx512_gives_the_same_samples_as_plain_c)
{
	all_as_plain(CPU_AVX512);
}

// Every pair of values that can meet, at every set of kernels.
Test(mix, a_sum_stops_at_both_ends)
{
	static const int16_t values[] = { INT16_MIN, INT16_MIN + 1, -20000, -1, 0, 1, 20000,
		INT16_MAX - 1, INT16_MAX };

	for (unsigned level = 0; level < CPU_LEVELS; level++) {
		const struct mix_kernels *k = mix_kernels(level);

		for (unsigned i = 0; k != NULL && i < 81; i++) {
			int16_t a[40], b[40];
			int32_t sum = values[i % 9] + values[i / 9];
			int32_t want = sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum;

			for (unsigned n = 0; n < 40; n++) {
				a[n] = values[i % 9];
				b[n] = values[i / 9];
			}
			k->add(a, b, 40);
			for (unsigned n = 0; n < 40; n++)
				cr_assert(eq(i32, a[n], want), "level %u", level);
		}
	}
}

Test(mix, what_is_made_louder_stops_at_both_ends)
{
	int16_t frame[40];
	struct mix_ramp r;

	for (unsigned i = 0; i < 40; i++)
		frame[i] = i % 2 == 0 ? INT16_MIN : INT16_MAX;
	mix_ramp_init(&r, MIX_MAX);
	mix_ramp_scale(&r, frame, frame, 40);
	for (unsigned i = 0; i < 40; i++)
		cr_assert(eq(i16, frame[i], i % 2 == 0 ? INT16_MIN : INT16_MAX));
}

Test(mix, a_gain_is_right_to_a_tenth_of_a_db)
{
	cr_expect(eq(i32, mix_gain(0), MIX_UNITY));
	cr_expect(eq(i32, mix_gain(MIX_MIN), 0));
	cr_expect(eq(i32, mix_gain(-10000), 0));
	cr_expect(eq(i32, mix_gain(10000), mix_gain(MIX_MAX)));
	cr_expect(le(i32, mix_gain(MIX_MAX), INT16_MAX));
	for (int tenths = MIX_MIN + 1; tenths <= MIX_MAX; tenths++) {
		double db = 20 * log10((double)mix_gain(tenths) / MIX_UNITY);

		cr_expect(lt(dbl, fabs(db - tenths / 10.0), 0.06), "%d: %f", tenths, db);
		cr_expect(gt(i32, mix_gain(tenths), mix_gain(tenths - 1)));
	}
}

Test(mix, unity_changes_nothing_and_silence_leaves_nothing)
{
	int16_t src[LONGEST], dst[LONGEST];
	struct mix_ramp one, none;

	fill(src, LONGEST);
	mix_ramp_init(&one, 0);
	mix_ramp_init(&none, MIX_MIN);
	mix_ramp_scale(&one, dst, src, LONGEST);
	cr_expect(zero(i32, memcmp(src, dst, sizeof(src))));
	mix_ramp_add(&none, dst, src, LONGEST);
	cr_expect(zero(i32, memcmp(src, dst, sizeof(src))));
	mix_ramp_scale(&none, dst, src, LONGEST);
	for (unsigned i = 0; i < LONGEST; i++)
		cr_expect(eq(i16, dst[i], 0));
}

// 20 ms down, in frames of any length: never a step larger than the line's own.
Test(mix, a_ramp_is_a_straight_line_through_any_frames)
{
	enum { RAMP = 160, ALL = 480 };
	struct mix_ramp r;
	int16_t line[ALL];

	for (unsigned i = 0; i < ALL; i++)
		line[i] = 16384;
	mix_ramp_init(&r, 0);
	mix_ramp_to(&r, -200, RAMP);
	for (size_t at = 0; at < ALL;) {
		size_t n = 1 + any() % 50;

		n = n < ALL - at ? n : ALL - at;
		mix_ramp_scale(&r, line + at, line + at, n);
		at += n;
	}
	cr_expect(eq(i16, line[0], 16384), "it begins where it was");
	for (unsigned i = 1; i < ALL; i++) {
		double want = i < RAMP ? 16384 * (1 - 0.9 * i / RAMP) : 1638.4;

		cr_expect(lt(dbl, fabs(line[i] - want), 4), "sample %u: %d", i, line[i]);
	}
}

Test(mix, a_ramp_that_is_turned_round_goes_on_from_where_it_is)
{
	int16_t frame[80], last;
	struct mix_ramp r;

	mix_ramp_init(&r, 0);
	mix_ramp_to(&r, MIX_MIN, 160);
	for (unsigned i = 0; i < 80; i++)
		frame[i] = 10000;
	mix_ramp_scale(&r, frame, frame, 80);
	last = frame[79];
	mix_ramp_to(&r, 0, 160);
	for (unsigned i = 0; i < 80; i++)
		frame[i] = 10000;
	mix_ramp_scale(&r, frame, frame, 80);
	cr_expect(lt(i32, abs(frame[0] - last), 70));
	cr_expect(gt(i16, frame[79], frame[0]));
}

Test(mix, time_that_nobody_hears_moves_a_ramp_as_well)
{
	struct mix_ramp heard, skipped;
	int16_t frame[100] = { 0 };

	mix_ramp_init(&heard, -100);
	mix_ramp_to(&heard, 30, 250);
	skipped = heard;
	for (unsigned i = 0; i < 4; i++) {
		mix_ramp_scale(&heard, frame, frame, 100);
		mix_ramp_skip(&skipped, 100);
		cr_expect(eq(i32, heard.at, skipped.at));
		cr_expect(eq(u32, heard.left, skipped.left));
	}
	cr_expect(eq(i32, heard.at >> MIX_RAMP_Q, mix_gain(30)));
}

Test(mix, a_change_at_once_takes_no_time)
{
	int16_t frame[1] = { 10000 };
	struct mix_ramp r;

	mix_ramp_init(&r, 0);
	mix_ramp_to(&r, -60, 1000);
	mix_ramp_to(&r, MIX_MIN, 0);
	mix_ramp_scale(&r, frame, frame, 1);
	cr_expect(eq(i16, frame[0], 0));
}
