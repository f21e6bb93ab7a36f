// SPDX-License-Identifier: BSD-3-Clause
//
// Samples into windows, and windows through the filters. What they say: dtmf_judge.c.
#include "codecs/dtmf.h"

#include "codecs/dtmf_judge.h"

#include <string.h>

void dtmf_flush(struct dtmf_batch *b)
{
	b->bank->run(&b->filters, b->spectrum, (const int16_t(*)[DTMF_WINDOW])b->window, b->n);
	for (uint32_t i = 0; i < b->n; i++)
		dtmf_judge(b, b->channel[i], &b->spectrum[i], b->window[i]);
	b->n = 0;
}

static void put_window(struct dtmf_batch *b, struct dtmf_channel *c)
{
	if (b->n == DTMF_BATCH)
		dtmf_flush(b);
	memcpy(b->window[b->n], c->tail, sizeof(c->tail));
	b->channel[b->n++] = c;
	memcpy(c->tail, c->tail + DTMF_HOP, DTMF_HOP * sizeof(c->tail[0]));
	c->n = DTMF_HOP;
}

void dtmf_feed(struct dtmf_batch *b, struct dtmf_channel *c, const int16_t *pcm, size_t n)
{
	while (n > 0) {
		size_t room = DTMF_WINDOW - (size_t)c->n;
		size_t some = n < room ? n : room;

		memcpy(c->tail + c->n, pcm, some * sizeof(*pcm));
		c->n = (uint8_t)(c->n + some);
		pcm += some;
		n -= some;
		if (c->n == DTMF_WINDOW)
			put_window(b, c);
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

// 7 taps: -1 0 9 16 9 0 -1 of 32.
void dtmf_halve(struct dtmf_halver *h, int16_t *out, const int16_t *in, size_t n)
{
	enum { BEFORE = DTMF_HALVE_TAPS - 1 };
	int16_t x[BEFORE + 2];

	for (size_t i = 0; i + 1 < n; i += 2) {
		memcpy(x, h->tail, sizeof(h->tail));
		x[BEFORE] = in[i];
		x[BEFORE + 1] = in[i + 1];
		int32_t v = 16 * x[4] + 9 * (x[3] + x[5]) - (x[1] + x[7]);
		v >>= 5;
		out[i / 2] = (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
		memcpy(h->tail, x + 2, sizeof(h->tail));
	}
}
