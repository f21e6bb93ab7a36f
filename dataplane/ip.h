// SPDX-License-Identifier: BSD-3-Clause
//
// An address of either family as the contract writes it: 16 bytes in network order, IPv4 in its
// mapped form ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). No ports, no names, no text.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { IP_LEN = 16, IP_V4_AT = 12, IP_V4_BITS = 96 };

struct ip_address {
	uint8_t b[IP_LEN];
};

static inline struct ip_address ip_from_bytes(const uint8_t b[IP_LEN])
{
	struct ip_address ip;

	memcpy(ip.b, b, sizeof(ip.b));
	return ip;
}

// From host order.
static inline struct ip_address ip_from_v4(uint32_t v4)
{
	return (struct ip_address){ .b = { [10] = 0xff,
					    [11] = 0xff,
					    [12] = (uint8_t)(v4 >> 24),
					    [13] = (uint8_t)(v4 >> 16),
					    [14] = (uint8_t)(v4 >> 8),
					    [15] = (uint8_t)v4 } };
}

static inline uint32_t ip_to_v4(const struct ip_address *ip)
{
	return (uint32_t)ip->b[12] << 24 | (uint32_t)ip->b[13] << 16 | (uint32_t)ip->b[14] << 8 |
	       ip->b[15];
}

// The two halves as the machine reads them.
static inline uint64_t ip_half(const uint8_t b[IP_LEN], unsigned half)
{
	uint64_t word;

	memcpy(&word, b + 8 * half, sizeof(word));
	return word;
}

static inline bool ip_equal(const struct ip_address *a, const struct ip_address *b)
{
	return ((ip_half(a->b, 0) ^ ip_half(b->b, 0)) | (ip_half(a->b, 1) ^ ip_half(b->b, 1))) == 0;
}

static inline bool ip_is_none(const struct ip_address *ip)
{
	return (ip_half(ip->b, 0) | ip_half(ip->b, 1)) == 0;
}

static inline bool ip_is_v4(const uint8_t b[IP_LEN])
{
	static const uint8_t mapped[IP_V4_AT] = { [10] = 0xff, [11] = 0xff };

	return memcmp(b, mapped, sizeof(mapped)) == 0;
}

static inline bool ip_same_family(const uint8_t a[IP_LEN], const uint8_t b[IP_LEN])
{
	return ip_is_v4(a) == ip_is_v4(b);
}

// fe80::/10
static inline bool ip_is_link_local(const struct ip_address *ip)
{
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

// Whether a host somewhere else can have it, and be sent to without saying on which link. IPv4:
// RFC 1122, 3.2.1.3. IPv6: what IANA has given out as global, unique local addresses (RFC 4193)
// and what translators make (RFC 6052, RFC 8215); so no link-local (it has no meaning without a
// scope), no group, no loopback, nothing that has IPv4 in its low bytes and zeroes above.
static inline bool ip_is_host(const uint8_t b[IP_LEN])
{
	static const uint8_t translated[4] = { 0x00, 0x64, 0xff, 0x9b };

	if (ip_is_v4(b))
		return b[12] != 0 && b[12] != 127 && b[12] < 224;
	return (b[0] & 0xe0) == 0x20 || (b[0] & 0xfe) == 0xfc ||
	       memcmp(b, translated, sizeof(translated)) == 0;
}
