// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/plan_print.h"

#include "dataplane/dpdk/config_text.h"

#include <string.h>

enum { WARNING_MAX = 256 };

static const char *const steering_name[] = {
	[STEERING_AUTO] = "auto", [STEERING_RULES] = "rules", [STEERING_HANDOFF] = "handoff"
};

typedef void (*warn_fn)(FILE *to, const char *text, uint32_t *n);

static void warn_people(FILE *to, const char *text, uint32_t *n)
{
	(*n)++;
	fprintf(to, "warning: %s\n", text);
}

// What we are told may have any bytes in it.
static void json_text(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			fprintf(to, "\\u%04x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

static void warn_json(FILE *to, const char *text, uint32_t *n)
{
	fputs(*n > 0 ? ", " : "", to);
	json_text(to, text);
	(*n)++;
}

static bool polls(const struct config_port *p, uint32_t worker)
{
	for (uint32_t q = 0; q < p->queues; q++) {
		if (p->poller[q] == worker)
			return true;
	}
	return false;
}

static void warn_of_queues(
	const struct config *c, uint32_t port, FILE *to, warn_fn warn, uint32_t *n)
{
	const struct config_port *p = &c->port[port];
	char text[WARNING_MAX];

	for (uint32_t q = 0; q < p->queues; q++) {
		uint32_t worker = p->poller[q];

		if (c->node[worker] == p->node)
			continue;
		snprintf(text, sizeof(text),
			"port %s is on NUMA node %u, and worker %u, who polls its queue %u, on "
			"node %u: each packet crosses between them",
			p->name, p->node, worker + 1, q, c->node[worker]);
		warn(to, text, n);
	}
}

static void warn_of_addresses(
	const struct config *c, uint32_t port, FILE *to, warn_fn warn, uint32_t *n)
{
	const struct config_port *p = &c->port[port];
	char text[WARNING_MAX];

	for (uint32_t worker = 0; worker < c->workers; worker++) {
		if (!config_sends(c, worker, port) || polls(p, worker))
			continue;
		snprintf(text, sizeof(text),
			"worker %u has addresses on port %s and polls none of its queues: all that "
			"comes for them is handed over",
			worker + 1, p->name);
		warn(to, text, n);
	}
}

static void warn_all(const struct config *c, FILE *to, warn_fn warn)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->ports; i++) {
		warn_of_queues(c, i, to, warn, &n);
		warn_of_addresses(c, i, to, warn, &n);
	}
}

static uint32_t flows_of(const struct config *c, uint32_t worker, uint32_t port)
{
	uint32_t flows = 0;

	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].worker == worker && c->address[i].port == port)
			flows += c->address[i].flows;
	}
	return flows;
}

static void print_queue(const struct config *c, uint32_t port, uint32_t q, FILE *to)
{
	const struct config_port *p = &c->port[port];
	uint32_t worker = p->poller[q];

	fprintf(to, "%-16s %5u %6u %4u %4u/%u %8u  %u/%u\n", p->name, q, worker + 1, c->cpu[worker],
		p->node, c->node[worker], flows_of(c, worker, port), p->rx_descriptors,
		p->tx_descriptors);
}

static void print_address(const struct config *c, const struct config_address *a, FILE *to)
{
	char ip[TEXT_IP_MAX];

	fprintf(to, "%-40s %-16s %6u %4u %8u  %u-%u\n", text_put_ip(ip, &a->ip),
		c->port[a->port].name, a->worker + 1U, c->cpu[a->worker], a->flows, a->port_first,
		a->port_first + 2 * a->flows - 1);
}

void plan_print(const struct config *c, FILE *to)
{
	fprintf(to, "%-16s %5s %6s %4s %6s %8s  %s\n", "PORT", "QUEUE", "WORKER", "CPU", "NODES",
		"FLOWS", "DESCRIPTORS");
	for (uint32_t i = 0; i < c->ports; i++) {
		for (uint32_t q = 0; q < c->port[i].queues; q++)
			print_queue(c, i, q, to);
	}
	fprintf(to, "\n%-40s %-16s %6s %4s %8s  %s\n", "ADDRESS", "PORT", "WORKER", "CPU", "FLOWS",
		"UDP PORTS");
	for (uint32_t i = 0; i < c->addresses; i++)
		print_address(c, &c->address[i], to);
	fputc('\n', to);
	for (uint32_t node = 0; node < MACHINE_NODES_MAX; node++) {
		if (config_mbufs(c, node) > 0)
			fprintf(to, "NUMA node %u: %u packet buffers, of which %u may be held\n",
				node, config_mbufs(c, node), config_mbufs_needed(c, node));
	}
	warn_all(c, to, warn_people);
}

static void json_queue(const struct config *c, uint32_t port, uint32_t q, FILE *to)
{
	const struct config_port *p = &c->port[port];
	uint32_t worker = p->poller[q];

	fputs("{\"port\": ", to);
	json_text(to, p->name);
	fprintf(to,
		", \"number\": %u, \"queue\": %u, \"worker\": %u, \"cpu\": %u, \"port_node\": %u, "
		"\"worker_node\": %u, \"flows\": %u, \"rx\": %u, \"tx\": %u, \"steering\": \"%s\"}",
		port, q, worker + 1, c->cpu[worker], p->node, c->node[worker],
		flows_of(c, worker, port), p->rx_descriptors, p->tx_descriptors,
		steering_name[p->steering]);
}

static void json_queues(const struct config *c, FILE *to)
{
	const char *comma = "";

	fputs("\"queues\": [", to);
	for (uint32_t i = 0; i < c->ports; i++) {
		for (uint32_t q = 0; q < c->port[i].queues; q++) {
			fputs(comma, to);
			json_queue(c, i, q, to);
			comma = ", ";
		}
	}
	fputs("], ", to);
}

static void json_addresses(const struct config *c, FILE *to)
{
	fputs("\"addresses\": [", to);
	for (uint32_t i = 0; i < c->addresses; i++) {
		const struct config_address *a = &c->address[i];
		char ip[TEXT_IP_MAX];

		fprintf(to, "%s{\"address\": \"%s\", \"vlan\": %u, \"port\": ", i > 0 ? ", " : "",
			text_put_ip(ip, &a->ip), a->vlan);
		json_text(to, c->port[a->port].name);
		fprintf(to,
			", \"worker\": %u, \"cpu\": %u, \"flows\": %u, \"first\": %u, "
			"\"last\": %u}",
			a->worker + 1U, c->cpu[a->worker], a->flows, a->port_first,
			a->port_first + 2 * a->flows - 1);
	}
	fputs("], ", to);
}

static void json_nodes(const struct config *c, FILE *to)
{
	const char *comma = "";

	fputs("\"nodes\": [", to);
	for (uint32_t node = 0; node < MACHINE_NODES_MAX; node++) {
		if (config_mbufs(c, node) == 0)
			continue;
		fprintf(to, "%s{\"node\": %u, \"mbufs\": %u, \"needed\": %u}", comma, node,
			config_mbufs(c, node), config_mbufs_needed(c, node));
		comma = ", ";
	}
	fputs("], ", to);
}

void plan_print_json(const struct config *c, FILE *to)
{
	fprintf(to, "{\"main_cpu\": %u, \"workers\": %u, \"idle\": \"%s\", ", c->main_cpu,
		c->workers, c->sleep ? "sleep" : "poll");
	json_queues(c, to);
	json_addresses(c, to);
	json_nodes(c, to);
	fputs("\"warnings\": [", to);
	warn_all(c, to, warn_json);
	fputs("]}\n", to);
}
