// SPDX-License-Identifier: BSD-3-Clause
//
// The door of the media process: listens on the UNIX socket, serves one core at a time, and
// looks after it: a bridge of its own, its tracks, its wake-ups, its counters. The main thread's;
// knows the workers only through their orders and counters.
#pragma once

#include "dataplane/bridge.h"
#include "dataplane/dpdk/orders.h"
#include "dataplane/dpdk/queue_move.h"
#include "dataplane/dpdk/track_job.h"
#include "dataplane/dpdk/track_store.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ATTACH_LOOK_US = 500,  // between two looks at the up lanes
	ATTACH_STATS_MS = 100, // between two copies of the counters
	ATTACH_POLL_FDS = 2,
};

struct recorder;

struct attach {
	enum { ATTACH_ALONE, ATTACH_SERVING, ATTACH_LETTING_GO } state;
	const struct bridge_plan *plan;
	struct config *map; // who polls what now
	struct track_store *tracks;
	struct recorder *recorder; // NULL: nothing is recorded
	struct orders *orders[BRIDGE_WORKERS_MAX];
	const struct worker_stats *stats[BRIDGE_WORKERS_MAX];
	char path[108];
	int listener;
	int lock;
	int core; // -1: nobody
	int wake;
	struct bridge bridge;
	uint32_t holding;                       // workers that still hold the bridge
	uint32_t tail_seen[BRIDGE_WORKERS_MAX]; // of the up lanes
	struct track_job job;
	struct queue_move move;
	uint64_t stats_copied; // ns
	uint64_t alone_since;  // ns
	uint64_t reaped;       // ns
	uint64_t orphan_ns;
	uint32_t reaping; // workers that have not reported yet
};

// Takes the socket, or says why not. plan, tracks, orders and stats must be set, now is the time.
[[nodiscard]] bool attach_open(
	struct attach *a, const char *path, uint64_t now, char *error, size_t error_size);
void attach_close(struct attach *a);

// What to wait for; returns how many. The counterpart gets the same array back.
uint32_t attach_poll(const struct attach *a, struct pollfd fds[ATTACH_POLL_FDS]);
void attach_serve(struct attach *a, const struct pollfd fds[ATTACH_POLL_FDS], uint64_t now);

// Tells the core, if there is one, that a worker stands still or goes on again.
void attach_stalled(struct attach *a, uint32_t worker, bool stalled);

// For attach.c alone (attach_plan.c). False: the core does not read.
[[nodiscard]] bool attach_send_plan(struct attach *a);

// The same (attach_record.c): RECORD_BEGIN and RECORD_END, and what became of recordings.
[[nodiscard]] bool attach_record(struct attach *a, const struct attach_message *m);
[[nodiscard]] bool attach_tell_recorded(struct attach *a);
