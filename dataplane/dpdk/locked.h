// SPDX-License-Identifier: BSD-3-Clause
//
// Memory that is there before a worker touches it, and stays: no page faults on the way of a
// packet. For the main thread only.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// All zero, at a page's start. NULL: there is no memory.
[[nodiscard]] void *locked_new(size_t size);
void locked_free(void *memory, size_t size); // harmless on NULL

// No core dump has the pages that this is a part of.
void locked_hide(void *memory, size_t size);

// Whether all of it could be locked; if not, it may be swapped out (RLIMIT_MEMLOCK).
bool locked_all(void);
