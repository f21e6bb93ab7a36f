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

enum { CLOCK_MEASURE_MS = 100, CLOCK_TRIES = 16 };

struct clock_moment {
	uint64_t count, ns;
};

// The counter and the kernel's clock at one moment, as near as a few tries get.
static inline struct clock_moment clock_look(void)
{
	struct clock_moment m = { .count = 0 };
	uint64_t nearest = UINT64_MAX;

	for (int i = 0; i < CLOCK_TRIES; i++) {
		struct timespec ts;
		uint64_t before = rte_rdtsc();

		clock_gettime(CLOCK_MONOTONIC, &ts);
		uint64_t took = rte_rdtsc() - before;
		if (took >= nearest)
			continue;
		nearest = took;
		m.count = before + took / 2;
		m.ns = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	}
	return m;
}

// Measures for CLOCK_MEASURE_MS how fast the counter runs: what DPDK takes it for may be off by a
// thousandth on a virtual machine, and every stream would be paced by that. At the start only.
static inline struct clock clock_start(void)
{
	const struct timespec pause = { .tv_nsec = CLOCK_MEASURE_MS * 1000000L };
	struct clock_moment then = clock_look(), now;

	nanosleep(&pause, NULL);
	now = clock_look();
	return (struct clock){ .start = now.count,
		.scale = (uint64_t)(((unsigned __int128)(now.ns - then.ns) << 32) /
				    (now.count - then.count)) };
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
