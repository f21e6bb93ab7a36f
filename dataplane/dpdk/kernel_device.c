// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/kernel_device.h"

#include "dataplane/dpdk/tap.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 32, ARGS_MAX = 160 };

static const char vhost[] = "/dev/vhost-net";

// DPDK's name of it, which says the driver.
static void name_it(char name[NAME_MAX_LEN], const struct port *port, enum config_kernel by)
{
	snprintf(name, NAME_MAX_LEN, "%s_kernel%u",
		by == KERNEL_BY_TAP ? "net_tap" : "net_virtio_user", port->station.port);
}

static void describe(char args[ARGS_MAX], const struct config_port *c, const uint8_t *mac)
{
	int len = c->kernel_by == KERNEL_BY_TAP
			  ? snprintf(args, ARGS_MAX, "iface=%s", c->kernel)
			  : snprintf(args, ARGS_MAX, "path=%s,iface=%s,queues=1,queue_size=%u",
				    vhost, c->kernel, CONFIG_KERNEL_DESCRIPTORS);

	snprintf(args + len, (size_t)(ARGS_MAX - len), ",mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static bool may_be_made(const struct config_port *c, char *error, size_t error_size)
{
	char device[ARGS_MAX];

	snprintf(device, sizeof(device), "net_tap,iface=%s", c->kernel);
	if (c->kernel_by == KERNEL_BY_VIRTIO && access(vhost, R_OK | W_OK) != 0) {
		snprintf(error, error_size,
			"port %s: kernel.by: virtio-user needs %s (%m): modprobe vhost_net, or "
			"write by: tap",
			c->name, vhost);
		return false;
	}
	if (!tap_is_served(device))
		return true;
	snprintf(error, error_size,
		"port %s: the kernel has an interface %s already, and somebody serves it: write "
		"another in kernel.interface",
		c->name, c->kernel);
	return false;
}

static int set_up(uint16_t id, const struct port *port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };
	uint16_t rx = CONFIG_KERNEL_DESCRIPTORS;
	uint16_t tx = CONFIG_KERNEL_DESCRIPTORS;
	unsigned node = (unsigned)rte_eth_dev_socket_id(id);
	int err = rte_eth_dev_configure(id, 1, 1, &conf);

	if (err == 0)
		err = rte_eth_dev_set_mtu(id, port->mtu);
	if (err == 0)
		err = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);
	if (err == 0)
		err = rte_eth_rx_queue_setup(id, 0, rx, node, NULL, pool);
	if (err == 0)
		err = rte_eth_tx_queue_setup(id, 0, tx, node, NULL);
	if (err == 0)
		err = rte_eth_dev_start(id);
	return err;
}

bool kernel_device_start(struct port *port, const struct config_port *c, struct rte_mempool *pool,
	char *error, size_t error_size)
{
	char name[NAME_MAX_LEN];
	char args[ARGS_MAX];
	uint16_t id;

	if (!may_be_made(c, error, error_size))
		return false;
	name_it(name, port, c->kernel_by);
	describe(args, c, port->station.mac);
	if (rte_eal_hotplug_add("vdev", name, args) != 0 ||
		rte_eth_dev_get_port_by_name(name, &id) != 0) {
		snprintf(args, sizeof(args), "net_tap,iface=%s", c->kernel);
		tap_complain(c->name, args, error, error_size);
		return false;
	}

	int err = set_up(id, port, pool);
	if (err < 0) {
		rte_eth_dev_close(id);
		snprintf(error, error_size,
			"port %s: the kernel's interface %s does not start with an MTU of %u (%s)",
			c->name, c->kernel, port->mtu, rte_strerror(-err));
		return false;
	}
	port->kernel.id = id;
	port->kernel.open = true;
	return true;
}

void kernel_device_stop(struct port *port)
{
	if (!port->kernel.open)
		return;
	if (rte_eth_dev_stop(port->kernel.id) == 0)
		rte_eth_dev_close(port->kernel.id);
	port->kernel.open = false;
}
