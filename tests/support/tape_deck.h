// SPDX-License-Identifier: BSD-3-Clause
//
// A recorder without its thread: parties that say tones in RTP, a clock that a test turns, and
// ears for the file that comes of it.
#pragma once

#include "codecs/g711.h"
#include "dataplane/cmd.h"
#include "dataplane/dpdk/recorder.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <inttypes.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECK_MS UINT64_C(1000000)
#define DECK_ID UINT64_C(0xabc)

enum { DECK_RATE = 8000, DECK_FRAME = 160, DECK_FRAMES_MAX = 60 * 16000 };

struct deck {
	struct recorder r;
	uint64_t now;
	char directory[64];
	struct attach_message heard; // the last news
	uint32_t news;
	int16_t frame[DECK_FRAMES_MAX][2]; // of the file that was read
	int64_t frames;
	int rate;
};

static struct deck deck;

// A party that is recorded.
struct deck_party {
	uint8_t channel;
	uint32_t source;
	double hz; // what it says
	uint32_t ts;
	uint16_t seq;
	uint32_t ssrc;
	double phase;
};

static inline void deck_begin(const char *directory, uint32_t channels)
{
	memset(&deck, 0, sizeof(deck));
	deck.now = 5000 * DECK_MS;
	snprintf(deck.directory, sizeof(deck.directory), "%s", directory);
	cr_assert(recorder_init(&deck.r, deck.directory, &channels, 1));
}

static inline void deck_temporary(uint32_t channels)
{
	char path[] = "/tmp/layby-record-XXXXXX";

	cr_assert(ne(ptr, mkdtemp(path), NULL));
	deck_begin(path, channels);
}

static inline const char *deck_file(const char *suffix)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%016" PRIx64 ".wav%s", deck.directory, DECK_ID, suffix);
	return path;
}

static inline void deck_end(void)
{
	recorder_clear(&deck.r, deck.now);
	remove(deck_file(""));
	remove(deck_file(".part"));
	remove(deck.directory);
}

static inline void deck_hear(void)
{
	while (recorder_hear(&deck.r, &deck.heard))
		deck.news++;
}

// The recorder's turns, 10 ms apart.
static inline void deck_pass(uint32_t ms)
{
	for (uint32_t i = 0; i < ms; i += 10) {
		deck.now += 10 * DECK_MS;
		recorder_turn(&deck.r, deck.now);
	}
	deck_hear();
}

static inline void deck_open(uint32_t rate)
{
	cr_assert(eq(int, recorder_begin(&deck.r, DECK_ID, rate), ATTACH_OK));
	recorder_turn(&deck.r, deck.now);
	deck_hear();
	cr_assert(eq(int, deck.heard.kind, ATTACH_RECORDING));
	cr_assert(eq(int, deck.heard.outcome, ATTACH_OK));
}

static inline enum record_outcome deck_mark(const struct deck_party *p, enum record_kind kind)
{
	struct record_note note = { .recording = DECK_ID,
		.at = deck.now,
		.source = p->source,
		.channel = p->channel,
		.clock = DECK_RATE,
		.kind = (uint8_t)kind };

	return recorder_note(&deck.r, 0, &note, NULL);
}

static inline void deck_on(const struct deck_party *p)
{
	cr_assert(eq(int, deck_mark(p, RECORD_ON), RECORD_TAKEN));
}

// 20 ms of its tone; what is lost is said to nobody.
static inline enum record_outcome deck_speak(struct deck_party *p, bool lost, int64_t late_ns)
{
	uint8_t code[DECK_FRAME];
	int16_t pcm[DECK_FRAME];
	struct record_note note = { .recording = DECK_ID,
		.at = deck.now + (uint64_t)late_ns,
		.source = p->source,
		.channel = p->channel,
		.clock = DECK_RATE,
		.codec = DP_CODEC_PCMU,
		.ts = p->ts,
		.seq = p->seq++,
		.ssrc = p->ssrc,
		.len = DECK_FRAME,
		.kind = RECORD_AUDIO };

	for (int i = 0; i < DECK_FRAME; i++, p->phase += 2 * M_PI * p->hz / DECK_RATE)
		pcm[i] = (int16_t)(8000 * sin(p->phase));
	g711_encode_ulaw(code, pcm, DECK_FRAME);
	p->ts += DECK_FRAME;
	return lost ? RECORD_TAKEN : recorder_note(&deck.r, 0, &note, code);
}

// Both of them, or one, for so long.
static inline void deck_talk(struct deck_party *a, struct deck_party *b, uint32_t ms)
{
	for (uint32_t i = 0; i < ms; i += 20) {
		if (a != NULL)
			deck_speak(a, false, 0);
		if (b != NULL)
			deck_speak(b, false, 0);
		deck_pass(20);
	}
}

static inline void deck_close(enum attach_outcome outcome)
{
	cr_assert(recorder_end(&deck.r, DECK_ID));
	deck_pass(10);
	cr_assert(eq(int, deck.heard.kind, ATTACH_RECORDED));
	cr_assert(eq(int, deck.heard.outcome, outcome));
}

static inline void deck_read(const char *suffix)
{
	SF_INFO info = { 0 };
	SNDFILE *f = sf_open(deck_file(suffix), SFM_READ, &info);

	cr_assert(ne(ptr, f, NULL), "%s: %s", deck_file(suffix), sf_strerror(NULL));
	cr_assert(info.channels == 2 && (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16);
	deck.rate = info.samplerate;
	deck.frames = sf_readf_short(f, deck.frame[0], DECK_FRAMES_MAX);
	cr_assert(eq(i64, deck.frames, info.frames));
	sf_close(f);
}

// How loud this tone is on a channel between two times: 1 is all that is heard there. Of silence 0.
static inline double deck_share(unsigned channel, double hz, uint32_t from_ms, uint32_t to_ms)
{
	int64_t from = (int64_t)from_ms * deck.rate / 1000;
	int64_t to = (int64_t)to_ms * deck.rate / 1000;
	double re = 0, im = 0, all = 0;

	cr_assert(le(i64, to, deck.frames), "the file is %" PRId64 " frames", deck.frames);
	for (int64_t i = from; i < to; i++) {
		double s = deck.frame[i][channel];

		re += s * cos(2 * M_PI * hz * (double)i / deck.rate);
		im += s * sin(2 * M_PI * hz * (double)i / deck.rate);
		all += s * s;
	}
	return all < 1e4 ? 0 : 2 * (re * re + im * im) / all / (double)(to - from);
}

static inline bool deck_is_silent(unsigned channel, uint32_t from_ms, uint32_t to_ms)
{
	for (int64_t i = (int64_t)from_ms * deck.rate / 1000; i < (int64_t)to_ms * deck.rate / 1000;
		i++)
		if (abs(deck.frame[i][channel]) > 8)
			return false;
	return true;
}

// Where a channel begins to be heard, in ms after this.
static inline double deck_begins(unsigned channel, uint32_t from_ms)
{
	for (int64_t i = (int64_t)from_ms * deck.rate / 1000; i < deck.frames; i++)
		if (abs(deck.frame[i][channel]) > 1000)
			return (double)i * 1000 / deck.rate;
	return -1;
}
