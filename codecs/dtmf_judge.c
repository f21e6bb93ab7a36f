// SPDX-License-Identifier: BSD-3-Clause
//
// What the windows of a channel say. Two windows overlap by half, and their Hann weights add up
// to one, so the amplitudes of all windows of a tone, over that of a full one, are its length,
// wherever it began:
//
//   tone      ______████████████████████______
//   windows     ╱‾╲ ╱‾╲ ╱‾╲ ╱‾╲ ╱‾╲ ╱‾╲         5 ms apart
//               .1  .8   1   1   1  .6          -> 4.5 * 5 ms
//
// How far z turns from one window to the next is the tone's frequency, much finer than the
// filters are: 1 Hz is 1.8 degrees. A tone that is steady adds up; speech does not.
#include "codecs/dtmf_judge.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum state { IDLE, SUSPECT, LIKELY, SURE };

#define DIAL_HZ 395 // between 350 and 440

// A window
#define LEAST       24000.0F // power of one tone: -43 dBm0
#define SHARE_FIRST 0.55F    // of the window's energy in the two tones: to begin
#define SHARE_GO_ON 0.40F    // ... to go on
#define SHARE_CLEAN 0.90F    // ... that no dial tone is looked for
#define SHARE_DIAL  0.10F    // ... beside the loudest dial tone
#define SHARE_EDGE  0.20F    // ... to count as the edge of a tone
#define FULL        0.50F    // of the run's top power: the tone fills the window

// A run
#define SHARE          0.80F // of the energy of its full windows
#define STEADY         0.96F // of what the sum of a steady tone is
#define TWIST_HIGH     7.60F // high over low: 8.8 dB
#define TWIST_LOW      9.40F // low over high: 9.7 dB
#define LOOSE          1.40F // times as much for a single window
#define DEVIATION_LOW  0.033 // of its frequency
#define DEVIATION_HIGH 0.025
#define FULLS          5     // full windows at least
#define HOLES          2     // windows at most that are not full
#define ON_MS          28.0F // between 23 (to be refused) and 32
#define GAP_MS         15.0F // between 10 (one digit) and 20 (two)
#define RUN_MAX        24    // windows that may pass before a run is sure

// Row by row, as on a keypad: RFC 4733 codes.
static const uint8_t keys[4][4] = {
	{ 1, 2, 3, 12 },
	{ 4, 5, 6, 13 },
	{ 7, 8, 9, 14 },
	{ 10, 0, 11, 15 },
};

// A window, looked at for the two tones low and high.
struct look {
	const struct dtmf_spectrum *s;
	const int16_t *window;
	uint8_t tone[2];
	float power[2];
	float sum;       // of both
	bool dialled;    // dial tone is no part of energy any more
	float energy;    // of the window, as power
	float lag[2][2]; // re, im
	float before[2]; // power of the window before
};

static float square(const int16_t z[2])
{
	return (float)(z[0] * z[0] + z[1] * z[1]);
}

// Which of four tones has that power.
static uint8_t tone_of(const struct dtmf_spectrum *s, uint8_t first, int32_t power)
{
	uint8_t t = first;

	while (t < first + 3 && s->z[t][0] * s->z[t][0] + s->z[t][1] * s->z[t][1] != power)
		t++;
	return t;
}

// z times the conjugate of the one before, less what the tone turns by itself.
static void look_back(struct look *k, int i, const int16_t before[2], const float turn[2])
{
	const int16_t *z = k->s->z[k->tone[i]];
	float re = (float)(z[0] * before[0] + z[1] * before[1]);
	float im = (float)(z[1] * before[0] - z[0] * before[1]);

	k->lag[i][0] = re * turn[0] + im * turn[1];
	k->lag[i][1] = im * turn[0] - re * turn[1];
	k->before[i] = square(before);
}

static void look(struct look *k, const struct dtmf_batch *b, const struct dtmf_channel *c,
	const uint8_t tone[2])
{
	for (int i = 0; i < 2; i++) {
		k->tone[i] = tone[i];
		k->power[i] = square(k->s->z[tone[i]]);
		look_back(k, i, c->before[tone[i]], b->turn[tone[i]]);
	}
	k->sum = k->power[0] + k->power[1];
	k->energy = (float)k->s->energy / (float)DTMF_ENERGY_UNIT;
	k->dialled = false;
}

static bool twist_is_right(const float power[2], float loose)
{
	return power[1] <= power[0] * TWIST_HIGH * loose &&
	       power[0] <= power[1] * TWIST_LOW * loose;
}

// Is the tone near enough to its frequency, as far as one pair of windows can tell?
static bool turns_right(const struct look *k, int i, const struct dtmf_batch *b)
{
	const float *lag = k->lag[i];

	return lag[0] > 0 && fabsf(lag[1]) <= b->loose[k->tone[i]] * lag[0];
}

static bool both_turn_right(const struct look *k, const struct dtmf_batch *b)
{
	return turns_right(k, 0, b) && turns_right(k, 1, b);
}

