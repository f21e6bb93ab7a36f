// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pacer.h"
#include "dataplane/random.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdalign.h>
#include <string.h>

enum { PLACES = 500, BURST = 32 };

static alignas(64) uint8_t memory[1 << 16];
static struct pacer pacer;

static void begin(void)
{
	cr_assert(le(sz, pacer_size(PLACES), sizeof(memory)));
	pacer_init(&pacer, memory, PLACES, 1000);
}

TestSuite(pacer, .init = begin);

static uint64_t due;

static uint32_t take(uint64_t now)
{
	uint32_t place;

	return pacer_take(&pacer, now, &place, 1, &due) == 1 ? place : PACER_NONE;
}

Test(pacer, tells_each_place_once_when_its_tick_has_come)
{
	pacer_add(&pacer, 7, 1005);
	cr_expect(eq(u32, take(1004), PACER_NONE));
	cr_expect(eq(u32, take(1005), 7));
	cr_expect(eq(u64, due, 1005));
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
		pacer_add(&pacer, place[i], at[i]);
	for (unsigned i = 0; i < 5; i++)
		cr_expect(eq(u32, take(1050), want[i]));
}

Test(pacer, a_burst_is_of_one_tick_and_what_comes_after_it_is_known_ahead)
{
	uint32_t places[BURST], ahead[BURST];

	for (uint32_t i = 0; i < 50; i++)
		pacer_add(&pacer, i, 1010);
	pacer_add(&pacer, 99, 1011);
	cr_assert(eq(u32, pacer_take(&pacer, 1011, places, BURST, &due), BURST));
	for (uint32_t i = 0; i < BURST; i++)
		cr_expect(eq(u32, places[i], i));
	cr_assert(eq(u32, pacer_ahead(&pacer, ahead, BURST), 50 - BURST));
	cr_assert(eq(u32, pacer_take(&pacer, 1011, places, BURST, &due), 50 - BURST));
	cr_expect(eq(u64, due, 1010));
	for (uint32_t i = 0; i < 50 - BURST; i++)
		cr_expect(places[i] == BURST + i && ahead[i] == BURST + i);
	cr_expect(eq(u32, pacer_take(&pacer, 1011, places, BURST, &due), 1));
	cr_expect(eq(u64, due, 1011));
}

Test(pacer, what_is_overdue_comes_at_once)
{
	pacer_add(&pacer, 1, 990);
	cr_expect(eq(u32, take(1000), 1));
	pacer_add(&pacer, 1, 1000);
	cr_expect(eq(u32, take(1000), 1), "set for the tick that is being told");
}

Test(pacer, a_tick_many_rounds_away_is_not_told_early)
{
	pacer_add(&pacer, 1, 1000 + 5 * PACER_BUCKETS + 3);
	pacer_add(&pacer, 2, 1003);
	cr_expect(eq(u32, take(1003), 2));
	for (uint64_t now = 1003; now < 1000 + 5 * PACER_BUCKETS + 3; now++)
		cr_assert(eq(u32, take(now), PACER_NONE), "at %lu", now);
	cr_expect(eq(u32, take(1000 + 5 * PACER_BUCKETS + 3), 1));
}

Test(pacer, after_any_stall_everything_due_is_told_and_nothing_else)
{
	static const uint64_t stalls[] = { 1, 127, 128, 129, 1000, 40000, 70000, 131072, 131073,
		1000000000000 };

	for (unsigned s = 0; s < sizeof(stalls) / sizeof(stalls[0]); s++) {
		uint64_t now = 1000 + stalls[s];
		uint32_t told = 0, last = 0;

		begin();
		for (uint32_t i = 0; i < PLACES; i++)
			pacer_add(&pacer, i, 1000 + i);
		while (take(now) != PACER_NONE) {
			cr_expect(le(u64, due, now));
			told++;
		}
		last = stalls[s] < PLACES ? (uint32_t)stalls[s] + 1 : PLACES;
		cr_expect(eq(u32, told, last), "stall of %lu", stalls[s]);
		cr_expect(eq(u32, pacer.waiting, PLACES - last));
	}
}

Test(pacer, who_comes_during_a_stall_waits_for_its_time)
{
	static const uint64_t stalls[] = { 50, 200, 40000, 70000, 1000000 };

	for (unsigned s = 0; s < sizeof(stalls) / sizeof(stalls[0]); s++) {
		uint64_t now = 1000 + stalls[s];

		begin();
		pacer_add(&pacer, 1, 1010);
		pacer_add(&pacer, 2, now + 100);
		cr_expect(eq(u32, take(now), 1), "stall of %lu", stalls[s]);
		cr_expect(eq(u32, take(now + 99), PACER_NONE), "stall of %lu", stalls[s]);
		cr_expect(eq(u32, take(now + 100), 2), "stall of %lu", stalls[s]);
		cr_expect(eq(u64, due, now + 100));
	}
}

Test(pacer, within_a_round_even_a_stall_keeps_the_order)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < 100; i++)
		pacer_add(&pacer, i, 1000 + i * 7 % 100);
	while (take(1099) != PACER_NONE) {
		cr_expect(ge(u64, due, before));
		before = due;
	}
	cr_expect(eq(u64, before, 1099));
}

// A model: for each place when it is due, or 0.
static uint64_t model[PLACES];

static void expect_as_the_model_says(uint64_t now, bool stalled)
{
	uint32_t places[BURST], n;

	while ((n = pacer_take(&pacer, now, places, BURST, &due)) > 0) {
		for (uint32_t i = 0; i < n; i++) {
			cr_assert(ne(u64, model[places[i]], 0), "told twice");
			cr_assert(le(u64, model[places[i]], now), "told early");
			cr_assert(stalled || model[places[i]] == due);
			model[places[i]] = 0;
		}
	}
	for (uint32_t i = 0; i < PLACES; i++)
		cr_assert(model[i] == 0 || model[i] > now, "place %u was forgotten", i);
}

Test(pacer, is_as_good_as_a_list_of_times)
{
	struct random random = { .key = { 3, 5 } };
	uint64_t now = 1000;

	memset(model, 0, sizeof(model));
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t place = (uint32_t)(random_draw(&random) % PLACES);
		uint64_t what = random_draw(&random) % 1000;
		uint64_t wait = what < 2 ? 100000 : what < 20 ? what * 20 : what < 300;

		now += wait;
		if (model[place] == 0) {
			model[place] = now + 1 + random_draw(&random) % 400;
			pacer_add(&pacer, place, model[place]);
		}
		expect_as_the_model_says(now, wait > PACER_BUCKETS);
	}
}

Test(pacer, a_place_costs_less_than_five_bytes)
{
	cr_expect(le(sz, pacer_size(250000), 250000 * 4 + 250000 / 2));
}

Test(pacer, begins_at_any_time)
{
	static const uint64_t begins[] = { 0, 1, 127, 128, UINT64_C(1) << 50 };

	for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		uint64_t at = begins[i];

		pacer_init(&pacer, memory, PLACES, at);
		pacer_add(&pacer, 3, at);
		pacer_add(&pacer, 4, at + 1);
		cr_expect(eq(u32, take(at), 3), "at %lu", at);
		cr_expect(eq(u32, take(at), PACER_NONE), "at %lu", at);
		cr_expect(eq(u32, take(at + 1), 4), "at %lu", at);
		cr_expect(eq(u64, due, at + 1));
	}
}
