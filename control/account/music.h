// SPDX-License-Identifier: BSD-3-Clause
//
// The importer (the door to libsndfile): an audio file becomes a track's audio, linear.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct music {
	uint64_t hash;  // of the linear audio, never 0
	uint32_t len;   // units of 125 us
	uint32_t rate;  // Hz: 8000 or 16000
	int16_t *audio; // len * rate / 8000 samples
};

enum { MUSIC_SECONDS_MAX = 1800 };

// Reads a file of any format and rate that libsndfile knows; channels are mixed down. False: error
// says what and what to do ("... has 9 channels; mix them with: sox in.wav -c 1 out.wav").
[[nodiscard]] bool music_load(
	struct music *out, const char *path, char *error, uint32_t error_size);
void music_clear(struct music *m);

// Reads a directory of such files as one music, in the order of their names.
[[nodiscard]] bool playlist_load(
	struct music *out, const char *directory, char *error, uint32_t error_size);

// Gives it the hash of its audio.
void music_name(struct music *m);
