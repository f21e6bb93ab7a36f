// SPDX-License-Identifier: BSD-3-Clause
//
// Neighbour solicitations and advertisements (RFC 4861) as bytes: read one, write one. Pure; what
// is done about them is neighbour.h and dad.h.
#pragma once

#include "dataplane/dpdk/ethernet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ND_FRAME_MAX = ETH_HEADER + VLAN_TAG + IP6_HEADER + 24 + 8 };

struct nd {
	struct ip_address from; // all zero: somebody who has no address yet (RFC 4862)
	struct ip_address to;
	struct ip_address target;
	bool advertises; // else it asks
	bool router;     // the three flags of an advertisement
	bool solicited;
	bool override;
	bool has_mac; // says where: of who asks, or of the target
	uint8_t mac[MAC_LEN];
};

// IPv6 and what follows. False: one of the checks of RFC 4861, 7.1.1 and 7.1.2 fails.
[[nodiscard]] bool nd_read(struct nd *out, const uint8_t *ip, size_t len);

// A whole frame from e->from; e->to NULL: to the group that nd->to is, or to everybody in it.
// Returns its length, at most ND_FRAME_MAX.
size_t nd_write(uint8_t *data, const struct nd *nd, const struct ethernet *e);

// Who is to hear a question for an address, whoever has it (RFC 4291, 2.7.1).
struct ip_address nd_solicited_node(const struct ip_address *ip);

// ff02::1
struct ip_address nd_all_nodes(void);

// The MAC that a group of IPv6 has (RFC 2464, 7).
void nd_group_mac(const struct ip_address *group, uint8_t mac[MAC_LEN]);
