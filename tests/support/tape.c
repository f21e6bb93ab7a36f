// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/tape.h"

#include "codecs/g711.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char keypad[] = "123A456B789C*0#D";

struct press press_plain(void)
{
	return (struct press){ .low = -10,
		.high = -10,
		.on = 50,
		.off = 100,
		.noise = TAPE_NOTHING,
		.dial = TAPE_NOTHING,
		.law = TAPE_ULAW };
}

void tape_rewind(struct tape *t, uint64_t seed)
{
	t->n = 0;
	t->clock = 0;
	t->seed = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

// xorshift64
double tape_chance(struct tape *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (double)(t->seed >> 11) / 9007199254740992.0;
}

static double gauss(struct tape *t)
{
	double u = tape_chance(t) + 1e-12, v = tape_chance(t);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

// The peak of a sine of that level: full scale of G.711 is +3.17 dBm0.
static double peak(double dbm0)
{
	return dbm0 <= TAPE_NOTHING ? 0 : 32124 * pow(10, (dbm0 - 3.17) / 20);
}

static void put(struct tape *t, const struct press *p, double tones)
{
	double v = tones;

	assert(t->n < TAPE_ROOM);
	if (p->noise > TAPE_NOTHING)
		v += peak(p->noise) / M_SQRT2 * gauss(t);
	if (p->dial > TAPE_NOTHING)
		v += peak(p->dial) * (sin(2 * M_PI * 350 * t->clock / 8000) +
					     sin(2 * M_PI * 440 * t->clock / 8000));
	t->clock++;
	t->pcm[t->n++] = v > 32767 ? 32767 : v < -32768 ? -32768 : (int16_t)lrint(v);
}

void tape_wait(struct tape *t, const struct press *p, double ms)
{
	for (long n = lrint(ms * 8); n > 0; n--)
		put(t, p, 0);
}

void tape_press(struct tape *t, const struct press *p, char key)
{
	const char *at = strchr(keypad, key);
	unsigned place = (unsigned)(at - keypad);
	double low = dtmf_hz[place / 4] * (1 + p->low_off / 100);
	double high = dtmf_hz[4 + place % 4] * (1 + p->high_off / 100);
	double a = 2 * M_PI * tape_chance(t), b = 2 * M_PI * tape_chance(t);
	long on = lrint(p->on * 8), hole = lrint(p->hole * 8);

	assert(at != NULL && key != '\0');
	for (long n = 0; n < on; n++) {
		bool silent = hole > 0 && n >= on / 2 && n < on / 2 + hole;
		double x = peak(p->low) * sin(a + 2 * M_PI * low * (double)n / 8000) +
			   peak(p->high) * sin(b + 2 * M_PI * high * (double)n / 8000);

		put(t, p, silent ? 0 : x);
	}
	tape_wait(t, p, p->off);
}

void tape_through(struct tape *t, enum tape_law law)
{
	for (size_t i = 0; i < t->n; i++) {
		if (law == TAPE_ULAW)
			t->pcm[i] = g711_from_ulaw[g711_to_ulaw(t->pcm[i])];
		else if (law == TAPE_ALAW)
			t->pcm[i] = g711_from_alaw[g711_to_alaw(t->pcm[i])];
	}
}

struct ear {
	struct heard *heard;
	size_t fed;
};

static void hear(void *ctx, struct dtmf_channel *c, const struct dtmf_event *event)
{
	struct ear *ear = ctx;
	struct heard *h = ear->heard;

	(void)c;
	if (event->news == DTMF_BEGAN) {
		h->began++;
		h->last_began = ear->fed;
	} else if (event->news == DTMF_DROPPED) {
		h->dropped++;
	} else if (event->news == DTMF_SURE && h->n < TAPE_HEARD) {
		h->keys[h->n++] = "0123456789*#ABCD"[event->digit];
	} else if (event->news == DTMF_ENDED && h->ended < TAPE_HEARD) {
		h->ms[h->ended++] = event->ms;
	}
}

void tape_play(const struct tape *t, const struct dtmf_bank *bank, struct heard *heard)
{
	static struct dtmf_batch batch;
	struct dtmf_channel channel = { 0 };
	struct ear ear = { .heard = heard };

	memset(heard, 0, sizeof(*heard));
	dtmf_batch_init(&batch, bank != NULL ? bank : dtmf_bank_best(), hear, &ear);
	while (ear.fed < t->n) {
		size_t left = t->n - ear.fed, some = left < TAPE_FRAME ? left : TAPE_FRAME;
		const int16_t *frame = t->pcm + ear.fed;

		ear.fed += some;
		dtmf_feed(&batch, &channel, frame, some);
		dtmf_flush(&batch);
	}
}
