// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/locked.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

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

void locked_hide(void *memory, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t before = (uintptr_t)memory % page;
	size_t whole = (before + size + page - 1) / page * page;

	(void)madvise((uint8_t *)memory - before, whole, MADV_DONTDUMP); // else it is dumped
}

bool locked_all(void)
{
	return !unlocked;
}
