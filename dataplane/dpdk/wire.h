// SPDX-License-Identifier: BSD-3-Clause
//
// Where the fields are, from the start of each header, and numbers of 16 and 32 bits as they go
// over the wire. Nothing but places and constants; what they mean is said where they are used.
#pragma once

#include <stdint.h>

enum {
	// Ethernet (RFC 894) and IEEE 802.1Q
	ETH_SOURCE = 6,
	ETH_TYPE = 12,
	ETH_HEADER = 14,
	ETH_IPV4 = 0x0800,
	ETH_ARP = 0x0806,
	ETH_VLAN = 0x8100,
	ETH_IPV6 = 0x86dd,
	VLAN_TAG = 4,
	VLAN_ID = 0x0fff,

	// IPv4 (RFC 791)
	IP4_DSCP = 1,
	IP4_TOTAL = 2,
	IP4_FRAGMENT = 6,
	IP4_TTL = 8,
	IP4_PROTOCOL = 9,
	IP4_CHECKSUM = 10,
	IP4_FROM = 12,
	IP4_TO = 16,
	IP4_HEADER = 20,
	IP4_FIVE_WORDS = 0x45,
	IP4_DONT_FRAGMENT = 0x4000,
	IP4_MORE_OR_OFFSET = 0x3fff,

	// IPv6 (RFC 8200)
	IP6_PAYLOAD = 4,
	IP6_NEXT = 6,
	IP6_HOPS = 7,
	IP6_FROM = 8,
	IP6_TO = 24,
	IP6_HEADER = 40,
	IP6_HOP_OPTIONS = 0,
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_DESTINATION_OPTIONS = 60,

	IP_ICMP = 1,
	IP_UDP = 17,
	IP_ICMP6 = 58,
	IP_TTL_SENT = 64,

	// UDP (RFC 768)
	UDP_TO = 2,
	UDP_LEN = 4,
	UDP_CHECKSUM = 6,
	UDP_HEADER = 8,

	// ICMP (RFC 792, RFC 4443)
	ICMP_CODE = 1,
	ICMP_CHECKSUM = 2,
	ICMP_HEADER = 8,
	ICMP4_ECHO = 8,
	ICMP4_ECHO_REPLY = 0,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_SOLICITATION = 135,
	ICMP6_ADVERTISEMENT = 136,
};

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}
