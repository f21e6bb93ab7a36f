// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pacer.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

enum { PLACES = 500 };

static struct pacer_place places[PLACES];
static struct pacer pacer;

static void begin(void)
{
	memset(places, 0, sizeof(places));
	pacer_init(&pacer, places, 1000);
}

TestSuite(pacer, .init = begin);

static uint64_t due;

static uint32_t take(uint64_t now)
{
	return pacer_take(&pacer, now, &due);
}

Test(pacer, tells_each_place_once_when_its_tick_has_come)
{
	pacer_set(&pacer, 7, 1005);
	cr_expect(pacer_waits(&pacer, 7));
	cr_expect(eq(u32, take(1004), PACER_NONE));
	cr_expect(eq(u32, take(1005), 7));
	cr_expect(eq(u64, due, 1005));
	cr_expect(not(pacer_waits(&pacer, 7)));
	cr_expect(eq(u32, take(1005), PACER_NONE));
	cr_expect(eq(u32, take(9999), PACER_NONE));
	cr_expect(eq(u32, pacer.waiting, 0));
}

Test(pacer, tells_in_the_order_of_ticks_and_first_come_first_served_in_one)
{
	static const uint32_t place[] = { 9, 3, 5, 1, 8 };
	static const uint64_t at[] = { 1020, 1001, 1020, 1010, 1001 };
	static const uint32_t want[] = { 3, 8, 1, 9, 5 };

	for (unsigned i = 0; i < 5; i++)
		pacer_set(&pacer, place[i], at[i]);
	for (unsigned i = 0; i < 5; i++)
		cr_expect(eq(u32, take(1050), want[i]));
}

Test(pacer, moves_and_removes_places_wherever_they_stand)
{
	for (uint32_t i = 0; i < 5; i++)
		pacer_set(&pacer, i, 1010);
	pacer_remove(&pacer, 0); // the first
	pacer_remove(&pacer, 2); // one between
	pacer_remove(&pacer, 4); // the last
	pacer_remove(&pacer, 4); // twice
	pacer_set(&pacer, 1, 1011);
	cr_expect(eq(u32, pacer.waiting, 2));
	cr_expect(eq(u32, take(1010), 3));
	cr_expect(eq(u32, take(1010), PACER_NONE));
	cr_expect(eq(u32, take(1011), 1));
	cr_expect(eq(u32, pacer.waiting, 0));
}

Test(pacer, what_is_overdue_comes_at_once_and_says_since_when)
{
	pacer_set(&pacer, 1, 990);
	cr_expect(eq(u32, take(1000), 1));
	cr_expect(eq(u64, due, 990));
	pacer_set(&pacer, 1, 1000);
	cr_expect(eq(u32, take(1000), 1), "set for the tick that is being told");
}

Test(pacer, a_tick_many_rounds_away_is_not_told_early)
{
	pacer_set(&pacer, 1, 1000 + 5 * PACER_BUCKETS + 3);
	pacer_set(&pacer, 2, 1003);
	cr_expect(eq(u32, take(1003), 2));
	for (uint64_t now = 1003; now < 1000 + 5 * PACER_BUCKETS + 3; now++)
		cr_assert(eq(u32, take(now), PACER_NONE), "at %lu", now);
	cr_expect(eq(u32, take(1000 + 5 * PACER_BUCKETS + 3), 1));
}

Test(pacer, after_any_stall_everything_due_is_told_and_nothing_else)
{
	static const uint64_t stalls[] = { 1, 127, 128, 129, 1000, 1000000000000 };

	for (unsigned s = 0; s < sizeof(stalls) / sizeof(stalls[0]); s++) {
		uint64_t now = 1000 + stalls[s];
		uint32_t told = 0, last = 0;

		begin();
		for (uint32_t i = 0; i < PLACES; i++)
			pacer_set(&pacer, i, 1000 + i);
		while (take(now) != PACER_NONE) {
			cr_expect(le(u64, due, now));
			told++;
		}
		last = stalls[s] < PLACES ? (uint32_t)stalls[s] + 1 : PLACES;
		cr_expect(eq(u32, told, last), "stall of %lu", stalls[s]);
		cr_expect(eq(u32, pacer.waiting, PLACES - last));
	}
}

Test(pacer, within_a_round_even_a_stall_keeps_the_order)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < 100; i++)
		pacer_set(&pacer, i, 1000 + i * 7 % 100);
	while (take(1099) != PACER_NONE) {
		cr_expect(ge(u64, due, before));
		before = due;
	}
	cr_expect(eq(u64, before, 1099));
}
