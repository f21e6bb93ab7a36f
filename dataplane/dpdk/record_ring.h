// SPDX-License-Identifier: BSD-3-Clause
//
// From one worker to the recorder: notes and payloads in pieces of one size, laid out at the
// start. The worker never waits: what finds no room is lost, and it says so. Audio leaves some
// room for beginnings and ends.
#pragma once

#include "codecs/codec.h"
#include "dataplane/lane.h"
#include "dataplane/record.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_RING_KEPT = 16 }; // pieces that audio does not take

struct record_piece {
	alignas(64) struct record_note note;
	uint8_t payload[CODEC_PAYLOAD_MAX];
};

struct record_ring {
	struct lane lane;
	alignas(64) struct lane_writer writer; // the worker's
	alignas(64) struct lane_reader reader; // the recorder's
	struct record_piece *piece;
	size_t size; // bytes
};

// Room for so many pieces at least. False: there is no memory.
[[nodiscard]] bool record_ring_init(struct record_ring *r, uint32_t pieces);
void record_ring_clear(struct record_ring *r);

// For the worker. False: no room.
[[nodiscard]] bool record_ring_put(
	struct record_ring *r, const struct record_note *note, const uint8_t *payload);

// For the recorder. The piece is its until record_ring_release(). NULL: there is none.
const struct record_piece *record_ring_peek(struct record_ring *r);
void record_ring_release(struct record_ring *r);
