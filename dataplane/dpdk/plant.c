// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/plant.h"

#include "dataplane/dpdk/locked.h"
#include "dataplane/srtp.h"

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { LINE = 64 };

// An address of a worker, on a port of its.
static void add_address(
	struct worker *w, const struct config_address *a, uint32_t n, uint16_t index)
{
	struct port *port = &w->port[n];
	struct station *s = &port->station;
	const struct station_address *sa = station_add(s, &a->ip, a->prefix, a->vlan, index);

	assert(sa != NULL);
	s->lan[sa->lan].gateway[ip_family(&a->ip)] = a->gateway;
	w->address[index] = (struct worker_address){
		.port = (uint16_t)n,
		.lan = sa->lan,
		.at = (uint8_t)(s->addresses - 1),
		.rtp_first = a->port_first,
		.rtp_last = (uint16_t)(a->port_first + 2 * a->flows - 1),
	};
	header_init(&w->address[index].header, &(struct header_from){ .mac = s->mac,
						       .ip = &a->ip,
						       .vlan = a->vlan,
						       .mtu = port->mtu,
						       .dscp = a->dscp,
						       .card_sums = port->sums_out });
	w->address[index].header.usable = sa->state == ADDRESS_VALID;
	w->addresses++;
}

// A port as one worker has it: its own addresses, with the numbers that its engine gives them.
static void settle(struct worker *w, uint32_t worker, const struct config *c, uint32_t n)
{
	uint16_t index = 0;

	station_init(&w->port[n].station, (uint16_t)n, w->port[n].station.mac);
	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];

		if (a->worker != worker)
			continue;
		// Counted as config_plan() does: in the order of the configuration.
		if (a->port == n)
			add_address(w, a, n, index);
		index++;
	}
}

// The queue that this worker sends on: those who send have one each, in their order.
static uint16_t tx_of(const struct config *c, uint32_t worker, uint32_t port)
{
	uint16_t queue = 0;

	for (uint32_t i = 0; i < worker; i++)
		queue += config_sends(c, i, port);
	return config_sends(c, worker, port) ? queue : PORT_NO_QUEUE;
}

static void add_ports(struct plant *p, uint32_t worker)
{
	struct worker *w = p->worker[worker];

	for (uint32_t n = 0; n < p->ports; n++) {
		const struct config_port *c = &p->map.port[n];

		w->port[n] = p->port[n];
		w->port[n].tx = tx_of(&p->map, worker, n);
		settle(w, worker, &p->map, n);
		for (uint16_t q = 0; q < c->queues; q++) {
			if (c->poller[q] == worker)
				port_poll(&w->port[n], q);
		}
	}
	w->ports = p->ports;
}

static void plan_engine(struct engine_plan *out, struct engine_address *address,
	const struct bridge_plan *plan, uint32_t worker)
{
	*out = (struct engine_plan){ .flows = plan->flows[worker],
		.address = address,
		.worker = (uint16_t)worker,
		.workers = (uint16_t)plan->workers };
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
	plan.capacity = config_engine_capacity(c, i);
	p->recorded[i] = engine_capacity_of(&plan).records;
	plan.wall_offset = clock_wall_offset(&p->clock);
	if (getrandom(plan.seed, sizeof(plan.seed), 0) != (ssize_t)sizeof(plan.seed)) {
		snprintf(error, error_size, "the kernel has no randomness for us");
		return false;
	}

	p->ciphers[i] = srtp_ciphers_new();
	if (p->ciphers[i] == NULL) {
		snprintf(error, error_size, "OpenSSL has no AES for worker %u", i + 1);
		return false;
	}
	plan.ciphers = p->ciphers[i];

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

	size_t secret;
	void *keys = engine_secrets(w->engine, &secret);
	locked_hide(keys, secret);
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
	w->pool = p->pool[c->node[i]];
	w->clock = p->clock;
	w->sleep = c->sleep;
	w->flows = p->plan.flows[i];
	w->recorder = &p->recorder;
	w->number = (uint16_t)i;
	orders_init(&w->orders);
	bridge_end_init(&w->bridge, w->flows);
	add_ports(p, i);
	return make_engine(p, i, c, error, error_size);
}

bool plant_build(struct plant *p, const struct config *c, char *error, size_t error_size)
{
	*p = (struct plant){ .map = *c, .clock = clock_start() };
	config_plan(c, &p->plan);
	owners_init(&p->owners, &p->plan);
	if (!plant_make_pools(p, error, error_size) || !plant_start_ports(p, error, error_size))
		return false;
	for (uint32_t i = 0; i < c->workers; i++) {
		if (!build_worker(p, i, c, error, error_size))
			return false;
	}
	if (!recorder_init(&p->recorder, c->recordings, p->recorded, p->workers)) {
		snprintf(error, error_size,
			"there is no memory for recordings: lower capacity.recordings");
		return false;
	}
	return plant_make_rings(p, error, error_size);
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
		port_clear(&w->port[i]);
	locked_free(w, sizeof(*w));
}

void plant_free(struct plant *p)
{
	plant_free_rings(p);
	recorder_clear(&p->recorder, clock_now(&p->clock));
	for (uint32_t i = 0; i < p->workers; i++) {
		free_worker(p->worker[i]);
		locked_free(p->memory[i], p->memory_size[i]);
		srtp_ciphers_free(p->ciphers[i]);
	}
	p->workers = 0;
	plant_stop_ports(p);
}
