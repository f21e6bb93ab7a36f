// SPDX-License-Identifier: BSD-3-Clause
//
// Several cards as one port, as it is written and as it is refused.
#include "dataplane/dpdk/config.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct config config;
static char error[512];

static void set_up(void)
{
	snprintf(path, sizeof(path), "config_bond_test_%d.yaml", getpid());
}

static void tear_down(void)
{
	unlink(path);
}

TestSuite(config_bond, .init = set_up, .fini = tear_down);

// A port with one card, and one with what is asked for.
static bool load(const char *device)
{
	FILE *f = fopen(path, "w");
	cpu_set_t cpus;

	fprintf(f,
		"ports:\n"
		"  - name: left\n"
		"    device: 0000:3b:00.0\n"
		"    addresses: [{ip: 10.99.0.2, prefix: 24}]\n"
		"  - name: right\n"
		"    %s\n"
		"    addresses: [{ip: 192.0.2.1, prefix: 24}]\n",
		device);
	fclose(f);
	CPU_ZERO(&cpus);
	for (int i = 0; i < 4; i++)
		CPU_SET(i, &cpus);
	error[0] = '\0';
	return config_load(&config, path, &cpus, error, sizeof(error));
}

Test(config_bond, each_mode_is_what_it_is_called)
{
	static const struct {
		const char *text;
		enum config_bond mode;
	} rows[] = { { "802.3ad", BOND_8023AD }, { "active-backup", BOND_ACTIVE_BACKUP },
		{ "balance-xor", BOND_BALANCE_XOR } };
	char device[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(device, sizeof(device),
			"bond: {mode: %s, members: [\"0000:5e:00.0\", \"0000:5e:00.1\"]}",
			rows[i].text);
		cr_assert(load(device), "%s", error);
		cr_expect_eq(config.port[0].bond, BOND_NONE);
		cr_expect_eq(config.port[1].bond, rows[i].mode, "%s", rows[i].text);
	}
	cr_expect_eq(config.port[1].members, 2);
	cr_expect_str_eq(config.port[1].member[0], "0000:5e:00.0");
	cr_expect_str_eq(config.port[1].member[1], "0000:5e:00.1");
	cr_expect_str_eq(config.port[1].device, "net_bonding1");
	cr_expect_not(config.port[1].pci);
	cr_expect_eq(config_devices(&config), 4);
}

Test(config_bond, each_member_has_descriptors_of_its_own)
{
	cr_assert(load("device: 0000:5e:00.0"), "%s", error);
	uint32_t one = config_mbufs_needed(&config, 0);
	cr_assert(load("bond: {mode: 802.3ad, members: [\"0000:5e:00.0\", \"0000:5e:00.1\"]}"),
		"%s", error);
	cr_expect_eq(config_mbufs_needed(&config, 0), one + 2 * CONFIG_DESCRIPTORS);
}

Test(config_bond, what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *device;
		const char *said;
	} rows[] = {
		{ "bond: {mode: 802.3ad, members: [\"0000:5e:00.0\"]}", "one member is no bond" },
		{ "bond: {mode: 4, members: [\"0000:5e:00.0\", \"0000:5e:00.1\"]}", "802.3ad" },
		{ "bond: {mode: 802.3ad, members: [\"0000:5e:00.0\", \"0000:5e:00.0\"]}",
			"0000:5e:00.0 is a member already" },
		{ "bond: {mode: 802.3ad, members: [\"net_tap1,iface=a\", \"net_tap1,iface=b\"]}",
			"is a member already" },
		{ "bond: {mode: 802.3ad, members: [\"0000:5e:00.0\", eth1]}",
			"\"eth1\" is neither" },
		{ "bond: {mode: 802.3ad, members: [\"0000:5e:00.0\", net_bonding7]}",
			"\"net_bonding7\" is neither" },
		{ "bond: {mode: 802.3ad, members: [\"0000:5e:00.0\", \"0000:3b:00.0\"]}",
			"port left has this device already" },
		{ "bond: {mode: 802.3ad, members: [\"0000:5e:00.0\", \"0000:5e:00.1\"]}\n"
		  "    device: 0000:5e:00.2",
			"one of device (a PCI address), vdev and bond" },
		{ "bond: {mode: 802.3ad, members: [\"net_tap1,iface=a\", \"net_tap2,iface=b\"]}\n"
		  "    kernel: {interface: b}",
			"the port's own interface" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_not(load(rows[i].device), "row %zu is taken", i);
		cr_expect_not_null(strstr(error, rows[i].said), "row %zu: %s", i, error);
	}
}
