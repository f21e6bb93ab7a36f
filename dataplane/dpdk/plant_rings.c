// SPDX-License-Identifier: BSD-3-Clause
//
// What workers hand to each other through: for each ordered pair a ring of buffers and a lane of
// words.
#include "dataplane/dpdk/locked.h"
#include "dataplane/dpdk/plant.h"

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <stdio.h>

// From worker i to worker k: at i * workers + k.
struct plant_rings {
	uint32_t workers;
	struct rte_ring *ring[BRIDGE_WORKERS_MAX * BRIDGE_WORKERS_MAX];
	struct handoff_notes *notes; // workers * workers
	struct handoff_pair *pair;   // the same
};

static size_t notes_size(const struct plant_rings *r)
{
	return (size_t)r->workers * r->workers * sizeof(*r->notes);
}

static size_t pairs_size(const struct plant_rings *r)
{
	return (size_t)r->workers * r->workers * sizeof(*r->pair);
}

static bool make_ring(struct plant *p, uint32_t from, uint32_t to)
{
	char name[RTE_RING_NAMESIZE];
	struct plant_rings *r = p->rings;
	int node = rte_eal_has_hugepages() ? p->map.node[to] : SOCKET_ID_ANY;

	snprintf(name, sizeof(name), "from%uto%u", from + 1, to + 1);
	r->ring[from * r->workers + to] = rte_ring_create(name, config_handoff_ring(&p->map), node,
		RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	return r->ring[from * r->workers + to] != NULL;
}

static void connect_pair(struct plant_rings *r, uint32_t self, uint32_t other)
{
	struct handoff_pair *pair = &r->pair[self * r->workers + other];
	uint32_t to = self * r->workers + other;
	uint32_t from = other * r->workers + self;

	pair->to = r->ring[to];
	pair->from = r->ring[from];
	pair->notes_to = &r->notes[to];
	pair->notes_from = &r->notes[from];
	lane_writer_init(&pair->writer, &pair->notes_to->lane, HANDOFF_NOTES);
	lane_reader_init(&pair->reader, &pair->notes_from->lane, HANDOFF_NOTES);
}

static void connect_worker(struct plant *p, uint32_t self)
{
	struct handoff *h = &p->worker[self]->handoff;

	h->workers = p->workers;
	h->self = self;
	h->owners = &p->owners;
	h->pair = &p->rings->pair[self * p->workers];
	for (uint32_t n = 0; n < p->map.ports; n++) {
		for (uint32_t i = 0; i < p->workers; i++)
			h->shares[n] |= (uint64_t)config_sends(&p->map, i, n) << i;
	}
	for (uint32_t other = 0; other < p->workers; other++) {
		if (other != self)
			connect_pair(p->rings, self, other);
	}
}

bool plant_make_rings(struct plant *p, char *error, size_t error_size)
{
	if (p->workers < 2)
		return true;
	p->rings = locked_new(sizeof(*p->rings));
	if (p->rings == NULL)
		goto no_memory;
	p->rings->workers = p->workers;
	p->rings->notes = locked_new(notes_size(p->rings));
	p->rings->pair = locked_new(pairs_size(p->rings));
	if (p->rings->notes == NULL || p->rings->pair == NULL)
		goto no_memory;
	for (uint32_t i = 0; i < p->workers * p->workers; i++) {
		if (i / p->workers != i % p->workers &&
			!make_ring(p, i / p->workers, i % p->workers))
			goto no_memory;
	}
	for (uint32_t i = 0; i < p->workers; i++)
		connect_worker(p, i);
	return true;

no_memory:
	snprintf(error, error_size, "there is no memory for the rings between %u workers",
		p->workers);
	return false;
}

static void drain(struct rte_ring *ring)
{
	void *m;

	while (ring != NULL && rte_ring_sc_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

void plant_free_rings(struct plant *p)
{
	struct plant_rings *r = p->rings;

	if (r == NULL)
		return;
	for (uint32_t i = 0; i < r->workers * r->workers; i++) {
		drain(r->ring[i]);
		if (r->pair != NULL)
			rte_pktmbuf_free_bulk(r->pair[i].wait, r->pair[i].n);
	}
	if (r->pair != NULL)
		locked_free(r->pair, pairs_size(r));
	if (r->notes != NULL)
		locked_free(r->notes, notes_size(r));
	locked_free(r, sizeof(*r));
	p->rings = NULL;
}
