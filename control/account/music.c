// SPDX-License-Identifier: BSD-3-Clause
//
// libsndfile reads, we mix down, and what is at another rate than we keep is brought to it.
#include "control/account/music.h"

#include "control/account/rate.h"

#include <assert.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	NARROW = 8000,
	WIDE = 16000,
	RATE_LEAST = 4000,
	RATE_MOST = 192000,
	CHANNELS_MAX = 8,
	FRAMES = 1024, // read at once
	FIRST_ROOM = 60 * NARROW,
};
static_assert(FIRST_ROOM >= FRAMES, "doubling the room makes enough of it");

struct import {
	const char *path;
	SNDFILE *file;
	SF_INFO info;
	int16_t *audio;
	size_t len, room;
	char *error;
	uint32_t error_size;
};

static bool no_memory(struct import *im)
{
	snprintf(im->error, im->error_size, "%s: no memory for it", im->path);
	return false;
}

static bool too_long(struct import *im)
{
	snprintf(im->error, im->error_size,
		"%s is longer than %d s; cut it with: sox %s out.wav trim 0 %d", im->path,
		MUSIC_SECONDS_MAX, im->path, MUSIC_SECONDS_MAX);
	return false;
}

static size_t longest(const struct import *im)
{
	return (size_t)MUSIC_SECONDS_MAX * (size_t)im->info.samplerate;
}

static bool is_fit(struct import *im)
{
	const SF_INFO *i = &im->info;

	if (i->samplerate < RATE_LEAST || i->samplerate > RATE_MOST) {
		snprintf(im->error, im->error_size,
			"%s is at %d Hz; convert it with: sox %s -r %d out.wav", im->path,
			i->samplerate, im->path, WIDE);
		return false;
	}
	if (i->channels < 1 || i->channels > CHANNELS_MAX) {
		snprintf(im->error, im->error_size,
			"%s has %d channels; mix them with: sox %s -c 1 out.wav", im->path,
			i->channels, im->path);
		return false;
	}
	return i->frames <= (sf_count_t)longest(im) || too_long(im);
}

// Room for n more samples, whatever the header said about their number.
static bool make_room(struct import *im, size_t n)
{
	size_t room = im->room == 0 ? FIRST_ROOM : im->room * 2;

	if (im->len + n <= im->room)
		return true;
	if (im->len + n > longest(im))
		return too_long(im);

	int16_t *more = realloc(im->audio, room * sizeof(*more));

	if (more == NULL)
		return no_memory(im);
	im->audio = more;
	im->room = room;
	return true;
}

static int16_t mixed(const int16_t *frame, int channels)
{
	int32_t sum = 0;

	for (int c = 0; c < channels; c++)
		sum += frame[c];
	return (int16_t)(sum / channels);
}

static bool read_audio(struct import *im)
{
	int16_t frames[FRAMES * CHANNELS_MAX];
	sf_count_t n;

	while ((n = sf_readf_short(im->file, frames, FRAMES)) > 0) {
		if (!make_room(im, (size_t)n))
			return false;
		for (sf_count_t i = 0; i < n; i++)
			im->audio[im->len++] =
				mixed(frames + i * im->info.channels, im->info.channels);
	}
	if (im->len == 0)
		snprintf(im->error, im->error_size, "%s has no audio in it", im->path);
	return im->len > 0;
}

// FNV-1a over the samples as little-endian bytes, and over their number.
static uint64_t hash(const int16_t *audio, size_t len)
{
	const uint64_t prime = 0x100000001b3;
	uint64_t h = 0xcbf29ce484222325 ^ len;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)audio[i]) * prime;
		h = (h ^ (uint8_t)((uint16_t)audio[i] >> 8)) * prime;
	}
	return h != 0 ? h : 1;
}

void music_name(struct music *m)
{
	m->hash = hash(m->audio, (size_t)m->len * (m->rate / NARROW));
}

// Narrow stays narrow; everything else becomes wide, in whole units.
static bool to_rate(struct import *im, struct music *out)
{
	uint32_t from = (uint32_t)im->info.samplerate;

	out->rate = from <= NARROW ? NARROW : WIDE;
	out->len = (uint32_t)((uint64_t)im->len * NARROW / from);
	if (out->len == 0)
		out->len = 1;

	size_t n = (size_t)out->len * (out->rate / NARROW);
	bool as_it_is = from == out->rate && n <= im->len;
	if (as_it_is) {
		out->audio = im->audio;
		im->audio = NULL;
		return true;
	}
	out->audio = malloc(n * sizeof(*out->audio));
	return out->audio != NULL && rate_ring(out->audio, n, im->audio, im->len);
}

static bool finish(struct import *im, struct music *out)
{
	*out = (struct music){ .len = 0 };
	if (!to_rate(im, out)) {
		music_clear(out);
		return no_memory(im);
	}
	music_name(out);
	return true;
}

bool music_load(struct music *out, const char *path, char *error, uint32_t error_size)
{
	struct import im = { .path = path, .error = error, .error_size = error_size };
	struct stat st;
	bool done;

	// libsndfile would wait for a pipe's writer.
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		snprintf(error, error_size, "%s is not a file", path);
		return false;
	}
	im.file = sf_open(path, SFM_READ, &im.info);
	if (im.file == NULL) {
		snprintf(error, error_size, "%s: %s", path, sf_strerror(NULL));
		error[strcspn(error, "\n")] = '\0';
		return false;
	}
	done = is_fit(&im) && read_audio(&im) && finish(&im, out);
	sf_close(im.file);
	free(im.audio);
	return done;
}

void music_clear(struct music *m)
{
	free(m->audio);
	*m = (struct music){ .hash = 0 };
}
