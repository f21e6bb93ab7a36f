// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/srtp_window.h"

enum { HALF = 1 << (SRTP_SEQ_BITS - 1), WORD = 64 };

#define ROUND (UINT64_C(1) << SRTP_SEQ_BITS)

enum srtp_seen srtp_window_look(const struct srtp_window *w, uint64_t index)
{
	if (srtp_window_is_new(w) || index > w->highest)
		return SRTP_SEEN_NOT;

	uint64_t back = w->highest - index;
	if (back >= SRTP_WINDOW)
		return SRTP_SEEN_TOO_OLD;
	return w->bits[back / WORD] >> back % WORD & 1 ? SRTP_SEEN_ALREADY : SRTP_SEEN_NOT;
}

// Moves the window on, as a shift of 128 bits.
static void slide(struct srtp_window *w, uint64_t by)
{
	if (by >= SRTP_WINDOW) {
		w->bits[0] = w->bits[1] = 0;
	} else if (by >= WORD) {
		w->bits[1] = w->bits[0] << (by - WORD);
		w->bits[0] = 0;
	} else if (by > 0) {
		w->bits[1] = w->bits[1] << by | w->bits[0] >> (WORD - by);
		w->bits[0] <<= by;
	}
}

void srtp_window_enter(struct srtp_window *w, uint64_t index)
{
	if (srtp_window_is_new(w)) {
		*w = (struct srtp_window){ .highest = index, .bits = { 1 } };
		return;
	}
	if (index > w->highest) {
		slide(w, index - w->highest);
		w->highest = index;
	}

	uint64_t back = w->highest - index;
	if (back < SRTP_WINDOW)
		w->bits[back / WORD] |= UINT64_C(1) << back % WORD;
}

// RFC 3711, 3.3.1: the round in which the number is nearest to the newest one.
uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq)
{
	int last = (int)(w->highest % ROUND);
	uint64_t round = w->highest - (uint64_t)last;

	if (last < HALF && seq - last > HALF && round > 0)
		return round - ROUND + seq;
	if (last >= HALF && last - HALF > seq)
		return round + ROUND + seq;
	return round + seq;
}

uint64_t srtp_window_guess_again(const struct srtp_window *w, uint16_t seq)
{
	uint64_t guess = srtp_window_guess(w, seq);

	if (!srtp_window_is_new(w))
		return guess;
	if (guess != seq)
		return seq;
	return w->highest == 0 && seq < HALF ? ROUND + seq : guess;
}
