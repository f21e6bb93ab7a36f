// SPDX-License-Identifier: BSD-3-Clause
//
// The core map, printed before anything starts and whenever somebody asks: which queue of which
// port is polled by which worker on which CPU, whose the addresses are, how many packet buffers
// each NUMA node has, and what is not as one would wish.
#pragma once

#include "dataplane/dpdk/config.h"

#include <stdio.h>

// For people.
void plan_print(const struct config *c, FILE *to);

// One JSON object, on one line.
void plan_print_json(const struct config *c, FILE *to);
