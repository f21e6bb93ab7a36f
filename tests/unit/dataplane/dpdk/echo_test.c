// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/echo.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <string.h>

// A request from 10.99.0.1 with this many bytes of payload. Returns its length.
static size_t ask4(uint8_t *frame, size_t payload)
{
	static const uint8_t start[] = { 0x45, 0, 0, 0, 0, 0, 0x40, 0, 7, 1, 0, 0, 10, 99, 0, 1, 10,
		99, 0, 2 };

	memcpy(frame, our_mac, 6);
	memcpy(frame + 6, their_mac, 6);
	memcpy(frame + 12, (uint8_t[]){ 8, 0 }, 2);
	memcpy(frame + IP4_AT, start, sizeof(start));
	frame[IP4_AT + 3] = (uint8_t)(28 + payload);
	mend_ip4(frame + IP4_AT);
	memset(frame + UDP4_AT, 0, 8);
	frame[UDP4_AT] = 8;
	frame[UDP4_AT + 5] = 77;
	for (size_t i = 0; i < payload; i++)
		frame[UDP4_AT + 8 + i] = (uint8_t)(i * 7);
	slow_put(frame + UDP4_AT + 2, slow_sum(frame + UDP4_AT, 8 + payload, 0));
	return UDP4_AT + 8 + payload;
}

static size_t ask6(uint8_t *frame, size_t payload)
{
	uint8_t *icmp = frames_ip6(frame, "2001:db8::1", "2001:db8::2", 58, 8 + payload);

	memset(icmp, 0, 8);
	icmp[0] = 128;
	icmp[5] = 77;
	for (size_t i = 0; i < payload; i++)
		icmp[8 + i] = (uint8_t)(i * 7);
	mend_ip6(frame + 14, 2);
	return ICMP6_AT + 8 + payload;
}

Test(echo, goes_back_to_where_it_came_from)
{
	struct station s = frames_station();

	for (size_t payload = 0; payload < 60; payload += 13) {
		uint8_t frame[128];
		uint8_t asked[128];
		struct frame f;
		size_t len = ask4(frame, payload);

		memcpy(asked, frame, sizeof(asked));
		cr_assert_eq(frame_read(&f, &s, frame, len, 0), FRAME_ECHO);
		echo_reply(frame, &f, &s);
		cr_expect_eq(memcmp(frame, their_mac, MAC_LEN), 0);
		cr_expect_eq(memcmp(frame + MAC_LEN, our_mac, MAC_LEN), 0);
		cr_expect_eq(memcmp(frame + IP4_AT + 12, asked + IP4_AT + 16, 4), 0);
		cr_expect_eq(memcmp(frame + IP4_AT + 16, asked + IP4_AT + 12, 4), 0);
		cr_expect_eq(frame[IP4_AT + 8], 64);
		cr_expect_eq(slow_sum(frame + IP4_AT, 20, 0), 0xffff);
		cr_expect_eq(frame[UDP4_AT], 0);
		cr_expect_eq(slow_sum(frame + UDP4_AT, 8 + payload, 0), 0xffff);
		cr_expect_eq(memcmp(frame + UDP4_AT + 4, asked + UDP4_AT + 4, 4 + payload), 0);
	}
}

Test(echo, of_ipv6_as_well)
{
	struct station s = frames_station();

	for (size_t payload = 0; payload < 60; payload += 13) {
		uint8_t frame[128];
		uint8_t asked[128];
		struct frame f;
		size_t len = ask6(frame, payload);

		memcpy(asked, frame, sizeof(asked));
		cr_assert_eq(frame_read(&f, &s, frame, len, 0), FRAME_ECHO);
		echo_reply(frame, &f, &s);
		cr_expect_eq(memcmp(frame, their_mac, MAC_LEN), 0);
		cr_expect_eq(memcmp(frame + 22, asked + 38, 16), 0);
		cr_expect_eq(memcmp(frame + 38, asked + 22, 16), 0);
		cr_expect_eq(frame[ICMP6_AT], 129);
		uint16_t pseudo = slow_sum(frame + 22, 32, (uint32_t)(58 + 8 + payload));
		cr_expect_eq(slow_sum(frame + ICMP6_AT, 8 + payload, pseudo), 0xffff);
		cr_expect_eq(memcmp(frame + ICMP6_AT + 4, asked + ICMP6_AT + 4, 4 + payload), 0);
	}
}

Test(echo, a_tag_goes_back_as_it_came)
{
	struct station s = frames_station();
	uint8_t frame[128];
	struct frame f;
	size_t len = ask4(frame, 4);

	frame[IP4_AT + 17] = 77;
	mend_ip4(frame + IP4_AT);
	len = frames_tag(frame, len, 100);
	cr_assert_eq(frame_read(&f, &s, frame, len, 0), FRAME_ECHO);
	echo_reply(frame, &f, &s);
	cr_expect_eq(memcmp(frame + 12, (uint8_t[]){ 0x81, 0, 0, 100, 8, 0 }, 6), 0);
	cr_expect_eq(slow_sum(frame + 4 + IP4_AT, 20, 0), 0xffff);
}

Test(echo, only_a_sound_request_is_one)
{
	struct station s = frames_station();
	struct frame f;
	uint8_t frame[128];
	size_t len = ask4(frame, 4);

	frame[UDP4_AT + 9] ^= 1;
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_BAD_CHECKSUM);
	ask4(frame, 4);
	frame[UDP4_AT] = 0;
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_NOT_UDP, "a reply");
	ask4(frame, 4);
	frame[UDP4_AT + 1] = 1;
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_NOT_UDP, "a code");
	ask4(frame, 4);
	frame[IP4_AT + 3] = 27;
	mend_ip4(frame + IP4_AT);
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_NOT_UDP, "half a header");
}
