// SPDX-License-Identifier: BSD-3-Clause
//
// One TRACK_ADD or TRACK_DROP on its way through all workers. One at a time: the next message
// of the core is read when this one is answered, so answers keep their order.
#pragma once

#include "dataplane/attach.h"
#include "dataplane/dpdk/orders.h"
#include "dataplane/dpdk/track_store.h"

#include <stdbool.h>
#include <stdint.h>

struct track_job {
	enum { JOB_NONE, JOB_SHOWING, JOB_HIDING, JOB_UNDOING } state;
	struct stored_track *stored;
	struct attach_message answer; // as it will be sent
	uint32_t waiting;             // workers that have not reported yet
	bool all_yes;
	bool yes[BRIDGE_WORKERS_MAX];
};

// Begins, and perhaps is done at once: then state is JOB_NONE and answer is ready.
void track_job_begin(struct track_job *j, struct track_store *s, const struct attach_message *m,
	int fd, struct orders *const workers[], uint32_t n);

// A worker reported SHOWN or HIDDEN. True: the job is done and answer is ready.
[[nodiscard]] bool track_job_happen(struct track_job *j, struct track_store *s, uint32_t worker,
	const struct report *report, struct orders *const workers[], uint32_t n);
