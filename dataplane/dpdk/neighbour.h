// SPDX-License-Identifier: BSD-3-Clause
//
// Next hops of one worker: whom ARP has found, whom to ask again. A flow keeps the index of its
// hop, so a gateway that moves changes one entry and not a quarter of a million flows. Only what a flow needs makes an entry; what arrives on the wire
// updates entries and never makes one. Pure: time comes in, questions to ask come out.
#pragma once

#include "dataplane/dpdk/station.h"

#include <stddef.h>
#include <stdint.h>

enum {
	NEIGHBOUR_ASKS_MAX = 64,          // questions waiting to be asked
	NEIGHBOUR_ASK_MS = 1000,          // between two questions to one hop
	NEIGHBOUR_FRESH_MS = 30 * 1000,   // older than this: asked again while in use
	NEIGHBOUR_EXPIRE_MS = 60 * 1000,  // older than this: not believed
	NEIGHBOUR_SPARE_MS = 3600 * 1000, // unused for this long: may be forgotten if we are full
};

struct neighbour {
	uint64_t confirmed; // ns, when ARP last spoke of it
	uint64_t asked;     // ns
	uint64_t used;      // ns
	uint32_t ip;        // host order; 0: no entry
	uint32_t next;      // in its chain: index + 1, 0 ends it
	uint16_t port;
	bool known;      // mac is there
	bool ever_asked; // asked is a time
	uint8_t mac[MAC_LEN];
};

struct neighbours {
	uint32_t size;
	uint32_t used; // entries 0 .. used - 1
	uint32_t hand; // where to look next for one to spare
	uint32_t mask; // of the chains
	uint32_t asks;
	uint32_t ask[NEIGHBOUR_ASKS_MAX]; // hops to ask for, until taken
	uint32_t *chain;                  // index + 1 of the first
	struct neighbour *entry;
};

// Bytes for a table of this many hops (1-65536), aligned to 64.
size_t neighbours_size(uint32_t hops);
void neighbours_init(struct neighbours *t, void *memory, uint32_t hops);

// The hop towards ip: itself when it is beside us, else the gateway. -1: no way there, or no
// room. A hop not seen before is asked for at once.
int neighbours_towards(struct neighbours *t, const struct station *s, uint32_t ip, uint64_t now);

// The MAC to send to for ip, or NULL while nobody has answered. Asks again when it is time. A hop
// that was given to somebody else since is noticed, and looked up anew.
const uint8_t *neighbours_use(
	struct neighbours *t, const struct station *s, uint32_t hop, uint32_t ip, uint64_t now);

// Somebody says where ip is. Believed about hops that we have; about others forgotten at once.
void neighbours_hear(
	struct neighbours *t, uint16_t port, uint32_t ip, const uint8_t *mac, uint64_t now);

// The next hop to send an ARP request for, or -1.
int neighbours_next_ask(struct neighbours *t);
