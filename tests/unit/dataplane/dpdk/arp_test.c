// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/arp.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

enum { FRAME = ETH_HEADER + ARP_LEN };

Test(arp, is_read_as_it_is_written)
{
	struct arp sent = { .op = ARP_REPLY, .from_mac = { 2, 0, 0, 0, 0, 9 }, .from = 1, .to = 2 };
	uint8_t frame[FRAME + VLAN_TAG];
	struct arp got = { 0 };

	cr_assert_eq(arp_write(frame, &sent, our_mac, VLAN_NONE), FRAME);
	cr_assert(arp_read(&got, frame + ETH_HEADER, ARP_LEN));
	cr_expect_eq(got.op, ARP_REPLY);
	cr_expect_eq(memcmp(got.from_mac, sent.from_mac, MAC_LEN), 0);
	cr_expect_eq(got.from, 1);
	cr_expect_eq(got.to, 2);
	cr_expect_eq(memcmp(frame, our_mac, MAC_LEN), 0);

	static const uint8_t everybody[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	cr_assert_eq(arp_write(frame, &sent, NULL, 100), FRAME + VLAN_TAG);
	cr_expect_eq(memcmp(frame, everybody, MAC_LEN), 0);
	cr_expect_eq(memcmp(frame + 12, (uint8_t[]){ 0x81, 0, 0, 100, 8, 6 }, 6), 0);
	cr_expect(arp_read(&got, frame + ETH_HEADER + VLAN_TAG, ARP_LEN));
}

Test(arp, that_is_none_is_refused)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} rows[] = {
		{ "another hardware", 15, 6 },
		{ "another protocol", 16, 0x86 },
		{ "another size of MAC", 18, 8 },
		{ "another size of address", 19, 16 },
		{ "from a group's MAC", 22, 3 },
		{ "from everybody", 22, 0xff },
	};
	struct arp sent = { .op = ARP_REQUEST, .from_mac = { 2 }, .from = 1, .to = 2 };
	uint8_t frame[FRAME];
	struct arp got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arp_write(frame, &sent, NULL, VLAN_NONE);
		frame[rows[i].at] = rows[i].byte;
		cr_expect_not(arp_read(&got, frame + ETH_HEADER, ARP_LEN), "%s", rows[i].what);
	}
	sent.from_mac[0] = 0;
	arp_write(frame, &sent, NULL, VLAN_NONE);
	cr_expect_not(arp_read(&got, frame + ETH_HEADER, ARP_LEN), "from nobody");
	sent.from_mac[0] = 2;
	arp_write(frame, &sent, NULL, VLAN_NONE);
	for (size_t len = 0; len < ARP_LEN; len++) {
		uint8_t *copy = malloc(len + 1);

		memcpy(copy + 1, frame + ETH_HEADER, len);
		cr_expect_not(arp_read(&got, copy + 1, len), "%zu bytes", len);
		free(copy);
	}
}
