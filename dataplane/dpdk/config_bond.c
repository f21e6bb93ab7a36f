// SPDX-License-Identifier: BSD-3-Clause
//
// Several cards as one port, as the configuration names them.
#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"

#include <stdio.h>
#include <string.h>

static bool is_device(const struct config_port *p, const char *text)
{
	bool fits = strlen(text) < sizeof(p->member[0]);

	return fits && (text_is_pci(text) || (strncmp(text, "net_", 4) == 0 &&
						     strncmp(text, "net_bonding", 11) != 0));
}

static bool load_member(struct load *l, uint32_t n, const char *text)
{
	struct config_port *p = &l->out->port[n];

	if (!is_device(p, text))
		return COMPLAIN(l, config_port_key(l, n, "bond.members"),
			"\"%s\" is neither a PCI address like 0000:3b:00.0 nor a DPDK network "
			"device like net_tap0,iface=left that can be a member",
			text);
	for (uint32_t i = 0; i < p->members; i++) {
		if (config_same_device(p->member[i], text))
			return COMPLAIN(l, config_port_key(l, n, "bond.members"),
				"%s is a member already", text);
	}
	snprintf(p->member[p->members++], sizeof(p->member[0]), "%s", text);
	return true;
}

bool config_load_bond(struct load *l, uint32_t n, const struct yaml_bond *y)
{
	static const char *const modes[3] = { "802.3ad", "active-backup", "balance-xor" };
	struct config_port *p = &l->out->port[n];
	uint32_t mode;

	if (!config_word(l, config_port_key(l, n, "bond.mode"), y->mode, modes, 3, &mode))
		return false;
	if (y->members_count < 2)
		return COMPLAIN(l, config_port_key(l, n, "bond.members"),
			"one member is no bond: name another, or write it as device or vdev");
	for (uint32_t i = 0; i < y->members_count; i++) {
		if (!load_member(l, n, y->members[i]))
			return false;
	}
	p->bond = (enum config_bond)(mode + BOND_8023AD);
	snprintf(p->device, sizeof(p->device), "net_bonding%u", n);
	return true;
}
