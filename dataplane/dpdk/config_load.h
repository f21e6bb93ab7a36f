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
	const char *workers_per_node;
	const char *idle;
	const char *watchdog_ms;
};

struct yaml_descriptors {
	const char *rx;
	const char *tx;
};

struct yaml_capacity {
	const char *voices;
	const char *overlays;
	const char *mixed;
	const char *recordings;
	const char *srtp;
	const char *opus;
	const char *prompts;
	const char *digits;
	const char *detectors;
};

struct yaml_recordings {
	const char *directory;
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

struct yaml_bond {
	const char *mode;
	const char **members;
	unsigned members_count;
};

struct yaml_kernel {
	const char *interface;
	const char *by;
};

struct yaml_port {
	const char *name;
	const char *device;
	const char *vdev;
	const char *worker;
	const char *rx_queues;
	const char *placement;
	const char *steering;
	struct yaml_descriptors *descriptors;
	const char *gateway;
	const char *gateway6;
	const char *mtu;
	const char *dscp;
	struct yaml_bond *bond;
	struct yaml_kernel *kernel;
	struct yaml_address *addresses;
	unsigned addresses_count;
};

struct yaml_config {
	struct yaml_cores *cores;
	struct yaml_memory *memory;
	struct yaml_capacity *capacity;
	struct yaml_recordings *recordings;
	struct yaml_port *ports;
	unsigned ports_count;
	const char *socket;
	const char *orphan_seconds;
};

// Lives as long as one load.
struct load {
	struct config *out;
	const struct machine *machine;
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

// One of these words; *out is its place.
[[nodiscard]] bool config_word(struct load *l, const char *node, const char *text,
	const char *const *words, uint32_t n, uint32_t *out);

// Which worker, counted from 1 in the file, or auto; without text *out keeps what it has.
[[nodiscard]] bool config_worker(struct load *l, const char *node, const char *text, uint16_t *out);

// The path of a key of a port, in l->node.
const char *config_port_key(struct load *l, uint32_t port, const char *key);

// "4" for each node, or "0:4,1:2"; without text *out keeps what it has.
[[nodiscard]] bool config_per_node(struct load *l, const char *node, const char *text, uint64_t low,
	uint64_t high, uint32_t out[MACHINE_NODES_MAX]);

// CPUs and workers.
[[nodiscard]] bool config_load_cores(struct load *l, const struct yaml_cores *y);
void config_spread_workers(
	struct config *c, const struct machine *m, const uint32_t most[MACHINE_NODES_MAX]);
uint32_t config_first_cpu(const struct machine *m);

// The queues of a port: how many, of what size, how steered to. Before its addresses.
[[nodiscard]] bool config_load_queues(struct load *l, uint32_t n, const struct yaml_port *y);

// Once all is read: every address gets its worker and every queue its poller, or it is said why
// that cannot be.
[[nodiscard]] bool config_place(struct load *l);
// The part of it that cannot fail, for a configuration that was made by hand.
void config_place_all(struct config *c);

[[nodiscard]] bool config_load_capacity(struct load *l, const struct yaml_capacity *y);

// Ports and their addresses, once the workers are known.
[[nodiscard]] bool config_load_ports(struct load *l, const struct yaml_config *y);

// The members of a port that is made of several (config_bond.c).
[[nodiscard]] bool config_load_bond(struct load *l, uint32_t port, const struct yaml_bond *y);

// Alike up to the comma: then DPDK would take one for the other.
[[nodiscard]] bool config_same_device(const char *a, const char *b);

// The kernel's interface beside a port (config_kernel.c), once its device is known.
[[nodiscard]] bool config_load_kernel(struct load *l, uint32_t port, const struct yaml_port *y);

// What the wire sees of a port (config_wire.c): marks and MTU, then each address, then the
// gateways, which must be beside one of them.
[[nodiscard]] bool config_load_marks(struct load *l, uint32_t port, const struct yaml_port *y);
[[nodiscard]] bool config_load_ip(struct load *l, uint32_t port, uint32_t n,
	const struct yaml_address *y, struct config_address *out);
[[nodiscard]] bool config_load_gateways(struct load *l, uint32_t port, const struct yaml_port *y);
