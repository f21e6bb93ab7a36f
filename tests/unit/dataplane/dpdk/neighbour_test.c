// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/neighbour.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static const uint64_t ms = 1000000;
static const uint8_t mac_a[MAC_LEN] = { 2, 0, 0, 0, 0, 0xa };
static const uint8_t mac_b[MAC_LEN] = { 2, 0, 0, 0, 0, 0xb };
enum { GATEWAY = 0x0a630001, BESIDE = 0x0a630021, FAR = 0x08080808 };
static const char gateway6[] = "fe80::1";
static const char beside6[] = "2001:db8::21";
static const char far6[] = "2001:db8:ffff::1";

static struct neighbours table;
static struct station station;
static void *memory;

static void set_up(uint32_t hops)
{
	memory = aligned_alloc(64, (neighbours_size(hops) + 63) / 64 * 64);
	neighbours_init(&table, memory, hops);
	station = (struct station){ .port = 0 };
	have(&station, "10.99.0.2", 24, VLAN_NONE, 0);
	have(&station, "192.168.0.1", 31, VLAN_NONE, 1);
	have(&station, "2001:db8::2", 64, VLAN_NONE, 2);
	have(&station, "2001:db8:1::2", 127, VLAN_NONE, 3);
	have(&station, "10.99.0.3", 24, 100, 4);
	station.lan[0].gateway[FAMILY_V4] = ip_from_v4(GATEWAY);
	station.lan[0].gateway[FAMILY_V6] = ip(gateway6);
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

static int towards_ip(struct ip_address to, uint64_t now)
{
	return neighbours_towards(&table, &station, 0, &to, now);
}

static int towards(uint32_t to, uint64_t now)
{
	return towards_ip(ip_from_v4(to), now);
}

static const uint8_t *use_ip(int hop, struct ip_address to, uint64_t now)
{
	const struct neighbour *n = neighbours_use(&table, &station, 0, (uint32_t)hop, &to, now);

	return n != NULL ? n->mac : NULL;
}

static const uint8_t *use(int hop, uint32_t to, uint64_t now)
{
	return use_ip(hop, ip_from_v4(to), now);
}

static void say(uint16_t port, struct ip_address from, const uint8_t *mac, enum neighbour_word word,
	uint64_t now)
{
	neighbours_hear(&table,
		&(struct neighbour_news){ .port = port, .word = word, .ip = &from, .mac = mac },
		now);
}

static void hear(uint16_t port, uint32_t from, const uint8_t *mac, uint64_t now)
{
	say(port, ip_from_v4(from), mac, WORD_ANSWER, now);
}

static void expect_mac(const uint8_t *got, const uint8_t *want)
{
	cr_assert_not_null(got);
	cr_expect_eq(memcmp(got, want, MAC_LEN), 0);
}

Test(neighbour, a_host_beside_us_is_its_own_hop_and_all_others_share_the_gateway)
{
	int beside = towards(BESIDE, 0);
	int gateway = towards(FAR, 0);

	cr_assert(beside >= 0 && gateway >= 0 && beside != gateway);
	cr_expect_eq(towards(0x01010101, 0), gateway);
	cr_expect_neq(towards(GATEWAY, 0), gateway, "a machine, and the way that it is");
	cr_expect_eq(towards(BESIDE, 0), beside);
	cr_expect_eq(ip_to_v4(&table.entry[gateway].ip), GATEWAY);
	cr_expect(table.entry[gateway].gateway);
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
	station.lan[0].gateway[FAMILY_V4] = (struct ip_address){ 0 };
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
	hear(0, BESIDE, mac_a, 0);
	cr_assert_not_null(use(hop, BESIDE, fresh - 1));
	cr_expect_eq(memcmp(use(hop, BESIDE, fresh - 1), mac_a, MAC_LEN), 0);
	cr_expect_eq(asks(), 0);
	cr_expect_not_null(use(hop, BESIDE, fresh));
	cr_expect_eq(asks(), 1, "while it is still believed");
	cr_expect_not_null(use(hop, BESIDE, expire - 1));
	cr_expect_null(use(hop, BESIDE, expire));

	hear(0, BESIDE, mac_b, expire);
	cr_assert_not_null(use(hop, BESIDE, expire + 1));
	cr_expect_eq(memcmp(use(hop, BESIDE, expire + 1), mac_b, MAC_LEN), 0);
}

Test(neighbour, a_hop_that_nobody_uses_is_not_asked_for)
{
	towards(BESIDE, 0);
	asks();
	hear(0, BESIDE, mac_a, 0);
	cr_expect_eq(towards(BESIDE, 40000 * ms), 0);
	cr_expect_eq(asks(), 0);
}

Test(neighbour, who_speaks_unasked_makes_no_entry)
{
	for (uint32_t i = 0; i < 1000; i++)
		hear(0, 0x0a630000 + i, mac_a, 0);
	cr_expect_eq(table.used, 0);
}

Test(neighbour, the_same_address_on_another_port_is_another)
{
	int here = towards(BESIDE, 0);

	hear(1, BESIDE, mac_a, 0);
	cr_expect_null(use(here, BESIDE, 1));
	station.port = 1;
	cr_expect_neq(towards(BESIDE, 1), here);
}

Test(neighbour, a_gateway_that_moves_is_one_entry)
{
	int hop = towards(FAR, 0);

	hear(0, GATEWAY, mac_a, 0);
	hear(0, GATEWAY, mac_b, 1);
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
	hear(0, BESIDE + 16, mac_a, later);
	hear(0, BESIDE, mac_b, later);
	cr_expect_null(use(old, BESIDE, later), "mac_a is not where BESIDE is");
	cr_expect_not_null(use(anew, BESIDE + 16, later));
	cr_expect_eq(towards(BESIDE + 1, later), 1, "its chain is whole");
}

Test(neighbour, a_hop_that_never_was_is_looked_up)
{
	cr_expect_null(use(9, BESIDE, 0));
	hear(0, BESIDE, mac_a, 0);
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

Test(neighbour, ipv6_has_its_own_ways)
{
	int beside = towards_ip(ip(beside6), 0);
	int gateway = towards_ip(ip(far6), 0);

	cr_assert(beside >= 0 && gateway >= 0 && beside != gateway);
	cr_expect_neq(towards(FAR, 0), gateway, "the other family has another gateway");
	cr_expect_eq(towards_ip(ip("2a00::1"), 0), gateway);
	say(0, ip(beside6), mac_a, WORD_ANSWER, 0);
	say(0, ip(gateway6), mac_b, WORD_ANSWER, 0);
	expect_mac(use_ip(beside, ip(beside6), 1), mac_a);
	expect_mac(use_ip(gateway, ip(far6), 1), mac_b);
}

Test(neighbour, some_ipv6_addresses_are_nobodys)
{
	static const char *const rows[] = { "::", "::1", "fe80::7", "ff02::1", "ff0e::1",
		"::10.0.0.1", "2001:db8::2", "fec0::1", "100::1", "4000::1" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(towards_ip(ip(rows[i]), 0), -1, "%s", rows[i]);
	cr_expect_eq(table.used, 0);
	cr_expect_geq(towards_ip(ip("2001:db8:1::3"), 0), 0, "a /127 has only hosts (RFC 6164)");
	cr_expect_geq(towards_ip(ip("fd00::1"), 0), 0);
	cr_expect_geq(towards_ip(ip("64:ff9b::8.8.8.8"), 0), 0, "behind a translator");
	station.lan[0].gateway[FAMILY_V6] = (struct ip_address){ 0 };
	cr_expect_eq(towards_ip(ip(far6), 0), -1);
}

Test(neighbour, each_vlan_has_neighbours_of_its_own)
{
	struct ip_address beside = ip_from_v4(BESIDE);
	int here = towards(BESIDE, 0);
	int there = neighbours_towards(&table, &station, 1, &beside, 0);

	cr_assert(there >= 0 && there != here);
	hear(0, BESIDE, mac_a, 0);
	cr_expect_not_null(use(here, BESIDE, 1));
	cr_expect_null(neighbours_use(&table, &station, 1, (uint32_t)there, &beside, 1));
	neighbours_hear(
		&table, &(struct neighbour_news){ .lan = 1, .ip = &beside, .mac = mac_b }, 1);
	cr_expect_not_null(neighbours_use(&table, &station, 1, (uint32_t)there, &beside, 1));
	expect_mac(use(here, BESIDE, 1), mac_a);
	struct ip_address far = ip_from_v4(FAR);
	cr_expect_eq(neighbours_towards(&table, &station, 1, &far, 0), -1, "no gateway there");
}

// RFC 4861, 7.2.5: who overrides is believed, who does not makes us ask.
Test(neighbour, what_is_not_meant_to_override_does_not)
{
	int hop = towards_ip(ip(beside6), 0);

	asks();
	say(0, ip(beside6), mac_a, WORD_DOUBT, 0);
	expect_mac(use_ip(hop, ip(beside6), 1), mac_a);
	say(0, ip(beside6), mac_b, WORD_DOUBT, 2000 * ms);
	expect_mac(use_ip(hop, ip(beside6), 2000 * ms), mac_a);
	cr_expect_eq(asks(), 1, "is he still there?");
	say(0, ip(beside6), mac_a, WORD_DOUBT, 2001 * ms);
	use_ip(hop, ip(beside6), 9000 * ms);
	cr_expect_eq(asks(), 0, "he is");
}

Test(neighbour, a_claim_is_used_and_asked_about)
{
	int hop = towards_ip(ip(beside6), 0);

	asks();
	say(0, ip(beside6), mac_a, WORD_ANSWER, 0);
	say(0, ip(beside6), mac_a, WORD_CLAIM, 2000 * ms);
	use_ip(hop, ip(beside6), 2000 * ms);
	cr_expect_eq(asks(), 0, "nothing new");
	say(0, ip(beside6), mac_b, WORD_CLAIM, 3000 * ms);
	expect_mac(use_ip(hop, ip(beside6), 3000 * ms), mac_b);
	cr_expect_eq(asks(), 1);
}

Test(neighbour, an_answer_without_a_mac_confirms_and_teaches_nothing)
{
	int hop = towards_ip(ip(beside6), 0);
	uint64_t later = (NEIGHBOUR_EXPIRE_MS - 1) * ms;

	say(0, ip(beside6), NULL, WORD_ANSWER, 0);
	cr_expect_null(use_ip(hop, ip(beside6), 0));
	say(0, ip(beside6), mac_a, WORD_ANSWER, 0);
	say(0, ip(beside6), NULL, WORD_ANSWER, later);
	expect_mac(use_ip(hop, ip(beside6), later + NEIGHBOUR_FRESH_MS * ms), mac_a);
}

Test(neighbour, a_gateway_that_says_it_is_no_router_is_told)
{
	struct ip_address g = ip(gateway6);

	towards_ip(ip(far6), 0);
	cr_expect_not(neighbours_hear_router(&table, 0, 0, &g, true));
	cr_expect(neighbours_hear_router(&table, 0, 0, &g, false));
	struct ip_address b = ip(beside6);
	towards_ip(b, 0);
	cr_expect_not(neighbours_hear_router(&table, 0, 0, &b, false), "a host need not be one");
}

Test(neighbour, another_gateway_is_one_entry_and_nobody_waits_for_it)
{
	struct ip_address other = ip_from_v4(GATEWAY + 5);
	int hop = towards(FAR, 0);

	hear(0, GATEWAY, mac_a, 0);
	asks();
	neighbours_move_gateway(&table, &station, 0, FAMILY_V4, &other, 1);
	cr_expect_eq(asks(), 1);
	cr_expect_eq(towards(FAR, 1), hop, "flows keep their hop");
	expect_mac(use(hop, FAR, 1), mac_a);
	hear(0, GATEWAY, mac_b, 2);
	expect_mac(use(hop, FAR, 2), mac_a);
	hear(0, GATEWAY + 5, mac_b, 3);
	expect_mac(use(hop, 0x01010101, 3), mac_b);
	int old = towards(GATEWAY, 4);
	cr_expect(old >= 0 && old != hop, "the old one is a machine like others now");
	cr_expect_eq(table.used, 2);
}

Test(neighbour, a_gateway_taken_away_and_given_again_keeps_its_hop)
{
	static const struct ip_address none;

	for (enum ip_family f = FAMILY_V4; f < FAMILIES; f++) {
		struct ip_address far = f == FAMILY_V4 ? ip_from_v4(FAR) : ip(far6);
		struct ip_address gateway = station.lan[0].gateway[f];
		int hop = towards_ip(far, 0);

		say(0, gateway, mac_a, WORD_ANSWER, 0);
		neighbours_move_gateway(&table, &station, 0, f, &none, 1);
		cr_expect_null(use_ip(hop, far, 1));
		cr_expect_eq(towards_ip(far, 1), -1);
		asks();
		cr_expect_null(use_ip(hop, far, 5000 * ms));
		cr_expect_eq(asks(), 0, "nobody can be asked for nobody");
		neighbours_move_gateway(&table, &station, 0, f, &gateway, 6000 * ms);
		cr_expect_eq(asks(), 1);
		say(0, gateway, mac_b, WORD_ANSWER, 6001 * ms);
		cr_expect_eq(towards_ip(far, 6001 * ms), hop);
		expect_mac(use_ip(hop, far, 6001 * ms), mac_b);
	}
}

Test(neighbour, who_is_known_as_a_host_is_known_as_a_gateway)
{
	towards(GATEWAY, 0);
	hear(0, GATEWAY, mac_a, 0);
	expect_mac(use(towards(FAR, 1), FAR, 1), mac_a);
}

Test(neighbour, a_gateway_is_never_spared)
{
	uint64_t later = (NEIGHBOUR_SPARE_MS + 1) * ms;
	int gateway = towards(FAR, 0);

	for (uint32_t i = 0; i < 40; i++)
		towards(BESIDE + i, later * (i / 15));
	cr_expect_eq(towards(FAR, 3 * later), gateway);
	cr_expect(table.entry[gateway].gateway);
}
