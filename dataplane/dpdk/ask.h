// SPDX-License-Identifier: BSD-3-Clause
//
// What a worker says unasked: where is this hop, here are we, has anybody this address.
#pragma once

#include "dataplane/dpdk/station.h"

struct worker;

// Asks for the next hops that need it, tries tentative addresses, announces at the start.
void ask_turn(struct worker *w);

// The gateway of a VLAN is another (all zero: none) from now on, if we are in that VLAN.
void ask_gateway(struct worker *w, uint16_t port, uint16_t vlan, enum ip_family family,
	const struct ip_address *gateway);

// Announces every address anew, as at the start: after a switch has forgotten us.
void ask_announce(struct worker *w);
