// SPDX-License-Identifier: BSD-3-Clause
//
// A hierarchical timer wheel. Not a reader of any clock: whoever advances it says what time it is.
//
// A time is read as digits of 8 bits. A timer lies on the level of the highest digit in which its
// time differs from the wheel's own, in the slot of its value there:
//
//    wheel  00 00 01 a0        level 0  00 00 01 b7   fires when the last digit comes round
//                              level 1  00 00 42 ..   sorted into level 0 when 00 00 42 00 begins
//                              level 2  00 03 .. ..   sorted into levels 1 and 0 at 00 03 00 00
//
// So everything on a level comes before anything on the next one, and the wheel can jump from one
// occupied slot to the next over any span of time. The top level is a ring: what is further away
// than its 34 years goes round again.
#include "control/clock.h"

#include <assert.h>
#include <string.h>

enum { DIGIT_BITS = 8, TOP = CLOCK_LEVELS - 1 };

static_assert(CLOCK_SLOTS == 1 << DIGIT_BITS, "a slot for each value of a digit");

static unsigned digit(uint64_t at_ms, unsigned level)
{
	return (unsigned)(at_ms >> (DIGIT_BITS * level)) % CLOCK_SLOTS;
}

static void put(struct clock *c, struct timer *t)
{
	uint64_t at = t->at_ms > c->turned_ms ? t->at_ms : c->turned_ms;
	unsigned level = 0;

	while (level < TOP && (at ^ c->turned_ms) >> (DIGIT_BITS * (level + 1)) != 0)
		level++;

	struct timer **slot = &c->slot[level][digit(at, level)];

	t->next = *slot;
	t->prev = slot;
	if (t->next != NULL)
		t->next->prev = &t->next;
	*slot = t;
}

static void take(struct timer *t)
{
	*t->prev = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	t->next = NULL;
	t->prev = NULL;
}

// The next slot in which something lies.
struct stop {
	unsigned level;
	uint64_t at_ms;
};

static bool find_on(const struct clock *c, unsigned level, struct stop *out)
{
	unsigned shift = DIGIT_BITS * level;
	unsigned here = digit(c->turned_ms, level);
	// On level 0 the present slot is due; above it, it has been sorted in already.
	unsigned first = level == 0 ? 0 : 1;
	unsigned last = level == TOP ? CLOCK_SLOTS : CLOCK_SLOTS - 1 - here;

	for (unsigned ahead = first; ahead <= last; ahead++)
		if (c->slot[level][(here + ahead) % CLOCK_SLOTS] != NULL) {
			out->level = level;
			out->at_ms = ((c->turned_ms >> shift) + ahead) << shift;
			return true;
		}
	return false;
}

static bool find(const struct clock *c, struct stop *out)
{
	for (unsigned level = 0; c->armed > 0 && level < CLOCK_LEVELS; level++)
		if (find_on(c, level, out))
			return true;
	return false;
}

void clock_init(struct clock *c, uint64_t now_ms)
{
	memset(c, 0, sizeof(*c));
	c->now_ms = now_ms;
	c->turned_ms = now_ms;
}

void timer_init(struct timer *t, timer_fn fire)
{
	*t = (struct timer){ .fire = fire };
}

bool timer_armed(const struct timer *t)
{
	return t->prev != NULL;
}

void clock_arm(struct clock *c, struct timer *t, uint64_t at_ms)
{
	assert(t->fire != NULL);
	clock_disarm(c, t);
	t->at_ms = at_ms;
	put(c, t);
	c->armed++;
}

void clock_disarm(struct clock *c, struct timer *t)
{
	if (!timer_armed(t))
		return;
	take(t);
	c->armed--;
}

// Sorts a slot into the levels below. What is a whole turn of the top level away comes back into
// the same slot, so the list is taken off first.
static void sort_in(struct clock *c, struct timer **slot)
{
	struct timer *t = *slot, *next;

	for (*slot = NULL; t != NULL; t = next) {
		next = t->next;
		put(c, t);
	}
}

static void fire_all(struct clock *c, struct timer **slot)
{
	while (*slot != NULL) {
		struct timer *t = *slot;

		clock_disarm(c, t);
		t->fire(t, c->now_ms);
	}
}

void clock_advance(struct clock *c, uint64_t now_ms)
{
	struct stop stop;

	assert(now_ms >= c->now_ms);
	c->now_ms = now_ms;
	while (find(c, &stop) && stop.at_ms <= now_ms) {
		struct timer **slot = &c->slot[stop.level][digit(stop.at_ms, stop.level)];

		c->turned_ms = stop.at_ms;
		if (stop.level == 0)
			fire_all(c, slot);
		else
			sort_in(c, slot);
	}
	c->turned_ms = now_ms;
}

uint64_t clock_wait(const struct clock *c, uint64_t most)
{
	struct stop stop;

	if (!find(c, &stop))
		return most;
	if (stop.at_ms <= c->now_ms)
		return 0;
	return stop.at_ms - c->now_ms < most ? stop.at_ms - c->now_ms : most;
}
