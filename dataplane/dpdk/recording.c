// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/recording.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

enum { SETTLE_S = 1 };

struct recording *recording_new(
	const char *directory, uint64_t id, uint32_t rate, enum attach_outcome *outcome)
{
	struct recording *r = aligned_alloc(alignof(struct recording), sizeof(*r));

	*outcome = ATTACH_NO_MEMORY;
	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->id = id;
	r->rate = rate;
	r->wav = wav_open(directory, id, rate, outcome);
	if (r->wav != NULL)
		return r;
	free(r);
	return NULL;
}

// --- the clock

int64_t recording_frame(const struct recording *r, uint64_t at)
{
	uint64_t zero = r->base + r->paused;
	uint64_t to = r->running || at < r->stopped_at ? at : r->stopped_at;

	if (!r->started)
		return 0;
	// Before the clock ran, or in its last pause.
	return to < zero ? -1 : (int64_t)((to - zero) / 1000 * r->rate / (NS_PER_SEC / 1000));
}

static void run(struct recording *r, uint64_t at)
{
	if (r->running)
		return;
	if (!r->started)
		r->base = at;
	else if (at > r->stopped_at)
		r->paused += at - r->stopped_at;
	r->started = true;
	r->running = true;
}

static void stand_still(struct recording *r, uint64_t at)
{
	if (!r->running || r->side[0].on || r->side[1].on)
		return;
	r->running = false;
	r->stopped_at = at;
}

// --- what is written

static void write_out(struct recording *r, uint64_t n)
{
	while (n > 0) {
		uint64_t from = r->written % RECORDING_SECOND;
		uint64_t most = RECORDING_SECOND - from;
		uint64_t now = n < most ? n : most;

		if (r->outcome == ATTACH_OK)
			r->outcome = wav_write(r->wav, r->frame[from], now);
		if (r->outcome != ATTACH_OK)
			return;
		memset(r->frame[from], 0, now * sizeof(r->frame[0]));
		r->written += now;
		n -= now;
	}
}

static void write_until(struct recording *r, int64_t frame)
{
	if (frame > (int64_t)r->written)
		write_out(r, (uint64_t)frame - r->written);
}

void recording_put(struct recording *r, unsigned channel, int64_t at, const int16_t *pcm, size_t n)
{
	int64_t end = at + (int64_t)n;

	// We were away for long: what came meanwhile is written as it is put in its place.
	write_until(r, end - RECORDING_SECOND);
	for (size_t i = 0; i < n; i++) {
		int64_t to = at + (int64_t)i;

		if (to >= (int64_t)r->written)
			r->frame[to % RECORDING_SECOND][channel] = pcm[i];
	}
}

// --- what happens

void recording_take(struct recording *r, const struct record_piece *piece)
{
	const struct record_note *note = &piece->note;
	unsigned channel = note->channel % WAV_CHANNELS;
	struct recording_side *s = &r->side[channel];
	bool ours = s->claimed && s->source == note->source;

	switch ((enum record_kind)note->kind) {
	case RECORD_ON:
	case RECORD_PAUSED:
		side_decode(r, channel, UINT64_MAX);
		side_begin(s, note->source);
		s->on = note->kind == RECORD_ON;
		break;
	case RECORD_OFF:
		if (!ours)
			return; // another has taken its place already
		s->claimed = false;
		s->on = false;
		break;
	case RECORD_AUDIO:
		if (ours && s->on)
			side_take(r, channel, piece);
		return;
	}
	if (s->on)
		run(r, note->at);
	else
		stand_still(r, note->at);
}

void recording_turn(struct recording *r, uint64_t now)
{
	uint64_t behind = RECORDING_BEHIND_MS * NS_PER_MS;

	for (unsigned i = 0; i < WAV_CHANNELS; i++)
		side_decode(r, i, now);
	if (r->started && now > behind)
		write_until(r, recording_frame(r, now - behind));
	if (now - r->settled < SETTLE_S * NS_PER_SEC || r->outcome != ATTACH_OK)
		return;
	r->settled = now;
	wav_settle(r->wav);
}

enum attach_outcome recording_end(struct recording *r, uint64_t now, uint64_t *ms)
{
	enum attach_outcome outcome, closed;

	for (unsigned i = 0; i < WAV_CHANNELS; i++)
		side_decode(r, i, UINT64_MAX);
	write_until(r, recording_frame(r, now));
	*ms = r->written * 1000 / r->rate;
	outcome = r->outcome;
	closed = wav_close(r->wav, outcome == ATTACH_OK);
	free(r);
	return outcome == ATTACH_OK ? closed : outcome;
}
