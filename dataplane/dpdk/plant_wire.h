// SPDX-License-Identifier: BSD-3-Clause
//
// What the main thread does about the wire while the workers run: makes them announce who we
// are, gives them other gateways, tells people of addresses that somebody else has.
#pragma once

#include "dataplane/dpdk/plant.h"

#include <stdbool.h>

// What is done, and what is still to be said to workers that have no room for an order.
struct plant_wire {
	bool announce[BRIDGE_WORKERS_MAX];
	bool gateways;                                // some are not said yet
	struct ip_address said[BRIDGE_ADDRESSES_MAX]; // the gateway of each address
	uint64_t duplicates[BRIDGE_WORKERS_MAX][2];   // told already
};

void plant_wire_init(struct plant_wire *pw, const struct plant *p);

// Every worker says again who and where we are.
void plant_wire_announce(struct plant_wire *pw, const struct plant *p);

// Takes the gateways of a configuration that was read anew; nothing else of it. Returns whether
// all the rest is as it was.
bool plant_wire_reload(struct plant_wire *pw, struct plant *p, const struct config *anew);

// To be called often.
void plant_wire_turn(struct plant_wire *pw, struct plant *p);
