// SPDX-License-Identifier: BSD-3-Clause
//
// The kernel's interface beside a port, as the configuration names it.
#include "dataplane/dpdk/config_load.h"

#include <stdio.h>
#include <string.h>

static const char *at(struct load *l, uint32_t port, const char *key)
{
	return config_port_key(l, port, key);
}

// What the kernel takes, less what a device of DPDK cannot be told.
static bool is_interface(const char *text)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(text);

	return len > 0 && len < sizeof(((struct config_port *)NULL)->kernel) &&
	       strspn(text, good) == len && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

// "iface=NAME" in a device's string.
static bool is_in_device(const char *device, const char *interface)
{
	const char *found = strstr(device, "iface=");
	size_t len = strlen(interface);

	return found != NULL && strncmp(found + 6, interface, len) == 0 &&
	       (found[6 + len] == '\0' || found[6 + len] == ',');
}

// Of the port's device, or of one of its members.
static bool is_in_port(const struct config_port *p, const char *interface)
{
	for (uint32_t i = 0; i < p->members; i++) {
		if (is_in_device(p->member[i], interface))
			return true;
	}
	return is_in_device(p->device, interface);
}

static bool is_free(struct load *l, uint32_t n, const char *interface)
{
	const struct config *c = l->out;

	if (is_in_port(&c->port[n], interface))
		return COMPLAIN(l, at(l, n, "kernel.interface"),
			"%s is the port's own interface: the kernel's is another, which is made "
			"beside it",
			interface);
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(c->port[i].kernel, interface) == 0 || is_in_port(&c->port[i], interface))
			return COMPLAIN(l, at(l, n, "kernel.interface"),
				"port %s has %s already: each port has an interface of its own",
				c->port[i].name, interface);
	}
	return true;
}

bool config_load_kernel(struct load *l, uint32_t n, const struct yaml_port *y)
{
	static const char *const ways[2] = { "tap", "virtio-user" };
	struct config_port *p = &l->out->port[n];
	uint32_t by = 0;

	if (y->kernel == NULL)
		return true;
	if (!is_interface(y->kernel->interface))
		return COMPLAIN(l, at(l, n, "kernel.interface"),
			"\"%s\" is not a name of 1 to 15 letters, digits, dots, dashes or "
			"underscores, like layby0",
			y->kernel->interface);
	if (!is_free(l, n, y->kernel->interface) ||
		!config_word(l, at(l, n, "kernel.by"), y->kernel->by, ways, 2, &by))
		return false;
	snprintf(p->kernel, sizeof(p->kernel), "%s", y->kernel->interface);
	p->kernel_by = by == 0 ? KERNEL_BY_TAP : KERNEL_BY_VIRTIO;
	return true;
}
