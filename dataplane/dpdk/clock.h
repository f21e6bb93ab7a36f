// SPDX-License-Identifier: BSD-3-Clause
//
// Nanoseconds that never go back, from the processor's counter: a worker may read it without
// asking the kernel. All threads of the process read the same one.
#pragma once

#include <rte_cycles.h>

#include <stdint.h>
#include <time.h>

struct clock {
	uint64_t start; // the counter's value at nanosecond 0
	uint64_t scale; // nanoseconds a count, Q32
};

static inline struct clock clock_start(void)
{
	return (struct clock){ .start = rte_rdtsc(),
		.scale = (1000000000ULL << 32) / rte_get_tsc_hz() };
}

static inline uint64_t clock_now(const struct clock *c)
{
	return (uint64_t)(((unsigned __int128)(rte_rdtsc() - c->start) * c->scale) >> 32);
}

// What to add to clock_now() for nanoseconds since 1970. Asks the kernel: not for workers.
static inline int64_t clock_wall_offset(const struct clock *c)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return wall.tv_sec * 1000000000LL + wall.tv_nsec - (int64_t)clock_now(c);
}
