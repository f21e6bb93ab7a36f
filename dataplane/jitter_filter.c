// SPDX-License-Identifier: BSD-3-Clause
//
// Samples between samples: a windowed sinc of 16 taps at 64 phases, straight lines in between.
// At 8 kHz its error is below -60 dB up to 2.9 kHz.
#include "dataplane/jitter.h"

#include <math.h>

enum { HALF = JITTER_TAPS / 2, ONE = 1 << 14, PHASE_BITS = 26, MASK = JITTER_LINE - 1 };

static double window(double x)
{
	double t = x / HALF * M_PI;

	return fabs(x) >= HALF ? 0 : 0.42 + 0.5 * cos(t) + 0.08 * cos(2 * t);
}

static double sinc(double x)
{
	return fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x);
}

// Each phase adds up to one, so that what does not move stays where it is.
void jitter_filter_init(struct jitter_filter *filter)
{
	for (int phase = 0; phase <= JITTER_PHASES; phase++) {
		double part = (double)phase / JITTER_PHASES;
		double tap[JITTER_TAPS], sum = 0;

		for (int i = 0; i < JITTER_TAPS; i++) {
			double x = i - (HALF - 1) - part;

			tap[i] = sinc(x) * window(x);
			sum += tap[i];
		}
		for (int i = 0; i < JITTER_TAPS; i++)
			filter->tap[phase][i] = (int16_t)lround(tap[i] / sum * ONE);
	}
}

static int16_t clip(int32_t x)
{
	return (int16_t)(x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x);
}

// One sample, from the 16 round it.
static int16_t between(const struct jitter_filter *filter, const int16_t *around, uint32_t part)
{
	const int16_t *a = filter->tap[part >> PHASE_BITS];
	const int16_t *b = a + JITTER_TAPS;
	int32_t low = 0, high = 0;

	for (int i = 0; i < JITTER_TAPS; i++) {
		low += around[i] * a[i];
		high += around[i] * b[i];
	}

	int64_t rest = part & ((1U << PHASE_BITS) - 1);
	int64_t sum = low * (INT64_C(1) << PHASE_BITS) + rest * (high - low);
	return clip((int32_t)((sum + (INT64_C(1) << (PHASE_BITS + 13))) >> (PHASE_BITS + 14)));
}

struct jitter_place jitter_between(const struct jitter_filter *filter, const int16_t *line,
	struct jitter_place from, int32_t speed, int16_t *out, size_t n)
{
	int64_t more = (int64_t)speed * (INT64_C(1) << 32) / 1000000;
	uint64_t first = from.at - (HALF - 1);
	int16_t around[JITTER_FRAME_MAX + JITTER_TAPS + 8]; // out of the ring, in one piece

	for (size_t i = 0; i < n + JITTER_TAPS + 8; i++)
		around[i] = line[(first + i) & MASK];
	for (size_t i = 0; i < n; i++) {
		int64_t part = (int64_t)from.part + more;

		out[i] = between(filter, around + (from.at - first - (HALF - 1)), from.part);
		from.at += (uint64_t)(1 + (part >> 32));
		from.part = (uint32_t)part;
	}
	return from;
}
