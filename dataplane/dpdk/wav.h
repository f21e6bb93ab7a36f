// SPDX-License-Identifier: BSD-3-Clause
//
// A stereo WAV file of 16 bits a sample that grows: DIRECTORY/ID.wav.part while it does, then
// DIRECTORY/ID.wav. Its header is right at any time but for the last seconds, so that a crash
// leaves a file that can be played. The only door to libsndfile in layby-media. It waits for the
// disk: for the recorder's thread only.
#pragma once

#include "dataplane/attach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wav;

enum { WAV_CHANNELS = 2 };

// A new file; the directory is made if only that is missing. NULL: *outcome says why.
[[nodiscard]] struct wav *wav_open(
	const char *directory, uint64_t id, uint32_t rate, enum attach_outcome *outcome);

// Frames are pairs of samples, left and right. Not ATTACH_OK: nothing more can be written.
enum attach_outcome wav_write(struct wav *w, const int16_t *frames, size_t n);

// The header says how much there is.
void wav_settle(struct wav *w);

// whole: it ended well, and gets its final name. Returns what became of that. Frees w.
enum attach_outcome wav_close(struct wav *w, bool whole);
