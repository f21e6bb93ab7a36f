// SPDX-License-Identifier: BSD-3-Clause
//
// Between the two files that load a configuration: the file as libcyaml hands it over, and what
// both need to say what is wrong with it. For nobody else.
#pragma once

#include "dataplane/dpdk/config.h"
#include "dataplane/yaml.h"

// NULL: not in the file.
struct yaml_cores {
	const char *main;
	const char *workers;
	const char *idle;
};

struct yaml_memory {
	const char *hugepages;
	const char *mbufs;
	const char *tracks_mb;
	const char *neighbours;
};

struct yaml_address {
	const char *ip;
	const char *prefix;
	const char *rtp_ports;
	const char *worker;
	const char *vlan;
	const char *gateway;
	const char *dscp;
};

struct yaml_port {
	const char *name;
	const char *device;
	const char *vdev;
	const char *worker;
	const char *gateway;
	const char *gateway6;
	const char *mtu;
	const char *dscp;
	struct yaml_address *addresses;
	unsigned addresses_count;
};

struct yaml_config {
	struct yaml_cores *cores;
	struct yaml_memory *memory;
	struct yaml_port *ports;
	unsigned ports_count;
	const char *socket;
	const char *orphan_seconds;
};

// Lives as long as one load.
struct load {
	struct config *out;
	const cpu_set_t *cpus;
	const struct yaml_file *file;
	char *error;
	size_t error_size;
	char node[64]; // the path of what is looked at
};

#define COMPLAIN(l, node, ...) \
	yaml_complain((l)->file, (l)->error, (l)->error_size, node, __VA_ARGS__)

// Reads a number from 1 to high; without text *out keeps what it has.
[[nodiscard]] bool config_number(
	struct load *l, const char *node, const char *text, uint64_t high, uint64_t *out);

// Ports and their addresses, once the workers are known.
[[nodiscard]] bool config_load_ports(struct load *l, const struct yaml_config *y);

// What the wire sees of a port (config_wire.c): marks and MTU, then each address, then the
// gateways, which must be beside one of them.
[[nodiscard]] bool config_load_marks(struct load *l, uint32_t port, const struct yaml_port *y);
[[nodiscard]] bool config_load_ip(struct load *l, uint32_t port, uint32_t n,
	const struct yaml_address *y, struct config_address *out);
[[nodiscard]] bool config_load_gateways(struct load *l, uint32_t port, const struct yaml_port *y);
