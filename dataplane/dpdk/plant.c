// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/plant.h"

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/locked.h"

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { POOL_CACHE = 256, LINE = 64 };

// The station of a port: its addresses, with the numbers that the worker's engine gives them.
static void settle(struct worker *w, uint16_t port, const struct config *c, uint32_t n)
{
	struct station *s = &w->port[port].station;

	s->port = port;
	s->gateway = c->port[n].gateway;
	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];
		uint32_t index = 0;

		if (a->port != n)
			continue;
		// Counted as config_plan() does: in the order of the configuration.
		for (uint32_t k = 0; k < i; k++)
			index += c->port[c->address[k].port].worker == c->port[n].worker;
		s->address[s->addresses++] = (struct station_address){ .ip = a->ip,
			.mask = UINT32_MAX << (32 - a->prefix),
			.index = (uint16_t)index };
		w->address[index].ip = a->ip;
		w->address[index].port = port;
		w->addresses++;
	}
}

static bool add_port(
	struct worker *w, const struct config *c, uint32_t n, char *error, size_t error_size)
{
	uint16_t i = (uint16_t)w->ports;

	if (!eal_probe(&c->port[n], &w->port[i].id, error, error_size))
		return false;
	settle(w, i, c, n);
	int err = port_start(&w->port[i], w->pool);
	if (err < 0) {
		eal_complain(&c->port[n], err, error, error_size);
		return false;
	}
	w->ports++;
	return true;
}

static bool add_ports(
	struct worker *w, uint32_t worker, const struct config *c, char *error, size_t error_size)
{
	for (uint32_t n = 0; n < c->ports; n++) {
		if (c->port[n].worker == worker && !add_port(w, c, n, error, error_size))
			return false;
	}
	return true;
}

static bool make_pool(
	struct worker *w, uint32_t worker, const struct config *c, char *error, size_t error_size)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t mbufs = eal_mbufs(c, worker);

	snprintf(name, sizeof(name), "worker%u", worker + 1);
	w->pool = rte_pktmbuf_pool_create(
		name, mbufs, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (w->pool != NULL)
		return true;
	snprintf(error, error_size, "%u mbufs for worker %u: %s: write fewer in memory.mbufs",
		mbufs, worker + 1, rte_strerror(rte_errno));
	return false;
}

static void plan_engine(struct engine_plan *out, struct engine_address *address,
	const struct bridge_plan *plan, uint32_t worker)
{
	*out = (struct engine_plan){ .flows = plan->flows[worker], .address = address };
	for (uint32_t i = 0; i < plan->addresses; i++) {
		const struct bridge_address *from = &plan->address[i];

		if (from->worker != worker)
			continue;

		struct engine_address *to = &address[out->addresses++];
		memcpy(to->ip, from->ip, sizeof(to->ip));
		to->port_first = from->port_first;
		to->flows = from->flows;
		to->flow_first = from->flow_first;
	}
}

static bool make_engine(
	struct plant *p, uint32_t i, const struct config *c, char *error, size_t error_size)
{
	struct engine_address address[BRIDGE_ADDRESSES_MAX];
	struct engine_plan plan;
	struct worker *w = p->worker[i];

	plan_engine(&plan, address, &p->plan, i);
	plan.wall_offset = clock_wall_offset(&p->clock);
	if (getrandom(plan.seed, sizeof(plan.seed), 0) != (ssize_t)sizeof(plan.seed)) {
		snprintf(error, error_size, "the kernel has no randomness for us");
		return false;
	}

	size_t engine = (engine_size(&plan) + LINE - 1) / LINE * LINE;
	p->memory_size[i] = engine + neighbours_size(c->neighbours);
	p->memory[i] = locked_new(p->memory_size[i]);
	if (p->memory[i] == NULL) {
		snprintf(error, error_size,
			"%zu MB for the flows of worker %u are not there: take a smaller "
			"rtp-ports range",
			p->memory_size[i] >> 20, i + 1);
		return false;
	}
	neighbours_init(&w->neighbours, (uint8_t *)p->memory[i] + engine, c->neighbours);

	struct engine_ops ops = worker_ops(w);
	w->engine = engine_init(p->memory[i], &plan, &ops, &w->stats, clock_now(&p->clock));
	return true;
}

static bool build_worker(
	struct plant *p, uint32_t i, const struct config *c, char *error, size_t error_size)
{
	struct worker *w = locked_new(sizeof(*w));

	if (w == NULL) {
		snprintf(error, error_size, "there is no memory for worker %u", i + 1);
		return false;
	}
	p->worker[i] = w;
	p->workers++;
	w->clock = p->clock;
	w->sleep = c->sleep;
	w->flows = p->plan.flows[i];
	orders_init(&w->orders);
	bridge_end_init(&w->bridge, w->flows);
	return make_pool(w, i, c, error, error_size) && make_engine(p, i, c, error, error_size) &&
	       add_ports(w, i, c, error, error_size);
}

bool plant_build(struct plant *p, const struct config *c, char *error, size_t error_size)
{
	*p = (struct plant){ .clock = clock_start() };
	config_plan(c, &p->plan);
	for (uint32_t i = 0; i < c->workers; i++) {
		if (!build_worker(p, i, c, error, error_size))
			return false;
	}
	return true;
}

bool plant_start(struct plant *p, char *error, size_t error_size)
{
	for (uint32_t i = 0; i < p->workers; i++) {
		int err = rte_eal_remote_launch(worker_main, p->worker[i], i + 1);

		if (err < 0) {
			snprintf(error, error_size, "worker %u does not start: %s", i + 1,
				rte_strerror(-err));
			return false;
		}
	}
	return true;
}

void plant_stop(struct plant *p)
{
	for (uint32_t i = 0; i < p->workers; i++)
		atomic_store_explicit(&p->worker[i]->stop, true, memory_order_relaxed);
	rte_eal_mp_wait_lcore();
}

static void free_worker(struct worker *w)
{
	for (uint32_t i = 0; i < w->ports; i++)
		port_stop(&w->port[i]);
	rte_mempool_free(w->pool);
	locked_free(w, sizeof(*w));
}

void plant_free(struct plant *p)
{
	for (uint32_t i = 0; i < p->workers; i++) {
		free_worker(p->worker[i]);
		locked_free(p->memory[i], p->memory_size[i]);
	}
	p->workers = 0;
}
