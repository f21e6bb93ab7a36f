// SPDX-License-Identifier: BSD-3-Clause
//
// One port of ours: a device of DPDK with one queue each way, polled by one worker, and who we
// are on its wire.
#pragma once

#include "dataplane/dpdk/station.h"
#include "dataplane/pkt.h"

#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;

enum { PORT_DESCRIPTORS = 1024 };

struct port {
	uint16_t id;   // DPDK's number
	uint16_t mtu;  // what we wish, 0: the device's; once started: what it is
	bool sums_in;  // the device says of a packet whether its checksums are good
	bool sums_out; // the device fills in the checksums of IPv4 and UDP
	struct station station;
	uint16_t n; // frames that wait for port_send()
	struct rte_mbuf *frame[BURST_MAX];
};

// Brings the device up and reads its MAC; the rest of the station stays as it is. Returns 0, or
// a negative errno with nothing left behind: -EMSGSIZE when it cannot have the MTU that we wish.
[[nodiscard]] int port_start(struct port *port, struct rte_mempool *pool);
void port_stop(struct port *port);

// Frames that the device took in, at most BURST_MAX. They are the caller's.
uint16_t port_take(struct port *port, struct rte_mbuf *frames[BURST_MAX]);

// Sends the waiting frames and frees those the device has no room for. Returns how many went.
uint16_t port_send(struct port *port);
