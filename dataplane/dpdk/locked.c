// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/locked.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static bool unlocked;

void *locked_new(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (mlock(memory, size) < 0)
		unlocked = true;
	return memory;
}

void locked_free(void *memory, size_t size)
{
	if (memory != NULL)
		munmap(memory, size);
}

void locked_hide(const void *memory, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)memory / page * page;
	uintptr_t end = ((uintptr_t)memory + size + page - 1) / page * page;

	(void)madvise((void *)start, end - start, MADV_DONTDUMP); // else it is dumped: no harm done
}

bool locked_all(void)
{
	return !unlocked;
}
