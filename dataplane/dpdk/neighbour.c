// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/neighbour.h"

#include <assert.h>
#include <string.h>

enum { LINE = 64, MS = 1000000, SPARE_TRIES = 64 };

static const uint32_t no_hop = UINT32_MAX;

static uint32_t chains_for(uint32_t hops)
{
	uint32_t chains = 1;

	while (chains < hops)
		chains *= 2;
	return chains;
}

static size_t chains_size(uint32_t hops)
{
	return (chains_for(hops) * sizeof(uint32_t) + LINE - 1) / LINE * LINE;
}

size_t neighbours_size(uint32_t hops)
{
	return chains_size(hops) + hops * sizeof(struct neighbour);
}

void neighbours_init(struct neighbours *t, void *memory, uint32_t hops)
{
	assert(hops > 0 && hops <= 65536);
	memset(memory, 0, neighbours_size(hops));
	*t = (struct neighbours){
		.size = hops,
		.mask = chains_for(hops) - 1,
		.chain = memory,
		.entry = (void *)((uint8_t *)memory + chains_size(hops)),
	};
}

// Hosts of one network differ in the low bits, which is all that the chains need.
static uint32_t *chain_of(struct neighbours *t, uint16_t port, uint32_t ip)
{
	return &t->chain[(ip ^ (uint32_t)port << 8) & t->mask];
}

static uint32_t find(struct neighbours *t, uint16_t port, uint32_t ip)
{
	uint32_t at = *chain_of(t, port, ip);

	while (at != 0) {
		const struct neighbour *n = &t->entry[at - 1];

		if (n->ip == ip && n->port == port)
			return at - 1;
		at = n->next;
	}
	return no_hop;
}

static void unlink_entry(struct neighbours *t, uint32_t hop)
{
	uint32_t *at = chain_of(t, t->entry[hop].port, t->entry[hop].ip);

	while (*at != hop + 1)
		at = &t->entry[*at - 1].next;
	*at = t->entry[hop].next;
}

static bool since(uint64_t then, uint64_t now, uint64_t ms)
{
	return now - then >= ms * MS;
}

// An entry that nobody has used for very long; a few are looked at, so that it costs little.
static uint32_t spare(struct neighbours *t, uint64_t now)
{
	for (uint32_t i = 0; i < SPARE_TRIES; i++) {
		uint32_t hop = t->hand;

		t->hand = (t->hand + 1) % t->size;
		if (since(t->entry[hop].used, now, NEIGHBOUR_SPARE_MS)) {
			unlink_entry(t, hop);
			return hop;
		}
	}
	return no_hop;
}

static uint32_t add(struct neighbours *t, uint16_t port, uint32_t ip, uint64_t now)
{
	uint32_t hop = t->used < t->size ? t->used++ : spare(t, now);

	if (hop == no_hop)
		return no_hop;

	uint32_t *chain = chain_of(t, port, ip);
	t->entry[hop] = (struct neighbour){ .ip = ip, .port = port, .next = *chain };
	*chain = hop + 1;
	return hop;
}

static void ask(struct neighbours *t, uint32_t hop, uint64_t now)
{
	struct neighbour *n = &t->entry[hop];

	if (n->ever_asked && !since(n->asked, now, NEIGHBOUR_ASK_MS))
		return;
	if (t->asks == NEIGHBOUR_ASKS_MAX)
		return; // comes again with its next packet
	n->ever_asked = true;
	n->asked = now;
	t->ask[t->asks++] = hop;
}

// Whether a unicast frame may go there: RFC 1122, section 3.2.1.3, and not to ourselves, not to
// the network's own or its broadcast address.
static bool may_be_sent_to(const struct station *s, uint32_t ip)
{
	uint32_t net = ip >> 24;
	const struct station_address *beside = station_beside(s, ip);

	if (net == 0 || net == 127 || net >= 224 || station_find(s, ip) != NULL)
		return false;
	if (beside == NULL || (~beside->mask) <= 1) // RFC 3021: a /31 has only hosts
		return true;
	return (ip & ~beside->mask) != 0 && (ip | beside->mask) != UINT32_MAX;
}

int neighbours_towards(struct neighbours *t, const struct station *s, uint32_t ip, uint64_t now)
{
	if (!may_be_sent_to(s, ip))
		return -1;

	uint32_t via = station_beside(s, ip) != NULL ? ip : s->gateway;
	if (via == 0)
		return -1;

	uint32_t hop = find(t, s->port, via);
	if (hop == no_hop)
		hop = add(t, s->port, via, now);
	if (hop == no_hop)
		return -1;
	t->entry[hop].used = now;
	if (!t->entry[hop].known)
		ask(t, hop, now);
	return (int)hop;
}

static bool is_way_to(const struct neighbour *n, const struct station *s, uint32_t ip)
{
	return n->port == s->port && (n->ip == ip || n->ip == s->gateway);
}

const uint8_t *neighbours_use(
	struct neighbours *t, const struct station *s, uint32_t hop, uint32_t ip, uint64_t now)
{
	if (hop >= t->used || !is_way_to(&t->entry[hop], s, ip)) {
		int anew = neighbours_towards(t, s, ip, now);

		if (anew < 0)
			return NULL;
		hop = (uint32_t)anew;
	}

	struct neighbour *n = &t->entry[hop];
	n->used = now;
	if (n->known && since(n->confirmed, now, NEIGHBOUR_EXPIRE_MS))
		n->known = false;
	if (!n->known || since(n->confirmed, now, NEIGHBOUR_FRESH_MS))
		ask(t, hop, now);
	return n->known ? n->mac : NULL;
}

void neighbours_hear(
	struct neighbours *t, uint16_t port, uint32_t ip, const uint8_t *mac, uint64_t now)
{
	uint32_t hop = find(t, port, ip);

	if (hop == no_hop)
		return;

	struct neighbour *n = &t->entry[hop];
	memcpy(n->mac, mac, MAC_LEN);
	n->known = true;
	n->confirmed = now;
}

int neighbours_next_ask(struct neighbours *t)
{
	return t->asks > 0 ? (int)t->ask[--t->asks] : -1;
}
