// SPDX-License-Identifier: BSD-3-Clause
//
// A frame from the wire as numbers: Ethernet, 802.1Q, IPv4, IPv6, UDP, and what of ICMP we
// answer. Pure and total: no card, no table, no time. What is not read as one of the kinds we
// handle has the name of its fault. What is written is header.h, arp.h, nd.h and echo.h.
#pragma once

#include "dataplane/dpdk/station.h"

#include <stddef.h>
#include <stdint.h>

enum frame_kind {
	FRAME_UDP,  // for an address of ours
	FRAME_ECHO, // a request, for an address of ours
	FRAME_ARP,  // on a VLAN of ours; arp.h reads it
	FRAME_ND,   // neighbour discovery on a VLAN of ours; nd.h reads it
	FRAME_NOT_IP,
	FRAME_OTHER_VLAN,
	FRAME_BAD_IP,
	FRAME_FRAGMENT,
	FRAME_EXTENSION, // IPv6, with a header between it and UDP
	FRAME_NOT_OURS,
	FRAME_NOT_UDP,
	FRAME_BAD_UDP,
	FRAME_BAD_CHECKSUM,
	FRAME_KINDS,
};

// What the card has found good already.
enum { FRAME_TRUST_IP = 1 << 0, FRAME_TRUST_UDP = 1 << 1 };

// Ports in host order.
struct frame {
	struct ip_address from;
	uint16_t from_port;
	uint16_t to_port;
	uint16_t address; // which of the worker's it is for
	uint16_t lan;     // which of the station's VLANs it came on
	uint16_t off;     // of the UDP payload; of what follows Ethernet when it is no UDP
	uint16_t len;     // of the same
};

// *out is written on FRAME_UDP; on ECHO, ARP and ND lan, off and len are. Checksums are checked;
// a UDP checksum of zero means that there is none in IPv4 (RFC 768), and is wrong in IPv6.
[[nodiscard]] enum frame_kind frame_read(struct frame *out, const struct station *s,
	const uint8_t *data, size_t len, unsigned trust);
