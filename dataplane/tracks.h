// SPDX-License-Identifier: BSD-3-Clause
//
// The tracks that a worker may play. A flow names a track by its slot here, not by its address,
// so that a track which comes again in one more codec takes the place of the old one at once.
// All zero, the table is empty.
#pragma once

#include "codecs/track.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TRACKS_MAX = 1024,
	TRACKS_INDEX = 2 * TRACKS_MAX, // half of it is always free, so that a search is short
	TRACK_NONE = 0xffff,
};

struct tracks {
	uint64_t hash[TRACKS_MAX]; // 0: the slot is free
	const struct track *track[TRACKS_MAX];
	uint32_t users[TRACKS_MAX];   // flows that play it, once for each time they name it
	uint16_t index[TRACKS_INDEX]; // by hash: a slot and one, or 0
	uint32_t count;
	uint32_t next_free; // no slot before it is free
};

// The slot of a track, or TRACK_NONE.
uint16_t tracks_find(const struct tracks *t, uint64_t hash);

// Adds it, or puts it in the place of the one with the same hash. False: the table is full.
[[nodiscard]] bool tracks_show(struct tracks *t, const struct track *track);

// Forgets it; harmless if it is not there. False, and nothing changed: a flow still plays it.
[[nodiscard]] bool tracks_hide(struct tracks *t, uint64_t hash);
