// SPDX-License-Identifier: BSD-3-Clause
//
// What a jitter buffer plays in the place of what did not come: the last period of what was heard,
// over and over, fading. A period is looked for once, where the loss begins.
#include "dataplane/jitter.h"

#include <stdlib.h>

enum {
	MASK = JITTER_LINE - 1,
	LAG_MIN_US = 2500,
	LAG_MAX_US = 15000,
	LOOK_MS = 10, // of the past that has to be like the period before it
	FULL_MS = 10, // as loud as before
	BLEND_MS = 5,
};

static size_t of_ms(const struct jitter *j, size_t ms)
{
	return j->rate / 1000 * ms;
}

// How much the past is like what lies `lag` before it, and how strong that is.
static double likeness(const struct jitter *j, uint64_t from, size_t lag)
{
	size_t n = of_ms(j, LOOK_MS);
	int64_t both = 0, power = 1;

	for (size_t i = 1; i <= n; i += 2) {
		int32_t now = j->line[(from - i) & MASK];
		int32_t then = j->line[(from - i - lag) & MASK];

		both += now * then;
		power += then * then;
	}
	return both <= 0 ? 0 : (double)both * (double)both / (double)power;
}

static uint16_t find_lag(const struct jitter *j, uint64_t from)
{
	size_t best = (size_t)j->rate * LAG_MAX_US / 1000000;
	double most = 0;

	for (size_t lag = best; lag >= (size_t)j->rate * LAG_MIN_US / 1000000; lag--) {
		double now = likeness(j, from, lag);

		if (now > most * 1.02) {
			most = now;
			best = lag;
		}
	}
	return (uint16_t)best;
}

// How loud, of 2^14, what is made up is after so many samples of it.
static int32_t fading(const struct jitter *j, size_t made)
{
	size_t full = of_ms(j, FULL_MS), none = of_ms(j, JITTER_MADE_UP_MS);

	if (made <= full)
		return 1 << 14;
	return made >= none ? 0 : (int32_t)(((none - made) << 14) / (none - full));
}

// The sample that would be made up at `at`, `made` after the loss began.
static int32_t guess(const struct jitter *j, uint64_t at, size_t made)
{
	uint64_t begun = at - made;

	return j->line[(begun - j->lag + made % j->lag) & MASK] * fading(j, made) >> 14;
}

void jitter_blend(struct jitter *j, uint64_t from, size_t n)
{
	size_t most = of_ms(j, BLEND_MS);

	if (j->made == 0 || j->made_to != from)
		return;
	if (n > most)
		n = most;
	for (size_t i = 0; i < n; i++) {
		int16_t *sample = &j->line[(from + i) & MASK];
		int32_t made = guess(j, from + i, j->made + i);

		*sample = (int16_t)(made + (*sample - made) * (int32_t)(i + 1) / (int32_t)(n + 1));
	}
	j->made = 0;
}

void jitter_make_up(struct jitter *j, uint64_t from, size_t n)
{
	if (j->made_to != from)
		j->made = 0;
	if (j->made == 0)
		j->lag = find_lag(j, from);
	for (size_t i = 0; i < n; i++)
		j->line[(from + i) & MASK] = (int16_t)guess(j, from + i, j->made + i);
	j->made += (uint32_t)n;
	j->made_to = from + n;
	j->made_up += n;
}
