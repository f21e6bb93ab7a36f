// SPDX-License-Identifier: BSD-3-Clause
//
// The core's end of one worker's lanes: commands go in with a tag, or wait in order when there is
// no room; events come out, and answers find by their tag what was asked.
#pragma once

#include "control/call/media_ports.h"
#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	MEDIA_UNANSWERED_MAX = 2 * BRIDGE_LANE_SIZE, // in the lane, or taken and not read yet
	MEDIA_WAITING_MAX = 65536,                   // a worker that is so far behind is dead
};

// A command that is on its way, by the lower bits of its tag.
struct unanswered {
	uint32_t tag; // of its latest command
	uint16_t kind;
	uint16_t next_free;
	bool asked;
	struct flow_id flow;
};

struct waiting_cmd {
	STAILQ_ENTRY(waiting_cmd) link;
	struct dp_cmd cmd;
};

struct media_worker {
	struct lane_writer down;
	struct lane_reader up;
	struct dp_cmd *cmds;
	const struct dp_event *events;
	struct media_ports ports;
	struct unanswered *unanswered; // MEDIA_UNANSWERED_MAX of them
	uint16_t first_free;
	STAILQ_HEAD(, waiting_cmd) waiting;
	uint32_t waits;
	uint64_t sent, delayed;
};

[[nodiscard]] bool media_worker_init(struct media_worker *w, const struct bridge_worker *b);
void media_worker_clear(struct media_worker *w); // harmless on one that is all zero

// False: too many wait already, or there is no memory for one more.
[[nodiscard]] bool media_worker_send(struct media_worker *w, const struct dp_cmd *cmd);
// There may be room again: what waited goes into the lane, in order, as far as it can.
void media_worker_flush(struct media_worker *w);
// The next event, copied. False: there is none.
[[nodiscard]] bool media_worker_hear(struct media_worker *w, struct dp_event *out);
// What was asked with this tag; it is answered now. False: nothing was.
[[nodiscard]] bool media_worker_answered(
	struct media_worker *w, uint32_t tag, struct unanswered *out);
// The other end wrote what an honest one cannot.
bool media_worker_broken(const struct media_worker *w);
