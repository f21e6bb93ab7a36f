// SPDX-License-Identifier: BSD-3-Clause
//
// Who we are on one port's wire: a MAC, our addresses, the way out. IPv4 in host order.
#pragma once

#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAC_LEN = 6 };

struct station_address {
	uint32_t ip;
	uint32_t mask;
	uint16_t index; // among the worker's addresses, as the engine counts them
};

struct station {
	uint8_t mac[MAC_LEN];
	uint16_t port;    // which of the worker's ports
	uint32_t gateway; // 0: none
	uint32_t addresses;
	struct station_address address[BRIDGE_ADDRESSES_MAX];
};

static inline const struct station_address *station_find(const struct station *s, uint32_t ip)
{
	for (uint32_t i = 0; i < s->addresses; i++) {
		if (s->address[i].ip == ip)
			return &s->address[i];
	}
	return NULL;
}

// Our address in the network that ip is in, or NULL: it is behind the gateway.
static inline const struct station_address *station_beside(const struct station *s, uint32_t ip)
{
	for (uint32_t i = 0; i < s->addresses; i++) {
		if (((s->address[i].ip ^ ip) & s->address[i].mask) == 0)
			return &s->address[i];
	}
	return NULL;
}
