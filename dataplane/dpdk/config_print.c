// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration as people read it: what was understood, defaults included.
#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/config_text.h"

static void print_address(const struct config_address *a, FILE *to)
{
	char text[TEXT_IP_MAX];

	fprintf(to, "    address %s/%u", text_put_ip(text, &a->ip), a->prefix);
	if (a->vlan != 0)
		fprintf(to, "  VLAN %u", a->vlan);
	if (!ip_is_none(&a->gateway))
		fprintf(to, "  gateway %s", text_put_ip(text, &a->gateway));
	if (a->dscp != CONFIG_DSCP)
		fprintf(to, "  DSCP %u", a->dscp);
	fprintf(to, "  RTP and RTCP ports %u-%u  %u flows\n", a->port_first,
		a->port_first + 2 * a->flows - 1, a->flows);
}

static void print_port(const struct config *c, uint32_t n, FILE *to)
{
	const struct config_port *p = &c->port[n];

	fprintf(to, "  port %s  device %s", p->name, p->device);
	for (uint32_t i = 0; i < p->members; i++)
		fprintf(to, "%s%s", i == 0 ? " of " : " and ", p->member[i]);
	if (p->mtu != 0)
		fprintf(to, "  MTU %u", p->mtu);
	if (p->kernel_by != KERNEL_BY_NOBODY)
		fprintf(to, "  kernel %s by %s, served by worker %u", p->kernel,
			p->kernel_by == KERNEL_BY_TAP ? "tap" : "virtio-user",
			config_kernel_worker(c, n) + 1);
	fputc('\n', to);
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].port == n)
			print_address(&c->address[i], to);
	}
}

void config_print(const struct config *c, FILE *to)
{
	fprintf(to,
		"main on CPU %u  %u worker%s, idle ones %s  hugepages %s\n"
		"tracks up to %llu MB  %u next hops a worker  socket %s\n"
		"recordings in %s\n",
		c->main_cpu, c->workers, c->workers == 1 ? "" : "s", c->sleep ? "sleep" : "poll",
		c->hugepages ? "if there are enough" : "none",
		(unsigned long long)c->tracks_bytes >> 20, c->neighbours, c->socket, c->recordings);
	for (uint32_t i = 0; i < c->ports; i++)
		print_port(c, i, to);
}
