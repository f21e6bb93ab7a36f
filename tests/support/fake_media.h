// SPDX-License-Identifier: BSD-3-Clause
//
// A layby-media without workers, cards or haste: it lives in the loop of the test, does what it
// is told to and remembers what it was asked.
#pragma once

#include "control/clock.h"
#include "dataplane/attach.h"
#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum { FAKE_WORKERS = 2, FAKE_COMMANDS_MAX = 100000, FAKE_TRACKS_MAX = 16 };

struct fake_command {
	uint16_t worker;
	struct dp_cmd cmd;
};

struct fake_track {
	struct attach_message message;
	uint8_t first[64]; // the beginning of its audio
	int seals;
	uint64_t bytes;
};

struct fake_media {
	struct loop *loop;
	struct timer pump;
	char path[64];
	int listener, core, wake;
	struct bridge bridge;
	struct lane_reader down[FAKE_WORKERS];
	struct lane_writer up[FAKE_WORKERS];

	// what it does
	struct attach_message greeting; // HELLO unless changed
	bool no_fds, unsealed;          // at HELLO
	bool describes;                 // its workers finish the directory
	bool obeys;                     // its workers take commands
	bool answers_tracks;
	uint16_t track_outcome;
	const char *plan; // told when asked; NULL: nothing
	uint16_t move_outcome;
	bool answers_moves;
	uint8_t refusal; // enum dp_refusal for the kind below
	uint16_t refused_kind;
	// The directory a core finds: gen and open of each place.
	struct fake_entry {
		uint32_t gen, open;
	} directory[FAKE_WORKERS][16];

	// what it was asked
	uint32_t moves, moves_answered, plans, drops;
	struct attach_queue moved; // the last one asked for
	uint32_t recordings, recordings_ended;
	struct attach_message recording; // the last one asked for
	uint32_t greeted, commands, tracks, tracks_answered;
	struct fake_command command[FAKE_COMMANDS_MAX];
	struct fake_track track[FAKE_TRACKS_MAX];
};

// Two workers; worker 0 has 10.0.0.1:20000 and 10.0.0.2:30000 with 4 flows each, worker 1 has
// 10.0.0.3:40000 with 4.
void fake_media_start(struct fake_media *f, struct loop *loop);
void fake_media_hang_up(struct fake_media *f);
void fake_media_stop(struct fake_media *f);
// Says something unasked.
void fake_media_say(struct fake_media *f, uint16_t worker, const struct dp_event *event);
void fake_media_stall(struct fake_media *f, uint32_t worker, bool stalled);
void fake_media_record(struct fake_media *f, uint64_t id, enum attach_kind kind,
	enum attach_outcome outcome, uint64_t ms);
// How many commands of this kind came for this flow (any flow: gen 0).
uint32_t fake_media_count(const struct fake_media *f, uint16_t kind, struct flow_id flow);
