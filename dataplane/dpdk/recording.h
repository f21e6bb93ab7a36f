// SPDX-License-Identifier: BSD-3-Clause
//
// One recording: what two flows received, decoded, put beside each other by the time it came, and
// written. Its clock runs while at least one channel is ON:
//
//   left    ON ───────────── PAUSED ┄┄┄┄┄┄ ON ────────────────── OFF
//   right        ON ──────── PAUSED ┄┄┄┄┄┄┄┄┄┄┄┄┄ ON ── OFF
//   file    ├────────────────────────┤├──────────────────────────┤   what is missing is silence
//
// Where a packet goes is told by its RTP time, from where the stream began; how the stream lies to
// the clock is looked after as it goes on, so that two clocks that drift stay side by side. Time is
// a parameter; the disk may make it wait. The recorder's thread alone.
#pragma once

#include "codecs/codec.h"
#include "codecs/resample.h"
#include "dataplane/attach.h"
#include "dataplane/dpdk/record_ring.h"
#include "dataplane/dpdk/wav.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RECORDING_HELD = 16,       // packets that wait for one before them
	RECORDING_DECODER = 49152, // bytes: the largest decoder of codecs/codec.h
	RECORDING_SECOND = CODEC_RATE_MAX,
	RECORDING_BEHIND_MS = 300, // how far behind the clock the file is: a packet may be as late
};

// One channel.
struct recording_side {
	bool claimed;    // source means something
	bool on;         // it makes the clock run
	uint32_t source; // whom it hears

	// packets that wait, in their order
	uint32_t held;
	struct record_piece wait[RECORDING_HELD];
	int64_t came[RECORDING_HELD]; // when, in frames of the file

	// the stream that is decoded
	bool known;
	const struct codec *codec; // NULL: none that we know
	uint32_t clock;
	uint32_t ssrc;
	uint8_t run;
	uint16_t next_seq;
	uint32_t next_ts;
	int64_t next;    // where next_ts goes, in frames
	int64_t nearest; // how late packets are at least, since it was looked at last; in frames
	uint32_t looked; // packets since then
	struct resample_up up;
	struct resample_down down;
	alignas(64) uint8_t decoder[RECORDING_DECODER];
};

struct recording {
	uint64_t id;
	uint32_t rate; // Hz of the file
	struct wav *wav;
	enum attach_outcome outcome; // not OK: nothing more is written

	// the clock
	bool started;
	bool running;
	uint64_t base;       // ns: when frame 0 was, had there been no pause
	uint64_t paused;     // ns that it stood still
	uint64_t stopped_at; // ns; while it does not run

	uint64_t written; // frames
	uint64_t settled; // ns
	struct recording_side side[WAV_CHANNELS];
	int16_t frame[RECORDING_SECOND][WAV_CHANNELS]; // from `written` on, round and round

	uint64_t late;    // packets that came after their time was written
	uint64_t strange; // payloads that were none
};

// NULL: *outcome says why.
[[nodiscard]] struct recording *recording_new(
	const char *directory, uint64_t id, uint32_t rate, enum attach_outcome *outcome);

void recording_take(struct recording *r, const struct record_piece *piece);

// Writes what no packet can change any more.
void recording_turn(struct recording *r, uint64_t now);

// Writes the rest and closes the file; *ms is how long it has become. Frees it.
enum attach_outcome recording_end(struct recording *r, uint64_t now, uint64_t *ms);

// recording_side.c: a packet of this side; those that wait for too long, or (now UINT64_MAX) all.
void side_take(struct recording *r, unsigned channel, const struct record_piece *piece);
void side_decode(struct recording *r, unsigned channel, uint64_t now);
void side_begin(struct recording_side *s, uint32_t source);

// recording.c: samples of the file's rate that belong at this frame.
void recording_put(struct recording *r, unsigned channel, int64_t at, const int16_t *pcm, size_t n);
int64_t recording_frame(const struct recording *r, uint64_t at);
