// SPDX-License-Identifier: BSD-3-Clause
//
// What layby-media was told: its cores, its memory, its ports. Read whole from a YAML file and
// checked whole, or refused with one sentence that names the place. Knows nothing of DPDK.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/dpdk/machine.h"
#include "dataplane/ip.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct engine_capacity;

enum {
	CONFIG_PORTS_MAX = 32,
	CONFIG_QUEUES_MAX = 64, // of one port
	CONFIG_MEMBERS_MAX = 8,
	CONFIG_DEVICES_MAX = 32, // of DPDK, as Debian builds it: ports, members, kernel interfaces
	CONFIG_NEIGHBOURS_MAX = 65536,
	CONFIG_DESCRIPTORS = 1024,
	CONFIG_AUTO = 0xffff,            // a worker that is still to be chosen
	CONFIG_KERNEL_DESCRIPTORS = 256, // of the kernel's interface, each way
	CONFIG_DSCP = 46,                // EF (RFC 3246): voice, and the RTCP that goes with it
};

// How the packets of an address come to its worker.
enum config_steering {
	STEERING_AUTO,    // by rules of the card, and where it has none by hand-off
	STEERING_RULES,   // by rules, or we do not start
	STEERING_HANDOFF, // by hand-off
};

// How the members of a bond share what is sent.
enum config_bond { BOND_NONE, BOND_8023AD, BOND_ACTIVE_BACKUP, BOND_BALANCE_XOR };

// How the kernel's interface beside a port is made.
enum config_kernel { KERNEL_BY_NOBODY, KERNEL_BY_TAP, KERNEL_BY_VIRTIO };

struct config_port {
	char name[32];
	char device[128]; // "net_tap0,iface=layby0" or "0000:3b:00.0"
	bool pci;         // device is a PCI address
	enum config_bond bond;
	uint8_t members; // of the bond, which is the device then
	char member[CONFIG_MEMBERS_MAX][64];
	uint8_t node;    // NUMA, of a card; 0 of what is made of software
	uint16_t worker; // of its addresses, unless they say otherwise; or CONFIG_AUTO
	uint16_t queues; // that receive; 0: one for each worker with an address on it
	bool placed;     // poller is what the file says
	uint16_t poller[CONFIG_QUEUES_MAX]; // which worker polls which queue
	uint16_t rx_descriptors;            // of each queue
	uint16_t tx_descriptors;
	enum config_steering steering;
	uint16_t mtu; // 0: the device's own
	uint8_t dscp; // of its addresses, unless they say otherwise
	enum config_kernel kernel_by;
	char kernel[16]; // the kernel's interface, to which all goes that is not ours
};

struct config_address {
	struct ip_address ip;
	struct ip_address gateway; // of its family on its VLAN; all zero: none
	uint8_t prefix;            // the family's own: of IPv4 at most 32
	uint8_t dscp;              // of what it sends
	uint16_t vlan;             // 0: untagged
	uint16_t port;             // which of the config's ports
	uint16_t worker;           // whose it is
	uint16_t port_first;       // UDP, even
	uint32_t flows;
};

// So many of each there are in all, shared out among the workers by their flows; 0: as many as
// the engine thinks right.
struct config_capacity {
	uint32_t voices;     // flows that are decoded or encoded
	uint32_t overlays;   // sounding at once
	uint32_t mixed;      // flows whose audio is mixed
	uint32_t recordings; // channels
	uint32_t srtp;       // flows with keys
	uint32_t opus;       // voices that speak Opus
	uint32_t prompts;    // flows that play prompts
	uint32_t digits;     // flows that send digits, and flows from which they come
	uint32_t detectors;  // flows whose digits may come as tones
};

struct config {
	uint32_t main_cpu;
	uint32_t workers;
	bool workers_listed;              // by the file; else chosen, and no more than are needed
	uint32_t cpu[BRIDGE_WORKERS_MAX]; // of each worker
	uint8_t node[BRIDGE_WORKERS_MAX]; // of its CPU
	uint32_t watchdog_ms;             // a worker that stands still for longer is said to
	bool sleep;                       // idle workers sleep; else they poll
	bool hugepages;                   // use them if there are enough
	uint32_t mbufs;                   // of each NUMA node; 0: as many as its workers need
	uint32_t node_mbufs[MACHINE_NODES_MAX]; // of this node; 0: as mbufs says
	uint64_t tracks_bytes;
	uint32_t neighbours;     // next hops of each worker
	uint32_t orphan_seconds; // without a core, then flows without media are closed
	char socket[108];
	char recordings[200]; // the directory of their files
	uint32_t ports;
	struct config_port port[CONFIG_PORTS_MAX];
	uint32_t addresses;
	struct config_address address[BRIDGE_ADDRESSES_MAX];
	struct config_capacity capacity;
};

// One tap, no hugepages, no card. cpus: where we may run.
void config_default(struct config *out, const cpu_set_t *cpus);

// False: error is a sentence with file, line and column; *out is not to be used.
[[nodiscard]] bool config_load(struct config *out, const char *path, const cpu_set_t *cpus,
	char *error, size_t error_size);

// The same on a machine that is described, not looked at.
[[nodiscard]] bool config_load_on(struct config *out, const char *path, const struct machine *m,
	char *error, size_t error_size);

// Packet buffers: what one NUMA node needs at least (every descriptor, cache, burst and hand-off
// ring full at once), and what it gets. 0: no worker is there.
uint32_t config_mbufs_needed(const struct config *c, uint32_t node);
uint32_t config_mbufs(const struct config *c, uint32_t node);

// How many packets wait at most for one worker to take them from another.
uint32_t config_handoff_ring(const struct config *c);

// A worker's part of so many in all, by its flows, rounded up.
uint32_t config_share(const struct config *c, uint32_t worker, uint32_t all);

// Devices of all ports: what they are made of, and what stands beside them.
uint32_t config_devices(const struct config *c);

// Who serves the kernel's interface beside a port: who polls its queue 0, if he sends there as
// well, else the worker of its first address.
uint32_t config_kernel_worker(const struct config *c, uint32_t port);

// What of the capacity is one worker's.
struct engine_capacity config_engine_capacity(const struct config *c, uint32_t worker);

// Whether this worker must be able to send on this port: it has an address there.
bool config_sends(const struct config *c, uint32_t worker, uint32_t port);

// The same as numbers for the core: which worker has which address and flows.
void config_plan(const struct config *c, struct bridge_plan *out);

// What was understood, for people.
void config_print(const struct config *c, FILE *to);
