// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/locked.h"

#include <sys/mman.h>

enum { HUGE = 1 << 21 };

static bool unlocked;

void *locked_new(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	// A quarter of a million flows are more pages than a core remembers, unless they are large.
	if (size >= HUGE)
		madvise(memory, size, MADV_HUGEPAGE);
	madvise(memory, size, MADV_POPULATE_WRITE); // mlock() may not be allowed
	if (mlock(memory, size) < 0)
		unlocked = true;
	return memory;
}

void locked_free(void *memory, size_t size)
{
	if (memory != NULL)
		munmap(memory, size);
}

bool locked_all(void)
{
	return !unlocked;
}
