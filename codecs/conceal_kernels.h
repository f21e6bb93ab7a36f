// SPDX-License-Identifier: BSD-3-Clause
//
// What takes the time when a period is looked for, one function for each level of instructions.
// All give the same sums.
#pragma once

#include "codecs/cpu.h"

#include <stddef.h>
#include <stdint.h>

struct conceal_alike {
	int64_t product; // of now and then
	int64_t energy;  // of then
};

// n samples; none of them is INT16_MIN.
typedef struct conceal_alike (*conceal_alike_fn)(const int16_t *now, const int16_t *then, size_t n);

struct conceal_alike conceal_alike_plain(const int16_t *now, const int16_t *then, size_t n);
struct conceal_alike conceal_alike_avx2(const int16_t *now, const int16_t *then, size_t n);

// NULL: not built, or not for this machine.
conceal_alike_fn conceal_alike_at(enum cpu_level level);
