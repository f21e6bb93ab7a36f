// SPDX-License-Identifier: BSD-3-Clause
//
// A thread that encodes tracks, so that calls do not wait for it. What it is asked for is done
// shortest first; each result comes back in the loop as a sealed memfd.
#pragma once

#include "control/account/music.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct media_encoder;

struct encoded {
	uint64_t hash;
	uint8_t encoding; // TRACK_* of codecs/track.h
	int fd;           // the callee's; -1: it could not be made
	uint64_t bytes;
};

typedef void (*encoded_fn)(void *ctx, const struct encoded *encoded);

// NULL: no memory, or no descriptor.
[[nodiscard]] struct media_encoder *media_encoder_new(struct loop *loop, encoded_fn fn, void *ctx);
// Stops at once and forgets what it was asked for; NULL is harmless; returns NULL.
struct media_encoder *media_encoder_free(struct media_encoder *e);

// The music stays as it is until the answer comes. False: no memory, or no thread.
[[nodiscard]] bool media_encoder_ask(
	struct media_encoder *e, const struct music *music, uint8_t encoding);
