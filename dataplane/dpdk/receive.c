// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/receive.h"

#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/transmit.h"
#include "dataplane/dpdk/worker.h"

#include <rte_mbuf.h>

#include <assert.h>
#include <stddef.h>
#include <string.h>

// Where each kind is counted; UDP is counted by the engine.
static const size_t counter[FRAME_KINDS] = {
	[FRAME_ECHO] = offsetof(struct worker_stats, rx_echo),
	[FRAME_ARP] = offsetof(struct worker_stats, rx_arp),
	[FRAME_NOT_IP] = offsetof(struct worker_stats, rx_not_ip),
	[FRAME_BAD_IP] = offsetof(struct worker_stats, rx_bad_ip),
	[FRAME_NOT_OURS] = offsetof(struct worker_stats, rx_not_ours),
	[FRAME_NOT_UDP] = offsetof(struct worker_stats, rx_not_udp),
	[FRAME_BAD_UDP] = offsetof(struct worker_stats, rx_bad_udp),
	[FRAME_BAD_CHECKSUM] = offsetof(struct worker_stats, rx_bad_checksum),
};

static void count(struct worker *w, enum frame_kind kind)
{
	stat_add((_Atomic uint64_t *)(void *)((uint8_t *)&w->stats + counter[kind]), 1);
}

static void view(struct worker *w, struct rte_mbuf *m, const struct frame *f)
{
	struct pkt *p = &w->in.pkt[w->in.n++];
	uint32_t room = f->len + rte_pktmbuf_tailroom(m);

	*p = (struct pkt){
		.data = rte_pktmbuf_mtod_offset(m, uint8_t *, f->off),
		.buf = m,
		.ip = { [10] = 0xff, [11] = 0xff },
		.len = f->len,
		.room = (uint16_t)(room < FRAME_PAYLOAD_MAX ? room : FRAME_PAYLOAD_MAX),
		.local_port = f->to_port,
		.remote_port = f->from_port,
		.address = (uint8_t)f->address,
	};
	for (uint32_t i = 0; i < 4; i++)
		p->ip[12 + i] = (uint8_t)(f->from >> (24 - 8 * i));
}

// An answer goes out in the mbuf that brought the question.
static void answer_echo(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	frame_echo_reply(rte_pktmbuf_mtod(m, uint8_t *), &port->station);
	transmit_frame(w, port, m);
}

// RFC 826: whom we know is updated by whatever he says; a question for us is answered.
static void hear_arp(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	struct arp arp;

	if (!arp_read(&arp, data, m->data_len)) {
		rte_pktmbuf_free(m);
		return;
	}
	neighbours_hear(&w->neighbours, port->station.port, arp.from, arp.from_mac, w->now);
	if (arp.op != ARP_REQUEST || station_find(&port->station, arp.to) == NULL) {
		rte_pktmbuf_free(m);
		return;
	}

	struct arp reply = { .op = ARP_REPLY, .from = arp.to, .to = arp.from };
	memcpy(reply.from_mac, port->station.mac, MAC_LEN);
	arp_write(data, &reply, arp.from_mac);
	m->data_len = FRAME_ARP_LEN;
	m->pkt_len = FRAME_ARP_LEN;
	transmit_frame(w, port, m);
}

static void sort(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	struct frame f;
	enum frame_kind kind = FRAME_BAD_IP; // longer than a frame that we could be sent

	if (m->nb_segs == 1)
		kind = frame_read(
			&f, &port->station, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
	if (kind == FRAME_UDP) {
		view(w, m, &f);
		return;
	}
	count(w, kind);
	if (kind == FRAME_ECHO)
		answer_echo(w, port, m);
	else if (kind == FRAME_ARP)
		hear_arp(w, port, m);
	else
		rte_pktmbuf_free(m);
}

void receive_frames(struct worker *w, struct port *port, struct rte_mbuf **frames, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		sort(w, port, frames[i]);
	transmit_rest(w, port);
}

void receive(struct worker *w, struct port *port)
{
	struct rte_mbuf *frames[BURST_MAX];
	uint16_t n = port_take(port, frames);

	assert(w->in.n == 0);
	if (n == 0)
		return;
	w->idle = false;
	stat_add(&w->stats.rx_packets, n);
	receive_frames(w, port, frames, handoff_sort(w, port, frames, n));
}
