// SPDX-License-Identifier: BSD-3-Clause
//
// The filter that all sets of loops of resample.h share, and what is done for one sample.
#pragma once

#include "codecs/resample.h"

extern const struct resample_kernels resample_plain, resample_avx2;

enum {
	RESAMPLE_Q = 14,
	RESAMPLE_MIDDLE = RESAMPLE_TAPS / 2, // where the one tap of the other half stands
};

// Q14, of a window of Kaiser's with beta 6.5; they sum to one, so that silence and a constant
// stay what they are. Their absolute values sum to 2.5: 32 bits hold every sum there can be.
extern const int16_t resample_taps[RESAMPLE_TAPS];

static inline int16_t resample_clamp(int32_t v)
{
	if (v > INT16_MAX)
		return INT16_MAX;
	if (v < INT16_MIN)
		return INT16_MIN;
	return (int16_t)v;
}
