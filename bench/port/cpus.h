// SPDX-License-Identifier: BSD-3-Clause
//
// Which of the CPUs that we may use is the one that is measured: the last, for the first takes the
// interrupts of most machines.
#pragma once

#include <sched.h>
#include <stdint.h>

static inline uint32_t cpus_last(void)
{
	cpu_set_t cpus;
	uint32_t last = 0;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (uint32_t i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &cpus))
			last = i;
	}
	return last;
}

// Another one, if there is any.
static inline uint32_t cpus_other(uint32_t cpu)
{
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (uint32_t i = 0; i < CPU_SETSIZE; i++) {
		if (i != cpu && CPU_ISSET(i, &cpus))
			return i;
	}
	return cpu;
}
