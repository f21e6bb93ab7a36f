// SPDX-License-Identifier: BSD-3-Clause
//
// The jitter buffer, listened to: a tone goes in by packets that a network delays, loses and
// turns round, and what comes out is judged by what is heard.
#include "dataplane/jitter.h"
#include "tests/support/ear.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS    UINT64_C(1000000)
#define START (UINT64_C(5000) * MS)

enum { FLIGHT = 64, TONE = 1000, LOUD = 8000 };

// A packet under way.
struct letter {
	uint64_t arrives; // 0: none
	uint32_t ts;
	uint32_t ssrc;
	size_t n;
	int16_t pcm[JITTER_PACKET_MAX];
};

// A far end, its network, and our grid of 10 ms.
struct world {
	struct jitter j;
	struct jitter_filter filter;
	struct letter flight[FLIGHT];
	uint64_t now;
	uint64_t sent;  // samples that the far end has sent or would have
	double ppm;     // its clock is that much faster
	uint32_t ptime; // ms
	uint32_t ssrc;
	uint32_t ts;
	double hz;
	uint64_t random;
	uint64_t jitter_ms; // of the network, evenly
	unsigned lost;      // in 1000
	unsigned twice;     // in 1000
	unsigned made_up;   // frames
	unsigned pauses;    // frames
	unsigned heard;     // frames
};

static struct world w;
static int16_t frame[JITTER_FRAME_MAX];
static int16_t before[JITTER_FRAME_MAX];

static void begin_at(uint32_t rate, uint32_t clock)
{
	memset(&w, 0, sizeof(w));
	w.now = START;
	w.ptime = 20;
	w.ssrc = 7;
	w.ts = UINT32_MAX - 100000; // wraps after some seconds
	w.hz = TONE;
	w.random = 88172645463325252ULL;
	jitter_init(&w.j, rate, clock);
	jitter_filter_init(&w.filter);
}

static void begin(void)
{
	begin_at(8000, 8000);
}

TestSuite(jitter, .init = begin);

static uint64_t draw(uint64_t below)
{
	w.random ^= w.random << 13;
	w.random ^= w.random >> 7;
	w.random ^= w.random << 17;
	return below == 0 ? 0 : w.random % below;
}

static void post(const struct letter *l)
{
	for (unsigned i = 0; i < FLIGHT; i++) {
		if (w.flight[i].arrives == 0) {
			w.flight[i] = *l;
			return;
		}
	}
	cr_fail("too many packets under way");
}

// The far end speaks one packet, made at `at` of our time.
static void speak(uint64_t at)
{
	uint64_t leaves = at > w.now ? at : w.now;
	struct letter l = { .arrives = leaves + 1 + draw(w.jitter_ms * MS),
		.ts = w.ts,
		.ssrc = w.ssrc,
		.n = w.ptime * w.j.rate / 1000 };

	for (size_t i = 0; i < l.n; i++)
		l.pcm[i] = (int16_t)lround(
			LOUD * sin(2 * M_PI * w.hz * (double)(w.sent + i) / w.j.rate));
	w.sent += l.n;
	w.ts += w.ptime * w.j.clock / 1000;
	if (draw(1000) < w.lost)
		return;
	post(&l);
	if (draw(1000) < w.twice) {
		l.arrives += draw(40 * MS);
		post(&l);
	}
}

static void arrive(uint64_t until)
{
	for (;;) {
		struct letter *next = NULL;

		for (unsigned i = 0; i < FLIGHT; i++) {
			struct letter *l = &w.flight[i];

			if (l->arrives != 0 && l->arrives <= until &&
				(next == NULL || l->arrives < next->arrives))
				next = l;
		}
		if (next == NULL)
			return;
		jitter_put(&w.j, next->ssrc, next->ts, next->pcm, next->n, next->arrives);
		next->arrives = 0;
	}
}

// When the far end's next packet is complete, by our clock.
static uint64_t next_speech(void)
{
	double seconds = (double)w.sent / w.j.rate / (1 + w.ppm * 1e-6);

	return START + (uint64_t)(seconds * 1e9) + w.ptime * MS;
}

// 10 ms pass. speaking: the far end sends what is due.
static enum jitter_got live(bool speaking)
{
	uint64_t until = w.now + 10 * MS;

