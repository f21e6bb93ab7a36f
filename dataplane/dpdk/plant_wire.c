// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/plant_wire.h"

#include "dataplane/dpdk/config_text.h"
#include "dataplane/dpdk/say.h"

#include <string.h>

void plant_wire_init(struct plant_wire *pw, const struct plant *p)
{
	*pw = (struct plant_wire){ .gateways = false };
	for (uint32_t i = 0; i < p->map.addresses; i++)
		pw->said[i] = p->map.address[i].gateway;
}

void plant_wire_announce(struct plant_wire *pw, const struct plant *p)
{
	for (uint32_t i = 0; i < p->workers; i++)
		pw->announce[i] = true;
}

static bool same_address(const struct config_address *a, const struct config_address *b)
{
	return ip_equal(&a->ip, &b->ip) && a->prefix == b->prefix && a->vlan == b->vlan &&
	       a->port == b->port && a->dscp == b->dscp && a->port_first == b->port_first &&
	       a->flows == b->flows;
}

static bool same_port(const struct config_port *a, const struct config_port *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->device, b->device) == 0 &&
	       memcmp(a->member, b->member, sizeof(a->member)) == 0 && a->bond == b->bond &&
	       a->mtu == b->mtu && a->kernel_by == b->kernel_by &&
	       strcmp(a->kernel, b->kernel) == 0;
}

static bool same_shape(const struct config *a, const struct config *b)
{
	bool same =
		a->workers == b->workers && a->ports == b->ports && a->addresses == b->addresses;

	for (uint32_t i = 0; same && i < a->ports; i++)
		same = same_port(&a->port[i], &b->port[i]);
	for (uint32_t i = 0; same && i < a->addresses; i++)
		same = same_address(&a->address[i], &b->address[i]);
	return same;
}

bool plant_wire_reload(struct plant_wire *pw, struct plant *p, const struct config *anew)
{
	if (!same_shape(&p->map, anew))
		return false;
	for (uint32_t i = 0; i < p->map.addresses; i++)
		p->map.address[i].gateway = anew->address[i].gateway;
	pw->gateways = true;
	return true;
}

// False: the worker has no room now. An order without a report takes none of what others need.
static bool give(struct plant *p, uint32_t worker, const struct order *order)
{
	struct orders *o = &p->worker[worker]->orders;

	if (lane_room(&o->giver) <= ORDERS_SIZE / 2)
		return false;
	orders_give(o, *order);
	return true;
}

static void say_gateway(struct plant_wire *pw, struct plant *p, uint32_t i)
{
	const struct config_address *a = &p->map.address[i];
	struct order order = { .kind = ORDER_GATEWAY };

	if (ip_equal(&pw->said[i], &a->gateway))
		return;
	order.gateway.ip = a->gateway;
	order.gateway.port = a->port;
	order.gateway.vlan = a->vlan;
	order.gateway.family = (uint8_t)ip_family(&a->ip);
	if (give(p, a->worker, &order))
		pw->said[i] = a->gateway;
	else
		pw->gateways = true; // another time
}

static void say_gateways(struct plant_wire *pw, struct plant *p)
{
	pw->gateways = false;
	for (uint32_t i = 0; i < p->map.addresses; i++)
		say_gateway(pw, p, i);
}

// The n-th address of a worker, as its engine counts.
static const struct config_address *nth(const struct config *c, uint32_t worker, uint32_t n)
{
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].worker == worker && n-- == 0)
			return &c->address[i];
	}
	return NULL;
}

static void tell_duplicate(const struct plant *p, uint32_t worker, uint32_t n)
{
	const struct config_address *a = nth(&p->map, worker, n);
	char text[TEXT_IP_MAX];

	if (a != NULL)
		say("port %s: somebody has %s already: it is not used until we start again",
			p->map.port[a->port].name, text_put_ip(text, &a->ip));
}

static void tell_duplicates(struct plant_wire *pw, struct plant *p, uint32_t worker)
{
	for (uint32_t half = 0; half < 2; half++) {
		uint64_t are = atomic_load_explicit(
			&p->worker[worker]->duplicates[half], memory_order_relaxed);
		uint64_t fresh = are & ~pw->duplicates[worker][half];

		pw->duplicates[worker][half] = are;
		for (; fresh != 0; fresh &= fresh - 1)
			tell_duplicate(p, worker, 64 * half + (uint32_t)__builtin_ctzll(fresh));
	}
}

void plant_wire_turn(struct plant_wire *pw, struct plant *p)
{
	if (pw->gateways)
		say_gateways(pw, p);
	for (uint32_t i = 0; i < p->workers; i++) {
		if (pw->announce[i] && give(p, i, &(struct order){ .kind = ORDER_ANNOUNCE }))
			pw->announce[i] = false;
		tell_duplicates(pw, p, i);
	}
}
