// SPDX-License-Identifier: BSD-3-Clause
//
// The speech and the music that Debian has for Asterisk: hours of what is no digit. The packages
// are named in scripts/install-packages.
#pragma once

#include "tests/support/tape.h"

#include <stdbool.h>

enum { SOUNDS_MAX = 4096, SOUNDS_HOURS = 29 /* tenths */ };

struct sounds {
	char *path[SOUNDS_MAX]; // sorted
	unsigned n;
};

// Finds all WAV files. Skips the test, loudly, if there are none.
void sounds_find(struct sounds *s);

// The file, so many decibels louder, as a tape of 8 kHz. False: it is not of 8 kHz.
bool sounds_read(struct tape *t, const char *path, double decibels);
