// SPDX-License-Identifier: BSD-3-Clause
//
// Who we are on one port's wire: a MAC, our addresses, and for each VLAN the way out. A VLAN is a
// wire of its own: an address is ours only on the one that it was given to.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/ip.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	MAC_LEN = 6,
	STATION_LANS_MAX = 64,
	STATION_SLOTS = 512, // of the table by which an address is found; a power of two
	VLAN_NONE = 0,       // no tag, or a tag that says nothing but a priority
};

// Two MACs, each at the start of at least eight bytes that may be read.
static inline bool mac_same(const uint8_t *a, const uint8_t *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x ^ y) << 16 == 0;
}

enum ip_family { FAMILY_V4, FAMILY_V6, FAMILIES };

static inline enum ip_family ip_family(const struct ip_address *ip)
{
	return ip_is_v4(ip->b) ? FAMILY_V4 : FAMILY_V6;
}

// RFC 4862, 5.4. IPv4 is valid from the start.
enum address_state {
	ADDRESS_VALID,
	ADDRESS_TENTATIVE, // we are asking whether somebody has it
	ADDRESS_DUPLICATE, // somebody has: we keep still
};

struct station_address {
	struct ip_address ip;
	struct ip_address mask;
	uint64_t due;   // ns, when it is valid if nobody objects
	uint16_t index; // among the worker's addresses, as the engine counts them
	uint8_t lan;    // which of the station's
	uint8_t state;  // enum address_state
	bool probed;    // due is a time
};

struct station_lan {
	uint16_t vlan;
	struct ip_address gateway[FAMILIES]; // all zero: none
};

struct station {
	uint8_t mac[MAC_LEN];
	uint16_t port;      // which of the worker's ports
	uint32_t tentative; // addresses that are
	uint32_t lans;
	uint32_t addresses;
	struct station_lan lan[STATION_LANS_MAX];
	struct station_address address[BRIDGE_ADDRESSES_MAX];
	uint8_t slot[STATION_SLOTS]; // index + 1 of an address, 0: empty
};
static_assert(BRIDGE_ADDRESSES_MAX < UINT8_MAX && BRIDGE_ADDRESSES_MAX * 2 < STATION_SLOTS);

// Nobody yet, on one port's wire.
void station_init(struct station *s, uint16_t port, const uint8_t mac[MAC_LEN]);

// Adds an address of ours, whose VLAN is added if it is new. prefix is the family's own. NULL:
// too many addresses or VLANs. An IPv6 address is tentative.
struct station_address *station_add(struct station *s, const struct ip_address *ip, unsigned prefix,
	uint16_t vlan, uint16_t index);

// The VLAN's number among the station's, or -1: we are not in it.
static inline int station_lan(const struct station *s, uint16_t vlan)
{
	for (uint32_t i = 0; i < s->lans; i++) {
		if (s->lan[i].vlan == vlan)
			return (int)i;
	}
	return -1;
}

static inline uint32_t station_slot(const uint8_t ip[IP_LEN], uint32_t lan)
{
	return ip_hash(ip, lan) % STATION_SLOTS;
}

// Which of the addresses it is, or -1.
static inline int station_index(const struct station *s, uint32_t lan, const struct ip_address *ip)
{
	for (uint32_t at = station_slot(ip->b, lan);; at = (at + 1) % STATION_SLOTS) {
		int i = s->slot[at] - 1;

		if (i < 0 || (s->address[i].lan == lan && ip_equal(&s->address[i].ip, ip)))
			return i;
	}
}

// Our address, whatever its state, or NULL.
static inline const struct station_address *station_find(
	const struct station *s, uint32_t lan, const struct ip_address *ip)
{
	int i = station_index(s, lan, ip);

	return i >= 0 ? &s->address[i] : NULL;
}

// Our address in the network that ip is in, or NULL: it is behind the gateway.
const struct station_address *station_beside(
	const struct station *s, uint32_t lan, const struct ip_address *ip);

// A valid address of ours to ask from: beside ip if there is one, else any of its family.
const struct station_address *station_asker(
	const struct station *s, uint32_t lan, const struct ip_address *ip);
