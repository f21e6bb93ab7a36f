// SPDX-License-Identifier: BSD-3-Clause
//
// Level 0 has a slot for each of the next 256 ms; a slot of level n holds 256 times what a slot
// of level n - 1 holds, and is dealt out to the level below when its turn comes.
#include "control/clock.h"

#include <assert.h>
#include <string.h>

enum { SLOT_BITS = 8, SLOT_MASK = CLOCK_SLOTS - 1 };

void clock_init(struct clock *c, uint64_t now_ms)
{
	memset(c, 0, sizeof(*c));
	c->now_ms = now_ms;
}

void timer_init(struct timer *t, timer_fn fire)
{
	*t = (struct timer){ .fire = fire };
}

bool timer_armed(const struct timer *t)
{
	return t->prev != NULL;
}

static void link_timer(struct timer **slot, struct timer *t)
{
	t->next = *slot;
	t->prev = slot;
	if (t->next != NULL)
		t->next->prev = &t->next;
	*slot = t;
}

static void unlink_timer(struct timer *t)
{
	*t->prev = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	t->prev = NULL;
	t->next = NULL;
}

// Puts a timer where it will be seen in time: the lowest level whose span reaches its hour.
// What is further away than all levels reach waits in the last slot of the top and is looked at
// again when that comes round.
static void place(struct clock *c, struct timer *t)
{
	uint64_t at = t->at_ms;
	int level = 0;

	while (level < CLOCK_LEVELS - 1 &&
		(at >> (SLOT_BITS * (level + 1))) != (c->now_ms >> (SLOT_BITS * (level + 1))))
		level++;
	if (level == CLOCK_LEVELS - 1) {
		uint64_t most = c->now_ms + ((uint64_t)SLOT_MASK << (SLOT_BITS * level));

		if (at > most)
			at = most;
	}
	link_timer(&c->slot[level][(at >> (SLOT_BITS * level)) & SLOT_MASK], t);
}

void clock_arm(struct clock *c, struct timer *t, uint64_t at_ms)
{
	assert(t->fire != NULL);
	clock_disarm(c, t);
	t->at_ms = at_ms > c->now_ms ? at_ms : c->now_ms + 1;
	place(c, t);
	c->armed++;
}

void clock_disarm(struct clock *c, struct timer *t)
{
	if (t->prev == NULL)
		return;
	unlink_timer(t);
	c->armed--;
}

// The hour has struck on this level: what was far is near.
static void deal_out(struct clock *c, int level)
{
	struct timer **slot = &c->slot[level][(c->now_ms >> (SLOT_BITS * level)) & SLOT_MASK];
	struct timer *t = *slot;

	*slot = NULL;
	while (t != NULL) {
		struct timer *next = t->next;

		place(c, t);
		t = next;
	}
}

static void strike(struct clock *c)
{
	struct timer **slot = &c->slot[0][c->now_ms & SLOT_MASK];

	while (*slot != NULL) {
		struct timer *t = *slot;

		unlink_timer(t);
		c->armed--;
		t->fire(t, c->now_ms);
	}
}

void clock_advance(struct clock *c, uint64_t now_ms)
{
	if (c->armed == 0 && now_ms > c->now_ms)
		c->now_ms = now_ms; // nothing to strike on the way
	while (c->now_ms < now_ms) {
		c->now_ms++;
		for (int level = CLOCK_LEVELS - 1; level > 0; level--)
			if ((c->now_ms & ((1ULL << (SLOT_BITS * level)) - 1)) == 0)
				deal_out(c, level);
		strike(c);
	}
}

uint64_t clock_wait(const struct clock *c, uint64_t most)
{
	uint64_t wait = 1;

	if (c->armed == 0)
		return most;
	// Up to the end of this round of level 0; then the next levels must be dealt out.
	while (wait < most && ((c->now_ms + wait) & SLOT_MASK) != 0 &&
		c->slot[0][(c->now_ms + wait) & SLOT_MASK] == NULL)
		wait++;
	return wait;
}
