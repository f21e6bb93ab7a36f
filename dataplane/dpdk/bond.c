// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/bond.h"

#include "dataplane/dpdk/config_text.h"
#include "dataplane/dpdk/eal.h"

#include <rte_errno.h>
#include <rte_eth_bond.h>
#include <rte_ethdev.h>

#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 10 }; // at the link of a member that does not tell by itself

static const uint8_t mode_of[] = {
	[BOND_8023AD] = BONDING_MODE_8023AD,
	[BOND_ACTIVE_BACKUP] = BONDING_MODE_ACTIVE_BACKUP,
	[BOND_BALANCE_XOR] = BONDING_MODE_BALANCE,
};

static bool add(const struct config_port *p, uint16_t bond, const char *device, char *error,
	size_t error_size)
{
	struct config_port member = { .pci = text_is_pci(device) };
	uint16_t id;

	snprintf(member.name, sizeof(member.name), "%s", p->name);
	snprintf(member.device, sizeof(member.device), "%s", device);
	if (!eal_probe(&member, &id, error, error_size))
		return false;
	int err = rte_eth_bond_slave_add(bond, id);
	if (err == 0)
		return true;
	rte_eth_dev_close(id);
	snprintf(error, error_size,
		"port %s: %s does not become a member of the bond (%s): start with --verbose and "
		"read why",
		p->name, device, err < -1 ? rte_strerror(-err) : "the driver refuses it");
	return false;
}

// By the flow: each call keeps its order, and all of them share the members.
static int settle(const struct config_port *p, uint16_t bond)
{
	int err = 0;

	if (p->bond != BOND_ACTIVE_BACKUP)
		err = rte_eth_bond_xmit_policy_set(bond, BALANCE_XMIT_POLICY_LAYER34);
	if (err == 0)
		err = rte_eth_bond_link_monitoring_set(bond, LOOK_MS);
	return err;
}

bool bond_make(const struct config_port *p, uint16_t *id, char *error, size_t error_size)
{
	int bond = rte_eth_bond_create(p->device, mode_of[p->bond], p->node);

	if (bond < 0 || settle(p, (uint16_t)bond) < 0) {
		snprintf(error, error_size,
			"port %s: DPDK makes no bond: is its net_bonding driver installed?",
			p->name);
		return false;
	}
	*id = (uint16_t)bond;
	for (uint32_t i = 0; i < p->members; i++) {
		if (!add(p, *id, p->member[i], error, error_size))
			return false;
	}
	return true;
}

static bool is_up(uint16_t id)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

// The MAC goes with the one who sends.
static void go_by(uint16_t id, uint16_t member)
{
	struct rte_ether_addr mac;

	if (rte_eth_macaddr_get(id, &mac) == 0 && rte_eth_bond_primary_set(id, member) == 0)
		rte_eth_bond_mac_address_set(id, &mac);
}

void bond_watch(uint16_t id)
{
	uint16_t member[CONFIG_MEMBERS_MAX];
	int sender = rte_eth_bond_primary_get(id);
	uint16_t n = bond_members(id, member);

	if (sender < 0 || is_up((uint16_t)sender))
		return;
	for (uint16_t i = 0; i < n; i++) {
		if (is_up(member[i])) {
			go_by(id, member[i]);
			return;
		}
	}
}

uint16_t bond_members(uint16_t id, uint16_t members[CONFIG_MEMBERS_MAX])
{
	struct rte_eth_dev_info info;
	int n = 0;

	if (rte_eth_dev_info_get(id, &info) == 0 && strcmp(info.driver_name, "net_bonding") == 0)
		n = rte_eth_bond_slaves_get(id, members, CONFIG_MEMBERS_MAX);
	return n > 0 ? (uint16_t)n : 0;
}
