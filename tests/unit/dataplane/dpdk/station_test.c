// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/dad.h"
#include "dataplane/dpdk/station.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdio.h>

static const uint64_t ms = 1000000;

Test(station, every_address_is_found_on_its_own_wire_only)
{
	static struct station s;

	for (unsigned i = 0; i < BRIDGE_ADDRESSES_MAX; i++) {
		char text[48];

		snprintf(text, sizeof(text), i % 2 == 0 ? "10.%u.0.%u" : "2001:db8:%x::%x", i / 4,
			i + 1);
		have(&s, text, i % 2 == 0 ? 24 : 64, (uint16_t)(i % 4), (uint16_t)i);
	}
	struct ip_address more = ip("192.0.2.1");
	cr_expect_null(station_add(&s, &more, 24, 0, 0));
	for (unsigned i = 0; i < BRIDGE_ADDRESSES_MAX; i++) {
		const struct station_address *a = &s.address[i];

		cr_expect_eq(station_find(&s, a->lan, &a->ip), a);
		for (uint32_t lan = 0; lan < 250; lan++)
			cr_expect(lan == a->lan || station_find(&s, lan, &a->ip) == NULL);
	}
	cr_expect_null(station_find(&s, 0, &more));
}

Test(station, addresses_in_a_row_are_each_found_at_once)
{
	static const char *const rows[] = { "10.0.0.", "203.0.113.", "2001:db8::" };

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		static bool taken[STATION_SLOTS];
		unsigned shared = 0;

		memset(taken, 0, sizeof(taken));
		for (unsigned i = 1; i <= 31; i++) {
			char text[48];

			snprintf(text, sizeof(text), "%s%u", rows[r], i);
			struct ip_address a = ip(text);
			uint32_t slot = station_slot(a.b, 0);
			shared += taken[slot];
			taken[slot] = true;
		}
		cr_expect_leq(shared, 4, "%u of 31 like %s", shared, rows[r]);
	}
}

Test(station, has_room_for_so_many_vlans)
{
	static struct station s;

	for (unsigned i = 0; i < STATION_LANS_MAX; i++) {
		char text[48];

		snprintf(text, sizeof(text), "10.0.%u.1", i);
		have(&s, text, 24, (uint16_t)(i + 1), (uint16_t)i);
	}
	struct ip_address more = ip("192.0.2.1");
	cr_expect_null(station_add(&s, &more, 24, 4000, 0));
	cr_expect_not_null(station_add(&s, &more, 24, 1, 0));
	cr_expect(station_lan(&s, 3) == 2 && station_lan(&s, 4000) == -1);
}

Test(station, beside_is_a_matter_of_prefix_and_wire)
{
	struct station s = frames_station();
	static const struct {
		uint32_t lan;
		const char *ip;
		bool beside;
	} rows[] = {
		{ 0, "10.99.0.255", true },
		{ 0, "10.99.1.1", false },
		{ 1, "10.99.0.1", false },
		{ 1, "10.77.0.1", true },
		{ 0, "2001:db8::ffff:ffff:ffff:ffff", true },
		{ 0, "2001:db8:0:1::1", false },
		{ 2, "2001:db8:77::1", true },
		{ 0, "fe80::1", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip_address a = ip(rows[i].ip);

		cr_expect_eq(station_beside(&s, rows[i].lan, &a) != NULL, rows[i].beside, "%s",
			rows[i].ip);
	}
}

Test(station, asks_from_an_address_of_the_same_family_that_is_valid)
{
	struct station s = frames_station();
	struct ip_address gateway = ip("fe80::1");
	struct ip_address beside = ip("10.99.0.77");

	cr_expect_eq(station_asker(&s, 0, &gateway), &s.address[2]);
	cr_expect_eq(station_asker(&s, 0, &beside), &s.address[0]);
	cr_expect_null(station_asker(&s, 1, &gateway), "no IPv6 there");
	s.address[2].state = ADDRESS_DUPLICATE;
	cr_expect_null(station_asker(&s, 0, &gateway));
}

Test(dad, an_address_is_ours_when_nobody_objected_for_a_second)
{
	struct station s = { .port = 0 };
	struct ip_address us = ip("2001:db8::2");
	struct station_address *a = station_add(&s, &us, 64, 0, 0);

	cr_assert_eq(a->state, ADDRESS_TENTATIVE);
	cr_expect_eq(s.tentative, 1);
	cr_expect_eq(dad_turn(&s, a, 5 * ms), DAD_ASK);
	cr_expect_eq(dad_turn(&s, a, 5 * ms), DAD_NOTHING, "once");
	cr_expect_eq(dad_turn(&s, a, 1005 * ms - 1), DAD_NOTHING);
	cr_expect_eq(dad_turn(&s, a, 1005 * ms), DAD_OURS);
	cr_expect_eq(a->state, ADDRESS_VALID);
	cr_expect_eq(s.tentative, 0);
	cr_expect_eq(dad_turn(&s, a, 2000 * ms), DAD_NOTHING);
	cr_expect_not(dad_object(&s, a), "what is ours stays ours");
	cr_expect_eq(a->state, ADDRESS_VALID);
}

Test(dad, an_objection_ends_it)
{
	struct station s = { .port = 0 };
	struct ip_address us = ip("2001:db8::2");
	struct station_address *a = station_add(&s, &us, 64, 0, 0);

	cr_expect_eq(dad_turn(&s, a, 0), DAD_ASK);
	cr_expect(dad_object(&s, a));
	cr_expect_eq(a->state, ADDRESS_DUPLICATE);
	cr_expect_eq(s.tentative, 0);
	cr_expect_eq(dad_turn(&s, a, 9000 * ms), DAD_NOTHING);
}

Test(dad, ipv4_is_valid_at_once)
{
	struct station s = { .port = 0 };
	struct ip_address us = ip("10.99.0.2");

	cr_expect_eq(station_add(&s, &us, 24, 0, 0)->state, ADDRESS_VALID);
	cr_expect_eq(s.tentative, 0);
}
