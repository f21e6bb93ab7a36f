// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_tracks.h"

#include "control/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t path_bucket(const char *path)
{
	uint32_t h = 5381;

	for (; *path != '\0'; path++)
		h = h * 33 ^ (unsigned char)*path;
	return h % MEDIA_TRACK_BUCKETS;
}

void media_tracks_init(struct media_tracks *t, struct media_encoder *encoder)
{
	memset(t, 0, sizeof(*t));
	TAILQ_INIT(&t->all);
	t->encoder = encoder;
}

static void free_files(struct known_file *file)
{
	struct known_file *next;

	for (; file != NULL; file = next) {
		next = LIST_NEXT(file, link);
		free(file->path);
		free(file);
	}
}

static void free_track(struct known_track *track)
{
	for (unsigned i = 0; i < TRACK_CODECS; i++)
		if (track->encoding[i].state == TRACK_READY)
			close(track->encoding[i].fd);
	music_clear(&track->music);
	free(track);
}

void media_tracks_clear(struct media_tracks *t)
{
	struct known_track *track, *next;

	for (uint32_t i = 0; i < MEDIA_TRACK_BUCKETS; i++)
		free_files(LIST_FIRST(&t->files[i]));
	for (track = TAILQ_FIRST(&t->all); track != NULL; track = next) {
		next = TAILQ_NEXT(track, link);
		free_track(track);
	}
	media_tracks_init(t, t->encoder);
}

struct known_track *media_tracks_find(const struct media_tracks *t, uint64_t hash)
{
	struct known_track *track;

	LIST_FOREACH(track, &t->by_hash[hash % MEDIA_TRACK_BUCKETS], by_hash)
		if (track->music.hash == hash)
			return track;
	return NULL;
}

static struct known_file *find_file(const struct media_tracks *t, const char *path)
{
	struct known_file *file;

	LIST_FOREACH(file, &t->files[path_bucket(path)], link)
		if (strcmp(file->path, path) == 0)
			return file;
	return NULL;
}

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

// The audio may be known from another file. Takes the music over.
static struct known_track *keep(struct media_tracks *t, struct music *music)
{
	struct known_track *track = media_tracks_find(t, music->hash);

	if (track == NULL && (track = calloc(1, sizeof(*track))) != NULL) {
		track->music = *music;
		TAILQ_INSERT_TAIL(&t->all, track, link);
		LIST_INSERT_HEAD(&t->by_hash[music->hash % MEDIA_TRACK_BUCKETS], track, by_hash);
		t->count++;
		return track;
	}
	music_clear(music);
	return track;
}

static struct known_file *new_file(struct media_tracks *t, const char *path)
{
	struct known_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return NULL;
	file->path = strdup(path);
	if (file->path == NULL) {
		free(file);
		return NULL;
	}
	LIST_INSERT_HEAD(&t->files[path_bucket(path)], file, link);
	return file;
}

struct known_track *media_tracks_load(
	struct media_tracks *t, const char *path, char *error, uint32_t error_size)
{
	struct known_file *file = find_file(t, path);
	struct known_track *track;
	struct music music;
	struct stat now = { .st_size = 0 };

	if (stat(path, &now) == 0 && file != NULL && is_unchanged(&file->stat, &now)) {
		file->track->names++;
		return file->track;
	}
	bool loaded = S_ISDIR(now.st_mode) ? playlist_load(&music, path, error, error_size)
					   : music_load(&music, path, error, error_size);
	if (!loaded)
		return NULL;
	track = keep(t, &music);
	if (track != NULL && file == NULL)
		file = new_file(t, path);
	if (track == NULL || file == NULL) {
		snprintf(error, error_size, "%s: no memory", path);
		return NULL;
	}
	file->stat = now;
	file->track = track;
	track->names++;
	return track;
}

void media_tracks_reset(struct media_tracks *t)
{
	struct known_track *track;

	t->asked = 0;
	TAILQ_FOREACH(track, &t->all, link) {
		track->dropping = track->busy = false;
		track->again = 0;
		for (unsigned i = 0; i < TRACK_CODECS; i++)
			if (track->encoding[i].state > TRACK_READY)
				track->encoding[i].state = TRACK_NOWHERE;
	}
}

bool media_track_settled(const struct known_track *track, unsigned encoding)
{
	return !track->dropping && track->encoding[encoding].state >= TRACK_THERE;
}

bool media_track_is_samples(const struct known_track *track)
{
	return !track->dropping && (track->encoding[TRACK_PCMU].state == TRACK_THERE ||
					   track->encoding[TRACK_PCMA].state == TRACK_THERE ||
					   track->encoding[TRACK_L16].state == TRACK_THERE);
}

void media_tracks_want(struct media_tracks *t, struct known_track *track, unsigned encoding)
{
	if (track->dropping)
		track->again |= (uint8_t)(1U << encoding);
	else if (track->encoding[encoding].state == TRACK_NOWHERE)
		track->encoding[encoding].state =
			media_encoder_ask(t->encoder, &track->music, (uint8_t)encoding)
				? TRACK_BEING_MADE
				: TRACK_REFUSED;
}

void media_tracks_prepare(struct media_tracks *t)
{
	struct known_track *track;

	TAILQ_FOREACH(track, &t->all, link) {
		if (!track->house)
			continue;
		media_tracks_want(t, track, TRACK_PCMU);
		media_tracks_want(t, track, TRACK_PCMA);
	}
}

bool media_tracks_prepared(const struct media_tracks *t)
{
	const struct known_track *track;

	TAILQ_FOREACH(track, &t->all, link)
		if (track->house && !(media_track_settled(track, TRACK_PCMU) &&
					    media_track_settled(track, TRACK_PCMA)))
			return false;
	return true;
}

