// SPDX-License-Identifier: BSD-3-Clause
//
// Tapes for the ears of a DTMF detector: tones, noise and sound files, one after the other, and
// what the detector says of them. The same seed makes the same tape.
#pragma once

#include "codecs/dtmf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TAPE_ROOM = 8000 * 60 * 11,
	TAPE_HEARD = 512, // digits
	TAPE_FRAME = 160,
};

#define TAPE_NOTHING (-999.0) // dBm0

enum tape_law { TAPE_LINEAR, TAPE_ULAW, TAPE_ALAW };

// One press, or many alike. Levels are in dBm0 of each tone.
struct press {
	double low, high;         // levels
	double low_off, high_off; // how many per cent beside its frequency
	double on, off;           // ms
	double hole;              // ms of silence in the middle of it
	double noise;             // dBm0 of white noise from 0 to 4 kHz
	double dial;              // dBm0 of 350 and 440 Hz each
	enum tape_law law;
};

// -10 dBm0, in tune, 50 ms on, 100 ms off, mu-law, nothing else.
struct press press_plain(void);

struct tape {
	int16_t pcm[TAPE_ROOM];
	size_t n;
	double clock; // of dial tone
	uint64_t seed;
};

void tape_rewind(struct tape *t, uint64_t seed);

// A number from 0 to 1.
double tape_chance(struct tape *t);

// Adds silence (with the noise and the dial tone of p), or a press of the key and its pause.
void tape_wait(struct tape *t, const struct press *p, double ms);
void tape_press(struct tape *t, const struct press *p, char key);

// Puts every sample through the law and back.
void tape_through(struct tape *t, enum tape_law law);

// What a detector said of a tape.
struct heard {
	char keys[TAPE_HEARD + 1]; // those that were sure
	uint16_t ms[TAPE_HEARD];   // their lengths, as they ended
	unsigned n;
	unsigned ended;
	unsigned began;
	unsigned dropped;
	size_t last_began; // samples fed when it was told, to the frame
};

// Plays the tape to our detector. bank: NULL is the best one.
void tape_play(const struct tape *t, const struct dtmf_bank *bank, struct heard *heard);

// The same to spandsp's, as it is set for 6 dB of twist; or as it is set by itself.
enum tape_twist { TAPE_SPANDSP_OWN, TAPE_SPANDSP_7 };
void tape_play_spandsp(const struct tape *t, enum tape_twist twist, struct heard *heard);
