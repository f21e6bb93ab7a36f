// SPDX-License-Identifier: BSD-3-Clause
//
// What is done to one sample, for all sets of loops of mix.h: the plain set is made of it, the
// vector sets do what is left at the end of a frame with it.
#pragma once

#include "codecs/mix.h"

extern const struct mix_kernels mix_plain, mix_avx2, mix_avx512;

enum { MIX_Q = 13, MIX_HALF = 1 << (MIX_Q - 1), MIX_RAMP_Q = 16 };

static inline int16_t mix_clamp(int32_t v)
{
	if (v > INT16_MAX)
		return INT16_MAX;
	if (v < INT16_MIN)
		return INT16_MIN;
	return (int16_t)v;
}

// Rounded to the nearest, saturated.
static inline int16_t mix_scaled(int16_t sample, int32_t gain)
{
	return mix_clamp((sample * gain + MIX_HALF) >> MIX_Q);
}

// The gain of the i-th sample of a ramp.
static inline int32_t mix_gain_at(int32_t at, int32_t step, size_t i)
{
	return (at + step * (int32_t)i) >> MIX_RAMP_Q;
}
