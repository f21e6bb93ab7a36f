// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/ask.h"

#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/dad.h"
#include "dataplane/dpdk/nd.h"
#include "dataplane/dpdk/transmit.h"
#include "dataplane/dpdk/worker.h"

#include <rte_mbuf.h>

#include <string.h>

enum { ANNOUNCE_TIMES = 3, ANNOUNCE_S = 2 }; // RFC 5227, section 2.3; one more for a slow switch

static struct rte_mbuf *blank(struct worker *w)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (m == NULL)
		stat_add(&w->stats.tx_no_buffer, 1);
	return m;
}

static void send(struct worker *w, struct port *port, struct rte_mbuf *m, size_t len)
{
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	transmit_frame(w, port, m);
}

// From and to being the same is how one announces oneself.
static void send_arp(struct worker *w, struct port *port, uint32_t lan, uint32_t from, uint32_t to)
{
	struct arp arp = { .op = ARP_REQUEST, .from = from, .to = to };
	struct rte_mbuf *m = blank(w);

	if (m == NULL)
		return;
	memcpy(arp.from_mac, port->station.mac, MAC_LEN);
	send(w, port, m,
		arp_write(rte_pktmbuf_mtod(m, uint8_t *), &arp, /* to_mac */ NULL,
			port->station.lan[lan].vlan));
}

static void send_nd(
	struct worker *w, struct port *port, uint32_t lan, struct nd *nd, const uint8_t *to_mac)
{
	struct ethernet e = { to_mac, port->station.mac, port->station.lan[lan].vlan };
	struct rte_mbuf *m = blank(w);

	if (m == NULL)
		return;
	memcpy(nd->mac, port->station.mac, MAC_LEN);
	send(w, port, m, nd_write(rte_pktmbuf_mtod(m, uint8_t *), nd, &e));
}

static void announce_one(struct worker *w, struct port *port, const struct station_address *a)
{
	struct nd nd = { .from = a->ip,
		.to = nd_all_nodes(),
		.target = a->ip,
		.advertises = true,
		.override = true,
		.has_mac = true };

	if (a->state != ADDRESS_VALID)
		return;
	stat_add(&w->stats.announcements, 1);
	if (ip_family(&a->ip) == FAMILY_V4)
		send_arp(w, port, a->lan, ip_to_v4(&a->ip), ip_to_v4(&a->ip));
	else
		send_nd(w, port, a->lan, &nd, /* to_mac */ NULL);
}

// The gateways are asked for as well, so that the first packet of a call does not wait for them.
static void ask_gateways(struct worker *w, struct port *port)
{
	for (uint32_t lan = 0; lan < port->station.lans; lan++) {
		for (enum ip_family f = FAMILY_V4; f < FAMILIES; f++)
			neighbours_prepare(&w->neighbours, &port->station, lan, f, w->now);
	}
}

static void announce(struct worker *w)
{
	for (uint32_t i = 0; i < w->ports; i++) {
		for (uint32_t k = 0; k < w->port[i].station.addresses; k++)
			announce_one(w, &w->port[i], &w->port[i].station.address[k]);
		ask_gateways(w, &w->port[i]);
	}
	w->announced++;
	w->announce_at = w->now + ANNOUNCE_S * 1000000000ULL;
}

void ask_announce(struct worker *w)
{
	w->announced = 0;
	w->announce_at = w->now;
}

void ask_gateway(struct worker *w, uint16_t port, uint16_t vlan, enum ip_family family,
	const struct ip_address *gateway)
{
	struct station *s = &w->port[port].station;
	int lan = station_lan(s, vlan);

	if (lan >= 0)
		neighbours_move_gateway(&w->neighbours, s, (uint32_t)lan, family, gateway, w->now);
}

// RFC 4862, 5.4.2: from nobody, and without saying where we are.
static void try_address(struct worker *w, struct port *port, const struct station_address *a)
{
	struct nd nd = { .to = nd_solicited_node(&a->ip), .target = a->ip };

	send_nd(w, port, a->lan, &nd, /* to_mac */ NULL);
}

static void try_addresses(struct worker *w, struct port *port)
{
	struct station *s = &port->station;

	for (uint32_t i = 0; i < s->addresses && s->tentative > 0; i++) {
		switch (dad_turn(s, &s->address[i], w->now)) {
		case DAD_ASK:
			try_address(w, port, &s->address[i]);
			break;
		case DAD_OURS:
			w->address[s->address[i].index].header.usable = true;
			ask_announce(w);
			break;
		case DAD_NOTHING:
			break;
		}
	}
}

// The first question about one whom we know goes to him, the others to everybody: he may have
// moved (RFC 4861, 7.3.3; RFC 7048).
static void ask(struct worker *w, const struct neighbour *n)
{
	struct port *port = &w->port[n->port];
	const struct station_address *from = station_asker(&port->station, n->lan, &n->ip);
	bool known = n->known && n->tries <= 1;

	if (from == NULL)
		return;
	if (ip_family(&n->ip) == FAMILY_V4) {
		send_arp(w, port, n->lan, ip_to_v4(&from->ip), ip_to_v4(&n->ip));
		return;
	}

	struct nd nd = { .from = from->ip, .target = n->ip, .has_mac = true };
	nd.to = known ? n->ip : nd_solicited_node(&n->ip);
	send_nd(w, port, n->lan, &nd, known ? n->mac : NULL);
}

void ask_turn(struct worker *w)
{
	int hop;

	for (uint32_t i = 0; i < w->ports; i++) {
		if (w->port[i].station.tentative > 0)
			try_addresses(w, &w->port[i]);
	}
	if (w->announced < ANNOUNCE_TIMES && w->now >= w->announce_at)
		announce(w);
	while ((hop = neighbours_next_ask(&w->neighbours)) >= 0)
		ask(w, &w->neighbours.entry[hop]);
	for (uint32_t i = 0; i < w->ports; i++)
		transmit_rest(w, &w->port[i]);
}
