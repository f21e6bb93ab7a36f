// SPDX-License-Identifier: BSD-3-Clause
//
// The places for flows of one worker: which are open, which are free, in what order the free ones
// are taken. A place is a port of ours, so one that was used rests before it is used again: late
// packets of one customer must never reach another.
#pragma once

#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

enum { MEDIA_REST_MS = DP_REST_MS + 500 }; // the worker's own clock starts later than ours

struct place {
	void *owner; // NULL unless open
	uint32_t gen;
	uint16_t held;    // commands of its flow that wait for a track (media_inside.h)
	uint8_t encoding; // of tracks, in its flow's codec (codecs/track.h); or TRACK_CODECS
	uint8_t musics;   // MUSIC commands that are not answered
	bool shared;      // of the music
	bool heard;       // a stand-in for the music was said to play
	uint64_t music;   // what its flow plays or is to play; 0: no music
	bool waits;       // the music is being encoded
	enum { PLACE_FREE, PLACE_OPEN, PLACE_CLOSING, PLACE_UNUSED } state;
};

struct media_ports {
	struct place *place;
	uint32_t n;
	uint32_t open; // and closing
	// The free places in order of the time from which they may be taken.
	struct free_place {
		uint64_t ready_ms;
		uint32_t index;
	} * line;
	uint32_t head, free;
};

// Reads a directory that is complete. What is open there is CLOSING, to be closed by its gen; what
// was ever used rests; the order is random. *random is any number but 0, and moves on.
[[nodiscard]] bool media_ports_init(struct media_ports *p, const struct bridge_entry *directory,
	uint32_t n, uint64_t *random, uint64_t now_ms);
void media_ports_clear(struct media_ports *p);
// Before any is opened: these n places from first on are never taken.
void media_ports_leave_out(struct media_ports *p, uint32_t first, uint32_t n);

// Opens the place that has been free longest, in a new generation. False: none is ready.
[[nodiscard]] bool media_ports_open(
	struct media_ports *p, void *owner, uint64_t now_ms, struct flow_id *out);
// The place of a flow that is open; NULL: no such flow, or not any more.
struct place *media_ports_find(const struct media_ports *p, struct flow_id id);
// An open place on its way out: its owner is told nothing more.
void media_ports_closing(struct place *place);
// The worker has closed it, or never had it: from now on it rests.
void media_ports_rest(struct media_ports *p, uint32_t index, uint64_t now_ms);
// How many free ones may not be taken yet.
uint32_t media_ports_resting(const struct media_ports *p, uint64_t now_ms);
