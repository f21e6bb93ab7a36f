// SPDX-License-Identifier: BSD-3-Clause
//
// The packet buffers, the devices with their queues, and the rules that steer to them.
//
// One pool for each NUMA node and not one for each worker: a buffer that is handed over is freed
// by another worker than the one that took it, and with pools of their own each worker's cache
// would be kept once for every pool, while one pool runs dry beside full ones. What a pool must
// hold is reckoned with every queue, cache and ring full (config_mbufs_needed()), so no worker
// can take what another needs.
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/kernel_device.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/dpdk/say.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <stdio.h>
#include <string.h>

enum { POOL_CACHE = 256, TAG_ROOM = 128 };

static_assert(sizeof(struct handoff_tag) <= TAG_ROOM, "the tag has outgrown its room");

bool plant_make_pools(struct plant *p, char *error, size_t error_size)
{
	for (uint32_t node = 0; node < MACHINE_NODES_MAX; node++) {
		uint32_t mbufs = config_mbufs(&p->map, node);
		int socket = rte_eal_has_hugepages() ? (int)node : SOCKET_ID_ANY;
		char name[RTE_MEMPOOL_NAMESIZE];

		if (mbufs == 0)
			continue;
		snprintf(name, sizeof(name), "node%u", node);
		p->pool[node] = rte_pktmbuf_pool_create(
			name, mbufs, POOL_CACHE, TAG_ROOM, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
		if (p->pool[node] != NULL)
			continue;
		snprintf(error, error_size,
			"%u packet buffers on NUMA node %u: %s: write fewer in memory.mbufs, or "
			"give more hugepages",
			mbufs, node, rte_strerror(rte_errno));
		return false;
	}
	return true;
}

static uint32_t senders(const struct config *c, uint32_t port)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->workers; i++)
		n += config_sends(c, i, port);
	return n;
}

// As many queues out as in, where there may be: some devices want pairs.
static bool set_up(
	struct plant *p, uint32_t n, struct port_setup *out, char *error, size_t error_size)
{
	const struct config_port *c = &p->map.port[n];
	uint32_t tx = senders(&p->map, n);
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(p->port[n].id, &info);

	if (err < 0) {
		eal_complain(c, err, error, error_size);
		return false;
	}
	if (c->queues > info.max_rx_queues || tx > info.max_tx_queues) {
		snprintf(error, error_size,
			"port %s: %u queues are asked for (%u workers send), and the device has "
			"%u in and %u out: fewer rx-queues, or its addresses to fewer workers",
			c->name, c->queues, tx, info.max_rx_queues, info.max_tx_queues);
		return false;
	}
	if (tx > c->queues && strcmp(info.driver_name, "net_tap") == 0) {
		snprintf(error, error_size,
			"port %s: a tap has as many queues in as out, and %u workers send: write "
			"rx-queues: %u",
			c->name, tx, tx);
		return false;
	}
	if (tx < c->queues && c->queues <= info.max_tx_queues)
		tx = c->queues;
	*out = (struct port_setup){ .rx = c->queues,
		.tx = (uint16_t)tx,
		.rx_descriptors = c->rx_descriptors,
		.tx_descriptors = c->tx_descriptors };
	for (uint16_t q = 0; q < c->queues; q++)
		out->pool[q] = p->pool[p->map.node[c->poller[q]]];
	return true;
}

// The first queue that the worker of an address polls.
static bool queue_of(const struct config_port *p, uint16_t worker, uint16_t *out)
{
	for (uint16_t q = 0; q < p->queues; q++) {
		*out = q;
		if (p->poller[q] == worker)
			return true;
	}
	return false;
}

static uint32_t targets(
	const struct plant *p, uint32_t n, struct steer_target out[BRIDGE_ADDRESSES_MAX])
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < p->plan.addresses; i++) {
		const struct bridge_address *a = &p->plan.address[i];

		if (p->map.address[i].port != n ||
			!queue_of(&p->map.port[n], a->worker, &out[found].queue))
			continue;
		out[found].vlan = p->map.address[i].vlan;
		memcpy(out[found++].ip, a->ip, sizeof(a->ip));
	}
	return found;
}

static bool steer(struct plant *p, uint32_t n, char *error, size_t error_size)
{
	const struct config_port *c = &p->map.port[n];
	struct steer_target target[BRIDGE_ADDRESSES_MAX];
	const char *why;

	if (c->queues < 2 || c->steering == STEERING_HANDOFF)
		return true;
	if (steer_start(
		    &p->steer[n], &steer_card, p->port[n].id, target, targets(p, n, target), &why))
		return true;
	if (c->steering == STEERING_RULES) {
		snprintf(error, error_size,
			"port %s: the device takes no rules (%s): write steering: auto, and its "
			"workers hand over",
			c->name, why);
		return false;
	}
	say("port %s: the device takes no rules (%s): its workers hand over what is not theirs",
		c->name, why);
	return true;
}

// What the device must know of all who are on the port before it starts: the groups that they
// are in.
static void prepare(struct plant *p, uint32_t n)
{
	struct port *port = &p->port[n];

	port->mtu = p->map.port[n].mtu;
	port->lacp = p->map.port[n].bond == BOND_8023AD;
	port->kernel.on = p->map.port[n].kernel_by != KERNEL_BY_NOBODY;
	port->kernel.worker = config_kernel_worker(&p->map, n);
	station_init(&port->station, (uint16_t)n, port->station.mac);
	for (uint32_t i = 0; i < p->map.addresses; i++) {
		const struct config_address *a = &p->map.address[i];

		if (a->port == n)
			station_add(&port->station, &a->ip, a->prefix, a->vlan, 0);
	}
}

static bool start_port(struct plant *p, uint32_t n, char *error, size_t error_size)
{
	const struct config_port *c = &p->map.port[n];
	struct port_setup setup;

	if (!eal_probe(c, &p->port[n].id, error, error_size) ||
		!set_up(p, n, &setup, error, error_size))
		return false;
	prepare(p, n);
	int err = port_start(&p->port[n], &setup);
	if (err < 0) {
		eal_complain(c, err, error, error_size);
		return false;
	}
	p->ports++;
	if (p->port[n].kernel.on &&
		!kernel_device_start(&p->port[n], c, p->pool[p->map.node[p->port[n].kernel.worker]],
			error, error_size))
		return false;
	return steer(p, n, error, error_size);
}

bool plant_start_ports(struct plant *p, char *error, size_t error_size)
{
	for (uint32_t n = 0; n < p->map.ports; n++) {
		if (!start_port(p, n, error, error_size))
			return false;
	}
	return true;
}

void plant_stop_ports(struct plant *p)
{
	for (uint32_t n = 0; n < p->ports; n++) {
		steer_stop(&p->steer[n], &steer_card);
		kernel_device_stop(&p->port[n]);
		port_stop(&p->port[n]);
	}
	p->ports = 0;
	for (uint32_t i = 0; i < MACHINE_NODES_MAX; i++)
		rte_mempool_free(p->pool[i]);
}
