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

	if ((y->device == NULL) == (y->vdev == NULL))
		return COMPLAIN(l, at(l, n, "name"),
			"port %s needs either device (a PCI address) or vdev", y->name);
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

// Alike up to the comma: then DPDK would take one for the other.
static bool same_device(const char *a, const char *b)
{
	size_t len = strcspn(a, ",");

	return len == strcspn(b, ",") && strncasecmp(a, b, len) == 0;
}

static bool port_is_new(struct load *l, uint32_t n)
{
	const struct config_port *p = &l->out->port[n];

	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(l->out->port[i].name, p->name) == 0)
			return COMPLAIN(l, at(l, n, "name"), "there is a port %s already", p->name);
		if (same_device(l->out->port[i].device, p->device))
			return COMPLAIN(l, at(l, n, p->pci ? "device" : "vdev"),
				"port %s has this device already", l->out->port[i].name);
	}
	return true;
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
