// SPDX-License-Identifier: BSD-3-Clause
//
// The timer wheel of the core. Time is a parameter, in milliseconds of a clock that never goes
// back; nothing here reads one. Arming, disarming and firing are O(1); a timer is a member of
// whatever it times, so nothing is allocated.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer;
typedef void (*timer_fn)(struct timer *timer, uint64_t now_ms);

struct timer {
	struct timer *next, **prev; // the wheel's; prev is NULL while disarmed
	uint64_t at_ms;
	timer_fn fire; // called once; the timer is disarmed before it
};

// What a timer is a member of.
#define TIMER_OWNER(timer, type, member) ((type *)(void *)((char *)(timer)-offsetof(type, member)))

enum { CLOCK_LEVELS = 5, CLOCK_SLOTS = 256 };

struct clock {
	uint64_t now_ms;    // as the last clock_advance() said
	uint64_t turned_ms; // how far the wheel is; below now_ms while timers fire
	uint64_t armed;     // timers in the wheel
	struct timer *slot[CLOCK_LEVELS][CLOCK_SLOTS];
};

void clock_init(struct clock *c, uint64_t now_ms);
void timer_init(struct timer *t, timer_fn fire);
bool timer_armed(const struct timer *t);

// Arms or re-arms. Fires at the first clock_advance() at or after at_ms; what is in the past
// fires at the next one.
void clock_arm(struct clock *c, struct timer *t, uint64_t at_ms);
// Harmless on a timer that is not armed.
void clock_disarm(struct clock *c, struct timer *t);
// Fires, in order of time, everything due up to now_ms, which each of them is told. What is armed
// by a firing timer for a time up to now_ms fires too.
void clock_advance(struct clock *c, uint64_t now_ms);
// Milliseconds until the wheel must be advanced again: never later than its next timer, sometimes
// earlier, because far timers have to be sorted in; at most `most`.
uint64_t clock_wait(const struct clock *c, uint64_t most);
