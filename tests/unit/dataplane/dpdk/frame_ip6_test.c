// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/frame.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static enum frame_kind read_it(struct frame *f, const uint8_t *data, size_t len)
{
	struct station s = frames_station();

	return frame_read(f, &s, data, len, /* trust */ 0);
}

Test(frame_ip6, a_datagram_for_us_is_read)
{
	struct ip_address from = ip("2001:db8:9::1");
	uint8_t frame[128];
	struct frame f;
	size_t len = frames_udp6(frame, "2001:db8:9::1", "2001:db8::2", 5);

	cr_assert_eq(read_it(&f, frame, len), FRAME_UDP);
	cr_expect(ip_equal(&f.from, &from));
	cr_expect(f.from_port == 5000 && f.to_port == 16384);
	cr_expect(f.address == 5 && f.off == PAYLOAD6_AT && f.len == 5);
	len = frames_tag(frame, len, 101);
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_OURS, "an address of another wire");
	len = frames_udp6(frame, "2001:db8:9::1", "2001:db8:77::2", 5);
	len = frames_tag(frame, len, 101);
	cr_assert_eq(read_it(&f, frame, len), FRAME_UDP);
	cr_expect(f.address == 9 && f.lan == 2);
}

struct change {
	const char *what;
	size_t at;
	uint8_t byte;
	enum frame_kind kind;
	enum { AS_IT_IS, SUM_MENDED } sum;
};

enum { IP6_AT = 14, NEXT = IP6_AT + 6, FROM = IP6_AT + 8, TO = IP6_AT + 24 };

static const struct change changes[] = {
	{ "version 4", IP6_AT, 0x40, FRAME_BAD_IP, AS_IT_IS },
	{ "version 7", IP6_AT, 0x70, FRAME_BAD_IP, AS_IT_IS },
	{ "another class and label", IP6_AT + 1, 0xb8, FRAME_UDP, AS_IT_IS },
	{ "another hop limit", IP6_AT + 7, 1, FRAME_UDP, AS_IT_IS },
	{ "longer than the frame", IP6_AT + 5, 14, FRAME_BAD_IP, AS_IT_IS },
	{ "no payload, or a jumbogram", IP6_AT + 5, 0, FRAME_BAD_IP, AS_IT_IS },
	{ "from a group", FROM, 0xff, FRAME_BAD_IP, SUM_MENDED },
	{ "for our neighbour", TO + 15, 3, FRAME_NOT_OURS, SUM_MENDED },
	{ "to a group", TO, 0xff, FRAME_NOT_OURS, SUM_MENDED },
	{ "to another MAC", 5, 3, FRAME_NOT_OURS, AS_IT_IS },
	{ "TCP", NEXT, 6, FRAME_NOT_UDP, SUM_MENDED },
	{ "ICMP of the other family", NEXT, 1, FRAME_NOT_UDP, SUM_MENDED },
	{ "a fragment", NEXT, 44, FRAME_FRAGMENT, AS_IT_IS },
	{ "hop-by-hop options", NEXT, 0, FRAME_EXTENSION, AS_IT_IS },
	{ "a routing header", NEXT, 43, FRAME_EXTENSION, AS_IT_IS },
	{ "destination options", NEXT, 60, FRAME_EXTENSION, AS_IT_IS },
	{ "no next header", NEXT, 59, FRAME_NOT_UDP, AS_IT_IS },
	{ "ESP", NEXT, 50, FRAME_NOT_UDP, AS_IT_IS },
	{ "room for no UDP header", IP6_AT + 5, 7, FRAME_BAD_UDP, AS_IT_IS },
	{ "UDP longer than the datagram", UDP6_AT + 5, 14, FRAME_BAD_UDP, AS_IT_IS },
	{ "UDP shorter than its header", UDP6_AT + 5, 7, FRAME_BAD_UDP, AS_IT_IS },
	{ "a bit of the payload turned", PAYLOAD6_AT, 0x71, FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "another source, same checksum", FROM + 15, 0x17, FRAME_BAD_CHECKSUM, AS_IT_IS },
};

Test(frame_ip6, what_is_wrong_has_a_name)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t frame[128];
		struct frame f = { .from_port = 99 };
		size_t len = frames_udp6(frame, "2001:db8:9::1", "2001:db8::2", 5);

		frame[changes[i].at] = changes[i].byte;
		if (changes[i].sum == SUM_MENDED)
			mend_ip6(frame + IP6_AT, 6);
		cr_expect_eq(read_it(&f, frame, len), changes[i].kind, "%s: %d", changes[i].what,
			read_it(&f, frame, len));
		cr_expect_eq(
			f.from_port == 99, changes[i].kind != FRAME_UDP, "%s", changes[i].what);
	}
}

// RFC 8200, section 8.1.
Test(frame_ip6, a_checksum_is_not_left_out)
{
	uint8_t frame[128];
	struct frame f;
	size_t len = frames_udp6(frame, "2001:db8:9::1", "2001:db8::2", 5);

	frame[UDP6_AT + 6] = 0;
	frame[UDP6_AT + 7] = 0;
	cr_expect_eq(read_it(&f, frame, len), FRAME_BAD_CHECKSUM);
}

