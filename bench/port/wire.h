// SPDX-License-Identifier: BSD-3-Clause
//
// A network of the bench's own: pairs of veth whose far ends the kernel keeps, and what has
// arrived there.
#pragma once

#include <stdint.h>

// From here on this process and its children have a network of their own. Needs root.
void wire_unshare(void);

// near and far as a pair, both up; far has this address.
void wire_pair(const char *near, const char *far, const char *address);

// An interface that is there already (a tap).
void wire_up(const char *name, const char *address);

struct wire_count {
	uint8_t mac[6];
	uint32_t packets; // that arrived; goes round at 2^32
};

struct wire_count wire_count(const char *name);
