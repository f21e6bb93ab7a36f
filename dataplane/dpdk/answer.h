// SPDX-License-Identifier: BSD-3-Clause
//
// What a worker says to those who ask who and where we are: ARP, neighbour discovery, echo. And
// what it hears from them about themselves.
#pragma once

#include "dataplane/dpdk/frame.h"

struct port;
struct rte_mbuf;
struct worker;

// Each takes the mbuf, which goes out again as the answer or is freed.
void answer_echo(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame *f);
void answer_arp(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame *f);
void answer_nd(struct worker *w, struct port *port, struct rte_mbuf *m, const struct frame *f);
