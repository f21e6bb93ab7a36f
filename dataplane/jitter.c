// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/jitter.h"

#include <assert.h>
#include <string.h>

enum {
	MASK = JITTER_LINE - 1,
	PAST = JITTER_LINE / 4, // of the line: what is made up is made of it
	ASTRAY_MAX = 5,
};

static_assert(JITTER_FRAME_MAX * 2 + JITTER_TAPS < PAST);

void jitter_init(struct jitter *j, uint32_t rate, uint32_t clock)
{
	assert(rate > 0 && rate <= JITTER_RATE_MAX && rate % 1000 == 0 && clock >= 8000);
	*j = (struct jitter){ .rate = rate,
		.clock = clock,
		.read.at = JITTER_LINE,
		.end = JITTER_LINE,
		.paused = true };
	j->middle = jitter_units(j, JITTER_START_MS);
	j->late = jitter_units(j, JITTER_GUARD_MS);
}

// What would be played at this very moment.
static int64_t playing(const struct jitter *j, uint64_t now)
{
	uint64_t ns = j->taken_at != 0 && now > j->taken_at ? now - j->taken_at : 0;
	uint64_t most = JITTER_FRAME_MS * 10 * UINT64_C(1000000);

	return (int64_t)(j->read.at + (ns > most ? most : ns) * j->rate / 1000000000);
}

static void silence(struct jitter *j, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		j->line[from & MASK] = 0;
}

static void pause_now(struct jitter *j)
{
	j->read = (struct jitter_place){ .at = j->end };
	j->paused = true;
	j->pausing = false;
	j->landing = false;
	j->speed = 0;
	j->made = 0;
	j->gaps = 0;
}

void jitter_forget(struct jitter *j)
{
	pause_now(j);
	j->taken_at = 0;
}

void jitter_pause(struct jitter *j)
{
	j->pausing = true;
}

// This timestamp is where what comes from now on is reckoned from: as long ahead as it has to
// wait, but after all that is there already.
static int64_t drop_anchor(struct jitter *j, uint32_t ssrc, uint32_t ts, uint64_t now)
{
	uint64_t at = (uint64_t)playing(j, now) + (uint64_t)(jitter_wanted(j) / JITTER_UNITS);
	int32_t spread = j->middle - j->late;

	if (at < j->end || (!j->paused && at < j->end + (uint64_t)jitter_samples(j, JITTER_MIN_MS)))
		at = j->end;
	if (j->paused) {
		silence(j, j->end, at);
		j->end = at;
	} else {
		j->jumps++;
	}
	j->middle = (int32_t)(at - j->read.at) * JITTER_UNITS;
	j->late = j->middle - spread;
	j->ssrc = ssrc;
	j->anchor_ts = ts;
	j->anchor = at;
	j->known = true;
	j->paused = j->pausing = false;
	j->astray = 0;
	return (int64_t)at;
}

// Where on the line a packet lies; `far`: not near enough for its timestamp to mean something.
static int64_t place(const struct jitter *j, uint32_t ts, bool *far)
{
	int64_t step = (int64_t)(int32_t)(ts - j->anchor_ts) * j->rate / j->clock;

	*far = step > (int64_t)j->rate / 4 || step < -(int64_t)j->rate * 2;
	return (int64_t)j->anchor + step;
}

static void write_line(struct jitter *j, uint64_t at, const int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		j->line[(at + i) & MASK] = pcm[i];
	jitter_blend(j, at, n);
}

static void add_gap(struct jitter *j, uint64_t from, uint64_t to)
{
	if (j->gaps < JITTER_GAPS_MAX)
		j->gap[j->gaps++] = (struct jitter_gap){ from, to };
	else
		silence(j, from, to);
}

static void drop_gap(struct jitter *j, unsigned i)
{
	j->gaps--;
	memmove(&j->gap[i], &j->gap[i + 1], (j->gaps - i) * sizeof(j->gap[0]));
}

// What of the packet lies in this gap is put there; gaps stay in order. Returns whether any did.
static bool fill_gap(struct jitter *j, unsigned i, uint64_t at, const int16_t *pcm, size_t n)
{
	struct jitter_gap *gap = &j->gap[i];
	uint64_t from = at > gap->from ? at : gap->from;
	uint64_t to = at + n < gap->to ? at + n : gap->to;

	if (from >= to)
		return false;
	write_line(j, from, pcm + (from - at), to - from);

	struct jitter_gap rest = { to, gap->to };
	gap->to = from;
	if (rest.from < rest.to && gap->from < gap->to && j->gaps < JITTER_GAPS_MAX) {
		memmove(gap + 2, gap + 1, (j->gaps - i - 1U) * sizeof(*gap));
		gap[1] = rest;
		j->gaps++;
	} else if (rest.from < rest.to) {
		silence(j, gap->from, gap->to);
		*gap = rest;
	} else if (gap->from == gap->to) {
		drop_gap(j, i);
	}
	return true;
}

static enum jitter_put fill(struct jitter *j, uint64_t at, const int16_t *pcm, size_t n)
{
	bool any = false;

	for (unsigned i = j->gaps; i-- > 0;)
		any |= fill_gap(j, i, at, pcm, n);
	if (any)
		return JITTER_PUT;
	j->duplicates++;
	return JITTER_DUPLICATE;
}

