// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/plant.h"

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/locked.h"

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { POOL_CACHE = 256, LINE = 64 };

// Which number the worker's engine gives the i-th address: config_plan() counts the same way.
static uint16_t index_of(const struct config *c, uint32_t i)
{
	uint16_t index = 0;

	for (uint32_t k = 0; k < i; k++)
		if (c->port[c->address[k].port].worker == c->port[c->address[i].port].worker)
			index++;
	return index;
}

// The station of a port: its addresses, VLANs and gateways.
static void settle(struct worker *w, uint16_t port, const struct config *c, uint32_t n)
{
	struct station *s = &w->port[port].station;

	s->port = port;
	w->port[port].mtu = c->port[n].mtu;
	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];
		uint16_t index = index_of(c, i);

		if (a->port != n)
			continue;

		const struct station_address *sa =
			station_add(s, &a->ip, a->prefix, a->vlan, index);
		assert(sa != NULL);
		s->lan[sa->lan].gateway[ip_family(&a->ip)] = a->gateway;
		w->address[index] = (struct worker_address){
			.port = port, .lan = sa->lan, .at = (uint8_t)(s->addresses - 1)
		};
		w->addresses++;
	}
}

// Once the port's MAC, MTU and talents are known.
static void head_letters(struct worker *w, uint16_t port, const struct config *c, uint32_t n)
{
	const struct port *p = &w->port[port];

	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];

		if (a->port != n)
			continue;

		struct worker_address *to = &w->address[index_of(c, i)];
		header_init(&to->header, &(struct header_from){ .mac = p->station.mac,
						 .ip = &a->ip,
						 .vlan = a->vlan,
						 .mtu = p->mtu,
						 .dscp = a->dscp,
						 .card_sums = p->sums_out });
		to->header.usable = p->station.address[to->at].state == ADDRESS_VALID;
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
	head_letters(w, i, c, n);
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
