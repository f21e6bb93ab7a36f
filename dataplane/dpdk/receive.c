// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/receive.h"

#include "dataplane/dpdk/answer.h"
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/header.h"
#include "dataplane/dpdk/kernel_path.h"
#include "dataplane/dpdk/kernel_share.h"
#include "dataplane/dpdk/transmit.h"
#include "dataplane/dpdk/worker.h"

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <assert.h>
#include <stddef.h>
#include <string.h>

// Frames whose first line is fetched before they are looked at; of twice as many the buffer is.
enum { AHEAD = 4 };

// Where each kind is counted; UDP is counted by the engine.
static const size_t counter[FRAME_KINDS] = {
	[FRAME_ECHO] = offsetof(struct worker_stats, rx_echo),
	[FRAME_ARP] = offsetof(struct worker_stats, rx_arp),
	[FRAME_ND] = offsetof(struct worker_stats, rx_nd),
	[FRAME_NOT_IP] = offsetof(struct worker_stats, rx_not_ip),
	[FRAME_OTHER_VLAN] = offsetof(struct worker_stats, rx_other_vlan),
	[FRAME_BAD_IP] = offsetof(struct worker_stats, rx_bad_ip),
	[FRAME_FRAGMENT] = offsetof(struct worker_stats, rx_fragments),
	[FRAME_EXTENSION] = offsetof(struct worker_stats, rx_extension),
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
		.len = f->len,
		.room = (uint16_t)(room < HEADER_PAYLOAD_MAX ? room : HEADER_PAYLOAD_MAX),
		.local_port = f->to_port,
		.remote_port = f->from_port,
		.address = (uint8_t)f->address,
	};
	memcpy(p->ip, f->from.b, sizeof(p->ip));
}

// What the device says of the sums. What it calls bad is summed again by us, who then count it.
static unsigned trust(const struct rte_mbuf *m)
{
	bool ip = (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	bool udp = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD;

	return (ip ? FRAME_TRUST_IP : 0U) | (udp ? FRAME_TRUST_UDP : 0U);
}

// One whole frame, its tag where it was on the wire.
static bool is_whole(struct rte_mbuf **m)
{
	if (((*m)->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0 && rte_vlan_insert(m) != 0)
		return false;
	return (*m)->nb_segs == 1;
}

// The kernel may have an address of ours as well: its ports are those that are not RTP's.
static bool is_rtp(const struct worker *w, const struct frame *f)
{
	const struct worker_address *a = &w->address[f->address];

	return f->to_port >= a->rtp_first && f->to_port <= a->rtp_last;
}

// Whether the frame has gone to the kernel. Of what all workers of the port hear, who took it in
// gives the kernel the only copy.
static bool give_kernel(struct worker *w, struct port *port, struct rte_mbuf *m,
	enum frame_kind kind, const struct frame *f)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	enum kernel_share share = kernel_share(kind, &port->station, data, m->data_len);

	if (handoff_is_copy(w, m))
		return false;
	if (kind == FRAME_UDP)
		share = is_rtp(w, f) ? KERNEL_NOTHING : KERNEL_ALL;
	if (share == KERNEL_COPY)
		kernel_path_copy(w, port, m);
	else if (share == KERNEL_ALL)
		kernel_path_give(w, port, m);
	return share == KERNEL_ALL;
}

static void sort(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	enum frame_kind kind = FRAME_BAD_IP; // longer than a frame that we could be sent
	struct frame f;

	if (is_whole(&m))
		kind = frame_read(&f, &port->station, rte_pktmbuf_mtod(m, const uint8_t *),
			m->data_len, port->sums_in ? trust(m) : 0);
	if (port->kernel.on && give_kernel(w, port, m, kind, &f))
		return;
	if (kind == FRAME_UDP) {
		view(w, m, &f);
		return;
	}
	count(w, kind);
	m->ol_flags = 0; // it may go out again
	if (kind == FRAME_ECHO)
		answer_echo(w, port, m, &f);
	else if (kind == FRAME_ARP)
		answer_arp(w, port, m, &f);
	else if (kind == FRAME_ND)
		answer_nd(w, port, m, &f);
	else
		rte_pktmbuf_free(m);
}

void receive_frames(struct worker *w, struct port *port, struct rte_mbuf **frames, uint16_t n)
{
	for (uint16_t i = 0; i < 2 * AHEAD && i < n; i++)
		rte_prefetch0(frames[i]);
	for (uint16_t i = 0; i < AHEAD && i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		if (i + 2 * AHEAD < n)
			rte_prefetch0(frames[i + 2 * AHEAD]);
		if (i + AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(frames[i + AHEAD], void *));
		sort(w, port, frames[i]);
	}
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