// An address in its mapped form is IPv4 to us; on the wire of IPv6 it is a forgery.
Test(frame_ip6, ipv4_in_the_clothes_of_ipv6_is_refused)
{
	static const char *const from[] = { "::ffff:10.99.0.1", "::10.99.0.1", "::1", "::" };
	uint8_t frame[128];
	struct frame f;

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		size_t len = frames_udp6(frame, from[i], "2001:db8::2", 5);

		cr_expect_eq(read_it(&f, frame, len), FRAME_BAD_IP, "from %s", from[i]);
	}
	size_t len = frames_udp6(frame, "2001:db8:9::1", "::ffff:10.99.0.2", 5);
	cr_expect_eq(read_it(&f, frame, len), FRAME_BAD_IP);
}

// RFC 4862, 5.4: only discovery may speak to an address that is not ours yet.
Test(frame_ip6, a_tentative_address_is_not_ours)
{
	struct station s = { .port = 0 };
	struct ip_address us = ip("2001:db8::2");
	uint8_t frame[128];
	struct frame f;
	size_t len = frames_udp6(frame, "2001:db8:9::1", "2001:db8::2", 5);

	memcpy(s.mac, our_mac, MAC_LEN);
	struct station_address *a = station_add(&s, &us, 64, 0, 0);
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_NOT_OURS);
	a->state = ADDRESS_DUPLICATE;
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_NOT_OURS);
	a->state = ADDRESS_VALID;
	cr_expect_eq(frame_read(&f, &s, frame, len, 0), FRAME_UDP);
}

Test(frame_ip6, discovery_is_recognised_wherever_it_was_sent)
{
	uint8_t frame[128];
	struct frame f;
	size_t len =
		frames_nd(frame, "fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);

	cr_assert_eq(read_it(&f, frame, len), FRAME_ND);
	cr_expect(f.off == IP6_AT && f.len == len - IP6_AT && f.lan == 0);
	len = frames_nd(frame, "::", "ff02::1:ff00:2", 135, 0, "2001:db8::2", NULL);
	cr_expect_eq(read_it(&f, frame, len), FRAME_ND, "from nobody yet");
	len = frames_nd(frame, "fe80::1", "2001:db8::2", 136, 0xe0, "fe80::1", their_mac);
	cr_expect_eq(read_it(&f, frame, len), FRAME_ND);
	len = frames_nd(frame, "fe80::1", "2001:db8::3", 136, 0xe0, "fe80::1", their_mac);
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_OURS);
	len = frames_nd(frame, "fe80::1", "ff02::1", 134, 0, "fe80::1", their_mac);
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_OURS, "a router's advertisement");
	len = frames_nd(frame, "fe80::1", "ff02::1", 136, 0x20, "fe80::1", their_mac);
	len = frames_tag(frame, len, 100);
	cr_expect_eq(read_it(&f, frame, len), FRAME_ND);
	cr_expect_eq(f.lan, 1);
}

Test(frame_ip6, only_a_sound_echo_request_is_one)
{
	uint8_t frame[128];
	struct frame f;

	uint8_t *icmp = frames_ip6(frame, "fe80::1", "2001:db8::2", 58, 12);
	memcpy(icmp, (uint8_t[]){ 128, 0, 0, 0, 0, 7, 0, 1, 'p', 'i', 'n', 'g' }, 12);
	mend_ip6(frame + IP6_AT, 2);
	cr_assert_eq(read_it(&f, frame, 66), FRAME_ECHO);
	cr_expect(f.off == IP6_AT && f.len == 52);
	icmp[8] = 'k';
	cr_expect_eq(read_it(&f, frame, 66), FRAME_BAD_CHECKSUM);
	icmp[1] = 1;
	mend_ip6(frame + IP6_AT, 2);
	cr_expect_eq(read_it(&f, frame, 66), FRAME_NOT_UDP, "a code");
	icmp[1] = 0;
	icmp[0] = 129;
	mend_ip6(frame + IP6_AT, 2);
	cr_expect_eq(read_it(&f, frame, 66), FRAME_NOT_UDP, "a reply");
	frame[IP6_AT + 5] = 7;
	cr_expect_eq(read_it(&f, frame, 66), FRAME_NOT_UDP, "half a header");
}

Test(frame_ip6, a_frame_may_end_anywhere)
{
	uint8_t frame[128];
	size_t full = frames_udp6(frame, "2001:db8:9::1", "2001:db8::2", 5);

	for (size_t len = 0; len <= full; len++) {
		uint8_t *copy = malloc(len + 1);
		struct frame f;

		memcpy(copy + 1, frame, len);
		cr_expect_eq(read_it(&f, copy + 1, len) == FRAME_UDP, len == full, "%zu", len);
		free(copy);
	}
}
