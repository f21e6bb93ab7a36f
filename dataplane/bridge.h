// SPDX-License-Identifier: BSD-3-Clause
//
// The bridge: the one piece of memory that layby-media and layby-core share.
//
// The media process makes a new one for every core that attaches: a memfd sealed against
// shrinking, growing and resealing, handed over a UNIX socket (attach.h). In it, for each worker:
// a lane of commands down, a lane of events up, the worker's counters, and the flow directory.
// Each side computes the layout for itself from the plan; nothing that the other side can write
// is ever used as a size or an index without a check.
#pragma once

#include "dataplane/cmd.h"
#include "dataplane/event.h"
#include "dataplane/lane.h"
#include "dataplane/stats.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BRIDGE_VERSION = 1,
	BRIDGE_LANE_SIZE = 1024, // elements of a lane
	BRIDGE_WORKERS_MAX = 64,
	BRIDGE_ADDRESSES_MAX = 128,
	BRIDGE_PORTS_MAX = 32768, // flows of one address
};

// One address of ours. Its flows are flow_first .. flow_first + flows - 1 of the worker's; flow
// i of it has RTP on port_first + 2 * i and RTCP on the port above.
struct bridge_address {
	uint8_t ip[16];
	uint16_t worker;
	uint16_t port_first; // even
	uint32_t flows;      // 1-BRIDGE_PORTS_MAX
	uint32_t flow_first;
};

// What both sides must know before the first command. Written by the media before the hand-over;
// the core copies and checks it once, then uses only its copy.
struct bridge_plan {
	uint32_t version; // BRIDGE_VERSION
	uint32_t workers; // 1-BRIDGE_WORKERS_MAX
	uint32_t addresses;
	uint32_t reserved;
	uint32_t flows[BRIDGE_WORKERS_MAX]; // of each worker
	struct bridge_address address[BRIDGE_ADDRESSES_MAX];
};

// A line of the flow directory: what a new core reads to learn what its predecessor left.
// The worker writes it at OPEN and CLOSE, and in full after a new bridge was made.
struct bridge_entry {
	_Atomic uint32_t gen;  // of the flow that is open, or was last; 0: never used
	_Atomic uint32_t open; // 1 while a flow is open here
	_Atomic uint64_t owner;
};

// A worker's part, as pointers into the mapping.
struct bridge_worker {
	struct lane *down; // the core writes
	struct dp_cmd *cmds;
	struct lane *up; // the worker writes
	struct dp_event *events;
	struct worker_stats *stats;       // the media's main thread copies them here
	_Atomic uint32_t *directory_done; // 1 when the directory is complete
	struct bridge_entry *directory;   // plan.flows[worker] lines
};

struct bridge {
	struct bridge_plan plan; // this side's own copy
	struct bridge_worker worker[BRIDGE_WORKERS_MAX];
	void *base;
	size_t size;
};

// Why a plan or a memfd is not a bridge.
enum bridge_outcome {
	BRIDGE_OK = 0,
	BRIDGE_BAD_PLAN,    // a number of the plan is out of range or overlaps
	BRIDGE_BAD_VERSION, // made by another version
	BRIDGE_NOT_SEALED,  // somebody could shorten it under us
	BRIDGE_BAD_SIZE,    // smaller than its plan says
	BRIDGE_NO_MEMORY,
};

const char *bridge_outcome_text(enum bridge_outcome outcome);

// Whether every number of a plan is in range, addresses do not share flows, and the flows of
// each worker are covered.
[[nodiscard]] enum bridge_outcome bridge_plan_check(const struct bridge_plan *plan);

// Media: makes the memory, all zero but for the plan, sealed. *fd is the caller's to close.
[[nodiscard]] enum bridge_outcome bridge_create(
	struct bridge *out, const struct bridge_plan *plan, int *fd);

// Core: maps what it was handed. fd stays the caller's.
[[nodiscard]] enum bridge_outcome bridge_map(struct bridge *out, int fd);

// Both: lets go of the mapping. Harmless on a bridge that is all zero.
void bridge_unmap(struct bridge *b);