// Dial tone (350 and 440 Hz, or 425) has a place of its own, and is not held against a digit.
// Returns the energy, as power, of all that is not dial tone. The two beat: weighted like the
// filters, the window is short against the beat.
static float without_dial_tone(const struct dtmf_batch *b, const int16_t *x)
{
	enum { LANES = 8 };
	float re[LANES] = { 0 }, im[LANES] = { 0 }, energy[LANES] = { 0 };

	for (int n = 0; n < DTMF_WINDOW; n += LANES) {
		for (int i = 0; i < LANES; i++) {
			float v = (float)x[n + i];

			re[i] += b->dial[0][n + i] * v;
			im[i] += b->dial[1][n + i] * v;
			energy[i] += b->dial[2][n + i] * v * v;
		}
	}
	for (int i = 1; i < LANES; i++) {
		re[0] += re[i];
		im[0] += im[i];
		energy[0] += energy[i];
	}
	return energy[0] - re[0] * re[0] - im[0] * im[0];
}

// Do the two tones have at least this share of the window's energy?
static bool have_share(struct look *k, const struct dtmf_batch *b, float share)
{
	if (!k->dialled && k->sum < SHARE_CLEAN * k->energy && k->sum >= SHARE_DIAL * k->energy) {
		k->energy = fmaxf(without_dial_tone(b, k->window), k->sum);
		k->dialled = true;
	}
	return k->sum >= share * k->energy;
}

static void tell(struct dtmf_batch *b, struct dtmf_channel *c, enum dtmf_news news)
{
	struct dtmf_event event = {
		.news = (uint8_t)news,
		.digit = keys[c->tone[0]][c->tone[1] - 4],
		.ms = (uint16_t)fminf(c->run.ms + 0.5F, UINT16_MAX),
	};

	b->tell(b->ctx, c, &event);
}

void dtmf_end(struct dtmf_batch *b, struct dtmf_channel *c)
{
	if (c->state > SUSPECT)
		tell(b, c, c->state == SURE ? DTMF_ENDED : DTMF_DROPPED);
	c->state = IDLE;
}

// Takes a window into the sums of its run.
static void add_full(struct dtmf_channel *c, const struct look *k, float amplitude)
{
	c->run.fulls++;
	c->run.full += amplitude;
	c->run.energy += k->energy;
	for (int i = 0; i < 2; i++) {
		c->run.power[i] += k->power[i];
		if (2 * k->before[i] < k->power[i])
			continue; // that one was not full
		c->run.lag[i][0] += k->lag[i][0];
		c->run.lag[i][1] += k->lag[i][1];
		c->run.lagged[i] += (k->power[i] + k->before[i]) / 2;
	}
}

// How long the tone was there so far, going by amplitudes.
static float on_ms(const struct dtmf_channel *c)
{
	return (float)DTMF_HOP_MS * c->run.amplitude * (float)c->run.fulls / c->run.full;
}

static bool is_steady(const struct dtmf_channel *c, int i)
{
	float re = c->run.lag[i][0], im = c->run.lag[i][1], most = STEADY * c->run.lagged[i];

	return most > 0 && re * re + im * im >= most * most;
}

// How far the tone is from its frequency, as a part of how far it may be.
static float detune(const struct dtmf_batch *b, const struct dtmf_channel *c, int i)
{
	return atan2f(c->run.lag[i][1], c->run.lag[i][0]) / b->deviation[c->tone[i]];
}

// One tone may be off by as much as spandsp grants, but not both at once.
static bool is_in_tune(const struct dtmf_batch *b, const struct dtmf_channel *c)
{
	float low = detune(b, c, 0), high = detune(b, c, 1);

	return low * low + high * high <= 1;
}

// Is all right, but for its length?
static bool is_pure(const struct dtmf_batch *b, const struct dtmf_channel *c)
{
	return c->run.power[0] + c->run.power[1] >= SHARE * c->run.energy &&
	       twist_is_right(c->run.power, 1) && is_steady(c, 0) && is_steady(c, 1) &&
	       is_in_tune(b, c);
}

static bool has_holes(const struct dtmf_channel *c)
{
	return c->run.windows - c->run.fulls > HOLES;
}

static bool is_long_enough(const struct dtmf_channel *c)
{
	return c->run.fulls >= FULLS && !has_holes(c) && on_ms(c) >= ON_MS;
}

static void judge(struct dtmf_batch *b, struct dtmf_channel *c)
{
	bool is_long = is_long_enough(c);

	if (c->state == SURE || (c->state == LIKELY && !is_long))
		return;
	if (is_pure(b, c)) {
		if (c->state == SUSPECT)
			tell(b, c, DTMF_BEGAN);
		c->state = is_long ? SURE : LIKELY;
		if (is_long)
			tell(b, c, DTMF_SURE);
	} else if (c->run.windows >= RUN_MAX) {
		dtmf_end(b, c);
	}
}

// Could any two tones of this window be a digit? Nearly no window of speech goes beyond this.
static bool is_worth_a_look(const struct dtmf_spectrum *s)
{
	float power[2] = { (float)s->best[0], (float)s->best[1] };

	return power[0] >= LEAST && power[1] >= LEAST &&
	       power[0] + power[1] >= SHARE_DIAL / (float)DTMF_ENERGY_UNIT * (float)s->energy &&
	       twist_is_right(power, LOOSE);
}

