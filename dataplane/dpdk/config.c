// SPDX-License-Identifier: BSD-3-Clause
//
// From YAML to struct config: first the shape (libcyaml's schema), then what no schema can say.
#include "dataplane/dpdk/config.h"

#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

enum {
	TRACKS_MB = 256,
	TRACKS_MB_MAX = 1 << 20,
	NEIGHBOURS = 4096,
	ORPHAN_SECONDS = 60,
	ORPHAN_SECONDS_MAX = 86400,
	MBUFS_MIN = 1024,
	MBUFS_MAX = 1 << 24,
};

static const char default_socket[] = "/run/layby/media.sock";

// clang-format off
#define TEXT(key, type, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, 200)

static const cyaml_schema_field_t cores_fields[] = {
	TEXT("main", struct yaml_cores, main),
	TEXT("workers", struct yaml_cores, workers),
	TEXT("idle", struct yaml_cores, idle),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t memory_fields[] = {
	TEXT("hugepages", struct yaml_memory, hugepages),
	TEXT("mbufs", struct yaml_memory, mbufs),
	TEXT("tracks-mb", struct yaml_memory, tracks_mb),
	TEXT("neighbours", struct yaml_memory, neighbours),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t address_fields[] = {
	CYAML_FIELD_STRING_PTR("ip", CYAML_FLAG_POINTER, struct yaml_address, ip, 0, 200),
	CYAML_FIELD_STRING_PTR("prefix", CYAML_FLAG_POINTER, struct yaml_address, prefix, 0, 200),
	TEXT("rtp-ports", struct yaml_address, rtp_ports),
	TEXT("worker", struct yaml_address, worker),
	TEXT("vlan", struct yaml_address, vlan),
	TEXT("gateway", struct yaml_address, gateway),
	TEXT("dscp", struct yaml_address, dscp),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t address_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_address, address_fields),
};

static const cyaml_schema_field_t port_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct yaml_port, name, 1, 31),
	TEXT("device", struct yaml_port, device),
	TEXT("vdev", struct yaml_port, vdev),
	TEXT("worker", struct yaml_port, worker),
	TEXT("gateway", struct yaml_port, gateway),
	TEXT("gateway6", struct yaml_port, gateway6),
	TEXT("mtu", struct yaml_port, mtu),
	TEXT("dscp", struct yaml_port, dscp),
	CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER, struct yaml_port, addresses,
		&address_schema, 1, BRIDGE_ADDRESSES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t port_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_port, port_fields),
};

static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_MAPPING_PTR("cores", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_config, cores, cores_fields),
	CYAML_FIELD_MAPPING_PTR("memory", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_config, memory, memory_fields),
	CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER, struct yaml_config, ports,
		&port_schema, 1, CONFIG_PORTS_MAX),
	TEXT("socket", struct yaml_config, socket),
	TEXT("orphan-seconds", struct yaml_config, orphan_seconds),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_config, config_fields),
};
// clang-format on

bool config_number(struct load *l, const char *node, const char *text, uint64_t high, uint64_t *out)
{
	if (text == NULL || text_number(text, /* low */ 1, high, out))
		return true;
	return COMPLAIN(
		l, node, "\"%s\" is not a number from 1 to %llu", text, (unsigned long long)high);
}

// One of two words; *out is true for the first.
static bool word(
	struct load *l, const char *node, const char *text, const char *const words[2], bool *out)
{
	if (text == NULL)
		return true;
	*out = strcmp(text, words[0]) == 0;
	if (*out || strcmp(text, words[1]) == 0)
		return true;
	return COMPLAIN(l, node, "\"%s\" is neither %s nor %s", text, words[0], words[1]);
}

static uint32_t first_cpu(const cpu_set_t *cpus)
{
	uint32_t cpu = 0;

	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, cpus))
		cpu++;
	return cpu;
}

// The CPUs that the main thread leaves, in order; its own if there is no other.
static void spread(struct config *c, const cpu_set_t *cpus)
{
	c->workers = 0;
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE && c->workers < BRIDGE_WORKERS_MAX; cpu++) {
		if (cpu != c->main_cpu && CPU_ISSET(cpu, cpus))
			c->cpu[c->workers++] = cpu;
	}
	if (c->workers == 0)
		c->cpu[c->workers++] = c->main_cpu;
}

static bool load_main_cpu(struct load *l, const char *text)
{
	uint64_t cpu;

	l->out->main_cpu = first_cpu(l->cpus);
	if (text == NULL)
		return true;
	if (!text_number(text, 0, CPU_SETSIZE - 1, &cpu))
		return COMPLAIN(l, "cores.main", "\"%s\" is not the number of a CPU", text);
	if (!CPU_ISSET(cpu, l->cpus))
		return COMPLAIN(l, "cores.main",
			"CPU %s is not there, or not for us: name one that taskset -p $$ shows",
			text);
	l->out->main_cpu = (uint32_t)cpu;
	return true;
}

