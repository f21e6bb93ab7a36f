// SPDX-License-Identifier: BSD-3-Clause
//
// One asker on the control socket: its lines and what is still to be sent to it. Lines are taken
// only while it reads what it is answered, a few a turn, so that nobody costs more than one line
// and one answer of memory, and the core never waits.
#pragma once

#include "control/admin/admin.h"
#include "control/admin/listener.h"
#include "control/admin/rpc.h"
#include "control/clock.h"
#include "control/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection {
	struct admin *admin;
	struct connection *next;
	int fd;
	struct watch *watch; // NULL while we do not listen: its input is full, or has ended
	struct timer again;  // goes on with what is left to do
	struct timer stall;  // armed while something is unsent
	struct asker asker;
	bool ended;  // it will send no more
	bool broken; // to be closed
	char *out;   // unsent: out[out_at] .. out[out_len - 1]
	size_t out_at, out_len, out_size;
	size_t in_len;
	char in[RPC_LINE_MAX + 1]; // a line and its end
};

struct admin {
	struct loop *loop;
	struct listener listener;
	struct watch *watch; // of the listener
	struct admin_ops ops;
	struct rpc rpc;
	struct timer tell; // armed when subscribers have something to hear
	struct connection *connections;
	struct log_budget budget; // for lines that askers cause
	uint64_t stall_ms;        // as long as one may leave unread what is there for it
};

// Takes fd over, whatever happens.
void connection_open(struct admin *a, int fd);
// Takes it out of the list and frees it.
void connection_close(struct connection *c);
// Does what can be done now: sends, answers, tells. The connection may be gone afterwards.
void connection_serve(struct connection *c);
