// SPDX-License-Identifier: BSD-3-Clause
//
// A jitter buffer: the decoded audio of one far end, whose packets come when they like, played by
// our clock. It knows samples and timestamps, neither codecs nor packets nor who listens. Fixed
// size, nothing is allocated.
//
// Audio lies on a line, each packet where its timestamp says. What is missing when its time has
// come is made up on the line from what was heard before. How long audio waits follows the far
// end: the depth grows with what comes late and shrinks again, and the difference of the two
// clocks is taken up, by playing up to JITTER_FASTEST faster or slower, between the samples: there
// is no click and nothing is dropped. Only when very much more has come than is to wait (a network
// that held packets back) is there a jump, and it is blended.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JITTER_LINE = 8192, // samples: half a second at 16 kHz
	JITTER_RATE_MAX = 16000,
	JITTER_FRAME_MS = 10,
	JITTER_FRAME_MAX = JITTER_RATE_MAX / 1000 * JITTER_FRAME_MS,
	JITTER_PACKET_MAX = JITTER_RATE_MAX / 1000 * 60, // samples
	JITTER_START_MS = 40,                            // audio waits so long at first
	JITTER_MIN_MS = 20,
	JITTER_MAX_MS = 200,
	JITTER_MADE_UP_MS = 60, // more than this is not made up: silence
	JITTER_GAPS_MAX = 24,
	JITTER_TAPS = 16,
	JITTER_PHASES = 64,
	JITTER_FASTEST = 10000, // millionths
	JITTER_UNITS = 16,      // of a sample: units of middle and late
	JITTER_GUARD_MS = 10,   // earlier than the late ones have to be
};

// A low pass at each of the phases between two samples. The same for all; made once.
struct jitter_filter {
	int16_t tap[JITTER_PHASES + 1][JITTER_TAPS];
};

void jitter_filter_init(struct jitter_filter *filter);

// A place on the line.
struct jitter_place {
	uint64_t at;   // sample
	uint32_t part; // 2^-32 of a sample beyond it
};

// Reads n samples from a line of JITTER_LINE, speed millionths faster than they lie there.
// Returns where to read on.
struct jitter_place jitter_between(const struct jitter_filter *filter, const int16_t *line,
	struct jitter_place from, int32_t speed, int16_t *out, size_t n);

// Samples from..to of the line are not there.
struct jitter_gap {
	uint64_t from;
	uint64_t to;
};

struct jitter {
	uint32_t rate;  // Hz of the samples
	uint32_t clock; // Hz of the timestamps
	struct jitter_place read;
	uint64_t end;       // after the newest sample on the line
	uint64_t taken_at;  // the time of the last frame taken, ns
	uint64_t anchor;    // place on the line of anchor_ts
	uint32_t anchor_ts; // timestamp of the newest packet
	uint32_t ssrc;
	bool known;   // a packet has come
	bool pausing; // the far end said that it pauses
	bool paused;  // the line is empty and stays so until the next packet
	bool landing; // the speed is on its way back to none
	uint8_t gaps;
	uint8_t astray;   // packets in a row that were too late
	uint16_t lag;     // samples: the period that is gone on with while something is made up
	uint32_t made;    // samples made up since something was heard
	uint64_t made_to; // where that ends
	int32_t middle;   // how early half of the packets come, in JITTER_UNITS of a sample
	int32_t late;     // how early all but one in a hundred come, the same
	int32_t speed;    // millionths
	uint32_t packets; // counters, of this buffer's life
	uint32_t too_late;
	uint32_t duplicates;
	uint32_t jumps;
	uint64_t made_up; // samples
	struct jitter_gap gap[JITTER_GAPS_MAX];
	int16_t line[JITTER_LINE];
};

enum jitter_put {
	JITTER_PUT,
	JITTER_TOO_LATE,  // its time has passed
	JITTER_DUPLICATE, // it is there
};

enum jitter_got {
	JITTER_HEARD,   // what the far end said
	JITTER_MADE_UP, // at least half of it is not
	JITTER_PAUSE,   // silence: the far end sends nothing
};

// rate is 8000 or 16000.
void jitter_init(struct jitter *j, uint32_t rate, uint32_t clock);

// The n samples of a packet, at most JITTER_PACKET_MAX, that came at `now`.
enum jitter_put jitter_put(
	struct jitter *j, uint32_t ssrc, uint32_t ts, const int16_t *pcm, size_t n, uint64_t now);

// The far end said that it is silent now (comfort noise): nothing is to be made up.
void jitter_pause(struct jitter *j);

// The next 10 ms, whose time is `at`. To be called for each 10 ms, in order.
enum jitter_got jitter_take(
	struct jitter *j, const struct jitter_filter *filter, int16_t *out, uint64_t at);

// Nobody took anything for a while: what has come meanwhile is forgotten.
void jitter_forget(struct jitter *j);

// How long what comes now will wait, in ms.
uint32_t jitter_depth_ms(const struct jitter *j);

// The inside: what the files jitter*.c share.

static inline int64_t jitter_samples(const struct jitter *j, int64_t ms)
{
	return j->rate / 1000 * ms;
}

// In the units of middle and late.
static inline int32_t jitter_units(const struct jitter *j, int32_t ms)
{
	return (int32_t)jitter_samples(j, ms) * JITTER_UNITS;
}

// How early packets have to come, in the middle.
int32_t jitter_wanted(const struct jitter *j);

// A packet came so many samples before its time.
void jitter_observe(struct jitter *j, int64_t early);

// Says how fast the next n samples are to be played.
void jitter_steer(struct jitter *j, size_t n);

// Reads n samples; they are there.
void jitter_play(struct jitter *j, const struct jitter_filter *filter, int16_t *out, size_t n);

// Makes up the n samples at `from` of the line by what lies before.
void jitter_make_up(struct jitter *j, uint64_t from, size_t n);

// Blends what would have been made up at `from` into the n samples that are there after all.
void jitter_blend(struct jitter *j, uint64_t from, size_t n);
