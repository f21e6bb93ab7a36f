// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of struct media, for media.c (coming and going), media_events.c (hearing) and
// media_flow.c (wishing).
#pragma once

#include "control/call/media.h"
#include "control/call/media_link.h"
#include "control/call/media_plan.h"
#include "control/call/media_tracks.h"
#include "control/call/media_worker.h"
#include "control/log.h"
#include "dataplane/bridge.h"

#include <sys/queue.h>

struct loop;
struct watch;

enum { MEDIA_HELD_MAX = 16384 };

// A command that waits for a track, or behind one of the same flow. It may outlive its flow.
struct held_cmd {
	STAILQ_ENTRY(held_cmd) link;
	uint16_t worker;
	struct dp_cmd cmd;
};

STAILQ_HEAD(held_cmds, held_cmd);

enum media_state {
	MEDIA_AWAY,       // no connection, or no HELLO yet
	MEDIA_DESCRIBING, // the workers fill in the flow directory
	MEDIA_PREPARING,  // orphans are being closed, tracks handed over
	MEDIA_ATTACHED,
};

struct media {
	struct loop *loop;
	struct media_ops ops;
	struct media_link link;
	enum media_state state;

	// from HELLO to the end of the connection
	struct bridge bridge;
	struct media_worker *workers; // bridge.plan.workers of them
	int wake;                     // eventfd: an up-lane has grown
	struct watch *woken;
	struct timer look; // for what no descriptor tells
	uint64_t since_ms; // HELLO
	bool slow;         // it was said that workers do not answer
	uint32_t orphans;
	char doom[256]; // why the attachment ends in the next turn; empty: it does not
	struct held_cmds held;
	uint32_t helds;

	struct media_plan plan;
	struct media_record record;
	struct media_tracks tracks;
	struct timer sweep;   // tracks that nobody names may not be played any more
	uint64_t house_music; // what plays until another music is ready; 0: nothing
	uint64_t random, opened;
	uint64_t refusals, strange;
	struct log_budget complaints;
};

// Sends a command, or ends the attachment in the next turn.
void media_send(struct media *m, uint32_t worker, const struct dp_cmd *cmd);
// Hears a worker out, but not for ever. True: it may have more to say.
bool media_hear(struct media *m, uint32_t worker);
// Sends what tracks are ready, as far as may be.
void media_hand_over(struct media *m);
// A track has been settled in some encoding: what waited for it goes on.
void media_release_held(struct media *m);
void media_forget_held(struct media *m);
