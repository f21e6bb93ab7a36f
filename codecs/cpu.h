// SPDX-License-Identifier: BSD-3-Clause
//
// Which of the vector instructions that we have kernels for this machine has. Kernels are chosen
// once, before main() (each module's constructor); nothing asks again.
#pragma once

// Each has what the one before it has.
enum cpu_level {
	CPU_PLAIN,  // C as it is
	CPU_AVX2,   // Haswell, Zen
	CPU_AVX512, // F, BW, VL and VBMI: Ice Lake, Zen 4
	CPU_LEVELS,
};

enum cpu_level cpu_level(void);