void media_tracks_encoded(struct media_tracks *t, const struct encoded *encoded)
{
	struct known_track *track = media_tracks_find(t, encoded->hash);

	assert(track != NULL && track->encoding[encoded->encoding].state == TRACK_BEING_MADE);
	track->encoding[encoded->encoding].state = encoded->fd >= 0 ? TRACK_READY : TRACK_REFUSED;
	track->encoding[encoded->encoding].fd = encoded->fd;
	track->encoding[encoded->encoding].bytes = encoded->bytes;
	if (encoded->fd < 0)
		log_error("track %016llx cannot be encoded: no memory",
			(unsigned long long)encoded->hash);
}

static enum media_sent send_encoding(
	struct known_track *track, uint32_t encoding, struct media_link *link)
{
	struct attach_message message = { .version = ATTACH_VERSION,
		.kind = ATTACH_TRACK_ADD,
		.track = track->music.hash,
		.len = track->encoding[encoding].bytes,
		.codec = encoding,
		.units = track->music.len };
	enum media_sent sent = media_link_send(link, &message, track->encoding[encoding].fd);

	if (sent == MEDIA_SENT) {
		close(track->encoding[encoding].fd);
		track->encoding[encoding].state = TRACK_SENT;
	}
	return sent;
}

static enum media_sent send_drop(struct known_track *track, struct media_link *link)
{
	struct attach_message message = {
		.version = ATTACH_VERSION, .kind = ATTACH_TRACK_DROP, .track = track->music.hash
	};
	enum media_sent sent = media_link_send(link, &message, -1);

	track->dropping = sent == MEDIA_SENT;
	return sent;
}

static bool any(const struct known_track *track, enum track_state from, enum track_state to)
{
	for (unsigned i = 0; i < TRACK_CODECS; i++)
		if (track->encoding[i].state >= from && track->encoding[i].state <= to)
			return true;
	return false;
}

// The next thing to say about a track, if there is one.
static enum media_sent send_next(struct known_track *track, struct media_link *link, bool *said)
{
	*said = true;
	for (uint32_t i = 0; i < TRACK_CODECS && !track->dropping; i++)
		if (track->encoding[i].state == TRACK_READY)
			return send_encoding(track, i, link);
	if (track->names == 0 && !track->dropping && !track->busy &&
		!any(track, TRACK_BEING_MADE, TRACK_SENT) && any(track, TRACK_THERE, TRACK_THERE))
		return send_drop(track, link);
	*said = false;
	return MEDIA_SENT;
}

static void forget_files(struct media_tracks *t, const struct known_track *track)
{
	struct known_file *file, *next;

	for (uint32_t i = 0; i < MEDIA_TRACK_BUCKETS; i++)
		for (file = LIST_FIRST(&t->files[i]); file != NULL; file = next) {
			next = LIST_NEXT(file, link);
			if (file->track != track)
				continue;
			LIST_REMOVE(file, link);
			free(file->path);
			free(file);
		}
}

// Nobody names it, and layby-media does not have it.
static void forget_if_gone(struct media_tracks *t, struct known_track *track)
{
	if (track->names > 0 || track->dropping || any(track, TRACK_BEING_MADE, TRACK_THERE))
		return;
	forget_files(t, track);
	TAILQ_REMOVE(&t->all, track, link);
	LIST_REMOVE(track, by_hash);
	t->count--;
	free_track(track);
}

bool media_tracks_send(
	struct media_tracks *t, struct media_link *link, char *error, uint32_t error_size)
{
	struct known_track *track, *next;

	for (track = TAILQ_FIRST(&t->all); track != NULL; track = next) {
		enum media_sent sent = MEDIA_SENT;
		bool said = true;

		next = TAILQ_NEXT(track, link);
		while (said && sent == MEDIA_SENT && t->asked < MEDIA_ASKED_MAX) {
			sent = send_next(track, link, &said);
			t->asked += said && sent == MEDIA_SENT;
		}
		if (sent == MEDIA_NOT_SENT) {
			snprintf(error, error_size, "a track cannot be handed over: %s",
				strerrordesc_np(errno));
			return false;
		}
		if (sent == MEDIA_NO_ROOM)
			return true;
		forget_if_gone(t, track);
	}
	return true;
}

static void dropped(struct media_tracks *t, struct known_track *track, uint16_t outcome)
{
	uint8_t again = track->again;

	track->dropping = false;
	track->again = 0;
	track->busy = outcome == ATTACH_IN_USE;
	for (unsigned i = 0; i < TRACK_CODECS; i++) {
		if (!track->busy)
			track->encoding[i].state = TRACK_NOWHERE;
		if (again & 1U << i)
			media_tracks_want(t, track, i);
	}
}

bool media_tracks_answered(struct media_tracks *t, const struct attach_message *answer)
{
	struct known_track *track = media_tracks_find(t, answer->track);

	if (track != NULL && track->dropping) {
		t->asked--;
		dropped(t, track, answer->outcome);
		return true;
	}
	if (track == NULL || answer->codec >= TRACK_CODECS ||
		track->encoding[answer->codec].state != TRACK_SENT)
		return false; // never asked
	t->asked--;
	track->encoding[answer->codec].state =
		answer->outcome == ATTACH_OK ? TRACK_THERE : TRACK_REFUSED;
	if (answer->outcome != ATTACH_OK)
		log_warning("layby-media does not take track %016llx: outcome %u, see its log",
			(unsigned long long)answer->track, answer->outcome);
	return true;
}

bool media_tracks_ask_again(struct media_tracks *t)
{
	struct known_track *track;
	bool found = false;

	TAILQ_FOREACH(track, &t->all, link) {
		found = found || (track->busy && track->names == 0);
		track->busy = false;
	}
	return found;
}
