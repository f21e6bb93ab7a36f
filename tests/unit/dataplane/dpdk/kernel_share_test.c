// SPDX-License-Identifier: BSD-3-Clause
//
// What of a port is the kernel's, and how much of a worker's time that may take.
#include "dataplane/dpdk/kernel_budget.h"
#include "dataplane/dpdk/kernel_share.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <string.h>

static const uint64_t ms = 1000000;

static enum kernel_share share_of(enum frame_kind kind, const uint8_t to[MAC_LEN])
{
	struct station s = frames_station();
	uint8_t data[60] = { 0 };

	memcpy(data, to != NULL ? to : s.mac, MAC_LEN);
	return kernel_share(kind, &s, data, sizeof(data));
}

Test(kernel_share, each_kind_has_its_owner)
{
	for (enum frame_kind kind = 0; kind < FRAME_KINDS; kind++) {
		bool both = kind == FRAME_ARP || kind == FRAME_ND;
		bool not_its = kind == FRAME_UDP || kind == FRAME_ECHO || kind == FRAME_BAD_UDP ||
			       kind == FRAME_BAD_CHECKSUM;

		cr_expect_eq(share_of(kind, NULL),
			both      ? KERNEL_COPY
			: not_its ? KERNEL_NOTHING
				  : KERNEL_ALL,
			"kind %d", kind);
	}
}

Test(kernel_share, groups_and_broadcasts_are_the_kernels_as_well)
{
	cr_expect_eq(
		share_of(FRAME_NOT_OURS, (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }), KERNEL_ALL);
	cr_expect_eq(
		share_of(FRAME_NOT_IP, (const uint8_t[]){ 1, 0x80, 0xc2, 0, 0, 0xe }), KERNEL_ALL);
	cr_expect_eq(share_of(FRAME_ARP, (const uint8_t[]){ 255, 255, 255, 255, 255, 255 }),
		KERNEL_COPY);
}

Test(kernel_share, what_is_for_another_machine_is_nobodys)
{
	static const uint8_t other[MAC_LEN] = { 2, 0, 0, 0, 0, 0x99 };

	cr_expect_eq(share_of(FRAME_NOT_OURS, other), KERNEL_NOTHING);
	cr_expect_eq(share_of(FRAME_ARP, other), KERNEL_NOTHING);
}

Test(kernel_share, a_stump_of_a_frame_is_nobodys)
{
	struct station s = frames_station();

	cr_expect_eq(kernel_share(FRAME_NOT_IP, &s, s.mac, MAC_LEN), KERNEL_NOTHING);
}

// One packet whenever one may go, a microsecond between two looks.
static uint32_t flood(struct kernel_budget *b, uint64_t from, uint64_t to)
{
	uint32_t n = 0;

	for (uint64_t now = from; now < to; now += 1000) {
		if (!kernel_budget_has(b, now))
			continue;
		kernel_budget_spend(b, 1, now);
		n++;
	}
	return n;
}

Test(kernel_budget, a_flood_gets_so_many_a_millisecond)
{
	struct kernel_budget b = { 0 };
	uint64_t start = 5000 * ms;

	uint32_t first = flood(&b, start, start + 10 * ms);
	cr_expect_geq(first, 12 * KERNEL_PER_MS - 1);
	cr_expect_leq(first, 12 * KERNEL_PER_MS + 1, "two milliseconds were saved: %u", first);
	uint32_t then = flood(&b, start + 10 * ms, start + 110 * ms);
	cr_expect_geq(then, 100 * KERNEL_PER_MS - 1);
	cr_expect_leq(then, 100 * KERNEL_PER_MS + 1, "%u", then);
}

Test(kernel_budget, what_comes_alone_goes_at_once)
{
	struct kernel_budget b = { 0 };

	for (uint64_t now = ms; now < 1000 * ms; now += ms) {
		cr_expect(kernel_budget_has(&b, now));
		kernel_budget_spend(&b, KERNEL_PER_MS / 2, now);
	}
}

Test(kernel_budget, rest_is_not_saved_for_ever)
{
	struct kernel_budget b = { 0 };
	uint64_t late = 3600000 * ms;

	cr_expect_leq(flood(&b, late, late + ms), 3 * KERNEL_PER_MS + 1);
}
