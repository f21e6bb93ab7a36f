// SPDX-License-Identifier: BSD-3-Clause
//
// What came in on a port: media goes to w->in as views, ARP and echo requests are answered here,
// everything else is counted by its name and freed.
#pragma once

#include <stdint.h>

struct port;
struct rte_mbuf;
struct worker;

// Takes a burst from the next queue of the port. w->in must be empty.
void receive(struct worker *w, struct port *port);

// The same for frames that are there already.
void receive_frames(struct worker *w, struct port *port, struct rte_mbuf **frames, uint16_t n);
