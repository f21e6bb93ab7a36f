// SPDX-License-Identifier: BSD-3-Clause
//
// Next hops of one worker: whom ARP or neighbour discovery has found, whom to ask again. A flow
// keeps the index of its hop. A gateway has an entry of its own, apart from that of the host
// which it also is: a gateway that moves, or becomes another machine, changes one entry and not
// a quarter of a million flows. Only what a flow needs makes an entry; what arrives on the wire
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
	uint64_t confirmed;   // ns, when it last spoke for itself
	uint64_t asked;       // ns
	uint64_t used;        // ns
	struct ip_address ip; // of a gateway that was taken away: 0.0.0.0 or ::
	uint32_t next;        // in its chain: index + 1, 0 ends it
	uint16_t port;
	uint8_t lan;     // of the port's station
	uint8_t tries;   // questions since it was last confirmed, up to 255
	bool gateway;    // the way to everybody who is not beside us
	bool known;      // mac is there
	bool ever_asked; // asked is a time
	bool router;     // it says that it is one; of IPv6 only
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

// The hop towards ip: itself when it is beside us, else the gateway of its family. -1: no way
// there, or no room. A hop not seen before is asked for at once.
int neighbours_towards(struct neighbours *t, const struct station *s, uint32_t lan,
	const struct ip_address *ip, uint64_t now);

// Looks for a gateway before anybody needs it.
void neighbours_prepare(struct neighbours *t, const struct station *s, uint32_t lan,
	enum ip_family family, uint64_t now);

// The entry to send to for ip, or NULL while nobody has answered. Asks again when it is time. A
// hop that was given to somebody else since is noticed, and looked up anew. What it returns is
// true of every other ip of the family too when it is a gateway's and hop was what it went by.
const struct neighbour *neighbours_use(struct neighbours *t, const struct station *s, uint32_t lan,
	uint32_t hop, const struct ip_address *ip, uint64_t now);

// How somebody came to say where he is.
enum neighbour_word {
	WORD_ANSWER, // he was asked, or announces himself where that is believed (ARP)
	WORD_CLAIM,  // unasked: taken, but to be asked about soon (RFC 4861, 7.2.3, 7.2.5)
	WORD_DOUBT,  // an answer not meant to override: confirms, or makes us ask again
};

struct neighbour_news {
	uint16_t port;
	uint8_t lan;
	enum neighbour_word word;
	const struct ip_address *ip;
	const uint8_t *mac; // NULL: he did not say
};

// Believed about hops that we have; about others forgotten at once.
void neighbours_hear(struct neighbours *t, const struct neighbour_news *news, uint64_t now);

// What a neighbour of IPv6 says of itself. Returns whether a gateway of ours says it is none.
bool neighbours_hear_router(struct neighbours *t, uint16_t port, uint32_t lan,
	const struct ip_address *ip, bool router);

// The gateway of a VLAN is another machine from now on, or none (all zero): flows keep their
// hop. The old one's MAC serves until the new one has answered.
void neighbours_move_gateway(struct neighbours *t, struct station *s, uint32_t lan,
	enum ip_family family, const struct ip_address *to, uint64_t now);

// The next hop to ask for, or -1.
int neighbours_next_ask(struct neighbours *t);
