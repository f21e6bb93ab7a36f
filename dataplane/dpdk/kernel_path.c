// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/kernel_path.h"

#include "dataplane/dpdk/transmit.h"
#include "dataplane/dpdk/worker.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

static bool serves(const struct worker *w, const struct kernel_path *k)
{
	return k->open && k->worker == w->handoff.self;
}

static void refuse(struct worker *w, struct rte_mbuf *m)
{
	stat_add(&w->stats.kernel_full, 1);
	rte_pktmbuf_free(m);
}

// Those who hand over have their budget as well, so that the ring is not full of it when RTP
// must pass.
void kernel_path_give(struct worker *w, struct port *port, struct rte_mbuf *m)
{
	struct kernel_path *k = &port->kernel;

	m->ol_flags = 0;
	if (!kernel_budget_has(&k->in, w->now) || k->n == BURST_MAX) {
		refuse(w, m);
		return;
	}
	kernel_budget_spend(&k->in, 1, w->now);
	if (serves(w, k))
		k->wait[k->n++] = m;
	else
		handoff_kernel(w, port, k->worker, m);
}

void kernel_path_copy(struct worker *w, struct port *port, const struct rte_mbuf *m)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(m, w->pool, 0, UINT32_MAX);

	if (copy == NULL)
		stat_add(&w->stats.kernel_full, 1);
	else
		kernel_path_give(w, port, copy);
}

static void to_kernel(struct worker *w, struct kernel_path *k)
{
	uint16_t sent;

	if (k->n == 0)
		return;
	sent = rte_eth_tx_burst(k->id, 0, k->wait, k->n);
	stat_add(&w->stats.kernel_in, sent);
	stat_add(&w->stats.kernel_full, (uint64_t)(k->n - sent));
	rte_pktmbuf_free_bulk(k->wait + sent, (unsigned)(k->n - sent));
	k->n = 0;
	w->idle = false;
}

// Beyond the budget they stay where they are: the kernel's own queue is the place to wait.
static void from_kernel(struct worker *w, struct port *port)
{
	struct kernel_path *k = &port->kernel;
	struct rte_mbuf *frames[BURST_MAX];
	uint16_t n;

	if (!kernel_budget_has(&k->out, w->now))
		return;
	n = rte_eth_rx_burst(k->id, 0, frames, BURST_MAX);
	if (n == 0)
		return;
	kernel_budget_spend(&k->out, n, w->now);
	stat_add(&w->stats.kernel_out, n);
	for (uint16_t i = 0; i < n; i++) {
		frames[i]->ol_flags = 0;
		transmit_frame(w, port, frames[i]);
	}
	transmit_rest(w, port);
}

void kernel_path_turn(struct worker *w)
{
	for (uint32_t i = 0; i < w->ports; i++) {
		if (!serves(w, &w->port[i].kernel))
			continue;
		to_kernel(w, &w->port[i].kernel);
		from_kernel(w, &w->port[i]);
	}
}

void kernel_path_clear(struct kernel_path *k)
{
	rte_pktmbuf_free_bulk(k->wait, k->n);
	k->n = 0;
}
