// SPDX-License-Identifier: BSD-3-Clause
//
// ARP for IPv4 over Ethernet (RFC 826) as bytes: read one, write one. Pure. IPv4 in host order.
#pragma once

#include "dataplane/dpdk/ethernet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARP_REQUEST = 1, ARP_REPLY = 2, ARP_LEN = 28 };

struct arp {
	uint16_t op;
	uint8_t from_mac[MAC_LEN];
	uint32_t from;
	uint32_t to;
};

// What follows Ethernet. False: not ARP for IPv4 over Ethernet, or from no station's address.
[[nodiscard]] bool arp_read(struct arp *out, const uint8_t *data, size_t len);

// A whole frame. to_mac NULL: to everyone. Returns its length.
size_t arp_write(uint8_t *data, const struct arp *arp, const uint8_t *to_mac, uint16_t vlan);

// RFC 1812, section 3.3.2: a group's address is no station's.
[[nodiscard]] bool arp_is_station(const uint8_t mac[MAC_LEN]);
