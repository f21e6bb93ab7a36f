// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/tone_table.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <strings.h>

enum {
	TABLE_BITS = 10, // of a turn; between two entries is a straight line
	TABLE = 1 << TABLE_BITS,
	BETWEEN_BITS = 12,
	PAUSE_STEP = 1, // of a digit
};

// Q15 of 0 dBm0: a sine that fills 16 bits is +3.14 dBm0 (G.711, A-law).
static const float zero_dbm0 = 22826;

static int16_t sines[TABLE + 1];

__attribute__((constructor)) static void draw(void)
{
	for (unsigned i = 0; i <= TABLE; i++)
		sines[i] = (int16_t)lrint(32767 * sin(2 * M_PI * i / TABLE));
}

const struct tone *tone_find(const char *country, enum tone_kind kind)
{
	assert(kind < TONE_KINDS);
	for (unsigned i = 0; i < TONE_COUNTRIES; i++)
		if (strcasecmp(tone_countries[i].iso, country) == 0)
			return &tone_countries[i].tone[kind];
	return NULL;
}

static uint32_t samples(const struct tone_cursor *c, uint32_t ms)
{
	return c->rate / 1000 * ms;
}

// The tone ends where there is no next step, or it goes round.
static void next_step(struct tone_cursor *c)
{
	c->at = 0;
	c->step++;
	if (c->step == TONE_STEPS || c->tone->step[c->step].ms == 0) {
		c->step = 0;
		if (c->tone->once) {
			c->tone = NULL;
			return;
		}
	}
	uint32_t ms = c->tone->step[c->step].ms;
	if (c->digit && c->step == PAUSE_STEP)
		ms = c->pause;
	c->length = samples(c, ms);
}

void tone_begin(struct tone_cursor *c, const struct tone *tone, uint32_t rate)
{
	*c = (struct tone_cursor){ .tone = tone, .rate = rate };
	for (unsigned i = 0; i < 2; i++)
		c->amplitude[i] =
			(int32_t)lrintf(zero_dbm0 * powf(10, -(float)tone->level[i] / 20));
	c->length = samples(c, tone->step[0].ms);
}

void tone_begin_digit(
	struct tone_cursor *c, uint8_t code, uint16_t ms, uint16_t pause_ms, uint32_t rate)
{
	assert(code < TONE_DIGITS);
	tone_begin(c, &tone_digits[code], rate);
	c->length = samples(c, ms);
	c->digit = true;
	c->pause = pause_ms;
}

static int32_t sine(uint32_t phase)
{
	uint32_t i = phase >> (32 - TABLE_BITS);
	int32_t between = (int32_t)(phase << TABLE_BITS >> (32 - BETWEEN_BITS));

	return sines[i] + (((sines[i + 1] - sines[i]) * between) >> BETWEEN_BITS);
}

static uint32_t advance(const struct tone_cursor *c, uint16_t hz)
{
	return (uint32_t)(((uint64_t)hz << 32) / c->rate);
}

// Samples of this step, n at most.
static void render_step(struct tone_cursor *c, int16_t *pcm, size_t n)
{
	const struct tone_step *s = &c->tone->step[c->step];
	uint32_t go[2] = { advance(c, s->hz[0]), advance(c, s->hz[1]) };
	int32_t ramp = (int32_t)samples(c, TONE_RAMP_MS);

	for (size_t i = 0; i < n; i++, c->at++) {
		int32_t sum = s->hz[0] ? c->amplitude[0] * sine(c->phase[0]) >> 15 : 0;
		int32_t in = (int32_t)c->at, out = (int32_t)(c->length - 1 - c->at);
		int32_t whole = in < out ? in : out;

		sum += s->hz[1] ? c->amplitude[1] * sine(c->phase[1]) >> 15 : 0;
		pcm[i] = (int16_t)(whole < ramp ? sum * whole / ramp : sum);
		c->phase[0] += go[0];
		c->phase[1] += go[1];
	}
}

size_t tone_render(struct tone_cursor *c, int16_t *pcm, size_t n)
{
	size_t done = 0;

	while (c->tone != NULL && done < n) {
		size_t left = c->length - c->at, take = n - done < left ? n - done : left;

		if (c->tone->step[c->step].hz[0] == 0) {
			memset(pcm + done, 0, take * sizeof(*pcm));
			c->at += (uint32_t)take;
		} else {
			render_step(c, pcm + done, take);
		}
		done += take;
		if (c->at == c->length)
			next_step(c);
	}
	memset(pcm + done, 0, (n - done) * sizeof(*pcm));
	return done;
}
