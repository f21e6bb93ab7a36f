// SPDX-License-Identifier: BSD-3-Clause
//
// The tracks that the media process holds, in locked memory and under a budget. The main
// thread's; workers see only the struct tracks that it shows them. They outlive the core.
#pragma once

#include "codecs/track.h"
#include "dataplane/attach.h"

#include <stddef.h>
#include <stdint.h>

enum { TRACK_STORE_MAX = 1024 };

// One content. With each codec that is added comes a new version of the struct that workers
// read: the old one is never changed under them.
struct stored_track {
	uint64_t hash; // 0: the place is free
	uint32_t len;  // units
	uint32_t versions;
	struct track version[TRACK_CODECS];
	uint8_t *audio[TRACK_CODECS]; // as it came, and its sums
	uint32_t bytes[TRACK_CODECS]; // as it came
};

struct track_store {
	uint64_t budget; // bytes of audio; the sums of its blocks come to at most a fortieth of it
	uint64_t taken;
	struct stored_track track[TRACK_STORE_MAX];
};

struct stored_track *track_store_find(struct track_store *s, uint64_t hash);

// Reads a descriptor into the store. *out is the version to show to the workers, or NULL when
// the track was there in this codec already. fd stays the caller's.
[[nodiscard]] enum attach_outcome track_store_add(
	struct track_store *s, const struct attach_message *m, int fd, const struct track **out);

// Takes the newest version back: it was not shown after all.
void track_store_undo(struct track_store *s, struct stored_track *t);

// No worker has it any more.
void track_store_remove(struct track_store *s, struct stored_track *t);

// Lets go of everything; no worker runs any more.
void track_store_clear(struct track_store *s);
