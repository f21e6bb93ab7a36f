// SPDX-License-Identifier: BSD-3-Clause
//
// One queue on its way from the worker that polls it to another: the old one leaves it, then the
// new one takes it. What comes between stays in the queue; what comes afterwards for addresses of
// the old one is handed over to him. One at a time.
#pragma once

#include "dataplane/attach.h"
#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/orders.h"

#include <stdbool.h>
#include <stdint.h>

struct queue_move {
	enum { MOVE_NONE, MOVE_LEAVING, MOVE_TAKING } state;
	struct attach_queue what;
	struct attach_message answer; // as it will be sent
};

// Begins, and perhaps is done at once: then state is MOVE_NONE and answer is ready. map is kept
// as things are.
void queue_move_begin(struct queue_move *j, struct config *map, const struct attach_message *m,
	struct orders *const workers[]);

// A worker reported LEFT or POLLS. True: the queue has moved and answer is ready.
[[nodiscard]] bool queue_move_happen(struct queue_move *j, struct config *map,
	const struct report *report, struct orders *const workers[]);
