// SPDX-License-Identifier: BSD-3-Clause
//
// Adds up frames of linear audio and makes them louder or less loud, at once or little by
// little. Sums stop at the ends of 16 bits. What is mixed with what is not known here.
#pragma once

#include "codecs/cpu.h"

#include <stddef.h>
#include <stdint.h>

// A gain is linear, in Q13: 12 dB still fit 16 bits.
enum {
	MIX_UNITY = 1 << 13,
	MIX_MIN = -400, // tenths of a dB; at or below: silence
	MIX_MAX = 120,  // tenths of a dB; above: the same
};

// The linear gain of so many tenths of a dB.
int32_t mix_gain(int tenths);

// dst += src. They are the same frame or do not overlap.
void mix_add(int16_t *dst, const int16_t *src, size_t n);

// A loudness under way from one gain to another, in a straight line. Whoever has one of these
// says where to with mix_ramp_to() and uses it once for every frame. To duck is a ramp down on
// what is beneath, and later a ramp up.
struct mix_ramp {
	int32_t at;    // Q13 in the high 16 bits: the gain of the next sample
	int32_t step;  // what each sample adds
	int32_t to;    // where it ends
	uint32_t left; // samples until then; 0: it stays
};

// A loudness that stays where it is.
void mix_ramp_init(struct mix_ramp *r, int tenths);

// From wherever it is, in so many samples; 0: at once.
void mix_ramp_to(struct mix_ramp *r, int tenths, uint32_t samples);

// dst = src at this loudness; they are the same frame or do not overlap.
void mix_ramp_scale(struct mix_ramp *r, int16_t *dst, const int16_t *src, size_t n);

// dst += src at this loudness; they do not overlap.
void mix_ramp_add(struct mix_ramp *r, int16_t *dst, const int16_t *src, size_t n);

// Time goes on by n samples that nobody hears.
void mix_ramp_skip(struct mix_ramp *r, size_t n);

// The loops beneath, one set for each level of instructions. All sets give the same samples.
struct mix_kernels {
	void (*add)(int16_t *dst, const int16_t *src, size_t n);
	void (*scale)(int16_t *dst, const int16_t *src, size_t n, int32_t gain);
	void (*scale_add)(int16_t *dst, const int16_t *src, size_t n, int32_t gain);
	void (*ramp)(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step);
	void (*ramp_add)(int16_t *dst, const int16_t *src, size_t n, int32_t at, int32_t step);
};

// NULL: not built, or not for this machine.
const struct mix_kernels *mix_kernels(enum cpu_level level);
