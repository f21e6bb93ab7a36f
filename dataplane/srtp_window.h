// SPDX-License-Identifier: BSD-3-Clause
//
// Which packet is it, and was it seen before (RFC 3711, 3.3.1 and 3.3.2)? Says what it thinks;
// nothing is entered before the packet has proved to be genuine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	SRTP_WINDOW = 128,
	SRTP_SEQ_BITS = 16,
};

#define SRTP_INDEX_MAX ((UINT64_C(1) << 48) - 1)

struct srtp_window {
	uint64_t highest; // index of the newest packet seen; of an older key if bits are 0
	uint64_t bits[2]; // bit n: highest - n was seen
};

// Nothing was seen yet under this key.
static inline bool srtp_window_is_new(const struct srtp_window *w)
{
	return w->bits[0] == 0;
}

enum srtp_seen { SRTP_SEEN_NOT, SRTP_SEEN_ALREADY, SRTP_SEEN_TOO_OLD };

enum srtp_seen srtp_window_look(const struct srtp_window *w, uint64_t index);
void srtp_window_enter(struct srtp_window *w, uint64_t index);

// The index that a sequence number most likely stands for. May be above SRTP_INDEX_MAX: the key
// is worn out.
uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq);

// The second best guess, for as long as nothing was seen under this key; else the same.
//
// Of a new source: its first packets may have been lost and its numbers gone round since. Of a
// known one with a new key: RFC 3711, 3.3.1, has the roll-over counter go on, yet many begin
// anew with 0.
uint64_t srtp_window_guess_again(const struct srtp_window *w, uint16_t seq);
