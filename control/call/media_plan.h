// SPDX-License-Identifier: BSD-3-Clause
//
// What layby-media says of its cores: the plan as it is, and queues that were asked to move. The
// plan is JSON text that nobody here reads.
#pragma once

#include "control/call/media_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEDIA_PLAN_MAX = 1 << 20 };

enum media_move_state {
	MEDIA_MOVE_NONE, // never asked
	MEDIA_MOVE_ASKED,
	MEDIA_MOVE_DONE,
	MEDIA_MOVE_REFUSED, // no such queue, port or worker
};

struct media_plan {
	char *text; // NULL: not told yet
	enum media_move_state move;
};

// The link was greeted: asks for the plan.
void media_plan_ask(struct media_plan *p, struct media_link *link);
void media_plan_clear(struct media_plan *p);
// PLAN, MOVED or STALLED.
void media_plan_said(
	struct media_plan *p, struct media_link *link, const struct attach_message *m, int fd);
// False: one is under way, or it cannot be sent.
[[nodiscard]] bool media_plan_move(
	struct media_plan *p, struct media_link *link, const struct attach_queue *q);
