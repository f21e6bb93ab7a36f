// SPDX-License-Identifier: BSD-3-Clause
//
// Frequencies and cadences: ITU-T E.180 Supplement 2 and the ITU's list of February 2003, as the
// tables of spandsp and Asterisk give them; United Kingdom: BT SIN 350; Australia: ACIF S002.
// Where the two differ the newer one is here (Italy's and Australia's busy). Call waiting of
// France and Brazil, and the United States' at 440 Hz, are Asterisk's.
//
// Levels: the United States' are those of the precise tone plan. Elsewhere E.180 asks for -10
// dBm0 within 5 dB: -12 dBm0 in all, -15 dBm0 for each of two. Digits: 2 dB more for the high
// group, as lines expect it (Q.23, TIA-464), and together -4 dBm0.
#include "codecs/tone_table.h"

// clang-format off
#define ON(ms, hz)        { ms, { hz, 0 } }
#define BOTH(ms, low, hi) { ms, { low, hi } }
#define OFF(ms)           { ms, { 0, 0 } }
#define ONE(...)          { { 12, 12 }, 0, { __VA_ARGS__ } }
#define TWO(...)          { { 15, 15 }, 0, { __VA_ARGS__ } }
#define LEVEL(db, ...)    { { db, db }, 0, { __VA_ARGS__ } }
#define RECALL(db, low, hi)                                                                \
	{ { db, db }, 1, { BOTH(100, low, hi), OFF(100), BOTH(100, low, hi), OFF(100),     \
		BOTH(100, low, hi), OFF(100) } }

const struct tone_country tone_countries[TONE_COUNTRIES] = {
	{ "au", {
		[TONE_CALL_WAITING] = ONE(ON(200, 425), OFF(200), ON(200, 425), OFF(4400)),
		[TONE_RECALL] = RECALL(15, 413, 438),
		[TONE_RINGBACK] = TWO(BOTH(400, 413, 438), OFF(200), BOTH(400, 413, 438), OFF(2000)),
		[TONE_BUSY] = ONE(ON(375, 425), OFF(375)),
	} },
	{ "br", {
		[TONE_CALL_WAITING] = ONE(ON(50, 425), OFF(1000)),
		[TONE_RECALL] = RECALL(12, 425, 0),
		[TONE_RINGBACK] = ONE(ON(1000, 425), OFF(4000)),
		[TONE_BUSY] = ONE(ON(250, 425), OFF(250)),
	} },
	{ "de", {
		[TONE_CALL_WAITING] = ONE(ON(200, 425), OFF(200), ON(200, 425), OFF(5000)),
		[TONE_RECALL] = RECALL(12, 425, 0),
		[TONE_RINGBACK] = ONE(ON(1000, 425), OFF(4000)),
		[TONE_BUSY] = ONE(ON(480, 425), OFF(480)),
	} },
	{ "es", {
		[TONE_CALL_WAITING] = ONE(ON(175, 425), OFF(175), ON(175, 425), OFF(3500)),
		[TONE_RECALL] = RECALL(12, 425, 0),
		[TONE_RINGBACK] = ONE(ON(1500, 425), OFF(3000)),
		[TONE_BUSY] = ONE(ON(200, 425), OFF(200)),
	} },
	{ "fr", {
		[TONE_CALL_WAITING] = ONE(ON(300, 440), OFF(10000)),
		[TONE_RECALL] = RECALL(12, 440, 0),
		[TONE_RINGBACK] = ONE(ON(1500, 440), OFF(3500)),
		[TONE_BUSY] = ONE(ON(500, 440), OFF(500)),
	} },
	{ "gb", {
		[TONE_CALL_WAITING] = ONE(ON(100, 400), OFF(4000)),
		[TONE_RECALL] = RECALL(15, 350, 440),
		[TONE_RINGBACK] = TWO(BOTH(400, 400, 450), OFF(200), BOTH(400, 400, 450), OFF(2000)),
		[TONE_BUSY] = ONE(ON(375, 400), OFF(375)),
	} },
	{ "it", {
		[TONE_CALL_WAITING] = ONE(ON(400, 425), OFF(100), ON(250, 425), OFF(100),
			ON(150, 425), OFF(14000)),
		[TONE_RECALL] = RECALL(12, 425, 0),
		[TONE_RINGBACK] = ONE(ON(1000, 425), OFF(4000)),
		[TONE_BUSY] = ONE(ON(500, 425), OFF(500)),
	} },
	{ "jp", { // 400 Hz modulated by 16 Hz is 384 and 416 Hz
		[TONE_CALL_WAITING] = TWO(BOTH(500, 384, 416), OFF(8000)),
		[TONE_RECALL] = RECALL(12, 400, 0),
		[TONE_RINGBACK] = TWO(BOTH(1000, 384, 416), OFF(2000)),
		[TONE_BUSY] = ONE(ON(500, 400), OFF(500)),
	} },
	{ "nl", {
		[TONE_CALL_WAITING] = ONE(ON(500, 425), OFF(9500)),
		[TONE_RECALL] = RECALL(12, 425, 0),
		[TONE_RINGBACK] = ONE(ON(1000, 425), OFF(4000)),
		[TONE_BUSY] = ONE(ON(500, 425), OFF(500)),
	} },
	{ "us", {
		[TONE_CALL_WAITING] = LEVEL(13, ON(300, 440), OFF(10000)),
		[TONE_RECALL] = RECALL(13, 350, 440),
		[TONE_RINGBACK] = LEVEL(19, BOTH(2000, 440, 480), OFF(4000)),
		[TONE_BUSY] = LEVEL(24, BOTH(500, 480, 620), OFF(500)),
	} },
};

// The time of a digit is said when it begins.
#define DIGIT(low, high) { { 8, 6 }, 1, { BOTH(1, low, high), OFF(1) } }

const struct tone tone_digits[TONE_DIGITS] = {
	DIGIT(941, 1336),                                                       // 0
	DIGIT(697, 1209), DIGIT(697, 1336), DIGIT(697, 1477),                   // 1 2 3
	DIGIT(770, 1209), DIGIT(770, 1336), DIGIT(770, 1477),                   // 4 5 6
	DIGIT(852, 1209), DIGIT(852, 1336), DIGIT(852, 1477),                   // 7 8 9
	DIGIT(941, 1209), DIGIT(941, 1477),                                     // * #
	DIGIT(697, 1633), DIGIT(770, 1633), DIGIT(852, 1633), DIGIT(941, 1633), // A B C D
};
// clang-format on