	while (speaking && next_speech() <= until)
		speak(next_speech());
	arrive(until);
	w.now = until;
	memcpy(before, frame, sizeof(before));

	enum jitter_got got = jitter_take(&w.j, &w.filter, frame, w.now);
	w.made_up += got == JITTER_MADE_UP;
	w.pauses += got == JITTER_PAUSE;
	w.heard += got == JITTER_HEARD;
	return got;
}

static size_t n(void)
{
	return w.j.rate / 100;
}

// Frames of 10 ms; how good the worst of them is, and whether there is a click where they meet:
// the tone goes on from frame to frame.
struct judged {
	double worst;               // dB
	double click;               // the largest deviation from a sine's next sample, of LOUD
	uint32_t least_ms, most_ms; // depth
};

static double joint(void)
{
	double k = 2 * cos(2 * M_PI * w.hz / w.j.rate), most = 0;
	const int16_t around[4] = { before[n() - 2], before[n() - 1], frame[0], frame[1] };

	for (int i = 2; i < 4; i++) {
		double off = fabs(around[i] - k * around[i - 1] + around[i - 2]) / LOUD;

		most = off > most ? off : most;
	}
	return most;
}

static struct judged judge(uint32_t frames)
{
	struct judged all = { .worst = 1000, .least_ms = UINT32_MAX };

	for (uint32_t i = 0; i < frames; i++) {
		live(true);
		if (i % 7 == 0) { // all phases of everything, in a seventh of the time
			double snr = ear_sine_snr(frame, n(), w.hz, w.j.rate);

			all.worst = snr < all.worst ? snr : all.worst;
		}
		all.click = joint() > all.click ? joint() : all.click;

		uint32_t depth = jitter_depth_ms(&w.j);
		all.least_ms = depth < all.least_ms ? depth : all.least_ms;
		all.most_ms = depth > all.most_ms ? depth : all.most_ms;
	}
	return all;
}

static void settle(uint32_t frames)
{
	for (uint32_t i = 0; i < frames; i++)
		live(true);
}

Test(jitter, what_comes_in_time_comes_out_as_it_was)
{
	settle(3000);
	cr_expect(eq(int, w.made_up, 0));
	// Whatever the depth is, a tone of whole periods a frame is the same in each of them.
	for (unsigned i = 0; i < 100; i++) {
		live(true);
		cr_assert(eq(int, memcmp(frame, before, n() * sizeof(*frame)), 0));
	}
	cr_expect(gt(dbl, ear_tone(frame, n(), TONE, 8000), LOUD * 0.95));
}

Test(jitter, a_drift_of_300_millionths_for_ten_minutes_is_not_heard)
{
	for (int way = -1; way <= 1; way += 2) {
		begin();
		w.ppm = 300 * way;
		settle(200);
		struct judged got = judge(60000);

		cr_expect(gt(dbl, got.worst, 50), "%g dB at %g", got.worst, w.ppm);
		cr_expect(lt(dbl, got.click, 0.03), "%g at %g", got.click, w.ppm);
		cr_expect(ge(u32, got.least_ms, 15), "%u ms", got.least_ms);
		cr_expect(le(u32, got.most_ms, 60), "%u ms", got.most_ms);
		cr_expect(eq(int, w.made_up, 0));
		cr_expect(eq(u32, w.j.too_late, 0));
		cr_expect(eq(u32, w.j.jumps, 0));
		fprintf(stderr, "drift %+g: worst %.1f dB, click %.4f, depth %u-%u ms\n", w.ppm,
			got.worst, got.click, got.least_ms, got.most_ms);
	}
}

Test(jitter, a_drift_of_500_millionths_with_jitter_and_g722_is_followed)
{
	for (int way = -1; way <= 1; way += 2) {
		begin_at(16000, 8000);
		w.ppm = 500 * way;
		w.jitter_ms = 15;
		settle(200);
		struct judged got = judge(12000);

		cr_expect(gt(dbl, got.worst, 50), "%g dB at %g", got.worst, w.ppm);
		cr_expect(le(u32, got.most_ms, 70), "%u ms", got.most_ms);
		cr_expect(eq(int, w.made_up, 0));
		cr_expect(eq(u32, w.j.jumps, 0));
	}
}

