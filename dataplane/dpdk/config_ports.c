// SPDX-License-Identifier: BSD-3-Clause
//
// The ports of a configuration and their addresses: who polls what, and who is who on the wire.
#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"

#include <stdio.h>
#include <string.h>

static const char default_ports[] = "16384-32767";

static const char *at(struct load *l, uint32_t port, const char *key)
{
	return config_port_key(l, port, key);
}

static const char *at_address(struct load *l, uint32_t port, uint32_t address, const char *key)
{
	snprintf(l->node, sizeof(l->node), "ports[%u].addresses[%u].%s", port, address, key);
	return l->node;
}

static bool load_address(struct load *l, uint32_t port, uint32_t n, const struct yaml_address *y)
{
	struct config *c = l->out;
	struct config_address a = { .port = (uint16_t)port, .worker = c->port[port].worker };
	const char *ports = y->rtp_ports != NULL ? y->rtp_ports : default_ports;

	if (c->addresses == BRIDGE_ADDRESSES_MAX)
		return COMPLAIN(l, at_address(l, port, n, "ip"),
			"there are more than %d addresses in all", BRIDGE_ADDRESSES_MAX);
	if (!config_load_ip(l, port, n, y, &a))
		return false;
	if (!text_rtp_ports(ports, &a.port_first, &a.flows))
		return COMPLAIN(l, at_address(l, port, n, "rtp-ports"),
			"\"%s\" is not an even port and an odd one above it, like \"%s\"", ports,
			default_ports);
	if (!config_worker(l, at_address(l, port, n, "worker"), y->worker, &a.worker))
		return false;
	c->address[c->addresses++] = a;
	return true;
}

static bool load_device(struct load *l, uint32_t n, const struct yaml_port *y)
{
	struct config_port *p = &l->out->port[n];
	const char *text = y->device != NULL ? y->device : y->vdev;

	if ((y->device != NULL) + (y->vdev != NULL) + (y->bond != NULL) != 1)
		return COMPLAIN(l, at(l, n, "name"),
			"port %s needs one of device (a PCI address), vdev and bond", y->name);
	if (y->bond != NULL)
		return config_load_bond(l, n, y->bond);
	p->pci = y->device != NULL;
	if (p->pci && !text_is_pci(text))
		return COMPLAIN(l, at(l, n, "device"),
			"\"%s\" is not a PCI address like 0000:3b:00.0 (dpdk-devbind.py -s shows them)",
			text);
	if (!p->pci && (strncmp(text, "net_", 4) != 0 || strlen(text) >= sizeof(p->device)))
		return COMPLAIN(l, at(l, n, "vdev"),
			"\"%s\" is not a DPDK network device like net_tap0,iface=layby0", text);
	snprintf(p->device, sizeof(p->device), "%s", text);
	return true;
}

bool config_same_device(const char *a, const char *b)
{
	size_t len = strcspn(a, ",");

	return len == strcspn(b, ",") && strncasecmp(a, b, len) == 0;
}

// The i-th of what a port is made of: itself, then its members.
static const char *part(const struct config_port *p, uint32_t i)
{
	return i == 0 ? p->device : p->member[i - 1];
}

static bool shares_device(const struct config_port *a, const struct config_port *b)
{
	for (uint32_t i = 0; i <= a->members; i++) {
		for (uint32_t k = 0; k <= b->members; k++) {
			if (config_same_device(part(a, i), part(b, k)))
				return true;
		}
	}
	return false;
}

static const char *device_key(const struct config_port *p)
{
	return p->members > 0 ? "bond.members" : p->pci ? "device" : "vdev";
}

static bool port_is_new(struct load *l, uint32_t n)
{
	const struct config_port *p = &l->out->port[n];

	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(l->out->port[i].name, p->name) == 0)
			return COMPLAIN(l, at(l, n, "name"), "there is a port %s already", p->name);
		if (shares_device(&l->out->port[i], p))
			return COMPLAIN(l, at(l, n, device_key(p)),
				"port %s has this device already", l->out->port[i].name);
	}
	return true;
}

uint32_t config_devices(const struct config *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->ports; i++)
		n += 1U + c->port[i].members + (c->port[i].kernel_by != KERNEL_BY_NOBODY);
	return n;
}

static bool load_port(struct load *l, uint32_t n, const struct yaml_port *y)
{
	struct config_port *p = &l->out->port[n];

	p->worker = CONFIG_AUTO;
	snprintf(p->name, sizeof(p->name), "%s", y->name);
	if (!load_device(l, n, y) || !port_is_new(l, n) || !config_load_marks(l, n, y) ||
		!config_worker(l, at(l, n, "worker"), y->worker, &p->worker) ||
		!config_load_queues(l, n, y) || !config_load_kernel(l, n, y))
		return false;
	for (uint32_t i = 0; i < y->addresses_count; i++) {
		if (!load_address(l, n, i, &y->addresses[i]))
			return false;
	}
	return config_load_gateways(l, n, y);
}

bool config_load_ports(struct load *l, const struct yaml_config *y)
{
	for (uint32_t i = 0; i < y->ports_count; i++) {
		if (!load_port(l, i, &y->ports[i]))
			return false;
		l->out->ports++;
		if (config_devices(l->out) > CONFIG_DEVICES_MAX)
			return COMPLAIN(l, at(l, i, "name"),
				"ports, members of bonds and kernel interfaces are more than %d in "
				"all",
				CONFIG_DEVICES_MAX);
	}
	return true;
}

void config_plan(const struct config *c, struct bridge_plan *out)
{
	*out = (struct bridge_plan){
		.version = BRIDGE_VERSION, .workers = c->workers, .addresses = c->addresses
	};
	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];
		uint16_t worker = a->worker;

		out->address[i] = (struct bridge_address){ .worker = worker,
			.port_first = a->port_first,
			.flows = a->flows,
			.flow_first = out->flows[worker] };
		memcpy(out->address[i].ip, a->ip.b, sizeof(a->ip.b));
		out->flows[worker] += a->flows;
	}
}
