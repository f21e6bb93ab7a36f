// SPDX-License-Identifier: BSD-3-Clause
//
// Whose is a frame? Its destination address says the worker. Looks no further than the
// destination: whether the frame is any good, its worker finds out. Pure.
#pragma once

#include "dataplane/bridge.h"

#include <stddef.h>
#include <stdint.h>

enum {
	OWNER_NONE = -1, // nobody's: whoever took it in deals with it
	OWNER_ALL = -2,  // ARP and neighbour discovery: everybody on the port is to hear it
	OWNERS_SIZE = 4 * BRIDGE_ADDRESSES_MAX,
};

// Every address of ours, IPv4 mapped; by its hash, then the next places. Built once, then read by
// all.
struct owners {
	struct {
		uint8_t ip[16];
		int worker; // OWNER_NONE: an empty place
	} place[OWNERS_SIZE];
};

void owners_init(struct owners *o, const struct bridge_plan *plan);

// A worker, or one of the above.
int owner_of(const struct owners *o, const uint8_t *data, size_t len);
