// SPDX-License-Identifier: BSD-3-Clause
//
// The exception path: what comes in on a port and is not ours goes to the kernel's interface
// beside it, and what the kernel sends there goes out of the port as it is. One worker serves
// that interface; the others hand over to him. After RTP, in bursts, within a budget.
#pragma once

#include "dataplane/dpdk/kernel_budget.h"
#include "dataplane/pkt.h"

#include <stdbool.h>
#include <stdint.h>

struct port;
struct rte_mbuf;
struct worker;

struct kernel_path {
	// the main thread writes these before the worker starts
	bool on;         // the kernel has an interface beside this port
	bool open;       // and it is there
	uint16_t id;     // DPDK's number of it
	uint32_t worker; // who serves it

	// the worker's own
	struct kernel_budget in;  // towards the kernel
	struct kernel_budget out; // from it
	uint16_t n;               // frames that wait for the end of the turn
	struct rte_mbuf *wait[BURST_MAX];
};

// The frame is the kernel's. It is ours no more.
void kernel_path_give(struct worker *w, struct port *port, struct rte_mbuf *m);

// The kernel gets a copy.
void kernel_path_copy(struct worker *w, struct port *port, const struct rte_mbuf *m);

// Both ways, for the interfaces that this worker serves. Once a turn, when RTP is done.
void kernel_path_turn(struct worker *w);

// Frees the frames that wait.
void kernel_path_clear(struct kernel_path *k);
