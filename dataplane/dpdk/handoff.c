// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/handoff.h"

#include "dataplane/dpdk/kernel_path.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/receive.h"
#include "dataplane/dpdk/transmit.h"
#include "dataplane/dpdk/worker.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <assert.h>

static struct handoff_tag *tag_of(struct rte_mbuf *m)
{
	assert(m->priv_size >= sizeof(struct handoff_tag));
	return rte_mbuf_to_priv(m);
}

static void flush_pair(struct worker *w, struct handoff_pair *pair)
{
	unsigned taken =
		rte_ring_sp_enqueue_burst(pair->to, (void *const *)pair->wait, pair->n, NULL);

	stat_add(&w->stats.handoff_full, pair->n - taken);
	rte_pktmbuf_free_bulk(pair->wait + taken, pair->n - taken);
	pair->n = 0;
}

static void put(struct worker *w, uint32_t to, struct rte_mbuf *m)
{
	struct handoff_pair *pair = &w->handoff.pair[to];

	pair->wait[pair->n++] = m;
	if (pair->n == BURST_MAX)
		flush_pair(w, pair);
}

void handoff_flush(struct worker *w)
{
	for (uint32_t i = 0; i < w->handoff.workers; i++) {
		if (w->handoff.pair[i].n > 0)
			flush_pair(w, &w->handoff.pair[i]);
	}
}

static void hand_over(struct worker *w, const struct port *port, uint32_t to, struct rte_mbuf *m,
	enum handoff_kind kind)
{
	struct handoff_tag *tag = tag_of(m);

	tag->kind = (uint8_t)kind;
	tag->port = port->station.port;
	stat_add(&w->stats.handed_over, 1);
	put(w, to, m);
}

// A copy for each other worker with an address on the port; ours stays.
static void hand_to_all(struct worker *w, const struct port *port, struct rte_mbuf *m)
{
	uint64_t others = w->handoff.shares[port->station.port] & ~(UINT64_C(1) << w->handoff.self);

	for (; others != 0; others &= others - 1) {
		struct rte_mbuf *copy = rte_pktmbuf_copy(m, w->pool, 0, UINT32_MAX);

		if (copy == NULL)
			stat_add(&w->stats.handoff_full, 1);
		else
			hand_over(w, port, (uint32_t)__builtin_ctzll(others), copy, HANDOFF_COPY);
	}
}

// Whether this frame stays with us.
static bool keep(struct worker *w, const struct port *port, struct rte_mbuf *m)
{
	int owner = owner_of(w->handoff.owners, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);

	if (owner == OWNER_ALL)
		hand_to_all(w, port, m);
	if (owner < 0 || (uint32_t)owner == w->handoff.self)
		return true;
	hand_over(w, port, (uint32_t)owner, m, HANDOFF_FRAME);
	return false;
}

void handoff_kernel(struct worker *w, const struct port *port, uint32_t to, struct rte_mbuf *m)
{
	hand_over(w, port, to, m, HANDOFF_KERNEL);
}

bool handoff_is_copy(const struct worker *w, struct rte_mbuf *m)
{
	return w->handoff.taking && tag_of(m)->kind == HANDOFF_COPY;
}

uint16_t handoff_sort(
	struct worker *w, const struct port *port, struct rte_mbuf **frames, uint16_t n)
{
	uint16_t kept = 0;

	if (w->handoff.workers <= 1)
		return n;
	for (uint16_t i = 0; i < n; i++) {
		if (keep(w, port, frames[i]))
			frames[kept++] = frames[i];
	}
	return kept;
}

// Frames of one port in a row are received as the burst that they were.
static void receive_run(struct worker *w, uint16_t port, struct rte_mbuf **frames, uint16_t n)
{
	if (n == 0)
		return;
	w->handoff.taking = true;
	receive_frames(w, &w->port[port], frames, n);
	w->handoff.taking = false;
	worker_input(w);
}

static void relay(struct worker *w, struct rte_mbuf *m)
{
	const struct handoff_tag *tag = tag_of(m);
	struct pkt p = tag->pkt;

	if (w->drop.n == BURST_MAX)
		transmit_nothing(&w->drop);
	engine_far_packet(w->engine, &p, &tag->mark, &w->out, &w->drop, w->now);
}

static bool is_received(const struct handoff_tag *tag)
{
	return tag->kind == HANDOFF_FRAME || tag->kind == HANDOFF_COPY;
}

static void take_from(struct worker *w, struct handoff_pair *pair)
{
	struct rte_mbuf *taken[BURST_MAX];
	struct rte_mbuf *frames[BURST_MAX];
	unsigned n = rte_ring_sc_dequeue_burst(pair->from, (void **)taken, BURST_MAX, NULL);
	uint16_t port = 0;
	uint16_t run = 0;

	if (n == 0)
		return;
	w->idle = false;
	stat_add(&w->stats.handed_in, n);
	for (unsigned i = 0; i < n; i++) {
		const struct handoff_tag *tag = tag_of(taken[i]);

		if (run > 0 && (!is_received(tag) || tag->port != port)) {
			receive_run(w, port, frames, run);
			run = 0;
		}
		port = tag->port;
		if (tag->kind == HANDOFF_RELAY)
			relay(w, taken[i]);
		else if (tag->kind == HANDOFF_KERNEL)
			kernel_path_give(w, &w->port[port], taken[i]);
		else
			frames[run++] = taken[i];
	}
	receive_run(w, port, frames, run);
	transmit(w, &w->out);
	transmit_nothing(&w->drop);
}

static void hear(struct worker *w, struct handoff_pair *pair)
{
	uint32_t at;

	while (lane_peek(&pair->reader, &at)) {
		engine_far_note(w->engine, &pair->notes_from->note[at]);
		lane_release(&pair->reader);
		w->idle = false;
	}
}

void handoff_take(struct worker *w)
{
	for (uint32_t i = 0; i < w->handoff.workers; i++) {
		if (i == w->handoff.self)
			continue;
		hear(w, &w->handoff.pair[i]);
		take_from(w, &w->handoff.pair[i]);
	}
}

bool handoff_note(struct worker *w, uint16_t to, const struct far_note *note)
{
	struct handoff_pair *pair = &w->handoff.pair[to];
	uint32_t at;

	if (!lane_reserve(&pair->writer, &at))
		return false;
	pair->notes_to->note[at] = *note;
	lane_commit(&pair->writer);
	return true;
}

void handoff_pass(struct worker *w, uint16_t to, const struct pkt *p, const struct far_mark *mark)
{
	struct rte_mbuf *m = p->buf;
	struct handoff_tag *tag = tag_of(m);

	tag->kind = HANDOFF_RELAY;
	tag->pkt = *p;
	tag->mark = *mark;
	put(w, to, m);
}
