// SPDX-License-Identifier: BSD-3-Clause
//
// The kernel's interface beside a port: made, given the port's MAC and MTU, taken away. What goes
// through it is kernel_path.h.
#pragma once

#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/port.h"

#include <stdbool.h>
#include <stddef.h>

struct rte_mempool;

// For a port that is started. False: error is a sentence.
[[nodiscard]] bool kernel_device_start(struct port *port, const struct config_port *c,
	struct rte_mempool *pool, char *error, size_t error_size);
void kernel_device_stop(struct port *port);
