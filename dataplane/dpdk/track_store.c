// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/track_store.h"

#include "dataplane/cmd.h"
#include "dataplane/dpdk/locked.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert((int)TRACK_PCMU == DP_CODEC_PCMU && (int)TRACK_PCMA == DP_CODEC_PCMA);

struct stored_track *track_store_find(struct track_store *s, uint64_t hash)
{
	for (size_t i = 0; i < TRACK_STORE_MAX; i++) {
		if (s->track[i].hash == hash)
			return &s->track[i];
	}
	return NULL;
}

// Only a memfd (or a file of a memory file system): reading anything else could make us wait.
// What is written to it while we read is heard as noise and harms nobody.
static bool can_be_read(int fd, uint64_t len)
{
	struct stat st;

	return fd >= 0 && fcntl(fd, F_GET_SEALS) >= 0 && fstat(fd, &st) == 0 &&
	       (uint64_t)st.st_size >= len;
}

static bool read_whole(int fd, uint8_t *to, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = pread(fd, to + at, len - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool is_sound(const struct attach_message *m)
{
	if (m->track == 0 || m->codec >= TRACK_CODECS || m->units == 0 || m->len == 0 ||
		m->len > UINT32_MAX)
		return false;
	return m->codec == TRACK_OPUS || m->len == (uint64_t)m->units * track_unit(m->codec);
}

// How many packets the head of an encoding in Opus says there are.
static uint32_t packets_of(const uint8_t *audio)
{
	uint32_t n;

	memcpy(&n, audio, sizeof(n));
	return n;
}

static size_t head_size(uint32_t packets)
{
	return ((size_t)packets + 1) * sizeof(uint32_t);
}

static bool is_opus(const uint8_t *audio, uint32_t bytes, uint32_t units)
{
	if (bytes < sizeof(uint32_t) || packets_of(audio) > units)
		return false;

	uint32_t n = packets_of(audio);
	return bytes > head_size(n) &&
	       track_packets_are_sound(
		       (const void *)(audio + sizeof(uint32_t)), n, units, bytes - head_size(n));
}

// The sums come behind the audio, in the same piece of memory.
static size_t sums_at(uint32_t bytes)
{
	return ((size_t)bytes + 1) / 2 * 2;
}

static size_t stored_size(size_t codec, uint32_t bytes, uint32_t units)
{
	return codec == TRACK_OPUS ? bytes
				   : sums_at(bytes) + track_blocks(units) * sizeof(uint16_t);
}

static uint16_t *sums_of(const struct stored_track *t, size_t codec)
{
	return (void *)(t->audio[codec] + sums_at(t->bytes[codec]));
}

static void show_opus(struct track *track, const uint8_t *audio)
{
	track->packets = packets_of(audio);
	track->packet_end = (const void *)(audio + sizeof(uint32_t));
	track->payload[TRACK_OPUS] = audio + head_size(track->packets);
}

// Makes the next version: the last one and the new codec.
static const struct track *renew(struct stored_track *t, uint32_t codec)
{
	struct track *track = &t->version[t->versions];

	*track = (struct track){ .hash = t->hash, .len = t->len };
	for (size_t i = 0; i < TRACK_OPUS; i++) {
		track->payload[i] = t->audio[i];
		track->sums[i] = t->audio[i] != NULL ? sums_of(t, i) : NULL;
	}
	if (t->audio[TRACK_OPUS] != NULL)
		show_opus(track, t->audio[TRACK_OPUS]);
	assert(track->payload[codec] != NULL);
	t->versions++;
	return track;
}

// Reads an encoding into locked memory of its own, with its sums behind it. NULL: why not.
static uint8_t *take_in(const struct attach_message *m, int fd, enum attach_outcome *why)
{
	size_t size = stored_size(m->codec, (uint32_t)m->len, m->units);
	uint8_t *audio = locked_new(size);

	*why = ATTACH_NO_MEMORY;
	if (audio == NULL)
		return NULL;
	*why = ATTACH_OK;
	if (!read_whole(fd, audio, m->len) ||
		(m->codec == TRACK_OPUS && !is_opus(audio, (uint32_t)m->len, m->units)))
		*why = ATTACH_BAD_TRACK;
	else if (m->codec != TRACK_OPUS)
		track_sums((void *)(audio + sums_at((uint32_t)m->len)), m->codec, audio, m->units);
	if (*why == ATTACH_OK)
		return audio;
	locked_free(audio, size);
	return NULL;
}

enum attach_outcome track_store_add(
	struct track_store *s, const struct attach_message *m, int fd, const struct track **out)
{
	*out = NULL;
	if (!is_sound(m) || !can_be_read(fd, m->len))
		return ATTACH_BAD_TRACK;

	struct stored_track *t = track_store_find(s, m->track);
	if (t != NULL && t->len != m->units)
		return ATTACH_BAD_TRACK;
	if (t != NULL && t->audio[m->codec] != NULL)
		return ATTACH_OK;
	if (t == NULL)
		t = track_store_find(s, 0);

	if (t == NULL || m->len > s->budget - s->taken)
		return ATTACH_NO_MEMORY;

	enum attach_outcome why;
	uint8_t *audio = take_in(m, fd, &why);
	if (audio == NULL)
		return why;
	t->hash = m->track;
	t->len = m->units;
	t->audio[m->codec] = audio;
	t->bytes[m->codec] = (uint32_t)m->len;
	s->taken += m->len;
	*out = renew(t, m->codec);
	return ATTACH_OK;
}

static void drop_audio(struct track_store *s, struct stored_track *t, size_t codec)
{
	if (t->audio[codec] == NULL)
		return;
	locked_free(t->audio[codec], stored_size(codec, t->bytes[codec], t->len));
	t->audio[codec] = NULL;
	s->taken -= t->bytes[codec];
}

void track_store_undo(struct track_store *s, struct stored_track *t)
{
	assert(t->versions > 0);

	const struct track *newest = &t->version[t->versions - 1];
	const struct track *before = t->versions > 1 ? newest - 1 : NULL;
	for (size_t i = 0; i < TRACK_CODECS; i++) {
		if (before == NULL || before->payload[i] == NULL)
			drop_audio(s, t, i);
	}
	t->versions--;
	if (t->versions == 0)
		*t = (struct stored_track){ 0 };
}

void track_store_remove(struct track_store *s, struct stored_track *t)
{
	for (size_t i = 0; i < TRACK_CODECS; i++)
		drop_audio(s, t, i);
	*t = (struct stored_track){ 0 };
}

void track_store_clear(struct track_store *s)
{
	for (size_t i = 0; i < TRACK_STORE_MAX; i++)
		track_store_remove(s, &s->track[i]);
}
