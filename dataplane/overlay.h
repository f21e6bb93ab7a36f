// SPDX-License-Identifier: BSD-3-Clause
//
// Overlays: tracks that play over whatever a flow sends. Any number of a flow's, each a piece of
// one pool, linked from a head that the flow's voice has. What lies beneath, and when something
// is sent, is not known here.
#pragma once

#include "codecs/mix.h"
#include "dataplane/pool.h"
#include "dataplane/tracks.h"

#include <stdbool.h>
#include <stdint.h>

enum { OVERLAY_FRAME_MAX = 80 }; // samples at 8 kHz that are played in one go

struct overlay {
	uint32_t next; // piece, or POOL_NONE
	uint32_t id;
	uint32_t at;    // position in the track
	uint16_t track; // slot in the track table
	uint16_t ramp;  // ms, of duck
	int16_t duck;   // tenths of a dB, at most 0
	bool loop;
	struct mix_ramp loud;
};

// What somebody wants to be played.
struct overlay_wish {
	uint32_t id;
	uint16_t track;
	int16_t gain; // tenths of a dB
	int16_t duck;
	uint16_t ramp;
	bool loop;
};

// One worker's. The tracks that play are used in the table, so that they are not taken away.
struct overlays {
	struct pool pool; // struct overlay
	struct tracks *tracks;
};

// One was sent in full.
typedef void (*overlay_done)(void *ctx, const struct overlay *o);

// Adds it at the end, or puts it, from its beginning, in the place of the one with the same id.
// False: there is no room.
[[nodiscard]] bool overlay_put(
	struct overlays *all, uint32_t *head, const struct overlay_wish *wish);

// Is there one of this id? 0: any at all.
bool overlay_there(const struct overlays *all, uint32_t head, uint32_t id);

// Ends the one, or all of them (id 0). Harmless if it is not there.
void overlay_end(struct overlays *all, uint32_t *head, uint32_t id);

// By how much what lies beneath is ducked: as deep as the one that wants it deepest.
int16_t overlay_duck(const struct overlays *all, uint32_t head);

// Adds the next n samples of each to pcm, at 8 kHz, n at most OVERLAY_FRAME_MAX. Those that end
// within are told to done(), and are gone.
void overlay_play(
	struct overlays *all, uint32_t *head, int16_t *pcm, size_t n, overlay_done done, void *ctx);
