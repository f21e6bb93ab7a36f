// SPDX-License-Identifier: BSD-3-Clause
//
// Ethernet, ARP, IPv4, ICMP echo and UDP as bytes: read one, write one. Pure: no card, no table,
// no time. What is not read as one of the kinds we handle has the name of its fault.
#pragma once

#include "dataplane/dpdk/station.h"

#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_ETHERNET = 14,
	FRAME_HEADERS = FRAME_ETHERNET + 20 + 8, // before a UDP payload that we send
	FRAME_ARP_LEN = FRAME_ETHERNET + 28,
	FRAME_PAYLOAD_MAX = 1500 - 28,
};

enum frame_kind {
	FRAME_UDP,  // for an address of ours
	FRAME_ECHO, // a request, for an address of ours
	FRAME_ARP,
	FRAME_NOT_IP,
	FRAME_BAD_IP,
	FRAME_NOT_OURS,
	FRAME_NOT_UDP,
	FRAME_BAD_UDP,
	FRAME_BAD_CHECKSUM,
	FRAME_KINDS,
};

// Addresses and ports in host order.
struct frame {
	uint32_t from;
	uint16_t from_port;
	uint16_t to_port;
	uint16_t address; // which of the worker's it is for
	uint16_t off;     // of the UDP payload
	uint16_t len;
};

// *out is written only on FRAME_UDP. Checksums are checked; a UDP checksum of zero means that
// there is none (RFC 768).
[[nodiscard]] enum frame_kind frame_read(
	struct frame *out, const struct station *s, const uint8_t *data, size_t len);

struct frame_udp {
	const uint8_t *to_mac;
	const uint8_t *from_mac;
	uint32_t from;
	uint32_t to;
	uint16_t from_port;
	uint16_t to_port;
};

// Writes the FRAME_HEADERS bytes that end where the payload begins, checksums included. len is
// at most FRAME_PAYLOAD_MAX.
void frame_write(uint8_t *payload, size_t len, const struct frame_udp *udp);

// Turns what frame_read() called FRAME_ECHO into its reply, in place.
void frame_echo_reply(uint8_t *data, const struct station *s);

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp {
	uint16_t op;
	uint8_t from_mac[MAC_LEN];
	uint32_t from;
	uint32_t to;
};

// False: not ARP for IPv4 over Ethernet, or from no station's address.
[[nodiscard]] bool arp_read(struct arp *out, const uint8_t *data, size_t len);

// FRAME_ARP_LEN bytes. to_mac NULL: to everyone.
void arp_write(uint8_t *data, const struct arp *arp, const uint8_t *to_mac);
