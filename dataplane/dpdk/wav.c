// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/wav.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// What a RIFF header can count, and some for the header itself.
#define BYTES_MAX (UINT64_C(0xffffffff) - 4096)

enum { NAME = 32, FILE_MODE = 0640, DIRECTORY_MODE = 0750 };

struct wav {
	SNDFILE *file;
	int fd;
	int directory;
	uint64_t id;
	uint64_t bytes;
};

static enum attach_outcome outcome_of(int error)
{
	return error == ENOSPC || error == EDQUOT ? ATTACH_DISK_FULL : ATTACH_DISK_ERROR;
}

static const char *name_of(char text[NAME], uint64_t id, const char *suffix)
{
	snprintf(text, NAME, "%016" PRIx64 ".wav%s", id, suffix);
	return text;
}

static int open_directory(const char *path)
{
	if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool open_file(struct wav *w, const char *directory, uint32_t rate)
{
	SF_INFO info = { .samplerate = (int)rate,
		.channels = WAV_CHANNELS,
		.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16 };
	char name[NAME];

	w->directory = open_directory(directory);
	if (w->directory < 0)
		return false;
	w->fd = openat(w->directory, name_of(name, w->id, ".part"),
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (w->fd < 0)
		return false;
	errno = 0;
	w->file = sf_open_fd(w->fd, SFM_WRITE, &info, SF_FALSE);
	return w->file != NULL;
}

static void let_go(struct wav *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->directory >= 0)
		close(w->directory);
	free(w);
}

struct wav *wav_open(
	const char *directory, uint64_t id, uint32_t rate, enum attach_outcome *outcome)
{
	struct wav *w = calloc(1, sizeof(*w));

	*outcome = ATTACH_NO_MEMORY;
	if (w == NULL)
		return NULL;
	*w = (struct wav){ .fd = -1, .directory = -1, .id = id };
	if (open_file(w, directory, rate)) {
		*outcome = ATTACH_OK;
		wav_settle(w);
		return w;
	}
	*outcome = outcome_of(errno);
	let_go(w);
	return NULL;
}

enum attach_outcome wav_write(struct wav *w, const int16_t *frames, size_t n)
{
	uint64_t bytes = n * WAV_CHANNELS * sizeof(*frames);

	if (w->bytes + bytes > BYTES_MAX)
		return ATTACH_TOO_LONG;
	errno = 0;
	if (sf_writef_short(w->file, frames, (sf_count_t)n) != (sf_count_t)n)
		return outcome_of(errno);
	w->bytes += bytes;
	return ATTACH_OK;
}

void wav_settle(struct wav *w)
{
	sf_command(w->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
}

enum attach_outcome wav_close(struct wav *w, bool whole)
{
	char part[NAME], final[NAME];
	enum attach_outcome outcome = ATTACH_OK;

	if (sf_close(w->file) != 0)
		outcome = ATTACH_DISK_ERROR;
	if (whole && (fsync(w->fd) < 0 || renameat(w->directory, name_of(part, w->id, ".part"),
						  w->directory, name_of(final, w->id, "")) < 0))
		outcome = outcome_of(errno);
	let_go(w);
	return outcome;
}
