// SPDX-License-Identifier: BSD-3-Clause
//
// One thread on one CPU: its ports, its engine, its end of the bridge. It counts and does not
// speak: no log, no allocation, no lock, and while it polls no system call but the drivers'.
#pragma once

#include "dataplane/dpdk/bridge_end.h"
#include "dataplane/dpdk/clock.h"
#include "dataplane/dpdk/handoff.h"
#include "dataplane/dpdk/header.h"
#include "dataplane/dpdk/neighbour.h"
#include "dataplane/dpdk/orders.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/engine.h"
#include "dataplane/stats.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct recorder;
struct rte_mempool;

enum { WORKER_PORTS_MAX = 32 };

// An address of ours, as what goes out needs it.
struct worker_address {
	struct header header;
	uint16_t port; // which of the worker's
	uint8_t lan;   // of the port's station
	uint8_t at;    // in the port's station
	uint16_t rtp_first;
	uint16_t rtp_last;
};

struct worker {
	// the main thread writes these before the worker starts
	struct clock clock;
	struct rte_mempool *pool;
	struct engine *engine;
	struct recorder *recorder; // NULL: nothing is recorded
	uint16_t number;           // which worker, for it
	struct neighbours neighbours;
	bool sleep; // when idle
	uint32_t flows;
	uint32_t ports;
	uint32_t addresses;
	struct worker_address address[BRIDGE_ADDRESSES_MAX]; // as the engine counts them
	struct port port[WORKER_PORTS_MAX];                  // as the configuration counts them
	struct handoff handoff;

	// the worker's own
	uint64_t now; // ns, read once a turn
	bool idle;    // nothing has happened in this turn
	struct bridge_end bridge;
	struct burst in;
	struct burst out;
	struct spent drop;
	uint64_t announce_at;  // ns
	uint32_t announced;    // times
	uint64_t reap_idle_ns; // 0: not reaping
	uint32_t reap_from;
	uint32_t reaped;

	// between the worker and the main thread
	struct orders orders;
	struct worker_stats stats;      // the worker writes, anyone reads
	_Atomic bool stop;              // the main thread writes
	_Atomic uint64_t duplicates[2]; // a bit for each address that somebody else has
};

// What the engine asks of a worker.
struct engine_ops worker_ops(struct worker *w);

// The body of the thread; arg is the worker.
int worker_main(void *arg);

// Passes what has been received to the engine, and on.
void worker_input(struct worker *w);

// Once round. For worker_main(), and for tests that are their own clock.
void worker_turn(struct worker *w, uint64_t now);
