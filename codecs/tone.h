// SPDX-License-Identifier: BSD-3-Clause
//
// Tones made of one or two sines that come and go: what a telephone network says without words,
// by country, and the digits of a keypad. Rendered by a cursor, a few samples at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tone_kind {
	TONE_CALL_WAITING, // to somebody who talks: another call is there
	TONE_RECALL,       // three short bursts of the dial tone: what was given away is back
	TONE_RINGBACK,
	TONE_BUSY,
	TONE_KINDS,
};

enum {
	TONE_STEPS = 6,
	TONE_RAMP_MS = 2, // in and out, within the time of a step: no clicks
};

// A part of a tone; no ms: there is no such part.
struct tone_step {
	uint16_t ms;
	uint16_t hz[2]; // 0: nothing
};

struct tone {
	uint8_t level[2]; // of each sine, in -dBm0
	uint8_t once;     // 1: it ends; 0: it goes round
	struct tone_step step[TONE_STEPS];
};

// That of a country (ISO 3166, two letters in any case), or NULL: there is no such country here.
const struct tone *tone_find(const char *country, enum tone_kind kind);

// Where somebody is in a tone. Sines go on in phase from call to call.
struct tone_cursor {
	const struct tone *tone; // NULL: nothing, or at its end
	uint32_t rate;           // Hz
	uint32_t step;
	uint32_t length; // samples of this step
	uint32_t at;     // of them, how many are over
	uint32_t phase[2];
	int32_t amplitude[2];
	bool digit;
	uint16_t pause; // ms after a digit
};

void tone_begin(struct tone_cursor *c, const struct tone *tone, uint32_t rate);

// A digit (RFC 4733 event code, 0-15) of so many ms, and that much silence after it.
void tone_begin_digit(
	struct tone_cursor *c, uint8_t code, uint16_t ms, uint16_t pause_ms, uint32_t rate);

// n samples; silence after the end. Returns how many of them belong to the tone: fewer than n
// when it ends in them.
size_t tone_render(struct tone_cursor *c, int16_t *pcm, size_t n);
