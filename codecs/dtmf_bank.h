// SPDX-License-Identifier: BSD-3-Clause
//
// The filters of the DTMF detector: what a window of 10 ms holds at each of the eight DTMF
// frequencies. Whole numbers only, so that the variants for wide registers are equal to the
// plain one bit for bit. What the numbers mean is decided in dtmf.c.
//
//   x[80] ─┬─ even half (x[n] + x[79-n]) / 2 ──× Hann·cos ──► re[8]    40 products for each
//          └─ odd half  (x[n] - x[79-n]) / 2 ──× Hann·sin ──► im[8]
#pragma once

#include "codecs/cpu.h"

#include <stdint.h>

enum {
	DTMF_TONES = 8,   // 697 770 852 941, 1209 1336 1477 1633
	DTMF_WINDOW = 80, // samples at 8 kHz
	DTMF_HOP = 40,    // from one window to the next
	DTMF_FOLDED = DTMF_WINDOW / 2,
	DTMF_STEPS = DTMF_FOLDED / 4, // four folded samples at a time
	DTMF_SUM_SHIFT = 15,          // what is cut off a sum of products, to 16 bits
	DTMF_ENERGY_SHIFT = 6,        // ... off the squares of two folded samples
};

extern const double dtmf_hz[DTMF_TONES];

// A sine of amplitude A at tone t has re² + im² = DTMF_UNIT * A² there.
#define DTMF_UNIT (0.9765625 * 0.9765625)

// ... and adds this much of its re² + im² to the energy.
#define DTMF_ENERGY_UNIT (20.0 / 64.0 / DTMF_UNIT)

struct dtmf_spectrum {
	int16_t z[DTMF_TONES][2]; // re, im; the phase is that of the window's middle
	uint32_t energy;          // of the whole window
	int32_t best[2];          // the most re² + im² among the low tones, and the high ones
	uint32_t reserved[5];
};

// As the registers want it: four folded samples for four tones in a row. The rows of tones 0-3
// and 4-7 of a step are neighbours.
struct dtmf_filters {
	int16_t cos[DTMF_STEPS][DTMF_TONES][4];
	int16_t sin[DTMF_STEPS][DTMF_TONES][4];
};

// window: n of them.
typedef void (*dtmf_bank_fn)(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t *const *window, uint32_t n);

struct dtmf_bank {
	const char *name;
	dtmf_bank_fn run;
};

// NULL: not for this machine.
const struct dtmf_bank *dtmf_bank_find(enum cpu_level level);
const struct dtmf_bank *dtmf_bank_best(void);

void dtmf_filters_init(struct dtmf_filters *filters);

// Only for whom dtmf_bank_find() gives them.
void dtmf_bank_avx2(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t *const *window, uint32_t n);
void dtmf_bank_avx512(const struct dtmf_filters *filters, struct dtmf_spectrum *out,
	const int16_t *const *window, uint32_t n);
