// SPDX-License-Identifier: BSD-3-Clause
//
// The importer (the door to libsndfile): an audio file becomes a track's audio, encoded.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct music {
	uint64_t hash;       // of the linear audio, never 0
	uint32_t len;        // samples at 8 kHz
	uint8_t *encoded[2]; // by enum dp_codec: PCMU, PCMA
};

enum { MUSIC_SECONDS_MAX = 1800 };

// Reads a file that libsndfile knows: 8 kHz; channels are mixed down. False: error says what and
// what to do ("... is at 44100 Hz; convert it with: sox in.wav -r 8000 -c 1 out.wav").
[[nodiscard]] bool music_load(
	struct music *out, const char *path, char *error, uint32_t error_size);
void music_clear(struct music *m);
