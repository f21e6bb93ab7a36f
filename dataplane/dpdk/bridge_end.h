// SPDX-License-Identifier: BSD-3-Clause
//
// A worker's end of the bridge: commands in, answers and events out, the flow directory. The
// other end is a stranger's: what it writes is copied, then checked, and can cost no more than a
// bounded part of a turn. Knows no card.
#pragma once

#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

enum {
	BRIDGE_END_COMMANDS = 64, // taken in a turn
	BRIDGE_END_PLACES = 256,  // of the directory, described in a turn
	BRIDGE_END_MARGIN = 128,  // room in the up lane that is kept for answers
};

struct bridge_end {
	bool attached;
	bool describing;
	bool broken;             // to be reported, once
	struct bridge_worker to; // valid while attached
	uint32_t flows;
	uint32_t described;
	struct lane_reader down;
	struct lane_writer up;
};

void bridge_end_init(struct bridge_end *b, uint32_t flows);
void bridge_end_adopt(struct bridge_end *b, const struct bridge_worker *to);
void bridge_end_let_go(struct bridge_end *b);

// A part of a turn: describes some places, carries out some commands. Returns how many commands.
uint32_t bridge_end_serve(struct bridge_end *b, struct engine *e, uint64_t now);

// For the engine (struct engine_ops).
void bridge_end_answer(struct bridge_end *b, const struct dp_event *event);
[[nodiscard]] bool bridge_end_tell(struct bridge_end *b, const struct dp_event *event);
void bridge_end_entry(struct bridge_end *b, uint32_t flow, uint32_t gen, bool open, uint64_t owner);
