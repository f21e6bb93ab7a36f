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

// Who is meant: a host or the gateway on one wire.
struct key {
	const struct ip_address *ip;
	uint16_t port;
	uint8_t lan;
	bool gateway;
};

// A host and the gateway that it also is are in one chain, so that one word updates both.
static uint32_t *chain_of(struct neighbours *t, const struct key *k)
{
	return &t->chain[ip_hash(k->ip->b, k->port * 64U + k->lan) & t->mask];
}

static bool is_at(const struct neighbour *n, const struct key *k)
{
	return n->port == k->port && n->lan == k->lan && ip_equal(&n->ip, k->ip);
}

static uint32_t find(struct neighbours *t, const struct key *k)
{
	uint32_t at = *chain_of(t, k);

	while (at != 0) {
		const struct neighbour *n = &t->entry[at - 1];

		if (is_at(n, k) && n->gateway == k->gateway)
			return at - 1;
		at = n->next;
	}
	return no_hop;
}

static void unlink_entry(struct neighbours *t, uint32_t hop)
{
	const struct neighbour *n = &t->entry[hop];
	uint32_t *at = chain_of(t, &(struct key){ &n->ip, n->port, n->lan, n->gateway });

	while (*at != hop + 1)
		at = &t->entry[*at - 1].next;
	*at = n->next;
}

static void link_entry(struct neighbours *t, uint32_t hop, const struct key *k)
{
	struct neighbour *n = &t->entry[hop];
	uint32_t *chain = chain_of(t, k);

	n->ip = *k->ip;
	n->port = k->port;
	n->lan = k->lan;
	n->gateway = k->gateway;
	n->next = *chain;
	*chain = hop + 1;
}

// What the entry of a gateway has while there is none: nobody's address, but of its family.
static struct ip_address nobody(enum ip_family family)
{
	return family == FAMILY_V4 ? ip_from_v4(0) : (struct ip_address){ 0 };
}

static bool is_nobody(const struct ip_address *ip)
{
	struct ip_address none = nobody(ip_family(ip));

	return ip_equal(ip, &none);
}

static bool since(uint64_t then, uint64_t now, uint64_t ms)
{
	return now - then >= ms * MS;
}

// An entry that nobody has used for very long; a few are looked at, so that it costs little. A
// gateway stays: its flows may only be silent.
static uint32_t spare(struct neighbours *t, uint64_t now)
{
	for (uint32_t i = 0; i < SPARE_TRIES; i++) {
		uint32_t hop = t->hand;

		t->hand = (t->hand + 1) % t->size;
		if (!t->entry[hop].gateway && since(t->entry[hop].used, now, NEIGHBOUR_SPARE_MS)) {
			unlink_entry(t, hop);
			return hop;
		}
	}
	return no_hop;
}

// What is known of the same machine in its other part.
static void learn_from_twin(struct neighbours *t, uint32_t hop)
{
	struct neighbour *n = &t->entry[hop];
	uint32_t twin = find(t, &(struct key){ &n->ip, n->port, n->lan, !n->gateway });

	if (twin == no_hop || !t->entry[twin].known)
		return;
	memcpy(n->mac, t->entry[twin].mac, MAC_LEN);
	n->known = true;
	n->confirmed = t->entry[twin].confirmed;
}

static uint32_t add(struct neighbours *t, const struct key *k, uint64_t now)
{
	uint32_t hop = t->used < t->size ? t->used++ : spare(t, now);

	if (hop == no_hop)
		return no_hop;
	t->entry[hop] = (struct neighbour){ 0 };
	link_entry(t, hop, k);
	learn_from_twin(t, hop);
	return hop;
}

static void ask(struct neighbours *t, uint32_t hop, uint64_t now)
{
	struct neighbour *n = &t->entry[hop];

	if (n->ever_asked && !since(n->asked, now, NEIGHBOUR_ASK_MS))
		return;
	if (t->asks == NEIGHBOUR_ASKS_MAX || is_nobody(&n->ip))
		return; // comes again with its next packet
	n->ever_asked = true;
	n->asked = now;
	if (n->tries < UINT8_MAX)
		n->tries++;
	t->ask[t->asks++] = hop;
}

// A /31 and a /127 have only hosts (RFC 3021, RFC 6164). Of other IPv4 networks the first is the
// network's own and the last is everybody's; of IPv6 the first is every router's (RFC 4291,
// 2.6.1), which may be sent to.
static bool is_host_of(const struct station_address *beside, uint32_t v4)
{
	uint32_t host_bits = ~ip_to_v4(&beside->mask);

	return host_bits <= 1 || ((v4 & host_bits) != 0 && (v4 & host_bits) != host_bits);
}

// Whether a unicast frame may go there: a host's address that is not our own.
static bool may_be_sent_to(const struct station *s, uint32_t lan,
	const struct station_address *beside, const struct ip_address *ip)
{
	if (!ip_is_host(ip->b) || station_find(s, lan, ip) != NULL)
		return false;
	return beside == NULL || !ip_is_v4(ip->b) || is_host_of(beside, ip_to_v4(ip));
}

