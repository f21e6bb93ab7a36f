// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/media_stage.h"

#include "control/loop.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct stage stage;
int stage_me;

static struct timer deadline, watcher;
static bool (*condition)(void);
static bool in_time;

static void happen(void *, const struct media_event *event)
{
	cr_assert(stage.events < STAGE_EVENTS_MAX);
	stage.heard[stage.events++] = *event;
	if (stage.on_event != NULL)
		stage.on_event(event);
}

static void attached(void *, uint32_t orphans)
{
	cr_assert(media_attached(stage.media));
	stage.attached++;
	stage.orphans = orphans;
}

static void detached(void *)
{
	cr_assert(!media_attached(stage.media));
	stage.detached++;
}

static void recorded(void *, const struct media_recorded *what)
{
	stage.file = *what;
	stage.recorded++;
}

const struct media_ops stage_ops = {
	.happen = happen, .attached = attached, .detached = detached, .recorded = recorded
};

static void look(struct timer *, uint64_t now_ms)
{
	if (condition != NULL && condition())
		loop_stop(stage.loop);
	else
		clock_arm(loop_clock(stage.loop), &watcher, now_ms + 1);
}

static void too_late(struct timer *, uint64_t)
{
	in_time = false;
	loop_stop(stage.loop);
}

bool stage_turn_until(bool (*wanted)(void), uint32_t ms)
{
	struct clock *c = loop_clock(stage.loop);

	condition = wanted;
	in_time = true;
	clock_arm(c, &watcher, loop_now(stage.loop));
	clock_arm(c, &deadline, loop_now(stage.loop) + ms);
	loop_run(stage.loop);
	clock_disarm(c, &watcher);
	clock_disarm(c, &deadline);
	return in_time;
}

void stage_turn(uint32_t ms)
{
	stage_turn_until(NULL, ms);
}

bool stage_is_greeted(void)
{
	return stage.fake.greeted > 0;
}

bool stage_is_greeted_twice(void)
{
	return stage.fake.greeted == 2;
}

bool stage_is_attached(void)
{
	return stage.attached > 0;
}

bool stage_is_attached_again(void)
{
	return stage.attached == 2;
}

bool stage_is_detached(void)
{
	return stage.detached > 0;
}

void stage_open_up(void)
{
	stage.loop = loop_new();
	cr_assert(stage.loop != NULL);
	timer_init(&watcher, look);
	timer_init(&deadline, too_late);
	fake_media_start(&stage.fake, stage.loop);
	stage.media = media_new(stage.loop, stage.fake.path, &stage_ops);
	cr_assert(stage.media != NULL);
}

void stage_clear(void)
{
	cr_expect(media_free(stage.media) == NULL);
	fake_media_stop(&stage.fake);
	loop_free(stage.loop);
	if (stage.wav[0] != '\0')
		unlink(stage.wav);
}

void stage_attach(void)
{
	cr_assert(stage_turn_until(stage_is_attached, 1000), "not attached");
}

struct media_flow stage_open(uint16_t worker)
{
	struct media_flow f;

	cr_assert(media_open(stage.media, worker, &stage_me, &f), "no flow");
	return f;
}

struct media_counts stage_counts(void)
{
	struct media_counts c;

	media_counts(stage.media, &c);
	return c;
}

uint64_t stage_load(const int16_t *audio, uint32_t samples)
{
	uint8_t head[44] =
		"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data";
	uint32_t bytes = samples * 2, riff = 36 + bytes;
	char error[256] = "";

	memcpy(head + 4, &riff, 4);
	memcpy(head + 40, &bytes, 4);
	snprintf(stage.wav, sizeof(stage.wav), "layby-media-%d.wav", getpid());
	FILE *f = fopen(stage.wav, "w");
	cr_assert(f != NULL && fwrite(head, sizeof(head), 1, f) == 1);
	cr_assert(fwrite(audio, 2, samples, f) == samples);
	fclose(f);
	uint64_t track = media_track(stage.media, stage.wav, error, sizeof(error));
	cr_assert(track != 0, "%s", error);
	return track;
}