static bool load_worker_cpus(struct load *l, const char *text)
{
	struct config *c = l->out;

	c->workers = text_cpus(text, c->cpu, BRIDGE_WORKERS_MAX);
	if (c->workers == 0)
		return COMPLAIN(l, "cores.workers",
			"\"%s\" is not auto, nor a list of up to %d CPUs like \"1\" or \"1-3,6\"",
			text, BRIDGE_WORKERS_MAX);
	for (uint32_t i = 0; i < c->workers; i++) {
		if (!CPU_ISSET(c->cpu[i], l->cpus))
			return COMPLAIN(l, "cores.workers",
				"CPU %u is not there, or not for us: this machine gives us %d, "
				"take fewer workers or write auto",
				c->cpu[i], CPU_COUNT(l->cpus));
		if (c->cpu[i] == c->main_cpu && !c->sleep)
			return COMPLAIN(l, "cores.workers",
				"CPU %u is the main thread's, which a polling worker would starve: "
				"give the worker another, or write idle: sleep",
				c->cpu[i]);
	}
	return true;
}

static bool load_cores(struct load *l, const struct yaml_cores *y)
{
	static const struct yaml_cores nothing;
	static const char *const idles[2] = { "sleep", "poll" };

	y = y != NULL ? y : &nothing;
	if (!load_main_cpu(l, y->main) || !word(l, "cores.idle", y->idle, idles, &l->out->sleep))
		return false;
	if (y->workers != NULL && strcmp(y->workers, "auto") != 0)
		return load_worker_cpus(l, y->workers);
	spread(l->out, l->cpus);
	if (l->out->cpu[0] == l->out->main_cpu && !l->out->sleep)
		return COMPLAIN(l, "cores", "one CPU is too few for idle: poll, write idle: sleep");
	return true;
}

static bool load_memory(struct load *l, const struct yaml_memory *y)
{
	static const char *const pages[2] = { "auto", "none" };
	struct config *c = l->out;
	uint64_t tracks_mb = TRACKS_MB;
	uint64_t neighbours = c->neighbours;
	uint64_t mbufs;

	if (y == NULL)
		return true;
	if (!word(l, "memory.hugepages", y->hugepages, pages, &c->hugepages) ||
		!config_number(l, "memory.tracks-mb", y->tracks_mb, TRACKS_MB_MAX, &tracks_mb) ||
		!config_number(
			l, "memory.neighbours", y->neighbours, CONFIG_NEIGHBOURS_MAX, &neighbours))
		return false;
	c->tracks_bytes = tracks_mb << 20;
	c->neighbours = (uint32_t)neighbours;
	if (y->mbufs == NULL || strcmp(y->mbufs, "auto") == 0)
		return true;
	if (!text_number(y->mbufs, MBUFS_MIN, MBUFS_MAX, &mbufs))
		return COMPLAIN(l, "memory.mbufs",
			"\"%s\" is neither auto nor a number from %d to %d", y->mbufs, MBUFS_MIN,
			MBUFS_MAX);
	c->mbufs = (uint32_t)mbufs;
	return true;
}

static bool load_rest(struct load *l, const struct yaml_config *y)
{
	uint64_t seconds = l->out->orphan_seconds;

	if (!config_number(l, "orphan-seconds", y->orphan_seconds, ORPHAN_SECONDS_MAX, &seconds))
		return false;
	l->out->orphan_seconds = (uint32_t)seconds;
	if (y->socket == NULL)
		return true;
	if (y->socket[0] != '/' || strlen(y->socket) >= sizeof(l->out->socket))
		return COMPLAIN(l, "socket",
			"\"%s\" is not an absolute path of less than %zu bytes", y->socket,
			sizeof(l->out->socket));
	snprintf(l->out->socket, sizeof(l->out->socket), "%s", y->socket);
	return true;
}

static void set_defaults(struct config *c)
{
	*c = (struct config){
		.sleep = false,
		.hugepages = true,
		.tracks_bytes = (uint64_t)TRACKS_MB << 20,
		.neighbours = NEIGHBOURS,
		.orphan_seconds = ORPHAN_SECONDS,
	};
	snprintf(c->socket, sizeof(c->socket), "%s", default_socket);
}

bool config_load(
	struct config *out, const char *path, const cpu_set_t *cpus, char *error, size_t error_size)
{
	void *data = NULL;
	struct yaml_file *file = yaml_open(path, &config_schema, &data, error, error_size);

	if (file == NULL)
		return false;

	const struct yaml_config *y = data;
	struct load l = {
		.out = out, .cpus = cpus, .file = file, .error = error, .error_size = error_size
	};
	set_defaults(out);
	bool good = load_cores(&l, y->cores) && load_memory(&l, y->memory) &&
		    config_load_ports(&l, y) && load_rest(&l, y);
	yaml_close(file);
	return good;
}

void config_default(struct config *out, const cpu_set_t *cpus)
{
	set_defaults(out);
	out->sleep = true;
	out->hugepages = false;
	out->main_cpu = first_cpu(cpus);
	spread(out, cpus);
	out->workers = 1;
	out->ports = 1;
	out->port[0] = (struct config_port){
		.name = "layby0", .device = "net_tap0,iface=layby0", .dscp = CONFIG_DSCP
	};
	out->addresses = 1;
	out->address[0] = (struct config_address){
		.ip = ip_from_v4(0x0a630002),
		.gateway = ip_from_v4(0x0a630001),
		.prefix = 24,
		.dscp = CONFIG_DSCP,
		.port_first = 16384,
		.flows = 8192,
	};
}
