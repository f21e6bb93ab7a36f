// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/neighbour.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static const uint64_t ms = 1000000;
static const uint8_t mac_a[MAC_LEN] = { 2, 0, 0, 0, 0, 0xa };
static const uint8_t mac_b[MAC_LEN] = { 2, 0, 0, 0, 0, 0xb };
enum { GATEWAY = 0x0a630001, BESIDE = 0x0a630021, FAR = 0x08080808 };

static struct neighbours table;
static struct station station;
static void *memory;

static void set_up(uint32_t hops)
{
	memory = aligned_alloc(64, (neighbours_size(hops) + 63) / 64 * 64);
	neighbours_init(&table, memory, hops);
	station = (struct station){ .gateway = GATEWAY,
		.addresses = 2,
		.address = { { .ip = 0x0a630002, .mask = 0xffffff00 },
			{ .ip = 0xc0a80001, .mask = 0xfffffffe } } };
}

static void set_up_some(void)
{
	set_up(16);
}

static void tear_down(void)
{
	free(memory);
}

TestSuite(neighbour, .init = set_up_some, .fini = tear_down);

static uint32_t asks(void)
{
	uint32_t n = 0;

	while (neighbours_next_ask(&table) >= 0)
		n++;
	return n;
}

static int towards(uint32_t ip, uint64_t now)
{
	return neighbours_towards(&table, &station, ip, now);
}

static const uint8_t *use(int hop, uint32_t ip, uint64_t now)
{
	return neighbours_use(&table, &station, (uint32_t)hop, ip, now);
}

Test(neighbour, a_host_beside_us_is_its_own_hop_and_all_others_share_the_gateway)
{
	int beside = towards(BESIDE, 0);
	int gateway = towards(FAR, 0);

	cr_assert(beside >= 0 && gateway >= 0 && beside != gateway);
	cr_expect_eq(towards(0x01010101, 0), gateway);
	cr_expect_eq(towards(GATEWAY, 0), gateway);
	cr_expect_eq(towards(BESIDE, 0), beside);
	cr_expect_eq(table.entry[gateway].ip, GATEWAY);
}

