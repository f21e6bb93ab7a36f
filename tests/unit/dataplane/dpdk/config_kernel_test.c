// SPDX-License-Identifier: BSD-3-Clause
//
// The kernel's interface beside a port, as it is written and as it is refused.
#include "dataplane/dpdk/config.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct config config;
static char error[512];

static void set_up(void)
{
	snprintf(path, sizeof(path), "config_kernel_test_%d.yaml", getpid());
}

static void tear_down(void)
{
	unlink(path);
}

TestSuite(config_kernel, .init = set_up, .fini = tear_down);

// Two ports; more is what else is written of the second.
static bool load(const char *first, const char *more)
{
	FILE *f = fopen(path, "w");
	cpu_set_t cpus;

	fprintf(f,
		"cores: {main: 0, workers: \"1-2\"}\n"
		"ports:\n"
		"  - name: left\n"
		"    vdev: net_tap0,iface=left\n"
		"    %s\n"
		"    addresses: [{ip: 10.99.0.2, prefix: 24, worker: 1}]\n"
		"  - name: right\n"
		"    device: 0000:3b:00.0\n"
		"    %s\n"
		"    addresses:\n"
		"      - {ip: 192.0.2.1, prefix: 30, worker: 2}\n"
		"      - {ip: 192.0.2.2, prefix: 30, worker: 1}\n",
		first, more);
	fclose(f);
	CPU_ZERO(&cpus);
	for (int i = 0; i < 4; i++)
		CPU_SET(i, &cpus);
	error[0] = '\0';
	return config_load(&config, path, &cpus, error, sizeof(error));
}

Test(config_kernel, an_interface_is_a_tap_unless_it_is_said_otherwise)
{
	cr_assert(load("mtu: 1500", "kernel: {interface: host0}"), "%s", error);
	cr_expect_eq(config.port[0].kernel_by, KERNEL_BY_NOBODY);
	cr_expect_eq(config.port[1].kernel_by, KERNEL_BY_TAP);
	cr_expect_str_eq(config.port[1].kernel, "host0");
	cr_assert(load("kernel: {interface: a-b_c.d, by: tap}",
			  "kernel: {interface: host0, by: virtio-user}"),
		"%s", error);
	cr_expect_eq(config.port[0].kernel_by, KERNEL_BY_TAP);
	cr_expect_eq(config.port[1].kernel_by, KERNEL_BY_VIRTIO);
}

Test(config_kernel, who_polls_queue_0_and_sends_there_serves_it)
{
	cr_assert(load("mtu: 1500", "placement: \"2,1\""), "%s", error);
	cr_expect_eq(config_kernel_worker(&config, 0), 0);
	cr_expect_eq(config_kernel_worker(&config, 1), 1);
	config.address[2].worker = 1;
	config.port[1].poller[0] = 0;
	cr_expect_eq(config_kernel_worker(&config, 1), 1, "worker 1 has no address there now");
}

Test(config_kernel, its_queues_are_reckoned_among_the_packet_buffers)
{
	cr_assert(load("mtu: 1500", "mtu: 1500"), "%s", error);
	uint32_t without = config_mbufs_needed(&config, 0);
	cr_assert(load("mtu: 1500", "kernel: {interface: host0}"), "%s", error);
	cr_expect_geq(config_mbufs_needed(&config, 0), without + 2 * CONFIG_KERNEL_DESCRIPTORS);
}

Test(config_kernel, what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *first;
		const char *more;
		const char *said;
	} rows[] = {
		{ "mtu: 1500", "kernel: {interface: \"\"}", "is not a name of 1 to 15" },
		{ "mtu: 1500", "kernel: {interface: abcdefghijklmnop}",
			"is not a name of 1 to 15" },
		{ "mtu: 1500", "kernel: {interface: \"a,mac=1\"}", "is not a name of 1 to 15" },
		{ "mtu: 1500", "kernel: {interface: \"..\"}", "is not a name of 1 to 15" },
		{ "mtu: 1500", "kernel: {interface: host0, by: magic}", "magic" },
		{ "mtu: 1500", "kernel: {interface: left}", "port left has left already" },
		{ "kernel: {interface: left}", "mtu: 1500", "the port's own interface" },
		{ "kernel: {interface: host0}", "kernel: {interface: host0}",
			"port left has host0 already" },
		{ "mtu: 1500", "kernel: {by: tap}", "interface" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_not(load(rows[i].first, rows[i].more), "row %zu is taken", i);
		cr_expect_not_null(strstr(error, rows[i].said), "row %zu: %s", i, error);
		cr_expect_not_null(strchr(error, ':'), "row %zu: no place: %s", i, error);
	}
}
