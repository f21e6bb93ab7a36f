// SPDX-License-Identifier: BSD-3-Clause
//
// The wheel against a list that is searched from end to end.
#include "control/clock.h"

#include <criterion/criterion.h>

#include <string.h>

enum { TIMERS = 300, ROUNDS = 40000 };

struct entry {
	struct timer timer;
	bool armed; // the model's view
	uint64_t due_ms;
};

static struct clock wheel;
static struct entry entries[TIMERS];
static uint64_t told_ms, last_due_ms;
static unsigned fired;

static uint64_t rng = 0x9e3779b97f4a7c15;

static uint64_t any(uint64_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng % below;
}

// Near and far, with the borders of every level.
static uint64_t any_span(void)
{
	return any(4) == 0 ? ((uint64_t)1 << any(44)) - any(2) : any((uint64_t)1 << (1 + any(34)));
}

static void arm(struct entry *e, uint64_t at_ms)
{
	clock_arm(&wheel, &e->timer, at_ms);
	e->armed = true;
	// What is in the past counts as due now.
	e->due_ms = at_ms > wheel.turned_ms ? at_ms : wheel.turned_ms;
}

static void fire(struct timer *t, uint64_t now_ms)
{
	struct entry *e = TIMER_OWNER(t, struct entry, timer);

	cr_assert(e->armed, "fired though not armed");
	cr_assert(!timer_armed(t));
	cr_assert_eq(now_ms, told_ms);
	cr_assert(e->due_ms <= now_ms, "%lu fired at %lu", e->due_ms, now_ms);
	cr_assert(e->due_ms >= last_due_ms, "fired out of order");
	last_due_ms = e->due_ms;
	e->armed = false;
	fired++;
	if (any(3) == 0)
		arm(&entries[any(TIMERS)], wheel.turned_ms + 1 + any(300));
	if (any(5) == 0) {
		struct entry *other = &entries[any(TIMERS)];

		clock_disarm(&wheel, &other->timer);
		other->armed = false;
	}
}

static uint64_t check_model(void)
{
	uint64_t armed = 0, next = UINT64_MAX;

	for (int i = 0; i < TIMERS; i++) {
		cr_assert_eq(timer_armed(&entries[i].timer), entries[i].armed);
		if (!entries[i].armed)
			continue;
		armed++;
		if (entries[i].due_ms < next)
			next = entries[i].due_ms;
	}
	cr_assert_eq(wheel.armed, armed);
	return next;
}

static void advance(uint64_t to_ms)
{
	told_ms = to_ms;
	last_due_ms = 0;
	clock_advance(&wheel, to_ms);
	for (int i = 0; i < TIMERS; i++)
		cr_assert(!entries[i].armed || entries[i].due_ms > to_ms,
			"due at %lu, still armed at %lu", entries[i].due_ms, to_ms);
}

static void start(uint64_t now_ms)
{
	clock_init(&wheel, now_ms);
	for (int i = 0; i < TIMERS; i++)
		timer_init(&entries[i].timer, fire);
}

static void step(void)
{
	struct entry *e = &entries[any(TIMERS)];
	uint64_t next, wait;

	switch (any(4)) {
	case 0:
	case 1:
		arm(e, any(20) == 0 ? any(wheel.now_ms + 1) : wheel.now_ms + any_span());
		break;
	case 2:
		clock_disarm(&wheel, &e->timer);
		e->armed = false;
		break;
	default:
		advance(wheel.now_ms + (any(3) == 0 ? any_span() >> 8 : any(400)));
	}
	next = check_model();
	wait = clock_wait(&wheel, 1000);
	cr_assert(wait <= 1000);
	if (next != UINT64_MAX)
		cr_assert(wheel.now_ms + wait <= (next > wheel.now_ms ? next : wheel.now_ms),
			"waits beyond the next timer");
	else
		cr_assert_eq(wait, 1000);
}

Test(clock, fires_what_a_naive_list_would_fire)
{
	start(0);
	for (int i = 0; i < ROUNDS; i++)
		step();
	cr_expect(fired > ROUNDS / 10, "only %u fired", fired);
}

Test(clock, does_not_mind_where_time_starts)
{
	start(((uint64_t)1 << 40) - 500); // the top level comes round soon
	for (int i = 0; i < ROUNDS / 4; i++)
		step();
}

static uint64_t at[8];
static int ats;

static void note(struct timer *, uint64_t)
{
	at[ats++] = wheel.turned_ms;
}

// Drives the wheel as the loop does: only when it asks for it.
static void drive(uint64_t until_ms)
{
	while (wheel.now_ms < until_ms) {
		uint64_t wait = clock_wait(&wheel, until_ms - wheel.now_ms);

		cr_assert(wait > 0, "asks for no time at all: a busy loop");
		clock_advance(&wheel, wheel.now_ms + wait);
	}
}

Test(clock, is_exact_when_it_is_driven_as_it_asks)
{
	static const uint64_t times[] = { 1, 255, 256, 257, 65535, 65536, 16777216, 604800000 };
	struct timer t[8];

	clock_init(&wheel, 0);
	for (int i = 7; i >= 0; i--) {
		timer_init(&t[i], note);
		clock_arm(&wheel, &t[i], times[i]);
	}
	drive(700000000);
	cr_assert_eq(ats, 8);
	for (int i = 0; i < 8; i++)
		cr_expect_eq(at[i], times[i]);
}

Test(clock, fires_what_is_in_the_past_at_the_next_turn)
{
	struct timer t;

	clock_init(&wheel, 1000);
	timer_init(&t, note);
	clock_arm(&wheel, &t, 10);
	cr_expect_eq(clock_wait(&wheel, 50), 0);
	clock_advance(&wheel, 1000);
	cr_expect_eq(ats, 1);
	cr_expect_eq(clock_wait(&wheel, 50), 50);
}

Test(clock, rearming_moves_a_timer)
{
	struct timer t;

	clock_init(&wheel, 0);
	timer_init(&t, note);
	clock_arm(&wheel, &t, 10);
	clock_arm(&wheel, &t, 5000);
	cr_expect_eq(wheel.armed, 1);
	clock_advance(&wheel, 4999);
	cr_expect_eq(ats, 0);
	clock_advance(&wheel, 5000);
	cr_expect_eq(ats, 1);
	clock_disarm(&wheel, &t);
	cr_expect_eq(wheel.armed, 0);
}
