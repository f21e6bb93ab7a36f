// SPDX-License-Identifier: BSD-3-Clause
//
// A track's linear audio in one encoding, as layby-media takes it (dataplane/attach.h). What is
// played round and round has no seam: a codec that remembers goes through the audio twice, and the
// second time counts.
#pragma once

#include "control/account/music.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct encoding {
	uint8_t *bytes;
	size_t len;
};

// False: no memory, or *stop became true. encoding: TRACK_* of codecs/track.h.
[[nodiscard]] bool encoding_make(
	struct encoding *out, const struct music *m, unsigned encoding, const atomic_bool *stop);
