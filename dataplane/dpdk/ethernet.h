// SPDX-License-Identifier: BSD-3-Clause
//
// The beginning of a frame that we make: who to, who from, on which VLAN.
#pragma once

#include "dataplane/dpdk/station.h"
#include "dataplane/dpdk/wire.h"

#include <stddef.h>
#include <string.h>

struct ethernet {
	const uint8_t *to;
	const uint8_t *from;
	uint16_t vlan; // VLAN_NONE: no tag
};

static inline size_t ethernet_size(uint16_t vlan)
{
	return vlan == VLAN_NONE ? ETH_HEADER : ETH_HEADER + VLAN_TAG;
}

// Returns how many bytes it is. dscp is what the tag's priority is made from: its upper three
// bits are the class (RFC 2474, 4.2.2).
static inline size_t ethernet_write(
	uint8_t *data, const struct ethernet *e, uint16_t type, uint8_t dscp)
{
	uint8_t *at = data + ETH_TYPE;

	memcpy(data, e->to, MAC_LEN);
	memcpy(data + ETH_SOURCE, e->from, MAC_LEN);
	if (e->vlan != VLAN_NONE) {
		put16(at, ETH_VLAN);
		put16(at + 2, (uint32_t)(dscp >> 3) << 13 | e->vlan);
		at += VLAN_TAG;
	}
	put16(at, type);
	return (size_t)(at + 2 - data);
}
