// SPDX-License-Identifier: BSD-3-Clause
//
// A packet as the engine sees it: a view into somebody else's buffer.
//
// Only dpdk/port.c knows that the buffer is an mbuf. What needs nothing but views can be tested,
// fuzzed and benched with byte arrays.
#pragma once

#include "dataplane/rtp.h"

#include <assert.h>
#include <stdint.h>

enum { BURST_MAX = 32 };

struct pkt {
	uint8_t *data;        // first byte after UDP
	void *buf;            // the shell's, opaque here
	uint8_t ip[16];       // the far end: where from, or where to
	struct rtp rtp;       // of an incoming RTP packet, once read
	uint32_t flow;        // place among the worker's flows, once found
	uint16_t len;         // bytes at data
	uint16_t room;        // bytes that may be written at data
	uint16_t local_port;  // ours
	uint16_t remote_port; // theirs
	uint16_t address;     // which of the worker's addresses is ours (index in engine_plan)
	uint16_t hop;         // outgoing: the shell's index of the next hop
};
static_assert(sizeof(struct pkt) == 64, "a view is one cache line");

struct burst {
	uint32_t n;
	struct pkt pkt[BURST_MAX];
};
