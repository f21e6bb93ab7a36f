// SPDX-License-Identifier: BSD-3-Clause
//
// The loops beneath g711.h, one set for each level of instructions. The plain set is the
// reference; every other gives the same codes and samples.
#pragma once

#include "codecs/cpu.h"
#include "codecs/g711.h"

struct g711_kernels {
	void (*encode_ulaw)(uint8_t *dst, const int16_t *src, size_t n);
	void (*encode_alaw)(uint8_t *dst, const int16_t *src, size_t n);
	void (*decode_ulaw)(int16_t *dst, const uint8_t *src, size_t n);
	void (*decode_alaw)(int16_t *dst, const uint8_t *src, size_t n);
	void (*translate)(const uint8_t table[256], uint8_t *codes, size_t n);
};

extern const struct g711_kernels g711_plain, g711_avx2, g711_avx512;

// NULL: not built, or not for this machine.
const struct g711_kernels *g711_kernels(enum cpu_level level);
