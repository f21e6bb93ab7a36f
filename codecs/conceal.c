// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/conceal.h"

#include "codecs/conceal_kernels.h"

#include <math.h>
#include <string.h>

enum {
	PERIOD_MIN_MS = 5, // 200 Hz
	PERIOD_MAX_MS = 15,
	ALIKE_MS = 20, // that are compared to find the period
	FRAME_MS = 10, // one period more for each of these that is lost
	PERIODS_MAX = 3,
	BLEND_MS = 4,      // of real sound with made-up, more for each FRAME_MS
	BLEND_MAX_MS = 10, // and never more
	ROUGHLY = 4000,    // Hz: enough to find a period, if not its exact length
	SEARCH_MAX = 16 * (ALIKE_MS + PERIOD_MAX_MS),
	MAKE_MAX = 320, // samples at a time: one FRAME_MS or one BLEND_MAX_MS, at any rate
};

static size_t ms(const struct conceal *p, size_t n)
{
	return p->rate / 1000 * n;
}

static size_t quarter(const struct conceal *p)
{
	return p->pitch / 4;
}

void conceal_init(struct conceal *p, uint32_t rate)
{
	p->rate = rate;
	p->lost = 0;
	memset(p->sample, 0, sizeof(int16_t) * CONCEAL_PAST(rate));
}

struct conceal_alike conceal_alike_plain(const int16_t *now, const int16_t *then, size_t n)
{
	struct conceal_alike sum = { 0 };

	for (size_t i = 0; i < n; i++) {
		sum.product += now[i] * then[i];
		sum.energy += then[i] * then[i];
	}
	return sum;
}

conceal_alike_fn conceal_alike_at(enum cpu_level level)
{
	if (level > cpu_level())
		return NULL;
#if defined(__x86_64__)
	if (level == CPU_AVX2)
		return conceal_alike_avx2;
#endif
	return level == CPU_PLAIN ? conceal_alike_plain : NULL;
}

static conceal_alike_fn alike = conceal_alike_plain;

__attribute__((constructor)) static void choose(void)
{
	conceal_alike_fn best = conceal_alike_at(CPU_AVX2);

	if (best != NULL)
		alike = best;
}

// Some of what was heard, where a period is looked for: ALIKE_MS, and before them as many
// samples as the longest period has.
struct search {
	int16_t sample[SEARCH_MAX];
	size_t span; // samples of ALIKE_MS
	size_t low, high;
};

// Only every step-th sample, and no INT16_MIN.
static void search_in(struct search *s, const struct conceal *p, size_t step)
{
	size_t n = ms(p, ALIKE_MS + PERIOD_MAX_MS) / step;
	const int16_t *from = p->sample + CONCEAL_PAST(p->rate) - n * step;

	s->span = ms(p, ALIKE_MS) / step;
	s->low = ms(p, PERIOD_MIN_MS) / step;
	s->high = ms(p, PERIOD_MAX_MS) / step;
	for (size_t i = 0; i < n; i++) {
		s->sample[i] = from[i * step];
		if (s->sample[i] == INT16_MIN)
			s->sample[i]++;
	}
}

// How well the last ALIKE_MS are like those `lag` before.
static float likeness(const struct search *s, size_t lag)
{
	const int16_t *now = s->sample + s->high;
	struct conceal_alike sum = alike(now, now - lag, s->span);

	return sum.energy > 0 ? (float)sum.product / sqrtf((float)sum.energy) : 0;
}

// The best of the lags from low to high.
static size_t best_lag(const struct search *s, size_t low, size_t high)
{
	size_t best = low;
	float most = likeness(s, low);

	for (size_t lag = low + 1; lag <= high; lag++) {
		float now = likeness(s, lag);

		if (now > most) {
			most = now;
			best = lag;
		}
	}
	return best;
}

static size_t find_pitch(const struct conceal *p)
{
	size_t step = p->rate / ROUGHLY;
	struct search s;

	search_in(&s, p, step);
	size_t near = best_lag(&s, s.low, s.high) * step;
	search_in(&s, p, 1);
	return best_lag(&s, near - s.low < step ? s.low : near - step + 1,
		s.high - near < step ? s.high : near + step - 1);
}

static int16_t between(int16_t a, int16_t b, size_t i, size_t n)
{
	return (int16_t)(a + (b - a) * (int32_t)(2 * i + 1) / (int32_t)(2 * n));
}

// The samples that the last k periods give from `at` on, again and again. Their end is blended
// into what stands before their beginning, so that they can follow themselves.
static void go_round(const struct conceal *p, size_t k, size_t at, int16_t *pcm, size_t n)
{
	size_t len = k * p->pitch, smooth = len - quarter(p);
	const int16_t *from = p->sample + CONCEAL_PAST(p->rate) - len;

	for (size_t i = 0; i < n; i++) {
		pcm[i] = from[at];
		if (at >= smooth)
			pcm[i] = between(
				from[at], from[(ptrdiff_t)(at - len)], at - smooth, quarter(p));
		at = at + 1 == len ? 0 : at + 1;
	}
}

