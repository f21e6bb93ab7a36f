// SPDX-License-Identifier: BSD-3-Clause
//
// An address of either family as the contract writes it: 16 bytes in network order, IPv4 in its
// mapped form ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). No ports, no names, no text.
#pragma once

#include <assert.h>
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

// An IPv4 address as it lies in a packet. Written in halves, as it is compared: a load that finds
// what it asks for in several younger stores has to wait for them.
static inline struct ip_address ip_from_wire4(const uint8_t v4[4])
{
	uint64_t half[2] = { 0, UINT64_C(0xffff0000) };
	struct ip_address ip;
	uint32_t word;

	memcpy(&word, v4, sizeof(word));
	half[1] |= (uint64_t)word << 32;
	memcpy(ip.b, half, sizeof(ip.b));
	return ip;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ip_from_wire4() puts halves together");

// From host order.
static inline struct ip_address ip_from_v4(uint32_t v4)
{
	uint8_t wire[4] = { (uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8),
		(uint8_t)v4 };

	return ip_from_wire4(wire);
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

static inline bool ip_same(const uint8_t a[IP_LEN], const uint8_t b[IP_LEN])
{
	return ((ip_half(a, 0) ^ ip_half(b, 0)) | (ip_half(a, 1) ^ ip_half(b, 1))) == 0;
}

static inline bool ip_equal(const struct ip_address *a, const struct ip_address *b)
{
	return ip_same(a->b, b->b);
}

// Spreads addresses; every byte of them counts in every bit. salt: what else belongs to the key.
static inline uint32_t ip_hash(const uint8_t b[IP_LEN], uint64_t salt)
{
	uint64_t mixed = ip_half(b, 0) ^ ip_half(b, 1) ^ salt;

	mixed ^= mixed >> 32; // a product has nothing of a high bit in its lower ones
	return (uint32_t)(mixed * 0x9e3779b97f4a7c15U >> 32);
}

static inline bool ip_is_none(const struct ip_address *ip)
{
	return (ip_half(ip->b, 0) | ip_half(ip->b, 1)) == 0;
}

static inline bool ip_is_v4(const uint8_t b[IP_LEN])
{
	return ip_half(b, 0) == 0 && (ip_half(b, 1) & UINT32_MAX) == UINT64_C(0xffff0000);
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