// May this window be of a digit, going by itself and the one before?
static bool is_tonal(struct look *k, const struct dtmf_batch *b)
{
	for (int i = 0; i < 2; i++) {
		if (8 * k->before[i] >= k->power[i] && !turns_right(k, i, b))
			return false;
	}
	return have_share(k, b, SHARE_FIRST);
}

// A tone that goes off and on sounds for a moment like many another.
static bool has_come_to_stay(const struct look *k)
{
	return 2 * k->before[0] >= k->power[0] && 2 * k->before[1] >= k->power[1];
}

static void begin(struct dtmf_channel *c, const struct look *k)
{
	float amplitude = sqrtf(k->sum);
	float edge = fminf(sqrtf(k->before[0] + k->before[1]), amplitude);

	c->run = (struct dtmf_run){ 0 };
	memcpy(c->tone, k->tone, sizeof(c->tone));
	c->state = SUSPECT;
	c->run.windows = 1;
	c->run.top = k->sum;
	c->run.amplitude = amplitude + edge;
	add_full(c, k, amplitude);
	c->run.ms = on_ms(c);
}

static void go_on(struct dtmf_channel *c, const struct look *k, float amplitude)
{
	c->run.amplitude += amplitude;
	c->run.ms += c->run.gap + DTMF_HOP_MS;
	c->run.gap = 0;
	if (c->state != SURE)
		add_full(c, k, amplitude);
	c->run.top = fmaxf(c->run.top, k->sum);
}

// The tone is not there, or not all of the window. Returns whether the run is over.
static bool fade(struct dtmf_batch *b, struct dtmf_channel *c, struct look *k, float amplitude)
{
	float whole = c->run.full / (float)c->run.fulls;
	bool ours = both_turn_right(k, b) && have_share(k, b, SHARE_EDGE);
	float part = ours ? fminf(amplitude, whole) : 0;

	c->run.amplitude += part;
	c->run.ms += DTMF_HOP_MS * part / whole;
	c->run.gap += DTMF_HOP_MS * (1 - part / whole);
	return c->run.gap > GAP_MS || (c->state != SURE && has_holes(c));
}

static void run(struct dtmf_batch *b, struct dtmf_channel *c, struct look *k)
{
	float amplitude;

	look(k, b, c, c->tone);
	amplitude = sqrtf(k->sum);
	c->run.windows++;
	if (k->sum >= FULL * c->run.top && both_turn_right(k, b) && have_share(k, b, SHARE_GO_ON)) {
		go_on(c, k, amplitude);
		judge(b, c);
	} else if (fade(b, c, k, amplitude)) {
		dtmf_end(b, c);
	} else {
		judge(b, c);
	}
}

// Looks for the beginning of a digit: also when the one that runs has just gone.
static void listen(struct dtmf_batch *b, struct dtmf_channel *c, struct look *k)
{
	const int32_t *best = k->s->best;

	if (!is_worth_a_look(k->s))
		return;
	uint8_t tone[2] = { tone_of(k->s, 0, best[0]), tone_of(k->s, 4, best[1]) };
	if (c->state != IDLE && memcmp(tone, c->tone, sizeof(tone)) == 0)
		return;
	look(k, b, c, tone);
	if (!is_tonal(k, b) || (c->state == SURE && !has_come_to_stay(k)))
		return;
	dtmf_end(b, c);
	begin(c, k);
}

void dtmf_judge(struct dtmf_batch *b, struct dtmf_channel *c, const struct dtmf_spectrum *s,
	const int16_t *window)
{
	struct look k = { .s = s, .window = window };

	if (c->state != IDLE)
		run(b, c, &k);
	if (c->state == IDLE || c->run.gap > (c->state == SURE ? (float)DTMF_HOP_MS : 0))
		listen(b, c, &k);
	memcpy(c->before, s->z, sizeof(c->before));
}

void dtmf_judge_init(struct dtmf_batch *b)
{
	double unit = sqrt(DTMF_UNIT) * 2 / DTMF_HOP;

	for (int t = 0; t < DTMF_TONES; t++) {
		double turn = 2 * M_PI * dtmf_hz[t] * DTMF_HOP / 8000;
		double deviation = turn * (t < 4 ? DEVIATION_LOW : DEVIATION_HIGH);

		b->turn[t][0] = (float)cos(turn);
		b->turn[t][1] = (float)sin(turn);
		b->deviation[t] = (float)deviation;
		b->loose[t] = (float)tan(fmin(deviation * (double)LOOSE, 1.45));
	}
	for (int n = 0; n < DTMF_WINDOW; n++) {
		double angle = 2 * M_PI * DIAL_HZ * n / 8000;
		double hann = 0.5 - 0.5 * cos(2 * M_PI * (n + 0.5) / DTMF_WINDOW);

		b->dial[0][n] = (float)(unit * hann * cos(angle));
		b->dial[1][n] = (float)(unit * hann * sin(angle));
		b->dial[2][n] = (float)(DTMF_UNIT * 2 / DTMF_HOP * hann);
	}
}
