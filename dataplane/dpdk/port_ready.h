// SPDX-License-Identifier: BSD-3-Clause
//
// What a device is asked for beside its queues: checksums, MTU, groups to listen to. For port.c.
#pragma once

#include "dataplane/dpdk/port.h"

struct rte_eth_conf;

// Takes what of checksums the device offers, for all of it or not at all. Before it is
// configured. Returns 0 or a negative errno.
[[nodiscard]] int port_ready_offloads(struct port *port, struct rte_eth_conf *conf);

// Sets the MTU that we wish, or reads what it is. Returns 0, or -EMSGSIZE: it cannot.
[[nodiscard]] int port_ready_mtu(struct port *port);

// Listens to the groups of IPv6 that our addresses are in: by their MACs where the device has a
// list of such, else to all groups, else to everything. Without IPv6: to none.
// Where the kernel has an interface beside the port, or LACP is spoken: to
// all.
void port_ready_groups(struct port *port);
