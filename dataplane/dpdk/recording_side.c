// SPDX-License-Identifier: BSD-3-Clause
//
// One channel of a recording: packets put in order, decoded, and laid where their time is.
#include "dataplane/cmd.h"
#include "dataplane/dpdk/recording.h"

#include <assert.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

enum {
	REORDER_MS = 100, // how long a packet waits for one before it
	CONCEAL_MS = 60,  // made up at most; the rest of a gap is silence
	JUMP_MS = 500,    // farther from when it came than this, its time means nothing
	NEAREST = 50,     // packets after which it is looked how the stream lies to the clock
	SLACK_MS = 20,    // less than that it may lie off
};

static int64_t frames(const struct recording *r, int64_t ms)
{
	return ms * r->rate / 1000;
}

void side_begin(struct recording_side *s, uint32_t source)
{
	s->claimed = true;
	s->source = source;
	s->known = false;
	s->held = 0;
}

// --- in order

static bool goes_before(const struct record_note *a, const struct record_note *b)
{
	return a->ssrc == b->ssrc && a->run == b->run && (int16_t)(a->seq - b->seq) < 0;
}

static bool is_same_stream(const struct recording_side *s, const struct record_note *note)
{
	return s->known && note->ssrc == s->ssrc && note->run == s->run &&
	       note->clock == s->clock && s->codec == codec_find(note->codec, note->clock);
}

static void hold(struct recording_side *s, const struct record_piece *piece, int64_t came)
{
	uint32_t at = s->held;

	for (; at > 0 && goes_before(&piece->note, &s->wait[at - 1].note); at--) {
		s->wait[at] = s->wait[at - 1];
		s->came[at] = s->came[at - 1];
	}
	s->wait[at] = *piece;
	s->came[at] = came;
	s->held++;
}

// --- in its place

static void put(struct recording *r, unsigned channel, int64_t at, const int16_t *pcm, size_t n)
{
	struct recording_side *s = &r->side[channel];
	int16_t other[2 * CODEC_SAMPLES_MAX];

	if (s->codec->rate == r->rate) {
		recording_put(r, channel, at, pcm, n);
	} else if (s->codec->rate < r->rate) {
		resample_up(&s->up, other, pcm, n);
		recording_put(r, channel, at, other, 2 * n);
	} else {
		resample_down(&s->down, other, pcm, n / 2);
		recording_put(r, channel, at, other, n / 2);
	}
}

static void begin_stream(
	struct recording *r, struct recording_side *s, const struct record_note *note, int64_t came)
{
	const struct codec *codec = codec_find(note->codec, note->clock);

	assert(codec == NULL || codec->decoder_size <= RECORDING_DECODER);
	s->known = true;
	s->codec = codec;
	s->clock = note->clock;
	s->ssrc = note->ssrc;
	s->run = note->run;
	s->next_seq = note->seq;
	s->next_ts = note->ts;
	s->next = came;
	s->nearest = INT64_MAX;
	s->looked = 0;
	memset(&s->up, 0, sizeof(s->up));
	memset(&s->down, 0, sizeof(s->down));
	if (codec == NULL)
		r->strange++;
	else if (codec->decoder_init != NULL)
		codec->decoder_init(s->decoder);
}

// Units of the stream's clock in frames of the file.
static int64_t units(const struct recording *r, const struct recording_side *s, int64_t n)
{
	return n * r->rate / s->clock;
}

// What was lost before this packet is made up for a while.
static void fill_gap(struct recording *r, unsigned channel, const struct record_piece *p)
{
	struct recording_side *s = &r->side[channel];
	int32_t missing = (int32_t)(p->note.ts - s->next_ts);
	int64_t most = (int64_t)CONCEAL_MS * s->clock / 1000;
	int16_t pcm[CODEC_SAMPLES_MAX];
	size_t n;

	if (p->note.seq == s->next_seq || missing <= 0)
		return; // nothing was lost: he was silent
	n = (size_t)((missing < most ? missing : most) * s->codec->rate / s->clock);
	if (missing <= most && s->codec->recover != NULL)
		s->codec->recover(s->decoder, pcm, n, p->payload, p->note.len);
	else
		s->codec->conceal(s->decoder, pcm, n);
	put(r, channel, s->next, pcm, n);
}

// How late packets come at least says how the stream lies to the clock: 0 is right.
static void look(const struct recording *r, struct recording_side *s, int64_t late)
{
	if (late < s->nearest)
		s->nearest = late;
	if (++s->looked < NEAREST)
		return;
	if (s->nearest > frames(r, SLACK_MS) || s->nearest < -frames(r, SLACK_MS))
		s->next += s->nearest;
	s->nearest = INT64_MAX;
	s->looked = 0;
}

static void decode(struct recording *r, unsigned channel, const struct record_piece *p)
{
	struct recording_side *s = &r->side[channel];
	int16_t pcm[CODEC_SAMPLES_MAX];
	size_t n = s->codec->decode(s->decoder, pcm, CODEC_SAMPLES_MAX, p->payload, p->note.len);
	uint32_t lasts = (uint32_t)(n * s->clock / s->codec->rate);

	if (n == 0)
		r->strange++;
	else
		put(r, channel, s->next, pcm, n);
	if (s->next < (int64_t)r->written)
		r->late++;
	s->next += units(r, s, lasts);
	s->next_ts = p->note.ts + lasts;
	s->next_seq = (uint16_t)(p->note.seq + 1);
}

// The first of those that wait.
static void take_first(struct recording *r, unsigned channel)
{
	struct recording_side *s = &r->side[channel];
	const struct record_piece *p = &s->wait[0];
	int64_t came = s->came[0];
	int64_t ahead;

	if (!is_same_stream(s, &p->note))
		begin_stream(r, s, &p->note, came);
	if (s->codec == NULL)
		return;
	if ((int16_t)(p->note.seq - s->next_seq) < 0) {
		r->late++;
		return;
	}
	ahead = units(r, s, (int32_t)(p->note.ts - s->next_ts));
	if (came - (s->next + ahead) > frames(r, JUMP_MS) ||
		came - (s->next + ahead) < -frames(r, JUMP_MS)) {
		begin_stream(r, s, &p->note, came);
		ahead = 0;
	}
	fill_gap(r, channel, p);
	s->next += ahead;
	look(r, s, came - s->next);
	decode(r, channel, p);
}

static bool is_next(const struct recording_side *s)
{
	return is_same_stream(s, &s->wait[0].note) && s->wait[0].note.seq == s->next_seq;
}

void side_decode(struct recording *r, unsigned channel, uint64_t now)
{
	struct recording_side *s = &r->side[channel];

	while (s->held > 0 && (is_next(s) || now == UINT64_MAX || s->held == RECORDING_HELD ||
				      now >= s->wait[0].note.at + REORDER_MS * NS_PER_MS)) {
		take_first(r, channel);
		s->held--;
		memmove(s->wait, s->wait + 1, s->held * sizeof(s->wait[0]));
		memmove(s->came, s->came + 1, s->held * sizeof(s->came[0]));
	}
}

void side_take(struct recording *r, unsigned channel, const struct record_piece *piece)
{
	struct recording_side *s = &r->side[channel];

	hold(s, piece, recording_frame(r, piece->note.at));
	side_decode(r, channel, piece->note.at);
}
