// SPDX-License-Identifier: BSD-3-Clause
//
// The tracks we know: each file imported once, each audio encoded when the first flow of a codec
// wants it, sent to layby-media, and dropped there when nobody names it any more.
#pragma once

#include "codecs/track.h"
#include "control/account/music.h"
#include "control/call/media_encoder.h"
#include "control/call/media_link.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

enum {
	MEDIA_TRACK_BUCKETS = 256,
	MEDIA_ASKED_MAX = 2, // on their way at once: each is a copy in memory until it is read
};

enum track_state {
	TRACK_NOWHERE,
	TRACK_BEING_MADE,
	TRACK_READY, // to be sent
	TRACK_SENT,
	TRACK_THERE,
	TRACK_REFUSED, // by layby-media, or it could not be made
};

struct known_track {
	TAILQ_ENTRY(known_track) link;
	LIST_ENTRY(known_track) by_hash;
	struct music music;
	uint32_t names; // how many accounts, lots and others want it kept
	bool house;     // there in both laws before anybody calls
	bool dropping;  // layby-media was asked to forget it
	bool busy;      // and said that somebody still plays it
	uint8_t again;  // bit n: encoding n was wanted while it was being dropped
	struct {
		enum track_state state;
		int fd; // READY
		uint64_t bytes;
	} encoding[TRACK_CODECS];
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
	struct media_encoder *encoder;
	uint32_t count;
	uint32_t asked; // messages sent and not answered
};

void media_tracks_init(struct media_tracks *t, struct media_encoder *encoder);
void media_tracks_clear(struct media_tracks *t);
// The file's track, imported unless it is known; it has one name more. NULL: error says why not.
struct known_track *media_tracks_load(
	struct media_tracks *t, const char *path, char *error, uint32_t error_size);
struct known_track *media_tracks_find(const struct media_tracks *t, uint64_t hash);

// Another layby-media, which knows nothing.
void media_tracks_reset(struct media_tracks *t);
// Somebody wants it in this encoding.
void media_tracks_want(struct media_tracks *t, struct known_track *track, unsigned encoding);
// The house's tracks are wanted in both laws.
void media_tracks_prepare(struct media_tracks *t);
// Are they there, or refused?
bool media_tracks_prepared(const struct media_tracks *t);
void media_tracks_encoded(struct media_tracks *t, const struct encoded *encoded);
// Sends what is ready, as far as may be, and drops what nobody names. False: the system refuses
// what it takes, and error says what.
[[nodiscard]] bool media_tracks_send(
	struct media_tracks *t, struct media_link *link, char *error, uint32_t error_size);
// Whether layby-media knows best whether it can be played in this encoding.
bool media_track_settled(const struct known_track *track, unsigned encoding);
// Whether layby-media can make packets of it in any codec.
bool media_track_is_samples(const struct known_track *track);
// True: it has settled something.
[[nodiscard]] bool media_tracks_answered(
	struct media_tracks *t, const struct attach_message *answer);
// Is there one that nobody names and that is still played? It is asked about again.
bool media_tracks_ask_again(struct media_tracks *t);
