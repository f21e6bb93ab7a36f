// SPDX-License-Identifier: BSD-3-Clause
//
// Who does what: each address gets a worker, each queue a worker that polls it. What the file
// says is kept; the rest is spread, near the card first. A map that cannot work is refused.
#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"

#include <stdio.h>
#include <string.h>

enum { DESCRIPTORS_MIN = 64, DESCRIPTORS_MAX = 32768 };

const char *config_port_key(struct load *l, uint32_t port, const char *key)
{
	snprintf(l->node, sizeof(l->node), "ports[%u].%s", port, key);
	return l->node;
}

static bool load_descriptors(struct load *l, const char *node, const char *text, uint16_t *out)
{
	uint64_t n = CONFIG_DESCRIPTORS;

	if (text != NULL && strcmp(text, "auto") != 0 &&
		!text_number(text, DESCRIPTORS_MIN, DESCRIPTORS_MAX, &n))
		return COMPLAIN(l, node, "\"%s\" is neither auto nor a number from %d to %d", text,
			DESCRIPTORS_MIN, DESCRIPTORS_MAX);
	*out = (uint16_t)n;
	return true;
}

// "1,2,2": queue 0 is worker 1's, queues 1 and 2 are worker 2's.
static bool load_placement(struct load *l, uint32_t n, const char *text)
{
	struct config_port *p = &l->out->port[n];
	uint32_t worker[CONFIG_QUEUES_MAX];
	uint32_t queues;

	if (text == NULL || strcmp(text, "auto") == 0)
		return true;
	queues = text_numbers(text, 1, l->out->workers, worker, CONFIG_QUEUES_MAX);
	if (queues == 0)
		return COMPLAIN(l, config_port_key(l, n, "placement"),
			"\"%s\" is not auto, and no list of workers from 1 to %u, one for each "
			"queue, like \"1,2\"",
			text, l->out->workers);
	if (p->queues != 0 && p->queues != queues)
		return COMPLAIN(l, config_port_key(l, n, "placement"),
			"there are %u workers for %u rx-queues: each queue has one", queues,
			p->queues);
	p->queues = (uint16_t)queues;
	p->placed = true;
	for (uint32_t i = 0; i < queues; i++)
		p->poller[i] = (uint16_t)(worker[i] - 1);
	return true;
}

bool config_load_queues(struct load *l, uint32_t n, const struct yaml_port *y)
{
	static const struct yaml_descriptors nothing;
	static const char *const ways[3] = { "auto", "rules", "handoff" };
	const struct yaml_descriptors *d = y->descriptors != NULL ? y->descriptors : &nothing;
	struct config_port *p = &l->out->port[n];
	uint32_t steering = STEERING_AUTO;
	uint64_t queues = 0;

	if (y->rx_queues != NULL && strcmp(y->rx_queues, "auto") != 0 &&
		!text_number(y->rx_queues, 1, CONFIG_QUEUES_MAX, &queues))
		return COMPLAIN(l, config_port_key(l, n, "rx-queues"),
			"\"%s\" is neither auto nor a number from 1 to %d", y->rx_queues,
			CONFIG_QUEUES_MAX);
	p->queues = (uint16_t)queues;
	if (!load_placement(l, n, y->placement) ||
		!config_word(
			l, config_port_key(l, n, "steering"), y->steering, ways, 3, &steering) ||
		!load_descriptors(
			l, config_port_key(l, n, "descriptors.rx"), d->rx, &p->rx_descriptors) ||
		!load_descriptors(
			l, config_port_key(l, n, "descriptors.tx"), d->tx, &p->tx_descriptors))
		return false;
	p->steering = (enum config_steering)steering;
	const char *card = p->members > 0 ? p->member[0] : p->device;
	p->node = text_is_pci(card) ? machine_card_node(l->machine, card) : 0;
	return true;
}

bool config_sends(const struct config *c, uint32_t worker, uint32_t port)
{
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].port == port && c->address[i].worker == worker)
			return true;
	}
	return false;
}

uint32_t config_kernel_worker(const struct config *c, uint32_t port)
{
	const struct config_port *p = &c->port[port];

	if (p->queues > 0 && config_sends(c, p->poller[0], port))
		return p->poller[0];
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].port == port)
			return c->address[i].worker;
	}
	return 0;
}

static bool polls(const struct config_port *p, uint32_t worker)
{
	for (uint32_t i = 0; i < p->queues; i++) {
		if (p->poller[i] == worker)
			return true;
	}
	return false;
}

static uint64_t load_of(const struct config *c, uint32_t worker)
{
	uint64_t flows = 0;

	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].worker == worker)
			flows += c->address[i].flows;
	}
	return flows;
}

static bool near_is_there(const struct config *c, const struct config_port *p)
{
	for (uint32_t i = 0; i < c->workers; i++) {
		if (c->node[i] == p->node && (!p->placed || polls(p, i)))
			return true;
	}
	return false;
}

// A port with fewer queues than workers has no room for one more sender than it has queues.
static bool may_have(const struct config *c, uint32_t port, uint32_t worker)
{
	const struct config_port *p = &c->port[port];
	uint32_t senders = 0;

	if (p->placed)
		return polls(p, worker);
	for (uint32_t i = 0; i < c->workers; i++)
		senders += config_sends(c, i, port);
	return p->queues == 0 || senders < p->queues || config_sends(c, worker, port);
}

