// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/owner.h"

#include <criterion/criterion.h>

#include <string.h>

static struct owners owners;
static struct bridge_plan plan;

// 10.0.a.b is worker (a + b) % 64's; 2001:db8::1 is worker 5's.
static void set_up(void)
{
	plan.addresses = BRIDGE_ADDRESSES_MAX;
	for (uint32_t i = 0; i + 1 < BRIDGE_ADDRESSES_MAX; i++)
		plan.address[i] = (struct bridge_address){
			.ip = { [10] = 0xff,
				0xff,
				10,
				0,
				(uint8_t)(i / 16),
				(uint8_t)(i % 16 + 1) },
			.worker = (uint16_t)((i / 16 + i % 16 + 1) % 64),
		};
	plan.address[BRIDGE_ADDRESSES_MAX - 1] =
		(struct bridge_address){ .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, .worker = 5 };
	owners_init(&owners, &plan);
}

TestSuite(owner, .init = set_up);

static size_t ipv4(uint8_t *f, uint8_t a, uint8_t b, bool tag)
{
	size_t at = tag ? 18 : 14;

	memset(f, 0, 64);
	if (tag)
		memcpy(f + 12, (const uint8_t[]){ 0x81, 0, 0, 7, 8, 0 }, 6);
	else
		f[12] = 8;
	memcpy(f + at + 16, (const uint8_t[]){ 10, 0, a, b }, 4);
	return at + 20;
}

Test(owner, every_address_has_its_worker)
{
	uint8_t f[64];

	for (uint32_t i = 0; i + 1 < BRIDGE_ADDRESSES_MAX; i++) {
		for (int tag = 0; tag < 2; tag++) {
			size_t len = ipv4(f, (uint8_t)(i / 16), (uint8_t)(i % 16 + 1), tag == 1);

			cr_expect_eq(owner_of(&owners, f, len), plan.address[i].worker);
			cr_expect_eq(owner_of(&owners, f, len - 1), OWNER_NONE, "cut off");
		}
	}
}

Test(owner, a_strangers_address_is_nobodys)
{
	uint8_t f[64];
	size_t len = ipv4(f, 200, 1, false);

	cr_expect_eq(owner_of(&owners, f, len), OWNER_NONE);
	f[12] = 0x12;
	cr_expect_eq(owner_of(&owners, f, len), OWNER_NONE);
	for (size_t n = 0; n < 18; n++)
		cr_expect_eq(owner_of(&owners, f, n), OWNER_NONE);
}

Test(owner, arp_is_everybodys)
{
	uint8_t f[64] = { [12] = 8, [13] = 6 };

	cr_expect_eq(owner_of(&owners, f, 42), OWNER_ALL);
}

Test(owner, neighbour_discovery_to_a_group_is_everybodys_and_other_groups_nobodys)
{
	uint8_t f[64] = {
		[12] = 0x86, [13] = 0xdd, [14 + 6] = 58, [14 + 24] = 0xff, [14 + 40] = 135
	};

	cr_expect_eq(owner_of(&owners, f, 14 + 64 - 14), OWNER_ALL);
	cr_expect_eq(owner_of(&owners, f, 14 + 40), OWNER_NONE, "cut off");
	f[14 + 40] = 143;
	cr_expect_eq(owner_of(&owners, f, 64), OWNER_NONE, "a listener report");
	f[14 + 40] = 135;
	f[14 + 6] = 17;
	cr_expect_eq(owner_of(&owners, f, 64), OWNER_NONE, "UDP to a group");
	memcpy(f + 14 + 24, plan.address[BRIDGE_ADDRESSES_MAX - 1].ip, 16);
	cr_expect_eq(owner_of(&owners, f, 64), 5);
}
