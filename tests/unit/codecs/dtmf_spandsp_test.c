// SPDX-License-Identifier: BSD-3-Clause
//
// Beside spandsp's detector: what it accepts, ours accepts, but for the differences listed in
// docs/DTMF.md. Each is a reason here.
#include "tests/support/tape.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char keypad[] = "123A456B789C*0#D";
static struct tape tape;

enum reason { NONE, OUT_OF_TUNE, SHORT, DROWNED, REASONS };

static const char *reason_name[REASONS] = { "none", "out of tune", "short", "drowned" };

// Why spandsp may hear what we refuse.
static enum reason excuse(const struct press *p)
{
	double low = p->low_off / 3.3, high = p->high_off / 2.5;

	if (low * low + high * high > 0.8)
		return OUT_OF_TUNE;
	if (p->noise > fmin(p->low, p->high) - 2)
		return DROWNED;
	return p->on < 31 ? SHORT : NONE;
}

struct score {
	unsigned pressed, ours, spandsp, both;
	unsigned excused[REASONS];
};

static bool is_right(const struct heard *h, char key)
{
	return h->n == 1 && h->keys[0] == key;
}

static void press_once(const struct press *p, uint64_t seed, enum tape_twist twist, struct score *s)
{
	char key = keypad[seed % 16];
	struct heard ours, theirs;

	tape_rewind(&tape, seed);
	tape_wait(&tape, p, 60 + 13 * tape_chance(&tape));
	tape_press(&tape, p, key);
	tape_through(&tape, p->law);
	tape_play(&tape, NULL, &ours);
	tape_play_spandsp(&tape, twist, &theirs);
	s->pressed++;
	s->ours += is_right(&ours, key);
	s->spandsp += is_right(&theirs, key);
	s->both += is_right(&ours, key) && is_right(&theirs, key);
	if (!is_right(&theirs, key) || is_right(&ours, key))
		return;
	s->excused[excuse(p)]++;
	cr_expect(ne(int, excuse(p), NONE),
		"seed %lu: spandsp alone heard '%c': levels %.1f %.1f off %.2f %.2f on %.1f noise %.1f: "
		"ours %s",
		(unsigned long)seed, key, p->low, p->high, p->low_off, p->high_off, p->on, p->noise,
		ours.keys);
}

static double between(struct tape *t, double least, double most)
{
	return least + (most - least) * tape_chance(t);
}

static struct press any_press(struct tape *t)
{
	struct press p = press_plain();
	double level = between(t, -38, 3), twist = between(t, -9, 9);

	p.low = level - (twist > 0 ? twist : 0);
	p.high = level + (twist < 0 ? twist : 0);
	p.low_off = between(t, -4, 4) * tape_chance(t);
	p.high_off = between(t, -4, 4) * tape_chance(t);
	p.on = between(t, 20, 120);
	p.noise = tape_chance(t) < 0.5 ? TAPE_NOTHING : level - between(t, 6, 30);
	p.law = tape_chance(t) < 0.5 ? TAPE_ULAW : TAPE_ALAW;
	return p;
}

static void compare(enum tape_twist twist)
{
	static struct tape dice;
	struct score s = { 0 };

	tape_rewind(&dice, 4711);
	for (unsigned i = 0; i < 20000; i++) {
		struct press p = any_press(&dice);

		press_once(&p, i, twist, &s);
	}
	fprintf(stderr, "%u presses: spandsp %u, ours %u, both %u;", s.pressed, s.spandsp, s.ours,
		s.both);
	for (int r = 0; r < REASONS; r++)
		fprintf(stderr, " spandsp alone, %s: %u%s", reason_name[r], s.excused[r],
			r + 1 < REASONS ? "," : "\n");
	cr_expect(gt(u32, s.spandsp, 1000));
	cr_expect(gt(u32, s.ours, s.spandsp));
}

Test(dtmf, hears_what_spandsp_hears, .timeout = 60)
{
	compare(TAPE_SPANDSP_OWN);
}

Test(dtmf, hears_what_spandsp_hears_with_six_decibels_of_twist, .timeout = 60)
{
	compare(TAPE_SPANDSP_7);
}

// ... which it does not, and ES 201 235-3 wants.
Test(dtmf, spandsp_fails_both_tones_off_by_one_and_a_half_per_cent)
{
	struct score s = { 0 };

	for (unsigned i = 0; i < 320; i++) {
		struct press p = press_plain();

		p.low_off = p.high_off = i % 2 ? 1.5 : -1.5;
		press_once(&p, i, TAPE_SPANDSP_7, &s);
	}
	cr_expect(lt(u32, s.spandsp, 300));
	cr_expect(eq(u32, s.ours, 320));
}