Test(neighbour, some_addresses_are_nobodys)
{
	static const struct {
		uint32_t ip;
		const char *what;
	} rows[] = {
		{ 0, "nothing" },
		{ 0x00000001, "0/8" },
		{ 0x7f000001, "loopback" },
		{ 0xe0000001, "a group" },
		{ 0xf0000001, "class E" },
		{ 0xffffffff, "everybody" },
		{ 0x0a630002, "ourselves" },
		{ 0x0a630000, "the network" },
		{ 0x0a6300ff, "everybody in the network" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(towards(rows[i].ip, 0), -1, "%s", rows[i].what);
	cr_expect_eq(table.used, 0);
	cr_expect_geq(towards(0xc0a80000, 0), 0, "a /31 has no network address (RFC 3021)");
}

Test(neighbour, without_a_gateway_there_is_no_way_out)
{
	station.gateway = 0;
	cr_expect_eq(towards(FAR, 0), -1);
	cr_expect_geq(towards(BESIDE, 0), 0);
}

Test(neighbour, a_hop_is_asked_for_at_once_and_then_once_a_second)
{
	int hop = towards(BESIDE, 5 * ms);

	cr_expect_eq(neighbours_next_ask(&table), hop);
	cr_expect_eq(neighbours_next_ask(&table), -1);
	for (uint64_t t = 6; t < 1005; t++)
		cr_expect_null(use(hop, BESIDE, t * ms));
	cr_expect_eq(asks(), 0);
	cr_expect_null(use(hop, BESIDE, 1005 * ms));
	cr_expect_eq(asks(), 1);
	for (uint64_t t = 1006; t < 11006; t++)
		cr_expect_null(use(hop, BESIDE, t * ms));
	cr_expect_eq(asks(), 10);
}

Test(neighbour, an_answer_is_used_and_asked_for_again_before_it_is_too_old)
{
	int hop = towards(BESIDE, 0);
	uint64_t fresh = NEIGHBOUR_FRESH_MS * ms;
	uint64_t expire = NEIGHBOUR_EXPIRE_MS * ms;

	asks();
	neighbours_hear(&table, 0, BESIDE, mac_a, 0);
	cr_assert_not_null(use(hop, BESIDE, fresh - 1));
	cr_expect_eq(memcmp(use(hop, BESIDE, fresh - 1), mac_a, MAC_LEN), 0);
	cr_expect_eq(asks(), 0);
	cr_expect_not_null(use(hop, BESIDE, fresh));
	cr_expect_eq(asks(), 1, "while it is still believed");
	cr_expect_not_null(use(hop, BESIDE, expire - 1));
	cr_expect_null(use(hop, BESIDE, expire));

	neighbours_hear(&table, 0, BESIDE, mac_b, expire);
	cr_assert_not_null(use(hop, BESIDE, expire + 1));
	cr_expect_eq(memcmp(use(hop, BESIDE, expire + 1), mac_b, MAC_LEN), 0);
}

Test(neighbour, a_hop_that_nobody_uses_is_not_asked_for)
{
	towards(BESIDE, 0);
	asks();
	neighbours_hear(&table, 0, BESIDE, mac_a, 0);
	cr_expect_eq(towards(BESIDE, 40000 * ms), 0);
	cr_expect_eq(asks(), 0);
}

Test(neighbour, who_speaks_unasked_makes_no_entry)
{
	for (uint32_t i = 0; i < 1000; i++)
		neighbours_hear(&table, 0, 0x0a630000 + i, mac_a, 0);
	cr_expect_eq(table.used, 0);
}

Test(neighbour, the_same_address_on_another_port_is_another)
{
	int here = towards(BESIDE, 0);

	neighbours_hear(&table, 1, BESIDE, mac_a, 0);
	cr_expect_null(use(here, BESIDE, 1));
	station.port = 1;
	cr_expect_neq(towards(BESIDE, 1), here);
}

Test(neighbour, a_gateway_that_moves_is_one_entry)
{
	int hop = towards(FAR, 0);

	neighbours_hear(&table, 0, GATEWAY, mac_a, 0);
	neighbours_hear(&table, 0, GATEWAY, mac_b, 1);
	cr_expect_eq(memcmp(use(hop, FAR, 2), mac_b, MAC_LEN), 0);
	cr_expect_eq(memcmp(use(hop, 0x01010101, 2), mac_b, MAC_LEN), 0);
}

Test(neighbour, a_full_table_refuses_and_keeps_what_it_has)
{
	int hop[16];

	for (uint32_t i = 0; i < 16; i++)
		cr_assert_geq(hop[i] = towards(BESIDE + i, 0), 0);
	cr_expect_eq(towards(BESIDE + 16, 1), -1);
	for (uint32_t i = 0; i < 16; i++)
		cr_expect_eq(towards(BESIDE + i, 2), hop[i]);
}

// What a flow was given long ago may be somebody else's by now: it must not hear this flow.
Test(neighbour, a_hop_given_to_somebody_else_is_noticed)
{
	uint64_t later = (NEIGHBOUR_SPARE_MS + 1) * ms;
	int old = towards(BESIDE, 0);

	for (uint32_t i = 1; i < 16; i++)
		towards(BESIDE + i, 2 * ms);
	for (uint32_t i = 1; i < 16; i++)
		use((int)i, BESIDE + i, later);
	int anew = towards(BESIDE + 16, later);
	cr_assert_eq(anew, old, "the one that nobody used is spared");
	neighbours_hear(&table, 0, BESIDE + 16, mac_a, later);
	neighbours_hear(&table, 0, BESIDE, mac_b, later);
	cr_expect_null(use(old, BESIDE, later), "mac_a is not where BESIDE is");
	cr_expect_not_null(use(anew, BESIDE + 16, later));
	cr_expect_eq(towards(BESIDE + 1, later), 1, "its chain is whole");
}

Test(neighbour, a_hop_that_never_was_is_looked_up)
{
	cr_expect_null(use(9, BESIDE, 0));
	neighbours_hear(&table, 0, BESIDE, mac_a, 0);
	cr_expect_not_null(use(9, BESIDE, 1));
}

Test(neighbour, more_questions_than_can_wait_come_later)
{
	tear_down();
	set_up(256);
	for (uint32_t i = 0; i < 200; i++)
		cr_assert_geq(towards(BESIDE + i, 0), 0);
	cr_expect_eq(asks(), NEIGHBOUR_ASKS_MAX);
	for (uint32_t i = 0; i < 200; i++)
		cr_expect_null(use((int)i, BESIDE + i, 1));
	cr_expect_eq(asks(), NEIGHBOUR_ASKS_MAX, "those that were not asked");
}
