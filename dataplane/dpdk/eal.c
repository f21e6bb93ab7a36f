// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/eal.h"

#include "dataplane/dpdk/bond.h"
#include "dataplane/dpdk/config_text.h"
#include "dataplane/dpdk/say.h"
#include "dataplane/dpdk/tap.h"

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	ARGS_MAX = 32 + CONFIG_PORTS_MAX * 2,
	TEXT_MAX = 4096,
	MB = 1 << 20,
	OWN_MB = 32, // what drivers and rings take
	PORT_MB = 4,
};

// The arguments of rte_eal_init(), which wants them writable.
struct arguments {
	int n;
	size_t used;
	char *list[ARGS_MAX];
	char text[TEXT_MAX];
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *fmt, ...)
{
	va_list args;

	assert(a->n < ARGS_MAX - 1);
	va_start(args, fmt);
	int len = vsnprintf(a->text + a->used, sizeof(a->text) - a->used, fmt, args);
	va_end(args);
	assert(len >= 0 && (size_t)len < sizeof(a->text) - a->used);
	a->list[a->n++] = a->text + a->used;
	a->used += (size_t)len + 1;
}

// What one NUMA node needs; what is on none in particular is on node 0.
static uint32_t node_megabytes(const struct config *c, uint32_t node)
{
	uint64_t bytes = (uint64_t)config_mbufs(c, node) * EAL_MBUF_BYTES;
	uint64_t rings = (uint64_t)c->workers * (c->workers - 1) * config_handoff_ring(c) * 8;

	if (node > 0)
		return bytes > 0 ? (uint32_t)(bytes / MB) + PORT_MB * config_devices(c) : 0;
	return (uint32_t)((bytes + rings) / MB) + OWN_MB + PORT_MB * config_devices(c);
}

static uint32_t megabytes(const struct config *c)
{
	uint32_t mb = 0;

	for (uint32_t node = 0; node < MACHINE_NODES_MAX; node++)
		mb += node_megabytes(c, node);
	return mb;
}

static uint64_t free_pages(const char *size)
{
	char path[128];
	char text[32];
	unsigned long long pages = 0;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%s/free_hugepages", size);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) != NULL)
		pages = strtoull(text, NULL, 10);
	fclose(f);
	return pages;
}

// Decides, and says so when it is not what one would wish.
static bool use_hugepages(const struct config *c)
{
	uint64_t free_mb = free_pages("2048kB") * 2 + free_pages("1048576kB") * 1024;

	if (!c->hugepages)
		return false;
	if (free_mb >= megabytes(c))
		return true;
	say("%u MB of hugepages are needed and %llu MB are free: going without, which is slower; "
	    "sysctl vm.nr_hugepages=%u makes them",
		megabytes(c), (unsigned long long)free_mb, megabytes(c) / 2 + 1);
	return false;
}

static void add_cores(struct arguments *a, const struct config *c)
{
	char map[1024];
	int len = snprintf(map, sizeof(map), "--lcores=0@%u", c->main_cpu);

	for (uint32_t i = 0; i < c->workers; i++)
		len += snprintf(map + len, sizeof(map) - (size_t)len, ",%u@%u", i + 1, c->cpu[i]);
	add(a, "%s", map);
	add(a, "--main-lcore=0");
}

static uint32_t add_card(struct arguments *a, bool pci, const char *device)
{
	if (pci)
		add(a, "--allow=%s", device);
	return pci;
}

// Cards are named one by one, so that nobody else's is touched.
static void add_cards(struct arguments *a, const struct config *c)
{
	uint32_t cards = 0;

	for (uint32_t i = 0; i < c->ports; i++) {
		const struct config_port *p = &c->port[i];

		cards += add_card(a, p->pci, p->device);
		for (uint32_t k = 0; k < p->members; k++)
			cards += add_card(a, text_is_pci(p->member[k]), p->member[k]);
	}
	if (cards == 0)
		add(a, "--no-pci");
}

// So much of each node, where there are several.
static bool add_nodes(struct arguments *a, const struct config *c)
{
	char list[128];
	int len = snprintf(list, sizeof(list), "--socket-mem=%u", node_megabytes(c, 0));
	uint32_t last = 0;

	for (uint32_t node = 1; node < MACHINE_NODES_MAX; node++)
		last = node_megabytes(c, node) > 0 ? node : last;
	for (uint32_t node = 1; node <= last; node++)
		len += snprintf(
			list + len, sizeof(list) - (size_t)len, ",%u", node_megabytes(c, node));
	if (last > 0)
		add(a, "%s", list);
	return last > 0;
}

// The two ways to say "leave no files behind": this version refuses both at once.
static void add_memory(struct arguments *a, const struct config *c)
{
	if (use_hugepages(c)) {
		add(a, "--in-memory");
		if (add_nodes(a, c))
			return;
	} else {
		add(a, "--no-huge");
		add(a, "--no-shconf");
	}
	add(a, "-m");
	add(a, "%u", megabytes(c));
}

bool eal_start(const struct config *c, bool verbose, char *error, size_t error_size)
{
	static struct arguments a; // rte_eal_init() keeps pointers into it

	add(&a, "layby-media");
	add_cores(&a, c);
	add_cards(&a, c);
	add_memory(&a, c);
	add(&a, "--no-telemetry");
	add(&a, "--file-prefix=layby-%d", getpid());
	if (!verbose)
		add(&a, "--log-level=*:emergency");
	int done = rte_eal_init(a.n, a.list);
	// It makes a directory for files that we have told it not to write, and never removes it.
	rmdir(rte_eal_get_runtime_dir());
	if (done >= 0)
		return true;
	snprintf(error, error_size,
		"DPDK does not start (%s): start with --verbose and read what it says",
		rte_strerror(rte_errno));
	return false;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}

static void complain_of_device(const struct config_port *p, int err, char *error, size_t error_size)
{
	if (p->pci)
		snprintf(error, error_size,
			"port %s: no card for DPDK at %s: dpdk-devbind.py -s shows them, "
			"dpdk-devbind.py -b vfio-pci %s binds it",
			p->name, p->device, p->device);
	else if (tap_is_one(p->device))
		tap_complain(p->name, p->device, error, error_size);
	else
		snprintf(error, error_size,
			"port %s: there is no device %s (%s): does its interface exist? start "
			"with --verbose to read more",
			p->name, p->device, strerrordesc_np(err < 0 ? -err : ENODEV));
}

bool eal_probe(const struct config_port *p, uint16_t *id, char *error, size_t error_size)
{
	char name[sizeof(p->device)];
	size_t len = strcspn(p->device, ",");
	int err = 0;

	if (p->members > 0)
		return bond_make(p, id, error, error_size);
	if (tap_is_one(p->device) && tap_is_served(p->device)) {
		tap_complain(p->name, p->device, error, error_size);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, p->device);
	if (!p->pci)
		err = rte_eal_hotplug_add(
			"vdev", name, p->device[len] == ',' ? p->device + len + 1 : "");
	if (err == 0 && rte_eth_dev_get_port_by_name(name, id) == 0)
		return true;
	complain_of_device(p, err, error, error_size);
	return false;
}

void eal_complain(const struct config_port *p, int err, char *error, size_t error_size)
{
	if (err == -EMSGSIZE) {
		snprintf(error, error_size,
			"port %s: its device cannot have an MTU of %u: write another, or leave mtu "
			"out and it keeps its own",
			p->name, p->mtu);
		return;
	}
	snprintf(error, error_size,
		"port %s does not start (%s): start with --verbose and read what DPDK says",
		p->name, rte_strerror(-err));
}