Test(jitter, the_depth_grows_with_what_comes_late_and_shrinks_again)
{
	settle(500);
	uint32_t calm = jitter_depth_ms(&w.j);
	w.jitter_ms = 100;
	settle(3000);
	uint32_t rough = jitter_depth_ms(&w.j);
	unsigned made_up = w.made_up;
	settle(2000);
	cr_expect(le(u32, calm, 45), "%u", calm);
	cr_expect(ge(u32, rough, 50), "%u", rough);
	cr_expect(le(u32, rough, 130), "%u", rough);
	cr_expect(le(u32, w.made_up - made_up, 60), "%u of 2000", w.made_up - made_up);
	w.jitter_ms = 0;
	settle(9000);
	cr_expect(le(u32, jitter_depth_ms(&w.j), 45), "%u", jitter_depth_ms(&w.j));
}

Test(jitter, row_19_packets_that_pass_each_other_are_put_in_order)
{
	w.jitter_ms = 30; // packets of 20 ms
	settle(500);
	unsigned made_up = w.made_up;
	struct judged got = judge(2000);
	cr_expect(eq(int, w.made_up, made_up));
	cr_expect(gt(dbl, got.worst, 45), "%g dB", got.worst);
}

Test(jitter, row_19_a_packet_that_comes_twice_is_heard_once)
{
	w.twice = 200;
	w.hz = 1037; // no packet is like another
	settle(500);
	struct judged got = judge(1000);
	cr_expect(eq(int, w.made_up, 0));
	cr_expect(gt(u32, w.j.duplicates, 50));
	cr_expect(gt(dbl, got.worst, 50), "%g dB", got.worst);
}

Test(jitter, row_19_what_is_lost_is_made_up_and_nothing_else)
{
	static const unsigned lost[] = { 10, 50, 200 };

	for (unsigned i = 0; i < 3; i++) {
		begin();
		w.lost = lost[i];
		settle(6000);

		double share = (double)w.j.made_up / 8 / 60000;
		cr_expect(lt(dbl, share, lost[i] * 0.0013 + 0.01), "%g of %u", share, lost[i]);
		cr_expect(gt(dbl, share, lost[i] * 0.0007 - 0.005), "%g of %u", share, lost[i]);
		cr_expect(le(u32, jitter_depth_ms(&w.j), 120));
	}
}

Test(jitter, one_lost_packet_of_a_tone_is_hardly_heard)
{
	w.hz = 437; // no whole periods in anything
	settle(500);
	w.lost = 1000;
	while (next_speech() > w.now + 10 * MS)
		live(true);
	live(true);
	w.lost = 0;
	int16_t heard[12 * 80];
	for (unsigned i = 0; i < 12; i++) {
		live(true);
		memcpy(heard + i * 80, frame, 80 * sizeof(*frame));
	}

	double k = 2 * cos(2 * M_PI * w.hz / 8000), click = 0;
	for (unsigned i = 2; i < 12 * 80; i++)
		click = fmax(click, fabs(heard[i] - k * heard[i - 1] + heard[i - 2]) / LOUD);
	cr_expect(ge(int, w.made_up, 1));
	cr_expect(lt(dbl, click, 0.1), "%g", click);
	cr_expect(gt(dbl, ear_tone(frame, n(), w.hz, 8000), LOUD * 0.95));
}

Test(jitter, row_23_a_far_end_that_stops_is_faded_out_and_comes_back_whole)
{
	settle(500);
	for (unsigned i = 0; i < 20; i++)
		live(false);
	cr_expect(eq(int, live(false), JITTER_PAUSE));
	cr_expect(le(int, w.made_up, 8), "%u", w.made_up);
	for (unsigned i = 0; i < 1000; i++)
		cr_assert(eq(int, live(false), JITTER_PAUSE));
	// The time of a pause passes in its timestamps, too.
	while (next_speech() <= w.now) {
		w.sent += 160;
		w.ts += 160;
	}
	unsigned made_up = w.made_up;
	settle(10);
	struct judged got = judge(500);
	cr_expect(eq(int, w.made_up, made_up));
	cr_expect(gt(dbl, got.worst, 50), "%g dB", got.worst);
	cr_expect(le(u32, got.most_ms, 65), "%u ms", got.most_ms);
}

Test(jitter, row_23_after_comfort_noise_nothing_is_made_up)
{
	settle(500);
	live(false);
	jitter_pause(&w.j);
	while (live(false) != JITTER_PAUSE)
		;
	cr_expect(le(int, w.made_up, 1), "%u", w.made_up);
	cr_expect(lt(dbl, fabs((double)before[n() - 1]), 700));
}

