// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/port_ready.h"

#include "dataplane/dpdk/nd.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <string.h>

static const uint64_t in_sums = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
static const uint64_t out_sums = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;

int port_ready_offloads(struct port *port, struct rte_eth_conf *conf)
{
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(port->id, &info);

	if (err < 0)
		return err;
	port->sums_in = (info.rx_offload_capa & in_sums) == in_sums;
	port->sums_out = (info.tx_offload_capa & out_sums) == out_sums;
	if (port->sums_in)
		conf->rxmode.offloads |= in_sums;
	if (port->sums_out)
		conf->txmode.offloads |= out_sums;
	return 0;
}

int port_ready_mtu(struct port *port)
{
	uint16_t has;
	uint16_t wish = port->mtu;
	int err = rte_eth_dev_get_mtu(port->id, &has);

	if (err < 0)
		return err;
	port->mtu = has;
	if (wish == 0 || wish == has)
		return 0;
	if (rte_eth_dev_set_mtu(port->id, wish) < 0)
		return -EMSGSIZE;
	port->mtu = wish;
	return 0;
}

// Appends a MAC unless it is there.
static uint32_t add(struct rte_ether_addr *list, uint32_t n, const struct ip_address *group)
{
	struct rte_ether_addr mac;

	nd_group_mac(group, mac.addr_bytes);
	for (uint32_t i = 0; i < n; i++) {
		if (rte_is_same_ether_addr(&list[i], &mac))
			return n;
	}
	list[n] = mac;
	return n + 1;
}

void port_ready_groups(struct port *port)
{
	struct rte_ether_addr list[BRIDGE_ADDRESSES_MAX + 1];
	struct ip_address all = nd_all_nodes();
	uint32_t n = 0;

	// Which groups the kernel is in, it does not tell; and a bond with LACP takes broadcasts
	// for groups.
	if (port->kernel.on || port->lacp) {
		if (rte_eth_allmulticast_enable(port->id) != 0)
			rte_eth_promiscuous_enable(port->id);
		return;
	}
	for (uint32_t i = 0; i < port->station.addresses; i++) {
		const struct ip_address *ip = &port->station.address[i].ip;
		struct ip_address group = nd_solicited_node(ip);

		if (ip_family(ip) == FAMILY_V6)
			n = add(list, n, &group);
	}
	if (n == 0)
		return;
	n = add(list, n, &all);
	if (rte_eth_dev_set_mc_addr_list(port->id, list, n) == 0 ||
		rte_eth_allmulticast_enable(port->id) == 0)
		return;
	rte_eth_promiscuous_enable(port->id);
}