static enum jitter_put append(struct jitter *j, uint64_t at, const int16_t *pcm, size_t n)
{
	if (at > j->end)
		add_gap(j, j->end, at);
	write_line(j, at, pcm, n);
	j->end = at + n;
	return JITTER_PUT;
}

static enum jitter_put too_late(struct jitter *j)
{
	j->too_late++;
	j->astray++;
	return JITTER_TOO_LATE;
}

enum jitter_put jitter_put(
	struct jitter *j, uint32_t ssrc, uint32_t ts, const int16_t *pcm, size_t n, uint64_t now)
{
	bool far;
	int64_t at = place(j, ts, &far);
	bool anew = !j->known || j->paused || ssrc != j->ssrc || far || j->astray >= ASTRAY_MAX;

	assert(n > 0 && n <= JITTER_PACKET_MAX);
	j->packets++;
	if (anew)
		at = drop_anchor(j, ssrc, ts, now);
	if (at + (int64_t)n - (int64_t)j->read.at > JITTER_LINE - PAST) {
		pause_now(j);
		at = drop_anchor(j, ssrc, ts, now);
		j->jumps++;
	}
	if (!anew)
		jitter_observe(j, at - playing(j, now));
	if (at > (int64_t)j->anchor) {
		j->anchor = (uint64_t)at;
		j->anchor_ts = ts;
	}
	if (at + (int64_t)n <= (int64_t)j->read.at)
		return too_late(j);
	j->astray = 0;
	j->pausing = false;
	if (at >= (int64_t)j->end)
		return append(j, (uint64_t)at, pcm, n);
	if ((uint64_t)at + n > j->end) {
		size_t known = j->end - (uint64_t)at;

		fill(j, (uint64_t)at, pcm, known);
		return append(j, j->end, pcm + known, n - known);
	}
	return fill(j, (uint64_t)at, pcm, n);
}

// What is missing below `to` is made up now: its time has come.
static void close_gaps(struct jitter *j, uint64_t to)
{
	while (j->gaps > 0 && j->gap[0].from < to) {
		struct jitter_gap *gap = &j->gap[0];
		uint64_t until = gap->to < to ? gap->to : to;
		uint64_t next = j->gaps > 1 ? j->gap[1].from : j->end;

		jitter_make_up(j, gap->from, until - gap->from);
		gap->from = until;
		if (until < gap->to)
			return;
		jitter_blend(j, until, next - until);
		drop_gap(j, 0);
	}
}

// Nothing more is there: the line is made longer, and what comes later lies behind that. True:
// this has gone on for so long that it is a pause.
static bool stretch(struct jitter *j, uint64_t to)
{
	uint64_t more = to - j->end;

	jitter_make_up(j, j->end, more);
	j->end = to;
	j->anchor += more;
	j->middle += (int32_t)more * JITTER_UNITS;
	j->late += (int32_t)more * JITTER_UNITS;
	return j->pausing || j->made >= jitter_samples(j, JITTER_MADE_UP_MS);
}

// Very much more is there than is to wait: from here to where it is as much as is wanted, blended.
static void leap(struct jitter *j, int16_t *out, size_t n)
{
	uint64_t depth = (uint64_t)(jitter_wanted(j) / JITTER_UNITS) + n;
	uint64_t to = j->end - depth;
	int32_t spread = j->middle - j->late;

	while (j->gaps > 0 && j->gap[0].to <= to)
		drop_gap(j, 0);
	close_gaps(j, to + n);
	for (size_t i = 0; i < n; i++) {
		int32_t from = out[i], then = j->line[(to + i) & MASK];

		out[i] = (int16_t)(from + (then - from) * (int32_t)(i + 1) / (int32_t)(n + 1));
	}
	j->read = (struct jitter_place){ .at = to + n };
	j->middle = (int32_t)(depth - n) * JITTER_UNITS; // the newest came in its time
	j->late = j->middle - spread;
	j->speed = 0;
	j->landing = false;
	j->jumps++;
}

static void fade_out(int16_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)(out[i] * (int32_t)(n - 1 - i) / (int32_t)n);
}

enum jitter_got jitter_take(
	struct jitter *j, const struct jitter_filter *filter, int16_t *out, uint64_t at)
{
	size_t n = (size_t)jitter_samples(j, JITTER_FRAME_MS);
	uint64_t made_up = j->made_up;
	bool over = false;

	j->taken_at = at;
	if (j->paused) {
		memset(out, 0, n * sizeof(*out));
		return JITTER_PAUSE;
	}
	jitter_steer(j, n);

	uint64_t need = j->read.at + n + (j->speed != 0 ? n / 50 + JITTER_TAPS / 2 : 0);
	close_gaps(j, need);
	if (j->end < need)
		over = stretch(j, need);
	jitter_play(j, filter, out, n);
	if (j->end > j->read.at + (uint64_t)jitter_samples(j, JITTER_MAX_MS + 60))
		leap(j, out, n);
	if (over) {
		fade_out(out, n);
		pause_now(j);
	}
	return (j->made_up - made_up) * 2 >= n ? JITTER_MADE_UP : JITTER_HEARD;
}
