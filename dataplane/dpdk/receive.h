// SPDX-License-Identifier: BSD-3-Clause
//
// What came in on a port: media goes to w->in as views, ARP and echo requests are answered here,
// everything else is counted by its name and freed.
#pragma once

struct port;
struct worker;

// w->in must be empty.
void receive(struct worker *w, struct port *port);