// The entry of somebody who is needed: made and asked for when it is new. -1: no room.
static int need(struct neighbours *t, const struct key *k, uint64_t now)
{
	uint32_t hop = find(t, k);

	if (hop == no_hop)
		hop = add(t, k, now);
	if (hop == no_hop)
		return -1;
	t->entry[hop].used = now;
	if (!t->entry[hop].known)
		ask(t, hop, now);
	return (int)hop;
}

int neighbours_towards(struct neighbours *t, const struct station *s, uint32_t lan,
	const struct ip_address *ip, uint64_t now)
{
	const struct station_address *beside = station_beside(s, lan, ip);
	const struct ip_address *gateway = &s->lan[lan].gateway[ip_family(ip)];

	if (!may_be_sent_to(s, lan, beside, ip) || (beside == NULL && ip_is_none(gateway)))
		return -1;

	struct key k = { beside != NULL ? ip : gateway, s->port, (uint8_t)lan, beside == NULL };
	return need(t, &k, now);
}

void neighbours_prepare(struct neighbours *t, const struct station *s, uint32_t lan,
	enum ip_family family, uint64_t now)
{
	const struct ip_address *gateway = &s->lan[lan].gateway[family];

	if (!ip_is_none(gateway))
		need(t, &(struct key){ gateway, s->port, (uint8_t)lan, true }, now);
}

static bool is_way_to(const struct neighbour *n, const struct station *s, uint32_t lan,
	const struct ip_address *ip)
{
	if (n->port != s->port || n->lan != lan)
		return false;
	return n->gateway ? ip_same_family(n->ip.b, ip->b) : ip_equal(&n->ip, ip);
}

const struct neighbour *neighbours_use(struct neighbours *t, const struct station *s, uint32_t lan,
	uint32_t hop, const struct ip_address *ip, uint64_t now)
{
	if (hop >= t->used || !is_way_to(&t->entry[hop], s, lan, ip)) {
		int anew = neighbours_towards(t, s, lan, ip, now);

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
	return n->known ? n : NULL;
}

// Another place that nobody has confirmed leaves the entry as old as one that is asked for again.
static void take(struct neighbour *n, const struct neighbour_news *news, uint64_t now)
{
	bool anew = !n->known;
	bool same = !anew && (news->mac == NULL || memcmp(n->mac, news->mac, MAC_LEN) == 0);

	if (anew && news->mac == NULL)
		return; // an answer that leaves out the one thing that was asked
	if (news->word == WORD_ANSWER || (news->word == WORD_DOUBT && (anew || same))) {
		n->confirmed = now;
		n->tries = 0;
	} else if (!same) {
		n->confirmed = now - (uint64_t)NEIGHBOUR_FRESH_MS * MS;
	}
	if (!same && (news->word != WORD_DOUBT || anew))
		memcpy(n->mac, news->mac, MAC_LEN);
	n->known = true;
}

void neighbours_hear(struct neighbours *t, const struct neighbour_news *news, uint64_t now)
{
	struct key k = { news->ip, news->port, news->lan, false };

	for (uint32_t at = *chain_of(t, &k); at != 0; at = t->entry[at - 1].next) {
		if (is_at(&t->entry[at - 1], &k))
			take(&t->entry[at - 1], news, now);
	}
}

bool neighbours_hear_router(
	struct neighbours *t, uint16_t port, uint32_t lan, const struct ip_address *ip, bool router)
{
	struct key k = { ip, port, (uint8_t)lan, false };
	bool lost = false;

	for (uint32_t at = *chain_of(t, &k); at != 0; at = t->entry[at - 1].next) {
		struct neighbour *n = &t->entry[at - 1];

		if (!is_at(n, &k))
			continue;
		lost = lost || (n->gateway && !router);
		n->router = router;
	}
	return lost;
}

void neighbours_move_gateway(struct neighbours *t, struct station *s, uint32_t lan,
	enum ip_family family, const struct ip_address *to, uint64_t now)
{
	struct ip_address from = s->lan[lan].gateway[family];
	struct ip_address anew = ip_is_none(to) ? nobody(family) : *to;

	s->lan[lan].gateway[family] = *to;
	if (ip_is_none(&from))
		from = nobody(family);

	uint32_t hop = find(t, &(struct key){ &from, s->port, (uint8_t)lan, true });
	if (hop == no_hop || ip_equal(&from, &anew))
		return;

	struct neighbour *n = &t->entry[hop];
	unlink_entry(t, hop);
	link_entry(t, hop, &(struct key){ &anew, s->port, (uint8_t)lan, true });
	n->ever_asked = false;
	n->tries = 0;
	if (is_nobody(&anew)) {
		n->known = false;
		return;
	}
	learn_from_twin(t, hop);
	ask(t, hop, now);
}

int neighbours_next_ask(struct neighbours *t)
{
	return t->asks > 0 ? (int)t->ask[--t->asks] : -1;
}
