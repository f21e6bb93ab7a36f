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
	WATCHDOG_MS = 100,
};

static const char default_socket[] = "/run/layby/media.sock";
static const char default_recordings[] = "/var/lib/layby/recordings";

// clang-format off
#define TEXT(key, type, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, 200)

static const cyaml_schema_field_t cores_fields[] = {
	TEXT("main", struct yaml_cores, main),
	TEXT("workers", struct yaml_cores, workers),
	TEXT("workers-per-node", struct yaml_cores, workers_per_node),
	TEXT("idle", struct yaml_cores, idle),
	TEXT("watchdog-ms", struct yaml_cores, watchdog_ms),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t memory_fields[] = {
	TEXT("hugepages", struct yaml_memory, hugepages),
	TEXT("mbufs", struct yaml_memory, mbufs),
	TEXT("tracks-mb", struct yaml_memory, tracks_mb),
	TEXT("neighbours", struct yaml_memory, neighbours),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t capacity_fields[] = {
	TEXT("voices", struct yaml_capacity, voices),
	TEXT("overlays", struct yaml_capacity, overlays),
	TEXT("mixed", struct yaml_capacity, mixed),
	TEXT("recordings", struct yaml_capacity, recordings),
	TEXT("srtp", struct yaml_capacity, srtp),
	TEXT("opus", struct yaml_capacity, opus),
	TEXT("prompts", struct yaml_capacity, prompts),
	TEXT("digits", struct yaml_capacity, digits),
	TEXT("detectors", struct yaml_capacity, detectors),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t recordings_fields[] = {
	TEXT("directory", struct yaml_recordings, directory),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t descriptors_fields[] = {
	TEXT("rx", struct yaml_descriptors, rx),
	TEXT("tx", struct yaml_descriptors, tx),
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

static const cyaml_schema_value_t member_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, const char *, 0, 200),
};

static const cyaml_schema_field_t bond_fields[] = {
	CYAML_FIELD_STRING_PTR("mode", CYAML_FLAG_POINTER, struct yaml_bond, mode, 0, 200),
	CYAML_FIELD_SEQUENCE("members", CYAML_FLAG_POINTER, struct yaml_bond, members,
		&member_schema, 1, CONFIG_MEMBERS_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t kernel_fields[] = {
	CYAML_FIELD_STRING_PTR("interface", CYAML_FLAG_POINTER, struct yaml_kernel, interface, 0, 200),
	TEXT("by", struct yaml_kernel, by),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t port_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct yaml_port, name, 1, 31),
	TEXT("device", struct yaml_port, device),
	TEXT("vdev", struct yaml_port, vdev),
	TEXT("worker", struct yaml_port, worker),
	TEXT("rx-queues", struct yaml_port, rx_queues),
	TEXT("placement", struct yaml_port, placement),
	TEXT("steering", struct yaml_port, steering),
	CYAML_FIELD_MAPPING_PTR("descriptors", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_port, descriptors, descriptors_fields),
	TEXT("gateway", struct yaml_port, gateway),
	TEXT("gateway6", struct yaml_port, gateway6),
	TEXT("mtu", struct yaml_port, mtu),
	TEXT("dscp", struct yaml_port, dscp),
	CYAML_FIELD_MAPPING_PTR("bond", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_port, bond, bond_fields),
	CYAML_FIELD_MAPPING_PTR("kernel", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_port, kernel, kernel_fields),
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
	CYAML_FIELD_MAPPING_PTR("capacity", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_config, capacity, capacity_fields),
	CYAML_FIELD_MAPPING_PTR("recordings", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct yaml_config, recordings, recordings_fields),
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

static bool load_memory(struct load *l, const struct yaml_memory *y)
{
	static const char *const pages[2] = { "auto", "none" };
	struct config *c = l->out;
	uint32_t without = !c->hugepages;
	uint64_t tracks_mb = TRACKS_MB;
	uint64_t neighbours = c->neighbours;

	if (y == NULL)
		return true;
	if (!config_word(l, "memory.hugepages", y->hugepages, pages, 2, &without) ||
		!config_number(l, "memory.tracks-mb", y->tracks_mb, TRACKS_MB_MAX, &tracks_mb) ||
		!config_number(
			l, "memory.neighbours", y->neighbours, CONFIG_NEIGHBOURS_MAX, &neighbours))
		return false;
	c->tracks_bytes = tracks_mb << 20;
	c->neighbours = (uint32_t)neighbours;
	c->hugepages = without == 0;
	if (y->mbufs == NULL || strcmp(y->mbufs, "auto") == 0)
		return true;
	return config_per_node(l, "memory.mbufs", y->mbufs, MBUFS_MIN, MBUFS_MAX, c->node_mbufs);
}

static bool load_recordings(struct load *l, const struct yaml_recordings *y)
{
	const char *directory = y != NULL ? y->directory : NULL;

	if (directory == NULL)
		return true;
	if (directory[0] != '/' || strlen(directory) >= sizeof(l->out->recordings))
		return COMPLAIN(l, "recordings.directory",
			"\"%s\" is not an absolute path of less than %zu bytes", directory,
			sizeof(l->out->recordings));
	snprintf(l->out->recordings, sizeof(l->out->recordings), "%s", directory);
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
		.watchdog_ms = WATCHDOG_MS,
		.hugepages = true,
		.tracks_bytes = (uint64_t)TRACKS_MB << 20,
		.neighbours = NEIGHBOURS,
		.orphan_seconds = ORPHAN_SECONDS,
	};
	snprintf(c->socket, sizeof(c->socket), "%s", default_socket);
	snprintf(c->recordings, sizeof(c->recordings), "%s", default_recordings);
}

bool config_load_on(struct config *out, const char *path, const struct machine *m, char *error,
	size_t error_size)
{
	void *data = NULL;
	struct yaml_file *file = yaml_open(path, &config_schema, &data, error, error_size);

	if (file == NULL)
		return false;

	const struct yaml_config *y = data;
	struct load l = {
		.out = out, .machine = m, .file = file, .error = error, .error_size = error_size
	};
	set_defaults(out);
	bool good = config_load_cores(&l, y->cores) && load_memory(&l, y->memory) &&
		    config_load_ports(&l, y) && load_rest(&l, y) && config_place(&l) &&
		    config_load_capacity(&l, y->capacity) && load_recordings(&l, y->recordings);
	yaml_close(file);
	return good;
}

bool config_load(
	struct config *out, const char *path, const cpu_set_t *cpus, char *error, size_t error_size)
{
	struct machine m;

	machine_look(&m, "/sys", cpus);
	return config_load_on(out, path, &m, error, error_size);
}

void config_default(struct config *out, const cpu_set_t *cpus)
{
	struct machine m;

	machine_look(&m, "/sys", cpus);
	set_defaults(out);
	out->sleep = true;
	out->hugepages = false;
	out->main_cpu = config_first_cpu(&m);
	config_spread_workers(out, &m, NULL);
	out->workers = 1;
	out->ports = 1;
	out->port[0] = (struct config_port){ .name = "layby0",
		.device = "net_tap0,iface=layby0",
		.rx_descriptors = CONFIG_DESCRIPTORS,
		.tx_descriptors = CONFIG_DESCRIPTORS,
		.dscp = CONFIG_DSCP };
	out->addresses = 1;
	out->address[0] = (struct config_address){
		.ip = ip_from_v4(0x0a630002),
		.gateway = ip_from_v4(0x0a630001),
		.prefix = 24,
		.dscp = CONFIG_DSCP,
		.port_first = 16384,
		.flows = 8192,
	};
	config_place_all(out);
}