Test(jitter, row_17_another_ssrc_goes_on_where_the_one_before_ended)
{
	settle(500);
	for (int way = -1; way <= 1; way++) { // its timestamps may be near those before
		w.ssrc++;
		w.ts += (uint32_t)(way * 100);
		struct judged got = judge(500);

		cr_expect(eq(int, w.made_up, 0));
		cr_expect(gt(dbl, got.worst, 50), "%g dB", got.worst);
	}
}

Test(jitter, row_18_a_jump_of_the_timestamps_is_not_heard)
{
	settle(500);
	for (int way = -1; way <= 1; way += 2) {
		w.ts += (uint32_t)(way * 1000000);
		struct judged got = judge(500);

		cr_expect(gt(dbl, got.worst, 50), "%g dB", got.worst);
	}
	cr_expect(eq(int, w.made_up, 0));
	cr_expect(eq(u32, w.j.jumps, 2));
}

Test(jitter, what_a_network_held_back_does_not_stay_behind)
{
	settle(500);
	for (unsigned i = 0; i < 60; i++)
		live(false); // 600 ms
	settle(1);           // all at once
	settle(100);
	cr_expect(le(u32, jitter_depth_ms(&w.j), 220), "%u", jitter_depth_ms(&w.j));
	settle(6000);
	cr_expect(le(u32, jitter_depth_ms(&w.j), 60), "%u", jitter_depth_ms(&w.j));
	struct judged got = judge(200);
	cr_expect(gt(dbl, got.worst, 50), "%g dB", got.worst);
}

Test(jitter, packets_of_10_to_60_ms_at_each_rate_and_clock)
{
	static const uint32_t rates[][2] = { { 8000, 8000 }, { 16000, 8000 }, { 16000, 16000 },
		{ 16000, 48000 } };
	static const uint32_t ptimes[] = { 10, 20, 30, 40, 60 };

	for (unsigned i = 0; i < 20; i++) {
		begin_at(rates[i / 5][0], rates[i / 5][1]);
		w.ptime = ptimes[i % 5];
		w.ppm = 100;
		settle(300);
		unsigned made_up = w.made_up;
		struct judged got = judge(1000);

		cr_expect(eq(int, w.made_up, made_up), "%u ms at %u", w.ptime, w.j.rate);
		cr_expect(
			gt(dbl, got.worst, 50), "%g dB, %u ms at %u", got.worst, w.ptime, w.j.rate);
	}
}

// Whatever comes, the buffer keeps its shape: gaps in order and inside, depth within bounds.
static void check_shape(void)
{
	uint64_t last = 0;

	cr_assert(le(u64, w.j.read.at, w.j.end));
	cr_assert(le(u64, w.j.end - w.j.read.at, JITTER_LINE));
	for (unsigned i = 0; i < w.j.gaps; i++) {
		cr_assert(lt(u64, w.j.gap[i].from, w.j.gap[i].to));
		cr_assert(ge(u64, w.j.gap[i].from, last));
		cr_assert(le(u64, w.j.gap[i].to, w.j.end));
		last = w.j.gap[i].to;
	}
}

Test(jitter, anything_may_come)
{
	for (unsigned round = 0; round < 200; round++) {
		begin_at(round % 2 ? 16000 : 8000, round % 3 ? 8000 : 48000);
		w.random += round * 77777;
		for (unsigned i = 0; i < 400; i++) {
			if (draw(50) == 0)
				w.jitter_ms = draw(150);
			if (draw(50) == 0)
				w.lost = (unsigned)draw(500);
			if (draw(80) == 0)
				w.twice = (unsigned)draw(300);
			if (draw(100) == 0)
				w.ts += (uint32_t)draw(UINT32_MAX);
			if (draw(100) == 0)
				w.ts += (uint32_t)draw(20000);
			if (draw(150) == 0)
				w.ssrc++;
			if (draw(100) == 0)
				jitter_pause(&w.j);
			if (draw(200) == 0)
				jitter_forget(&w.j);
			if (draw(100) == 0)
				w.ptime = 10 * (1 + (uint32_t)draw(6));
			live(draw(20) != 0);
			check_shape();
		}
	}
}
