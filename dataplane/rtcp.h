// SPDX-License-Identifier: BSD-3-Clause
//
// RTCP (RFC 3550, section 6): write one report, read whatever comes. Pure: what a report is to
// say and when it is sent is node_report.c's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_FIRST = 192, // of all types that there may be
	RTCP_LAST = 223,
	RTCP_CNAME_MAX = 255,
	RTCP_BYE_LEN = 8,
	// Bytes of the longest report, with a BYE.
	RTCP_WRITE_MAX = 28 + 24 + 8 + 2 + RTCP_CNAME_MAX + 4 + RTCP_BYE_LEN,
};

// Why a datagram is not RTCP. Zero means it is.
enum rtcp_error {
	RTCP_OK = 0,
	RTCP_SHORT,       // less than a header, or not a multiple of four bytes
	RTCP_BAD_VERSION, // of one of the packets
	RTCP_BAD_TYPE,    // outside 192-223: it is RTP or something else
	RTCP_BAD_FIRST,   // a compound begins with SR or RR (section 6.1)
	RTCP_BAD_LENGTH,  // longer than the datagram, or too short for what it says it holds
	RTCP_BAD_PADDING, // not in the last packet, or of a wrong size
	RTCP_BAD_ITEM,    // a source description that runs out of its packet
	RTCP_ERROR_COUNT,
};

// What a sender says of itself.
struct rtcp_sender {
	uint64_t ntp; // 32.32 since 1900
	uint32_t ts;  // the same moment in RTP time
	uint32_t packets;
	uint32_t octets;
};

// What a receiver says of one source.
struct rtcp_block {
	uint32_t ssrc;
	int32_t lost; // 24 bits
	uint32_t highest;
	uint32_t jitter;
	uint32_t lsr;
	uint32_t dlsr;
	uint8_t fraction;
};

struct rtcp {
	uint32_t ssrc;             // of who speaks
	bool sent;                 // sender means something
	bool bye;                  // he says he goes; it is not for RTCP to end anything
	struct rtcp_sender sender; // SR only
	uint32_t blocks;           // in all its packets
	struct rtcp_block about;   // the block about us; about.ssrc is 0 if there is none
};

// Reads a compound. Blocks about other sources than `us` are passed over. *out is written only
// on RTCP_OK.
[[nodiscard]] enum rtcp_error rtcp_read(
	struct rtcp *out, const uint8_t *data, size_t len, uint32_t us);

// Writes SR (or RR if sender is NULL), the block (or none if NULL) and the name. cname is at most
// RTCP_CNAME_MAX long; buf has room for RTCP_WRITE_MAX. Returns the length.
size_t rtcp_write(uint8_t *buf, uint32_t ssrc, const struct rtcp_sender *sender,
	const struct rtcp_block *block, const char *cname);

// What ends a compound that is the last. Returns RTCP_BYE_LEN.
size_t rtcp_write_bye(uint8_t *buf, uint32_t ssrc);

// RFC 5761, 4: where RTP and RTCP have one port, the second byte says which of them it is.
static inline bool rtcp_is(const uint8_t *data, size_t len)
{
	return len >= 2 && data[1] >= RTCP_FIRST && data[1] <= RTCP_LAST;
}
