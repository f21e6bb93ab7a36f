// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/transmit.h"

#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/worker.h"

#include <rte_mbuf.h>

#include <assert.h>
#include <string.h>

enum { ANNOUNCE_TIMES = 3, ANNOUNCE_S = 2 }; // RFC 5227, section 2.3; one more for a slow switch

uint32_t transmit_blank(struct worker *w, struct burst *out, uint32_t n)
{
	struct rte_mbuf *mbufs[BURST_MAX];

	n = n < BURST_MAX - out->n ? n : BURST_MAX - out->n;
	if (n == 0 || rte_pktmbuf_alloc_bulk(w->pool, mbufs, n) != 0)
		return 0; // the engine counts it
	for (uint32_t i = 0; i < n; i++)
		out->pkt[out->n++] = (struct pkt){
			.data = rte_pktmbuf_mtod_offset(mbufs[i], uint8_t *, FRAME_HEADERS),
			.buf = mbufs[i],
			.room = FRAME_PAYLOAD_MAX,
		};
	return n;
}

void transmit_rest(struct worker *w, struct port *port)
{
	uint16_t n = port->n;
	uint16_t sent;

	if (n == 0)
		return;
	sent = port_send(port);
	stat_add(&w->stats.tx_packets, sent);
	stat_add(&w->stats.tx_refused, (uint64_t)(n - sent));
	w->idle = false;
}

void transmit_frame(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	port->frame[port->n++] = m;
	if (port->n == BURST_MAX)
		transmit_rest(w, port);
}

static uint32_t ipv4(const uint8_t ip[16])
{
	return (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 | (uint32_t)ip[14] << 8 | ip[15];
}

// The headers go before the payload, wherever the engine has left it.
static void frame_it(struct worker *w, struct port *port, const struct pkt *p, const uint8_t *mac)
{
	struct rte_mbuf *m = p->buf;
	uint8_t *start = (uint8_t *)m->buf_addr;

	assert(p->data >= start + FRAME_HEADERS);
	frame_write(p->data, p->len,
		&(struct frame_udp){
			.to_mac = mac,
			.from_mac = port->station.mac,
			.from = w->address[p->address].ip,
			.to = ipv4(p->ip),
			.from_port = p->local_port,
			.to_port = p->remote_port,
		});
	m->data_off = (uint16_t)(p->data - FRAME_HEADERS - start);
	m->data_len = (uint16_t)(FRAME_HEADERS + p->len);
	m->pkt_len = m->data_len;
	transmit_frame(w, port, m);
}

static void send_one(struct worker *w, const struct pkt *p)
{
	if (p->len == 0) { // it could not be sealed: the engine has counted it
		rte_pktmbuf_free(p->buf);
		return;
	}

	struct port *port = &w->port[w->address[p->address].port];
	const uint8_t *mac =
		neighbours_use(&w->neighbours, &port->station, p->hop, ipv4(p->ip), w->now);

	if (mac != NULL) {
		frame_it(w, port, p, mac);
		return;
	}
	stat_add(&w->stats.tx_no_neighbour, 1);
	rte_pktmbuf_free(p->buf);
}

void transmit(struct worker *w, struct burst *out)
{
	if (out->n == 0)
		return;
	w->idle = false;
	for (uint32_t i = 0; i < out->n; i++)
		send_one(w, &out->pkt[i]);
	out->n = 0;
	for (uint32_t i = 0; i < w->ports; i++)
		transmit_rest(w, &w->port[i]);
}

void transmit_nothing(struct burst *drop)
{
	for (uint32_t i = 0; i < drop->n; i++)
		rte_pktmbuf_free(drop->pkt[i].buf);
	drop->n = 0;
}

// To everyone; from and to being the same is how one announces oneself.
static void send_arp_request(struct worker *w, struct port *port, uint32_t from, uint32_t to)
{
	struct arp arp = { .op = ARP_REQUEST, .from = from, .to = to };
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (m == NULL) {
		stat_add(&w->stats.tx_no_buffer, 1);
		return;
	}
	memcpy(arp.from_mac, port->station.mac, MAC_LEN);
	arp_write(rte_pktmbuf_mtod(m, uint8_t *), &arp, NULL);
	m->data_len = FRAME_ARP_LEN;
	m->pkt_len = FRAME_ARP_LEN;
	transmit_frame(w, port, m);
}

// The gateway is asked for as well, so that the first packet of a call does not wait for it.
static void announce(struct worker *w)
{
	for (uint32_t i = 0; i < w->ports; i++) {
		struct port *port = &w->port[i];

		for (uint32_t k = 0; k < port->station.addresses; k++)
			send_arp_request(
				w, port, port->station.address[k].ip, port->station.address[k].ip);
		if (port->station.gateway != 0)
			neighbours_towards(
				&w->neighbours, &port->station, port->station.gateway, w->now);
	}
	w->announced++;
	w->announce_at = w->now + ANNOUNCE_S * 1000000000ULL;
}

// From our address in the network of the one who is asked for.
static void ask(struct worker *w, uint32_t hop)
{
	const struct neighbour *n = &w->neighbours.entry[hop];
	struct port *port = &w->port[n->port];
	const struct station_address *from = station_beside(&port->station, n->ip);

	if (from != NULL)
		send_arp_request(w, port, from->ip, n->ip);
}

void transmit_asks(struct worker *w)
{
	int hop;

	if (w->announced < ANNOUNCE_TIMES && w->now >= w->announce_at)
		announce(w);
	while ((hop = neighbours_next_ask(&w->neighbours)) >= 0)
		ask(w, (uint32_t)hop);
	for (uint32_t i = 0; i < w->ports; i++)
		transmit_rest(w, &w->port[i]);
}
