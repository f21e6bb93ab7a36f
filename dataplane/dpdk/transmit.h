// SPDX-License-Identifier: BSD-3-Clause
//
// What goes out: views become frames with a next hop, and what has none is counted and freed.
#pragma once

#include "dataplane/pkt.h"

#include <stdint.h>

struct port;
struct rte_mbuf;
struct worker;

// Appends up to n empty packets to out. Returns how many.
uint32_t transmit_blank(struct worker *w, struct burst *out, uint32_t n);

// Sends the burst and empties it.
void transmit(struct worker *w, struct burst *out);

// A frame that is complete; sent at the latest by transmit_rest().
void transmit_frame(struct worker *w, struct port *port, struct rte_mbuf *m);
void transmit_rest(struct worker *w, struct port *port);

// Frees what the engine has let go of.
void transmit_nothing(struct spent *drop);
