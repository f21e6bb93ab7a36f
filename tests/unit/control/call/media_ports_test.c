// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_ports.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { PLACES = 200 };

static struct bridge_entry directory[PLACES];
static struct media_ports ports;
static uint64_t seed = 12345;

static void init(uint64_t now_ms)
{
	cr_assert(media_ports_init(&ports, directory, PLACES, &seed, now_ms));
}

static void clear(void)
{
	media_ports_clear(&ports);
}

TestSuite(media_ports, .fini = clear);

Test(media_ports, every_place_is_taken_once_and_in_no_order)
{
	bool seen[PLACES] = { false };
	uint32_t in_order = 0;
	struct flow_id id, before = { 0 };

	init(0);
	for (int i = 0; i < PLACES; i++) {
		cr_assert(media_ports_open(&ports, &ports, 0, &id));
		cr_assert(id.index < PLACES && !seen[id.index]);
		seen[id.index] = true;
		in_order += id.index == before.index + 1;
		before = id;
	}
	cr_expect(!media_ports_open(&ports, &ports, 0, &id));
	cr_expect(in_order < PLACES / 4, "%u neighbours", in_order);
	cr_expect(ports.open == PLACES && ports.free == 0);
}

Test(media_ports, a_closed_place_comes_back_last_and_rested)
{
	struct flow_id first, id;

	init(1000);
	cr_assert(media_ports_open(&ports, &ports, 1000, &first));
	media_ports_closing(media_ports_find(&ports, first));
	media_ports_rest(&ports, first.index, 1000);
	for (int i = 0; i < PLACES - 1; i++) {
		cr_assert(media_ports_open(&ports, &ports, 1000, &id));
		cr_assert_neq(id.index, first.index);
	}
	cr_expect_eq(media_ports_resting(&ports, 1000), 1);
	cr_expect(!media_ports_open(&ports, &ports, 1000 + DP_REST_MS, &id), "not a day too early");
	cr_expect_eq(media_ports_resting(&ports, 1000 + MEDIA_REST_MS - 1), 1);
	cr_expect(!media_ports_open(&ports, &ports, 1000 + MEDIA_REST_MS - 1, &id));
	cr_expect_eq(media_ports_resting(&ports, 1000 + MEDIA_REST_MS), 0);
	cr_assert(media_ports_open(&ports, &ports, 1000 + MEDIA_REST_MS, &id));
	cr_expect(id.index == first.index && id.gen == first.gen + 1);
}

Test(media_ports, generations_go_on_where_the_directory_is)
{
	struct flow_id id;

	for (uint32_t i = 0; i < PLACES; i++)
		directory[i].gen = i % 2 == 0 ? UINT32_MAX : 7;
	init(0);
	cr_expect(!media_ports_open(&ports, &ports, 0, &id), "all were used: all rest");
	cr_expect_eq(media_ports_resting(&ports, 0), PLACES);
	for (uint32_t i = 0; i < PLACES; i++) {
		cr_assert(media_ports_open(&ports, &ports, MEDIA_REST_MS, &id));
		cr_assert_eq(id.gen, id.index % 2 == 0 ? 1 : 8, "never 0");
	}
}

Test(media_ports, unused_places_begin_anywhere)
{
	struct flow_id a, b;

	init(0);
	cr_assert(media_ports_open(&ports, &ports, 0, &a));
	cr_assert(media_ports_open(&ports, &ports, 0, &b));
	cr_expect(a.gen > 1 && b.gen > 1 && a.gen != b.gen);
}

Test(media_ports, what_was_never_used_comes_before_what_rests)
{
	struct flow_id id;

	for (uint32_t i = 0; i < PLACES; i += 2)
		directory[i].gen = 3;
	init(0);
	for (uint32_t i = 0; i < PLACES / 2; i++) {
		cr_assert(media_ports_open(&ports, &ports, 0, &id));
		cr_assert_eq(id.index % 2, 1);
	}
	cr_expect(!media_ports_open(&ports, &ports, 0, &id));
}

Test(media_ports, what_is_open_in_the_directory_is_on_its_way_out)
{
	struct flow_id id = { .index = 5, .gen = 9 };

	directory[5].gen = 9;
	directory[5].open = 1;
	init(0);
	cr_expect(ports.place[5].state == PLACE_CLOSING && ports.place[5].gen == 9);
	cr_expect(ports.open == 1 && ports.free == PLACES - 1);
	cr_expect(media_ports_find(&ports, id) == NULL, "it is nobody's");
	media_ports_rest(&ports, 5, 0);
	cr_expect(ports.open == 0 && media_ports_resting(&ports, 0) == 1);
}

Test(media_ports, only_the_living_generation_is_found)
{
	struct flow_id id, wrong;

	init(0);
	cr_assert(media_ports_open(&ports, &seed, 0, &id));
	cr_expect(media_ports_find(&ports, id)->owner == &seed);
	wrong = (struct flow_id){ id.index, id.gen - 1 };
	cr_expect(media_ports_find(&ports, wrong) == NULL);
	wrong = (struct flow_id){ PLACES, id.gen };
	cr_expect(media_ports_find(&ports, wrong) == NULL);
	wrong = (struct flow_id){ UINT32_MAX, id.gen };
	cr_expect(media_ports_find(&ports, wrong) == NULL);
	media_ports_closing(media_ports_find(&ports, id));
	cr_expect(media_ports_find(&ports, id) == NULL);
}

// Opens and closes at random for ten minutes; a model remembers when each place was closed.
Test(media_ports, no_place_is_ever_used_before_it_has_rested)
{
	uint64_t closed_at[PLACES] = { 0 }, now = 0;
	struct flow_id open[PLACES];
	uint32_t n = 0, reused = 0;

	init(0);
	for (int i = 0; i < 60000; i++) {
		now += (uint64_t)(random() % 20);
		if (random() % 2 == 0 && media_ports_open(&ports, &ports, now, &open[n])) {
			uint64_t at = closed_at[open[n].index];

			cr_assert(at == 0 || now - at >= MEDIA_REST_MS);
			reused += at != 0;
			n++;
		} else if (n > 0) {
			uint32_t k = (uint32_t)random() % n;

			media_ports_closing(media_ports_find(&ports, open[k]));
			media_ports_rest(&ports, open[k].index, now);
			closed_at[open[k].index] = now;
			open[k] = open[--n];
		}
		cr_assert(ports.open == n && ports.free == PLACES - n);
	}
	cr_expect(reused > 1000);
}

Test(media_ports, what_is_left_out_is_never_taken)
{
	struct flow_id id;

	init(0);
	media_ports_leave_out(&ports, 50, 30);
	for (int i = 0; i < PLACES - 30; i++) {
		cr_assert(media_ports_open(&ports, &ports, 0, &id));
		cr_assert(id.index < 50 || id.index >= 80, "%u", id.index);
	}
	cr_expect(!media_ports_open(&ports, &ports, 0, &id));
	media_ports_closing(media_ports_find(&ports, id));
	media_ports_rest(&ports, id.index, 0);
	cr_expect(media_ports_open(&ports, &ports, MEDIA_REST_MS, &id));
	cr_expect(!media_ports_open(&ports, &ports, MEDIA_REST_MS, &id));
}
