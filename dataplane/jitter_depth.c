// SPDX-License-Identifier: BSD-3-Clause
//
// How long the audio of a jitter buffer waits, and so how fast it is played.
#include "dataplane/jitter.h"

#include <string.h>

enum {
	MASK = JITTER_LINE - 1,
	SLACK_MS = 5,   // off the depth wanted by less than this is left alone
	SLOWEST = 1000, // millionths
	LAND = 1 << 20, // 2^-32 of a sample: nobody hears it
};

// How early packets have to come, in the middle.
int32_t jitter_wanted(const struct jitter *j)
{
	int32_t want = j->middle - j->late + jitter_units(j, JITTER_GUARD_MS);
	int32_t least = jitter_units(j, JITTER_MIN_MS), most = jitter_units(j, JITTER_MAX_MS);

	return want < least ? least : want > most ? most : want;
}

uint32_t jitter_depth_ms(const struct jitter *j)
{
	int32_t now = j->middle < 0 ? 0 : j->middle;

	return (uint32_t)now / (j->rate / 1000 * JITTER_UNITS);
}

static int32_t limited(int64_t x, int32_t most)
{
	return (int32_t)(x > most ? most : x < -most ? -most : x);
}

// How early packets come is followed by small steps: up and down alike for the middle, a hundred
// times as far down as up for the late ones.
void jitter_observe(struct jitter *j, int64_t early)
{
	int32_t now = limited(early, (int32_t)jitter_samples(j, 2 * JITTER_MAX_MS)) * JITTER_UNITS;
	int32_t step = jitter_units(j, 4);

	j->middle += now > j->middle ? step / 16 : -step / 16;
	if (now >= j->late)
		j->late += step / 100;
	else
		j->late = now > j->late - step ? now : j->late - step;
	if (j->late > j->middle)
		j->late = j->middle;
}

// The faster the farther the depth is off.
static int32_t speed_for(const struct jitter *j, int32_t error)
{
	int32_t speed = error / jitter_units(j, 1) * (SLOWEST / 4);

	if (speed < SLOWEST && speed > -SLOWEST)
		return error > 0 ? SLOWEST : -SLOWEST;
	return limited(speed, JITTER_FASTEST);
}

// Slowly, and so that it ends on a whole sample, where nothing has to be reckoned.
static int32_t speed_to_land(const struct jitter *j, size_t n)
{
	bool forward = j->speed > 0;
	uint32_t rest = forward ? 0U - j->read.part : j->read.part;
	int64_t exact = (int64_t)rest * 1000000 / (int64_t)n >> 32;
	int32_t speed = exact < SLOWEST ? (int32_t)exact : SLOWEST;

	return forward ? speed : -speed;
}

// How fast the next frame is played. Off it goes when the depth is wrong by more than SLACK_MS,
// until it is right.
void jitter_steer(struct jitter *j, size_t n)
{
	int32_t error = j->middle - jitter_wanted(j);
	int32_t slack = jitter_units(j, SLACK_MS);

	if (j->speed == 0 && error <= slack && error >= -slack)
		return;
	if (j->speed != 0 && (error > 0) != (j->speed > 0))
		j->landing = true;
	j->speed = j->landing ? speed_to_land(j, n) : speed_for(j, error);
}

// Near enough to a whole sample.
static void land(struct jitter *j)
{
	uint32_t part = j->read.part;

	if (!j->landing || (part >= LAND && part <= 0U - LAND))
		return;
	if (part > LAND)
		j->read.at++;
	j->read.part = 0;
	j->speed = 0;
	j->landing = false;
}

void jitter_play(struct jitter *j, const struct jitter_filter *filter, int16_t *out, size_t n)
{
	uint64_t before = j->read.at;

	if (j->speed == 0 && j->read.part == 0) {
		for (size_t i = 0; i < n; i++)
			out[i] = j->line[(before + i) & MASK];
		j->read.at += n;
		return;
	}
	j->read = jitter_between(filter, j->line, j->read, j->speed, out, n);
	land(j);

	int32_t more = (int32_t)(j->read.at - before - n) * JITTER_UNITS;
	j->middle -= more;
	j->late -= more;
}
