// SPDX-License-Identifier: BSD-3-Clause
//
// A directory of audio files as one track: one after the other in the order of their names, each
// at the widest rate that any of them has.
#include "control/account/music.h"
#include "control/account/rate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NARROW = 8000, PLAYLIST_MAX = 256, PATH_LEN_MAX = 2048 };

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

static bool say(char *error, uint32_t error_size, const char *directory, const char *what)
{
	snprintf(error, error_size, "%s %s", directory, what);
	return false;
}

static size_t samples(uint32_t len, uint32_t rate)
{
	return (size_t)len * (rate / NARROW);
}

static bool append(struct music *out, const struct music *part)
{
	size_t n = samples(part->len, out->rate);
	int16_t *to = out->audio + samples(out->len, out->rate);

	out->len += part->len;
	if (part->rate != out->rate)
		return rate_ring(to, n, part->audio, samples(part->len, part->rate));
	memcpy(to, part->audio, n * sizeof(*to));
	return true;
}

static bool join(struct music *out, const struct music *part, uint32_t n, const char *directory,
	char *error, uint32_t error_size)
{
	uint64_t len = 0;
	bool done = true;

	*out = (struct music){ .rate = NARROW };
	for (uint32_t i = 0; i < n; i++) {
		len += part[i].len;
		out->rate = part[i].rate > out->rate ? part[i].rate : out->rate;
	}
	if (len == 0)
		return say(error, error_size, directory, "has no audio files in it");
	if (len > (uint64_t)MUSIC_SECONDS_MAX * NARROW)
		return say(error, error_size, directory, "has more than 1800 s of audio in it");
	out->audio = malloc(samples((uint32_t)len, out->rate) * sizeof(*out->audio));
	for (uint32_t i = 0; i < n && done; i++)
		done = out->audio != NULL && append(out, &part[i]);
	if (!done) {
		music_clear(out);
		return say(error, error_size, directory, "takes more memory than there is");
	}
	music_name(out);
	return true;
}

bool playlist_load(struct music *out, const char *directory, char *error, uint32_t error_size)
{
	struct dirent **entry = NULL;
	struct music *part = NULL, made;
	int found = scandir(directory, &entry, is_file, alphasort);
	uint32_t n = 0, most = found > 0 ? (uint32_t)found : 0;
	char path[PATH_LEN_MAX];
	bool done = found >= 0 && found <= PLAYLIST_MAX;

	if (!done)
		say(error, error_size, directory, "is no directory of at most 256 files");
	else
		part = calloc(most + 1, sizeof(*part));
	for (uint32_t i = 0; done && i < most; i++, n += done) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry[i]->d_name);
		done = part != NULL && music_load(&part[i], path, error, error_size);
	}
	done = done && join(&made, part, n, directory, error, error_size);
	if (done)
		*out = made;
	for (uint32_t i = 0; i < n; i++)
		music_clear(&part[i]);
	for (uint32_t i = 0; i < most; i++)
		free(entry[i]);
	free(entry);
	free(part);
	return done;
}
