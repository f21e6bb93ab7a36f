// SPDX-License-Identifier: BSD-3-Clause
//
// Samples into windows, and windows through the filters. What they say: dtmf_judge.c.
#include "codecs/dtmf.h"

#include "codecs/dtmf_judge.h"

#include <string.h>

enum {
	PIECE = 160, // samples taken at a time
	PIECE_ROOM = PIECE + DTMF_WINDOW,
	PIECE_WINDOWS = PIECE_ROOM / DTMF_HOP,
	ROOM = sizeof(((struct dtmf_batch *)NULL)->pcm) / sizeof(int16_t),
};

void dtmf_flush(struct dtmf_batch *b)
{
	b->bank->run(&b->filters, b->spectrum, b->window, b->n);
	for (uint32_t i = 0; i < b->n; i++)
		dtmf_judge(b, b->channel[i], &b->spectrum[i], b->window[i]);
	b->n = 0;
	b->used = 0;
}

// Lays the channel's tail and what follows it into the batch, as one piece, and names the windows
// in it. What is left begins within the last window, or is too short for one.
static void put_piece(struct dtmf_batch *b, struct dtmf_channel *c, const int16_t *pcm, size_t n)
{
	int16_t *piece = b->pcm + b->used;
	size_t all = c->n + n, at = 0;

	memcpy(piece, c->tail, sizeof(c->tail)); // all of it: a copy of one size is a few moves
	memcpy(piece + c->n, pcm, n * sizeof(*pcm));
	for (; at + DTMF_WINDOW <= all; at += DTMF_HOP) {
		b->window[b->n] = piece + at;
		b->channel[b->n++] = c;
	}
	c->n = (uint8_t)(all - at);
	memcpy(c->tail, piece + at, c->n * sizeof(*piece));
	b->used += (uint32_t)all;
}

void dtmf_feed(struct dtmf_batch *b, struct dtmf_channel *c, const int16_t *pcm, size_t n)
{
	while (n > 0) {
		size_t some = n < PIECE ? n : PIECE;

		if (b->n + PIECE_WINDOWS > DTMF_BATCH || b->used + PIECE_ROOM > ROOM)
			dtmf_flush(b);
		put_piece(b, c, pcm, some);
		pcm += some;
		n -= some;
	}
}

void dtmf_reset(struct dtmf_batch *b, struct dtmf_channel *c)
{
	dtmf_flush(b);
	dtmf_end(b, c);
	memset(c, 0, sizeof(*c));
}

void dtmf_batch_init(struct dtmf_batch *b, const struct dtmf_bank *bank, dtmf_fn tell_fn, void *ctx)
{
	memset(b, 0, sizeof(*b));
	b->bank = bank;
	b->tell = tell_fn;
	b->ctx = ctx;
	dtmf_filters_init(&b->filters);
	dtmf_judge_init(b);
}
