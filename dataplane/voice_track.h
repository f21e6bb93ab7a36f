// SPDX-License-Identifier: BSD-3-Clause
//
// A track as samples of 8 kHz, for those who do more with it than send it: from whichever of its
// encodings says most. A unit of a track is one sample.
#pragma once

#include "codecs/track.h"

#include <stdbool.h>
#include <stdint.h>

// Is there an encoding that is samples?
bool voice_track_there(const struct track *t);

// n samples from position `at` (below t->len), going round at the end. Returns the position that
// follows.
uint32_t voice_track_loop(const struct track *t, uint32_t at, int16_t *dst, size_t n);

// At most n samples from position `at` up to the end. Returns how many there were.
size_t voice_track_once(const struct track *t, uint32_t at, int16_t *dst, size_t n);