// The one with the fewest flows so far among those near the card, if any is.
static uint16_t choose_worker(const struct config *c, uint32_t port)
{
	const struct config_port *p = &c->port[port];
	bool near = near_is_there(c, p);
	uint32_t best = CONFIG_AUTO;

	for (uint32_t i = 0; i < c->workers; i++) {
		if ((near && c->node[i] != p->node) || !may_have(c, port, i))
			continue;
		if (best == CONFIG_AUTO || load_of(c, i) < load_of(c, best))
			best = i;
	}
	return (uint16_t)(best != CONFIG_AUTO ? best : p->placed ? p->poller[0] : 0);
}

// One queue for each worker with an address here, in their order; more queues go round again.
static void place_queues(struct config *c, uint32_t port)
{
	struct config_port *p = &c->port[port];
	uint16_t sender[BRIDGE_WORKERS_MAX];
	uint32_t n = 0;

	if (p->placed)
		return;
	for (uint32_t i = 0; i < c->workers; i++) {
		if (config_sends(c, i, port))
			sender[n++] = (uint16_t)i;
	}
	if (p->queues == 0)
		p->queues = (uint16_t)n;
	for (uint32_t i = 0; n > 0 && i < p->queues; i++)
		p->poller[i] = sender[i % n];
}

static bool works(const struct config *c, uint32_t worker)
{
	for (uint32_t i = 0; i < c->ports; i++) {
		if (config_sends(c, worker, i) || polls(&c->port[i], worker))
			return true;
	}
	return false;
}

// A worker's number when another is gone.
static uint16_t above(uint16_t worker, uint32_t gone)
{
	return worker > gone ? (uint16_t)(worker - 1) : worker;
}

static void remove_worker(struct config *c, uint32_t worker)
{
	c->workers--;
	for (uint32_t i = worker; i < c->workers; i++) {
		c->cpu[i] = c->cpu[i + 1];
		c->node[i] = c->node[i + 1];
	}
	for (uint32_t i = 0; i < c->addresses; i++)
		c->address[i].worker = above(c->address[i].worker, worker);
	for (uint32_t i = 0; i < c->ports; i++) {
		for (uint32_t q = 0; q < c->port[i].queues; q++)
			c->port[i].poller[q] = above(c->port[i].poller[q], worker);
	}
}

void config_place_all(struct config *c)
{
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].worker == CONFIG_AUTO)
			c->address[i].worker = choose_worker(c, c->address[i].port);
	}
	for (uint32_t i = 0; i < c->ports; i++)
		place_queues(c, i);
}

// Chosen workers: no more than there is work for. If the file names any by number, the numbers
// stay, and only those at the end go.
static void leave_out_idle_workers(struct config *c, bool numbered)
{
	for (uint32_t i = c->workers; i-- > 0 && c->workers > 1;) {
		if (!works(c, i))
			remove_worker(c, i);
		else if (numbered)
			return;
	}
}

static bool steering_is_possible(struct load *l, uint32_t n)
{
	const struct config_address *a = &l->out->address[n];
	const struct config_port *p = &l->out->port[a->port];

	if (p->steering != STEERING_RULES || polls(p, a->worker))
		return true;
	return COMPLAIN(l, config_port_key(l, a->port, "steering"),
		"an address of port %s is worker %u's, who polls none of its queues: give him one, "
		"or let others hand over to him (steering: auto)",
		p->name, a->worker + 1U);
}

static bool mbufs_suffice(struct load *l, uint32_t node)
{
	const struct config *c = l->out;
	uint32_t needed = config_mbufs_needed(c, node);

	if (needed <= config_mbufs(c, node))
		return true;
	return COMPLAIN(l, "memory.mbufs",
		"NUMA node %u has %u packet buffers and needs %u, so that its queues, the workers' "
		"caches and what they hand over may all be full at once: write at least %u, or auto",
		node, config_mbufs(c, node), needed, needed);
}

static bool is_numbered(const struct config *c)
{
	bool numbered = false;

	for (uint32_t i = 0; i < c->addresses; i++)
		numbered |= c->address[i].worker != CONFIG_AUTO;
	for (uint32_t i = 0; i < c->ports; i++)
		numbered |= c->port[i].placed;
	return numbered;
}

bool config_place(struct load *l)
{
	struct config *c = l->out;
	bool numbered = is_numbered(c);

	config_place_all(c);
	if (!c->workers_listed)
		leave_out_idle_workers(c, numbered);
	for (uint32_t i = 0; i < c->workers; i++) {
		if (!works(c, i))
			return COMPLAIN(l, c->workers_listed ? "cores.workers" : "ports",
				"worker %u has no port: give it an address or a queue, or have "
				"fewer workers",
				i + 1);
	}
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (!steering_is_possible(l, i))
			return false;
	}
	for (uint32_t node = 0; node < MACHINE_NODES_MAX; node++) {
		if (!mbufs_suffice(l, node))
			return false;
	}
	return true;
}
