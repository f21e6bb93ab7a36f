// SPDX-License-Identifier: BSD-3-Clause
//
// All ports and workers of the process: built from the configuration, set to work, taken down.
#pragma once

#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plant {
	struct bridge_plan plan;
	struct clock clock;
	uint32_t workers;
	struct worker *worker[BRIDGE_WORKERS_MAX];
	void *memory[BRIDGE_WORKERS_MAX]; // engine and neighbours
	size_t memory_size[BRIDGE_WORKERS_MAX];
};

// False: error is a sentence, and plant_free() is still to be called.
[[nodiscard]] bool plant_build(
	struct plant *p, const struct config *c, char *error, size_t error_size);
[[nodiscard]] bool plant_start(struct plant *p, char *error, size_t error_size);
void plant_stop(struct plant *p); // waits until every worker has stood still
void plant_free(struct plant *p);
