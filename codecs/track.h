// SPDX-License-Identifier: BSD-3-Clause
//
// A track: audio that is sent often, encoded once. A music loop or a prompt. Immutable while
// shown to workers, so any number of them may read it at once. One byte is one sample at 8 kHz
// in each of the encodings.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Encodings a track can be there in; the numbers are those of enum dp_codec.
enum { TRACK_PCMU, TRACK_PCMA, TRACK_CODECS };

struct track {
	uint64_t hash;                        // of the linear audio; never 0
	uint32_t len;                         // samples, the same in every encoding; never 0
	const uint8_t *payload[TRACK_CODECS]; // NULL: not there in this encoding
};

// Copies n samples from position `at` (below t->len) into dst, going round at the end.
// Returns the position that follows.
uint32_t track_loop(const struct track *t, unsigned codec, uint32_t at, uint8_t *dst, size_t n);

// Copies at most n samples from position `at` up to the end. Returns how many there were.
size_t track_once(const struct track *t, unsigned codec, uint32_t at, uint8_t *dst, size_t n);
