// SPDX-License-Identifier: BSD-3-Clause
//
// The Internet checksum (RFC 1071). Words are taken as the machine reads them: the sum does not
// mind the order of bytes as long as it is the same everywhere (section 2 B), so nothing here is
// swapped. A running sum is 64 bits wide and folded once, at its end.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The sum of some bytes, less than half a million, the first of which is at an even place of the
// whole. Less than 2^32 times as many words as there are.
uint64_t sum_bytes(const uint8_t *data, size_t len);

// The same, without vectors: what the other is proven against.
uint64_t sum_bytes_plain(const uint8_t *data, size_t len);

static inline uint64_t sum_word(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

// Of an address.
static inline uint64_t sum_16(const uint8_t *p)
{
	return sum_word(p) + sum_word(p + 4) + sum_word(p + 8) + sum_word(p + 12);
}

// 16 bits in the order of the wire, for a number in ours.
static inline uint16_t sum_net16(unsigned v)
{
	return (uint16_t)__builtin_bswap16((uint16_t)v);
}

// The ones' complement sum of 16 bits.
static inline uint16_t sum_fold(uint64_t total)
{
	total = (total & UINT32_MAX) + (total >> 32);
	total = (total & UINT32_MAX) + (total >> 32);
	total = (total & UINT16_MAX) + (total >> 16);
	total = (total & UINT16_MAX) + (total >> 16);
	return (uint16_t)total;
}

// What goes into a checksum's field.
static inline uint16_t sum_check(uint64_t total)
{
	return (uint16_t)~sum_fold(total);
}

// Whether bytes that include their own checksum have the right one.
static inline int sum_is_good(uint64_t total)
{
	return sum_fold(total) == UINT16_MAX;
}

static inline void sum_put(uint8_t *p, uint16_t wire)
{
	memcpy(p, &wire, sizeof(wire));
}
