// SPDX-License-Identifier: BSD-3-Clause
//
// One port of ours, as one worker has it: a device of DPDK, the queues of it that this worker polls
// and the one that it sends on, and who we are on its wire. Workers share the device and no queue.
#pragma once

#include "dataplane/dpdk/kernel_path.h"
#include "dataplane/dpdk/station.h"
#include "dataplane/pkt.h"

#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;

enum { PORT_QUEUES_MAX = 64, PORT_NO_QUEUE = 0xffff };

// How a device is to be set up.
struct port_setup {
	uint16_t rx; // queues
	uint16_t tx;
	uint16_t rx_descriptors; // of each
	uint16_t tx_descriptors;
	struct rte_mempool *pool[PORT_QUEUES_MAX]; // of each queue that receives
};

struct port {
	uint16_t id;   // DPDK's number
	uint16_t mtu;  // what we wish, 0: the device's; once started: what it is
	bool lacp;     // a bond that must be sent on, were it nothing, many times a second
	bool sums_in;  // the device says of a packet whether its checksums are good
	bool sums_out; // the device fills in the checksums of IPv4 and UDP
	struct station station;
	uint16_t tx; // the queue that this worker sends on, or PORT_NO_QUEUE
	uint16_t polls;
	uint16_t next;                  // which of poll is next
	uint16_t poll[PORT_QUEUES_MAX]; // the queues that this worker polls
	uint64_t tended;                // ns
	uint16_t n;                     // frames that wait for port_send()
	struct rte_mbuf *frame[BURST_MAX];
	struct kernel_path kernel; // the kernel's side of it
};

// Brings the device up and reads its MAC; the rest of the station stays as it is. Returns 0, or
// a negative errno with nothing left behind: -EMSGSIZE when it cannot have the MTU that we wish.
[[nodiscard]] int port_start(struct port *port, const struct port_setup *setup);
void port_stop(struct port *port);

// Frees the frames that wait.
void port_clear(struct port *port);

// Begins and ceases to poll a queue.
void port_poll(struct port *port, uint16_t queue);
void port_leave(struct port *port, uint16_t queue);

// Frames that the next of our queues took in, at most BURST_MAX. They are the caller's.
uint16_t port_take(struct port *port, struct rte_mbuf *frames[BURST_MAX]);

// What the device needs done though nothing is to be sent. Once a turn.
void port_tend(struct port *port, uint64_t now);

// Sends the waiting frames, if there is a queue for them, and frees those the device has no room for. Returns how many went.
uint16_t port_send(struct port *port);
