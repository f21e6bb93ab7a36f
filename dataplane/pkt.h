// SPDX-License-Identifier: BSD-3-Clause
//
// A packet as the engine sees it: a view into somebody else's buffer.
//
// Only dpdk/port.c knows that the buffer is an mbuf. What needs nothing but views can be tested,
// fuzzed and benched with byte arrays.
//
// A UDP checksum needs the sum of all that is sent, and whoever wrote it often knows. payload_sum
// is the one's complement sum (RFC 1071), folded to 16 bits and not inverted, of the len bytes at
// data, RTP header included, as 16-bit words in the byte order of the machine. To it come the
// pseudo header and the UDP header. Who changes a byte or the length afterwards clears `summed`.
// It is never set on a packet that came in, nor on a blank.
#pragma once

#include "dataplane/rtp.h"

#include <assert.h>
#include <stdint.h>

enum { BURST_MAX = 32 };

struct pkt {
	uint8_t *data;  // first byte after UDP
	void *buf;      // the shell's, opaque here
	uint8_t ip[16]; // the far end: where from, or where to
	union {
		struct rtp rtp;       // of an incoming RTP packet, once read
		uint16_t payload_sum; // of an outgoing one, if summed
	};
	uint32_t flow;        // place among the worker's flows, once found
	uint16_t len;         // bytes at data
	uint16_t room;        // bytes that may be written at data
	uint16_t local_port;  // ours
	uint16_t remote_port; // theirs
	uint8_t address;      // which of the worker's addresses is ours (index in engine_plan)
	bool summed;          // outgoing: payload_sum means something
	uint16_t hop;         // outgoing: the shell's index of the next hop
};
static_assert(sizeof(struct pkt) == 64, "a view is one cache line");

struct burst {
	uint32_t n;
	struct pkt pkt[BURST_MAX];
};

// What is left of packets that end here: the shell's buffers.
struct spent {
	uint32_t n;
	void *buf[BURST_MAX];
};

static inline void spend(struct spent *s, const struct pkt *p)
{
	s->buf[s->n++] = p->buf;
}
