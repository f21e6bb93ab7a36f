// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/cpu.h"

enum cpu_level cpu_level(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2"))
		return CPU_PLAIN;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi"))
		return CPU_AVX512;
	return CPU_AVX2;
#else
	return CPU_PLAIN;
#endif
}
