// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/transmit.h"

#include "dataplane/dpdk/wire.h"
#include "dataplane/dpdk/worker.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <assert.h>

enum {
	AHEAD = 4, // packets whose header's line is fetched before it is written
	// Before a payload of ours: headers end at the end of a cache line.
	BLANK_AT = 64,
};
static_assert(RTE_PKTMBUF_HEADROOM + BLANK_AT >= HEADER_ROOM);

uint32_t transmit_blank(struct worker *w, struct burst *out, uint32_t n)
{
	struct rte_mbuf *mbufs[BURST_MAX];

	n = n < BURST_MAX - out->n ? n : BURST_MAX - out->n;
	if (n == 0 || rte_pktmbuf_alloc_bulk(w->pool, mbufs, n) != 0)
		return 0; // the engine counts it
	for (uint32_t i = 0; i < n; i++)
		out->pkt[out->n++] = (struct pkt){
			.data = rte_pktmbuf_mtod_offset(mbufs[i], uint8_t *, BLANK_AT),
			.buf = mbufs[i],
			.room = HEADER_PAYLOAD_MAX,
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

// What packets that follow each other have in common: they come from one address of ours and go
// to one hop. It is found once for all of them.
struct run {
	const struct worker_address *from;
	struct port *port;
	const struct neighbour *hop; // NULL: nobody answers
	uint16_t address;
	uint16_t hop_index;
	bool begun;
	struct ip_address ip; // of the packet that it began with
};

static bool belongs(const struct run *r, const struct pkt *p)
{
	struct ip_address ip = ip_from_bytes(p->ip);

	if (!r->begun || r->address != p->address || r->hop_index != p->hop)
		return false;
	return ip_equal(&r->ip, &ip) ||
	       (r->hop != NULL && r->hop->gateway && ip_same_family(r->ip.b, p->ip));
}

static void begin(struct worker *w, struct run *r, const struct pkt *p)
{
	const struct worker_address *from = &w->address[p->address];
	struct port *port = &w->port[from->port];

	*r = (struct run){ .from = from,
		.port = port,
		.address = p->address,
		.hop_index = p->hop,
		.begun = true,
		.ip = ip_from_bytes(p->ip) };
	r->hop = neighbours_use(&w->neighbours, &port->station, from->lan, p->hop, &r->ip, w->now);
}

// The counter of what keeps it here, or NULL: nothing does.
static _Atomic uint64_t *held(struct worker *w, const struct run *r, const struct pkt *p)
{
	if (!r->from->header.usable)
		return &w->stats.tx_no_address;
	if (r->hop == NULL)
		return &w->stats.tx_no_neighbour;
	return p->len > r->from->header.longest ? &w->stats.tx_too_long : NULL;
}

// The card is told where what it is to fill in lies.
static void leave_sums(struct rte_mbuf *m, const struct header *h)
{
	m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM |
		       (h->v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM);
	m->l2_len = (uint64_t)(h->len - h->ip_at) & 0x7f;
	m->l3_len = (h->v6 ? IP6_HEADER : IP4_HEADER) & 0x1ff;
}

// The headers go before the payload, wherever the engine has left it.
static void frame_it(struct worker *w, const struct run *r, const struct pkt *p)
{
	const struct header *h = &r->from->header;
	struct rte_mbuf *m = p->buf;
	uint8_t *start = (uint8_t *)m->buf_addr;

	assert(p->data >= start + HEADER_ROOM);
	header_write(h, p->data, p->len,
		&(struct header_to){ .mac = r->hop->mac,
			.ip = p->ip,
			.from_port = p->local_port,
			.to_port = p->remote_port },
		p->summed ? p->payload_sum : 0);
	m->data_off = (uint16_t)(p->data - h->len - start);
	m->data_len = (uint16_t)(h->len + p->len);
	m->pkt_len = m->data_len;
	if (h->card_sums)
		leave_sums(m, h);
	transmit_frame(w, r->port, m);
}

static void send_one(struct worker *w, struct run *r, const struct pkt *p)
{
	if (p->len == 0) { // it could not be sealed: the engine has counted it
		rte_pktmbuf_free(p->buf);
		return;
	}
	if (!belongs(r, p))
		begin(w, r, p);

	_Atomic uint64_t *why = held(w, r, p);
	if (why == NULL) {
		frame_it(w, r, p);
		return;
	}
	stat_add(why, 1);
	rte_pktmbuf_free(p->buf);
}

static void fetch(const struct pkt *p)
{
	rte_prefetch0(p->buf);
	__builtin_prefetch(p->data - BLANK_AT, /* write */ 1);
}

void transmit(struct worker *w, struct burst *out)
{
	struct run run = { .begun = false };

	if (out->n == 0)
		return;
	w->idle = false;
	for (uint32_t i = 0; i < AHEAD && i < out->n; i++)
		fetch(&out->pkt[i]);
	for (uint32_t i = 0; i < out->n; i++) {
		if (i + AHEAD < out->n)
			fetch(&out->pkt[i + AHEAD]);
		send_one(w, &run, &out->pkt[i]);
	}
	out->n = 0;
	for (uint32_t i = 0; i < w->ports; i++)
		transmit_rest(w, &w->port[i]);
}

void transmit_nothing(struct spent *drop)
{
	rte_pktmbuf_free_bulk((struct rte_mbuf **)(void *)drop->buf, drop->n);
	drop->n = 0;
}