// The same, t samples into the loss. Each time there are more periods, the first of them begins
// where the one before is.
static void repeat(const struct conceal *p, size_t k, size_t t, int16_t *pcm, size_t n)
{
	size_t begin = (k - 1) * ms(p, FRAME_MS);

	go_round(p, k, (begin % p->pitch + t - begin) % (k * p->pitch), pcm, n);
}

// The first samples begin where the last real one ended, and find their own way soon.
static void bend(const struct conceal *p, size_t t, int16_t *pcm, size_t n)
{
	const int16_t *end = p->sample + CONCEAL_PAST(p->rate);
	int32_t apart = end[-1] - end[-1 - (ptrdiff_t)p->pitch];
	int32_t over = (int32_t)quarter(p);

	for (size_t i = 0; i < n && t + i < quarter(p); i++) {
		int32_t v = pcm[i] + apart * (over - (int32_t)(t + i)) / (over + 1);

		pcm[i] = (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
	}
}

// From FRAME_MS on less and less.
static void fade(const struct conceal *p, size_t t, int16_t *pcm, size_t n)
{
	int32_t whole = (int32_t)ms(p, FRAME_MS), none = (int32_t)ms(p, CONCEAL_FADED_MS);

	for (size_t i = 0; i < n; i++) {
		int32_t left = none - (int32_t)(t + i);

		if (left < none - whole)
			pcm[i] = (int16_t)(pcm[i] * (left > 0 ? left : 0) / (none - whole));
	}
}

// n samples, t into the loss; no more than are left of the FRAME_MS that t stands in.
static void make(const struct conceal *p, size_t t, int16_t *pcm, size_t n)
{
	size_t k = t / ms(p, FRAME_MS) + 1;
	int16_t before[MAKE_MAX];

	if (k > PERIODS_MAX) {
		repeat(p, PERIODS_MAX, t, pcm, n);
		fade(p, t, pcm, n);
		return;
	}
	repeat(p, k, t, pcm, n);
	size_t since = t - (k - 1) * ms(p, FRAME_MS);
	size_t joined = since < quarter(p) ? quarter(p) - since : 0;
	joined = joined < n ? joined : n;
	if (k == 1) {
		bend(p, t, pcm, n);
	} else {
		repeat(p, k - 1, t, before, joined);
		for (size_t i = 0; i < joined; i++)
			pcm[i] = between(before[i], pcm[i], since + i, quarter(p));
	}
	fade(p, t, pcm, n);
}

// How many of n samples are in the FRAME_MS that t stands in.
static size_t in_frame(const struct conceal *p, size_t t, size_t n)
{
	size_t left = ms(p, FRAME_MS) - t % ms(p, FRAME_MS);

	return n < left ? n : left;
}

void conceal_fill(struct conceal *p, int16_t *pcm, size_t n)
{
	int16_t *made = p->sample + CONCEAL_PAST(p->rate);

	if (p->lost == 0)
		p->pitch = (uint32_t)find_pitch(p);
	while (n > 0 && p->lost < ms(p, CONCEAL_FADED_MS)) {
		size_t take = in_frame(p, p->lost, n);

		make(p, p->lost, pcm, take);
		memcpy(made + p->lost, pcm, take * sizeof(*pcm));
		p->lost += (uint32_t)take;
		pcm += take;
		n -= take;
	}
	memset(pcm, 0, n * sizeof(*pcm));
}

// What would have been made up next gives way to what is real.
static void give_way(const struct conceal *p, int16_t *pcm, size_t n)
{
	size_t frames = (p->lost - 1) / ms(p, FRAME_MS);
	size_t over = quarter(p) + frames * ms(p, BLEND_MS);
	int16_t more[MAKE_MAX] = { 0 };

	over = over < ms(p, BLEND_MAX_MS) ? over : ms(p, BLEND_MAX_MS);
	over = over < n ? over : n;
	if (p->lost < ms(p, CONCEAL_FADED_MS)) {
		size_t first = in_frame(p, p->lost, over);

		make(p, p->lost, more, first);
		make(p, p->lost + first, more + first, over - first);
	}
	for (size_t i = 0; i < over; i++)
		pcm[i] = between(more[i], pcm[i], i, over);
}

void conceal_heard(struct conceal *p, int16_t *pcm, size_t n)
{
	size_t past = CONCEAL_PAST(p->rate), have = past + p->lost;

	if (n == 0)
		return;
	if (p->lost > 0)
		give_way(p, pcm, n);
	p->lost = 0;
	if (n >= past) {
		memcpy(p->sample, pcm + n - past, past * sizeof(*pcm));
		return;
	}
	memmove(p->sample, p->sample + have - (past - n), (past - n) * sizeof(*pcm));
	memcpy(p->sample + past - n, pcm, n * sizeof(*pcm));
}
