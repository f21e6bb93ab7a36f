// SPDX-License-Identifier: BSD-3-Clause
//
// All ports and workers of the process: built from the configuration, set to work, taken down.
#pragma once

#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/handoff.h"
#include "dataplane/dpdk/recorder.h"
#include "dataplane/dpdk/steer.h"
#include "dataplane/dpdk/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plant {
	struct config map; // as it is now: queues may move
	struct bridge_plan plan;
	struct clock clock;
	struct owners owners;
	struct rte_mempool *pool[MACHINE_NODES_MAX]; // one a NUMA node, shared by its workers
	uint32_t ports;                              // that are started
	struct port port[CONFIG_PORTS_MAX];          // what every worker's begins as
	struct steer steer[CONFIG_PORTS_MAX];
	uint32_t workers;
	struct worker *worker[BRIDGE_WORKERS_MAX];
	void *memory[BRIDGE_WORKERS_MAX]; // engine and neighbours
	size_t memory_size[BRIDGE_WORKERS_MAX];
	struct srtp_ciphers *ciphers[BRIDGE_WORKERS_MAX];
	uint32_t recorded[BRIDGE_WORKERS_MAX]; // channels that each may have
	struct recorder recorder;
	struct plant_rings *rings; // between workers; NULL when there is one
};

// False: error is a sentence, and plant_free() is still to be called.
[[nodiscard]] bool plant_build(
	struct plant *p, const struct config *c, char *error, size_t error_size);
[[nodiscard]] bool plant_start(struct plant *p, char *error, size_t error_size);
void plant_stop(struct plant *p); // waits until every worker has stood still
void plant_free(struct plant *p);

// plant_rings.c: what workers hand to each other through.
[[nodiscard]] bool plant_make_rings(struct plant *p, char *error, size_t error_size);
void plant_free_rings(struct plant *p);

// plant_ports.c: pools and devices.
[[nodiscard]] bool plant_make_pools(struct plant *p, char *error, size_t error_size);
[[nodiscard]] bool plant_start_ports(struct plant *p, char *error, size_t error_size);
void plant_stop_ports(struct plant *p);
