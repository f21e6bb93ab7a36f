// SPDX-License-Identifier: BSD-3-Clause
//
// The tracks we know: each file imported once, each audio sent to layby-media once per attach,
// one encoding after the other.
#pragma once

#include "control/account/music.h"
#include "control/call/media_link.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

enum {
	MEDIA_TRACK_BUCKETS = 256,
	MEDIA_ENCODINGS = 2,
	MEDIA_ASKED_MAX = 2, // on their way at once: each is a copy in memory until it is read
};

struct known_track {
	TAILQ_ENTRY(known_track) link;
	LIST_ENTRY(known_track) by_hash;
	struct music music;
	uint8_t sent, answered; // encodings; all answered: workers know best about it
};

// A file as it was when it was read.
struct known_file {
	LIST_ENTRY(known_file) link;
	char *path;
	struct stat stat;
	struct known_track *track;
};

struct media_tracks {
	TAILQ_HEAD(, known_track) all;
	LIST_HEAD(, known_track) by_hash[MEDIA_TRACK_BUCKETS];
	LIST_HEAD(, known_file) files[MEDIA_TRACK_BUCKETS];
	struct known_track *next; // the first one not sent in full; NULL: all are
	uint32_t count, unsettled;
	uint32_t asked; // encodings sent and not answered
};

void media_tracks_init(struct media_tracks *t);
void media_tracks_clear(struct media_tracks *t);
// The file's track, imported unless it is known. NULL: error says why not.
struct known_track *media_tracks_load(
	struct media_tracks *t, const char *path, char *error, uint32_t error_size);
struct known_track *media_tracks_find(const struct media_tracks *t, uint64_t hash);

// Another layby-media, which knows nothing.
void media_tracks_reset(struct media_tracks *t);
// Sends what has not been sent, as far as may be. False: the system refuses what it takes,
// and error says what.
[[nodiscard]] bool media_tracks_send(
	struct media_tracks *t, struct media_link *link, char *error, uint32_t error_size);
// Whether layby-media has said yes or no to every encoding.
bool media_track_settled(const struct known_track *track);
// True: it has settled a track.
[[nodiscard]] bool media_tracks_answered(
	struct media_tracks *t, const struct attach_message *answer);
