// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_tracks.h"

#include "control/log.h"
#include "dataplane/cmd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(DP_CODEC_PCMU == 0 && DP_CODEC_PCMA == 1, "encodings are sent by codec");

static uint32_t path_bucket(const char *path)
{
	uint32_t h = 5381;

	for (; *path != '\0'; path++)
		h = h * 33 ^ (unsigned char)*path;
	return h % MEDIA_TRACK_BUCKETS;
}

void media_tracks_init(struct media_tracks *t)
{
	memset(t, 0, sizeof(*t));
	TAILQ_INIT(&t->all);
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

void media_tracks_clear(struct media_tracks *t)
{
	struct known_track *track, *next;

	for (uint32_t i = 0; i < MEDIA_TRACK_BUCKETS; i++)
		free_files(LIST_FIRST(&t->files[i]));
	for (track = TAILQ_FIRST(&t->all); track != NULL; track = next) {
		next = TAILQ_NEXT(track, link);
		music_clear(&track->music);
		free(track);
	}
	media_tracks_init(t);
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
		if (t->next == NULL)
			t->next = track;
		t->count++;
		t->unsettled++;
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

	if (stat(path, &now) == 0 && file != NULL && is_unchanged(&file->stat, &now))
		return file->track;
	if (!music_load(&music, path, error, error_size))
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
	return track;
}

void media_tracks_reset(struct media_tracks *t)
{
	struct known_track *track;

	t->unsettled = t->count;
	t->asked = 0;
	t->next = TAILQ_FIRST(&t->all);
	TAILQ_FOREACH(track, &t->all, link) {
		track->sent = 0;
		track->answered = 0;
	}
}

// A memfd that holds one encoding, sealed: nobody can shorten it under its reader. -1: errno.
static int audio_fd(const uint8_t *audio, uint32_t len)
{
	int fd = memfd_create("layby-track", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint32_t done = 0;

	if (fd < 0)
		return -1;
	while (done < len) {
		ssize_t n = write(fd, audio + done, len - done);

		if (n < 0 && errno != EINTR)
			goto not_written;
		done += n > 0 ? (uint32_t)n : 0;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		goto not_written;
	return fd;

not_written:
	close(fd);
	return -1;
}

static enum media_sent send_encoding(struct known_track *track, struct media_link *link)
{
	struct attach_message message = { .version = ATTACH_VERSION,
		.kind = ATTACH_TRACK_ADD,
		.track = track->music.hash,
		.len = track->music.len,
		.codec = track->sent };
	int fd = audio_fd(track->music.encoded[track->sent], track->music.len);
	enum media_sent sent;

	if (fd < 0)
		return MEDIA_NOT_SENT;
	sent = media_link_send(link, &message, fd);
	if (sent == MEDIA_SENT)
		track->sent++;
	close(fd);
	return sent;
}

bool media_tracks_send(
	struct media_tracks *t, struct media_link *link, char *error, uint32_t error_size)
{
	while (t->next != NULL && t->asked < MEDIA_ASKED_MAX) {
		enum media_sent sent = send_encoding(t->next, link);

		if (sent == MEDIA_NO_ROOM)
			return true;
		if (sent == MEDIA_NOT_SENT) {
			snprintf(error, error_size, "a track cannot be handed over: %s",
				strerrordesc_np(errno));
			return false;
		}
		t->asked++;
		if (t->next->sent == MEDIA_ENCODINGS)
			t->next = TAILQ_NEXT(t->next, link);
	}
	return true;
}

bool media_track_settled(const struct known_track *track)
{
	return track->answered == MEDIA_ENCODINGS;
}

bool media_tracks_answered(struct media_tracks *t, const struct attach_message *answer)
{
	struct known_track *track = media_tracks_find(t, answer->track);

	if (track == NULL || track->answered == track->sent)
		return false; // never asked
	track->answered++;
	t->asked--;
	if (answer->outcome != ATTACH_OK)
		log_warning("layby-media does not take track %016llx: outcome %u, see its log",
			(unsigned long long)answer->track, answer->outcome);
	if (!media_track_settled(track))
		return false;
	t->unsettled--;
	return true;
}
