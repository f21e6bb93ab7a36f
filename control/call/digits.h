// SPDX-License-Identifier: BSD-3-Clause
//
// Collects a leg's digits until they are a feature code or are none. Pure. The worker withholds
// digits from the far end from the first one on that may begin a code; here is decided what
// becomes of them (reference: features D12): swallowed when they are the code, given back in
// order, with their durations, when they are not, or when the next one does not come in time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { DIGITS_CODE_MAX = 8, DIGITS_LIST_MAX = 16 };

enum digits_outcome {
	DIGITS_PASS,      // it was not withheld: the far end has it
	DIGITS_WAIT,      // may become the code; decided at digits_deadline() at the latest
	DIGITS_MATCH,     // the code: nobody else is to hear it
	DIGITS_GIVE_BACK, // nothing is withheld any more
};

// Digits as RFC 4733 event codes, with their durations in ms.
struct digits_list {
	uint32_t n;
	uint8_t digit[DIGITS_LIST_MAX];
	uint16_t ms[DIGITS_LIST_MAX];
};

struct digits {
	uint8_t code[DIGITS_CODE_MAX];
	uint8_t code_len;
	uint8_t held_len;
	uint8_t held[DIGITS_CODE_MAX]; // withheld so far: always the beginning of the code
	uint16_t held_ms[DIGITS_CODE_MAX];
	uint32_t gap_ms;
	uint64_t deadline_ms; // 0: nothing is withheld
};

// code: 1-8 of 0-9 * # A-D. gap_ms: how long to wait for the next digit.
void digits_init(struct digits *d, const char *code, uint32_t gap_ms);
bool digits_same_code(const struct digits *a, const struct digits *b);
// Bit per event code that may begin the code: the worker's mask.
uint16_t digits_watch_mask(const struct digits *d);
// A digit was let go. What is to be given back is written to *out, in order, also when the
// outcome is another (the first of "##0" when #0 is the code).
enum digits_outcome digits_press(struct digits *d, uint8_t digit, uint16_t ms, bool withheld,
	uint64_t now_ms, struct digits_list *out);
// When to call digits_expire(); 0: nothing waits.
uint64_t digits_deadline(const struct digits *d);
// Gives back what waited too long.
void digits_expire(struct digits *d, uint64_t now_ms, struct digits_list *out);
