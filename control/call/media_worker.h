// SPDX-License-Identifier: BSD-3-Clause
//
// Our end of one worker: the lanes, the commands that wait for room in them or for their answer,
// and the places of its flows: open, free, or resting. media.c's own.
#pragma once

#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ASKED_MAX = 4096,           // commands on their way to one worker; more wait here
	REST_MS = DP_REST_MS + 250, // the worker counts from a little later than we
};

// A place for a flow.
struct place {
	void *owner;
	uint32_t gen; // of the flow that is open, or was last
	bool open;    // from our OPEN to our CLOSE
};

struct resting {
	uint32_t place;
	uint64_t until_ms;
};

// Where a queue of fixed size begins, and how much is in it.
struct ring {
	uint32_t first, n;
};

struct asked {
	uint32_t tag;
	uint32_t index, gen;
	uint8_t kind;
};

struct worker_end {
	struct dp_cmd *cmds; // of the lane down
	struct lane_writer down;
	struct lane_reader up;
	uint32_t places;
	struct place *place;
	uint32_t *free_place; // ring of places
	struct ring free;
	struct resting *rest;
	struct ring resting;
	struct asked asked[ASKED_MAX]; // in the order of the answers to come
	struct ring answers;
	struct dp_cmd *pending; // in order, while the lane has no room
	uint32_t pending_n, pending_size, pending_first;
};

// False: no memory; what there is is for worker_end_clear().
[[nodiscard]] bool worker_end_init(
	struct worker_end *end, const struct bridge_worker *b, uint32_t places);
void worker_end_clear(struct worker_end *end);

// Puts the command into the lane; false: no room there, or too many unanswered.
[[nodiscard]] bool worker_send(struct worker_end *end, const struct dp_cmd *cmd);
// Keeps it for later, in order.
void worker_put_off(struct worker_end *end, const struct dp_cmd *cmd);
// Whose answer this is; false: nobody's.
[[nodiscard]] bool worker_answered(struct worker_end *end, uint32_t tag, struct asked *out);

void worker_set_free(struct worker_end *end, uint32_t place);
void worker_set_resting(struct worker_end *end, uint32_t place, uint64_t until_ms);
// The order in which ports are given out is nobody's to guess.
void worker_shuffle(struct worker_end *end);
// A place that is free, with its next generation; NULL: none.
struct place *worker_take(struct worker_end *end, uint64_t now_ms, uint32_t *index);
