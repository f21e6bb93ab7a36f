// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's environment and its devices: started from our configuration, and when it does not
// start, one sentence that says what to do.
#pragma once

#include "dataplane/dpdk/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Room for one mbuf of ours in a pool.
enum { EAL_MBUF_BYTES = 2560 };

// Threads are pinned from here on: the caller is main, worker i is lcore i + 1.
[[nodiscard]] bool eal_start(const struct config *c, bool verbose, char *error, size_t error_size);
void eal_stop(void);

// Finds or makes the device of a port.
[[nodiscard]] bool eal_probe(
	const struct config_port *p, uint16_t *id, char *error, size_t error_size);

// Why a port that is there does not start.
void eal_complain(const struct config_port *p, int err, char *error, size_t error_size);
