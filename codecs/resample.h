// SPDX-License-Identifier: BSD-3-Clause
//
// 8 kHz to 16 kHz and back, by a half-band filter of 63 taps: flat to 3.4 kHz, 65 dB down from
// 4.6 kHz on, 31 samples of 16 kHz late. The state is what the filter still remembers.
#pragma once

#include "codecs/cpu.h"

#include <stddef.h>
#include <stdint.h>

enum { RESAMPLE_TAPS = 32 }; // of the half that is not nothing

struct resample_up {
	int16_t past[RESAMPLE_TAPS];
};

struct resample_down {
	int16_t odd[RESAMPLE_TAPS];
	int16_t even[RESAMPLE_TAPS];
};

// All zero is a state that has heard nothing. dst and src do not overlap.

// n samples of 8 kHz into 2n of 16 kHz.
void resample_up(struct resample_up *s, int16_t *dst, const int16_t *src, size_t n);

// 2n samples of 16 kHz into n of 8 kHz.
void resample_down(struct resample_down *s, int16_t *dst, const int16_t *src, size_t n);

// The loops beneath, as in mix.h. The first sample that is written is made of the first
// RESAMPLE_TAPS of its source.
struct resample_kernels {
	void (*up)(int16_t *dst, const int16_t *src, size_t n);
	void (*down)(int16_t *dst, const int16_t *src, const int16_t *between, size_t n);
	void (*split)(int16_t *odd, int16_t *even, const int16_t *src, size_t n);
};

// NULL: not built, or not for this machine.
const struct resample_kernels *resample_kernels(enum cpu_level level);
