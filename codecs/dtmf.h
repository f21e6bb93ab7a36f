// SPDX-License-Identifier: BSD-3-Clause
//
// DTMF digits in audio (ITU-T Q.23, Q.24), for many channels at once. A channel collects samples;
// each 5 ms it puts a window of 10 ms into the batch; when the batch is full, or when its owner
// says so, all windows go through the filters (dtmf_bank.h) together, and what they hold is
// judged channel by channel. docs/DTMF.md has the table of what is a digit and what is not.
//
// Not here: what a digit means, packets, and what is done when some of them are missing.
#pragma once

#include "codecs/dtmf_bank.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DTMF_BATCH = 32, // windows
	DTMF_HOP_MS = 5,
};

// What becomes of a tone: BEGAN, and then either DROPPED, or SURE and later ENDED.
enum dtmf_news {
	DTMF_BEGAN,   // a tone that may be a digit is there, since at most 15 ms
	DTMF_DROPPED, // ... and it was none
	DTMF_SURE,    // it is this digit
	DTMF_ENDED,   // key-up
};

struct dtmf_event {
	uint8_t news;  // enum dtmf_news
	uint8_t digit; // RFC 4733 code, 0-15; of BEGAN: as far as can be told
	uint16_t ms;   // how long the tone was there, so far
};

// Windows in a row that may be one digit.
struct dtmf_run {
	float lag[2][2]; // low and high tone: sum of z times the conjugate of the one before
	float lagged[2]; // what |lag| would be of a steady tone
	float power[2];  // of full windows
	float energy;    // of full windows, all frequencies
	float top;       // the most power of one window
	float amplitude; // sum of all windows
	float full;      // sum of full windows
	float gap;       // ms of silence since the last full window
	float ms;        // how long the digit lasts, gaps within it included
	uint16_t windows;
	uint16_t fulls;
};

// One channel. All zero is a channel that has heard nothing. What a window without a digit needs
// comes first.
struct dtmf_channel {
	uint8_t n;                     // samples in tail
	uint8_t state;                 // enum state
	uint8_t tone[2];               // low 0-3, high 4-7
	int16_t before[DTMF_TONES][2]; // z of the window before
	int16_t tail[DTMF_WINDOW];     // the newest samples, of a window that is not full
	struct dtmf_run run;
};
static_assert(sizeof(struct dtmf_channel) <= 256, "a channel is four lines");

typedef void (*dtmf_fn)(void *ctx, struct dtmf_channel *c, const struct dtmf_event *event);

// One a worker. Windows of one channel are in the order in which they came.
struct dtmf_batch {
	int16_t pcm[DTMF_BATCH * DTMF_WINDOW]; // pieces of channels, each with its windows
	const int16_t *window[DTMF_BATCH];
	struct dtmf_spectrum spectrum[DTMF_BATCH];
	struct dtmf_channel *channel[DTMF_BATCH];
	uint32_t n;    // windows
	uint32_t used; // of pcm
	const struct dtmf_bank *bank;
	dtmf_fn tell;
	void *ctx;
	struct dtmf_filters filters;
	float turn[DTMF_TONES][2]; // by how much z of a tone turns from window to window: cos, sin
	float deviation[DTMF_TONES]; // how much more or less it may turn in a run, radians
	float loose[DTMF_TONES];     // ... in a single window: the tangent
	float dial[3][DTMF_WINDOW];  // a filter for dial tone: cos, sin; and what it weighs
};

// bank: dtmf_bank_best(), or one that a test or a bench wants. tell is called from within
// dtmf_feed() and dtmf_flush().
void dtmf_batch_init(struct dtmf_batch *b, const struct dtmf_bank *bank, dtmf_fn tell, void *ctx);

// The next n samples of a channel, at 8 kHz (from 16: codecs/resample.h). The channel stays where it is until dtmf_flush().
void dtmf_feed(struct dtmf_batch *b, struct dtmf_channel *c, const int16_t *pcm, size_t n);

// Nothing waits afterwards.
void dtmf_flush(struct dtmf_batch *b);

// What follows has nothing to do with what was before. A digit that is sure ends here.
void dtmf_reset(struct dtmf_batch *b, struct dtmf_channel *c);
