// SPDX-License-Identifier: BSD-3-Clause
//
// How much of a worker's time the kernel's packets may have: so many a millisecond, and as many
// again as were not used in the last two. RTP comes first: what is beyond it waits with the
// kernel, or is not given to it. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	KERNEL_PER_MS = 64, // at some 4 us for a tap's system call a quarter of the worker
	KERNEL_COST_NS = 1000000 / KERNEL_PER_MS,
	KERNEL_SAVED_NS = 2000000, // of time not used that still counts
};

struct kernel_budget {
	uint64_t paid; // ns: the time up to which all that went is paid for
};

// Whether something may go now.
static inline bool kernel_budget_has(const struct kernel_budget *b, uint64_t now)
{
	return b->paid <= now;
}

// n packets went.
static inline void kernel_budget_spend(struct kernel_budget *b, uint32_t n, uint64_t now)
{
	if (now > KERNEL_SAVED_NS && b->paid < now - KERNEL_SAVED_NS)
		b->paid = now - KERNEL_SAVED_NS;
	b->paid += (uint64_t)n * KERNEL_COST_NS;
}
