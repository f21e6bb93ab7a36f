// SPDX-License-Identifier: BSD-3-Clause
//
// What this machine is, as far as a core map must know: which CPUs we may run on, and which NUMA
// node a CPU or a card is near. Read from sysfs once; knows no DPDK.
#pragma once

#include <sched.h>
#include <stdint.h>

enum { MACHINE_NODES_MAX = 8 };

struct machine {
	const char *sys; // "/sys", or a test's
	cpu_set_t cpus;  // where we may run
	uint8_t node[CPU_SETSIZE];
};

// cpus: where we may run. What sysfs does not say is node 0.
void machine_look(struct machine *out, const char *sys, const cpu_set_t *cpus);

// The node of a card ("0000:3b:00.0"); 0 when the machine does not say.
uint8_t machine_card_node(const struct machine *m, const char *pci);
