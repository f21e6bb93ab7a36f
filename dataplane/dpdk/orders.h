// SPDX-License-Identifier: BSD-3-Clause
//
// Between the media's main thread and one of its workers: orders down, reports up, each through
// a lane, so that neither ever waits for the other. Every order is reported once but WALL,
// ANNOUNCE and GATEWAY, which cannot fail. The
// main thread never has more orders under way than ORDERS_UNDER_WAY, so both lanes have room.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/ip.h"
#include "dataplane/lane.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct track;

enum { ORDERS_SIZE = 64, ORDERS_UNDER_WAY = 8 };

enum order_kind {
	ORDER_ADOPT,    // serve this bridge from now on; describe the flows in it
	ORDER_LET_GO,   // touch the bridge no more
	ORDER_SHOW,     // this track may be played
	ORDER_HIDE,     // ... may not any more, unless a flow does
	ORDER_REAP,     // close the flows that nobody sends to
	ORDER_WALL,     // the wall clock was looked at again
	ORDER_POLL,     // poll this queue from now on
	ORDER_LEAVE,    // poll it no more; what it still holds stays in it
	ORDER_ANNOUNCE, // say again who and where we are
	ORDER_GATEWAY,  // the way out of a VLAN is another
};

struct order {
	enum order_kind kind;
	union {
		const struct bridge_worker *bridge;
		const struct track *track;
		uint64_t hash;
		uint64_t idle_ns;
		int64_t wall_offset;
		struct {
			uint16_t port;
			uint16_t queue;
		} queue;
		struct {
			struct ip_address ip; // all zero: none
			uint16_t port;        // which of the worker's
			uint16_t vlan;
			uint8_t family; // enum ip_family
		} gateway;
	};
};

enum report_kind {
	REPORT_ADOPTED,
	REPORT_LET_GO,
	REPORT_SHOWN,  // yes: there was room in the table
	REPORT_HIDDEN, // yes: nobody plays it
	REPORT_REAPED, // n flows
	REPORT_POLLS,
	REPORT_LEFT,
	REPORT_BROKEN, // unasked: the core wrote nonsense into a lane; it is served no more
};

struct report {
	enum report_kind kind;
	bool yes;
	uint32_t n;
};

struct orders {
	struct lane down;
	struct lane up;
	struct order order[ORDERS_SIZE];
	struct report report[ORDERS_SIZE];
	alignas(LANE_LINE) struct lane_writer giver; // the main thread's ends
	struct lane_reader hearer;
	alignas(LANE_LINE) struct lane_reader taker; // the worker's ends
	struct lane_writer reporter;
};

static inline void orders_init(struct orders *o)
{
	*o = (struct orders){ 0 };
	lane_writer_init(&o->giver, &o->down, ORDERS_SIZE);
	lane_reader_init(&o->taker, &o->down, ORDERS_SIZE);
	lane_writer_init(&o->reporter, &o->up, ORDERS_SIZE);
	lane_reader_init(&o->hearer, &o->up, ORDERS_SIZE);
}

// Main thread.
static inline void orders_give(struct orders *o, struct order order)
{
	uint32_t at;
	bool room = lane_reserve(&o->giver, &at);

	assert(room);
	o->order[at] = order;
	lane_commit(&o->giver);
}

[[nodiscard]] static inline bool orders_hear(struct orders *o, struct report *out)
{
	uint32_t at;

	if (!lane_peek(&o->hearer, &at))
		return false;
	*out = o->report[at];
	lane_release(&o->hearer);
	return true;
}

// Worker.
[[nodiscard]] static inline bool orders_take(struct orders *o, struct order *out)
{
	uint32_t at;

	if (!lane_peek(&o->taker, &at))
		return false;
	*out = o->order[at];
	lane_release(&o->taker);
	return true;
}

static inline void orders_report(struct orders *o, struct report report)
{
	uint32_t at;
	bool room = lane_reserve(&o->reporter, &at);

	assert(room);
	o->report[at] = report;
	lane_commit(&o->reporter);
}
