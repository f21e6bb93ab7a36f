// SPDX-License-Identifier: BSD-3-Clause
//
// What layby-media was told: its cores, its memory, its ports. Read whole from a YAML file and
// checked whole, or refused with one sentence that names the place. Knows nothing of DPDK.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/ip.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	CONFIG_PORTS_MAX = 32,
	CONFIG_NEIGHBOURS_MAX = 65536,
	CONFIG_DSCP = 46, // EF (RFC 3246): voice, and the RTCP that goes with it
};

struct config_port {
	char name[32];
	char device[128]; // "net_tap0,iface=layby0" or "0000:3b:00.0"
	bool pci;         // device is a PCI address
	uint16_t worker;
	uint16_t mtu; // 0: the device's own
	uint8_t dscp; // of its addresses, unless they say otherwise
};

struct config_address {
	struct ip_address ip;
	struct ip_address gateway; // of its family on its VLAN; all zero: none
	uint8_t prefix;            // the family's own: of IPv4 at most 32
	uint8_t dscp;              // of what it sends
	uint16_t vlan;             // 0: untagged
	uint16_t port;             // which of the config's ports
	uint16_t port_first;       // UDP, even
	uint32_t flows;
};

struct config {
	uint32_t main_cpu;
	uint32_t workers;
	uint32_t cpu[BRIDGE_WORKERS_MAX]; // of each worker
	bool sleep;                       // idle workers sleep; else they poll
	bool hugepages;                   // use them if there are enough
	uint32_t mbufs;                   // of each worker; 0: as many as its ports need
	uint64_t tracks_bytes;
	uint32_t neighbours;     // next hops of each worker
	uint32_t orphan_seconds; // without a core, then flows without media are closed
	char socket[108];
	uint32_t ports;
	struct config_port port[CONFIG_PORTS_MAX];
	uint32_t addresses;
	struct config_address address[BRIDGE_ADDRESSES_MAX];
};

// One tap, no hugepages, no card. cpus: where we may run.
void config_default(struct config *out, const cpu_set_t *cpus);

// False: error is a sentence with file, line and column; *out is not to be used.
[[nodiscard]] bool config_load(struct config *out, const char *path, const cpu_set_t *cpus,
	char *error, size_t error_size);

// The same as numbers for the core: which worker has which address and flows.
void config_plan(const struct config *c, struct bridge_plan *out);

// What was understood, for people.
void config_print(const struct config *c, FILE *to);
