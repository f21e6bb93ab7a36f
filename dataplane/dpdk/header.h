// SPDX-License-Identifier: BSD-3-Clause
//
// The headers before an RTP packet that we send. All that one address of ours says in each of
// them is written once; a packet's are a copy of that and what is its own: where to, how long,
// and the sums, of which the constant part is known as well.
#pragma once

#include "dataplane/dpdk/station.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEADER_COPY4 = 48,              // at least as long as headers of IPv4 with a tag
	HEADER_COPY6 = 80,              // ... of IPv6
	HEADER_ROOM = 128,              // what must be writable before a payload
	HEADER_PAYLOAD_MAX = 1500 - 28, // of an Ethernet frame
	DSCP_VOICE = 46,                // EF (RFC 3246)
};
static_assert(HEADER_COPY6 <= HEADER_ROOM);

struct header {
	uint64_t ip_sum;  // of IPv4's own constant words
	uint64_t udp_sum; // of what UDP's checksum always has
	uint16_t len;     // of the headers
	uint16_t ip_at;   // bytes before the payload, where IP begins
	uint16_t longest; // payload that the port's MTU lets through
	bool v6;
	bool usable;                         // else the address is not ours to speak from (yet)
	bool card_sums;                      // the card fills in the checksums
	alignas(16) uint8_t b[HEADER_COPY6]; // they end where this ends
};

struct header_from {
	const uint8_t *mac;
	const struct ip_address *ip;
	uint16_t vlan;
	uint16_t mtu;
	uint8_t dscp;
	bool card_sums;
};

void header_init(struct header *h, const struct header_from *from);

struct header_to {
	const uint8_t *mac;
	const uint8_t *ip; // 16 bytes, of the same family
	uint16_t from_port;
	uint16_t to_port;
};

// Writes the h->len bytes that end where the payload begins, and may spoil HEADER_ROOM before it.
// len is at most h->longest. payload_sum is sum_bytes() of the payload, or 0: not known.
void header_write(const struct header *h, uint8_t *payload, size_t len, const struct header_to *to,
	uint64_t payload_sum);
