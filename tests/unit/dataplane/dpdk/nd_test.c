// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/nd.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

enum { IP6_AT = 14, FLAGS_ALL = 0xe0 };

static bool read_it(struct nd *nd, const uint8_t *frame, size_t len)
{
	return nd_read(nd, frame + IP6_AT, len - IP6_AT);
}

Test(nd, a_question_is_read)
{
	uint8_t frame[128];
	struct nd nd;
	struct ip_address target = ip("2001:db8::2");
	struct ip_address from = ip("fe80::1");
	size_t len =
		frames_nd(frame, "fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);

	cr_assert(read_it(&nd, frame, len));
	cr_expect(!nd.advertises && nd.has_mac);
	cr_expect(ip_equal(&nd.target, &target) && ip_equal(&nd.from, &from));
	cr_expect_eq(memcmp(nd.mac, their_mac, MAC_LEN), 0);
	len = frames_nd(frame, "::", "ff02::1:ff00:2", 135, 0, "2001:db8::2", NULL);
	cr_assert(read_it(&nd, frame, len));
	cr_expect(ip_is_none(&nd.from) && !nd.has_mac);
}

Test(nd, the_flags_of_an_answer_are_read)
{
	for (unsigned flags = 0; flags < 8; flags++) {
		uint8_t frame[128];
		struct nd nd;
		size_t len = frames_nd(frame, "fe80::1", "2001:db8::2", 136, (uint8_t)(flags << 5),
			"fe80::1", their_mac);

		cr_assert(read_it(&nd, frame, len));
		cr_expect(nd.advertises && nd.has_mac);
		cr_expect_eq(nd.router, (flags & 4) != 0);
		cr_expect_eq(nd.solicited, (flags & 2) != 0);
		cr_expect_eq(nd.override, (flags & 1) != 0);
	}
}

struct wrong {
	const char *what;
	const char *from;
	const char *to;
	uint8_t type;
	uint8_t flags;
	const char *target;
	const uint8_t *mac;
};

// RFC 4861, 7.1.1 and 7.1.2.
static const struct wrong wrongs[] = {
	{ "asks for a group", "fe80::1", "ff02::1:ff00:2", 135, 0, "ff02::1:ff00:2", their_mac },
	{ "nobody who says where", "::", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac },
	{ "nobody asks one alone", "::", "2001:db8::2", 135, 0, "2001:db8::2", NULL },
	{ "nobody asks another group", "::", "ff02::1:ff00:3", 135, 0, "2001:db8::2", NULL },
	{ "nobody answers", "::", "ff02::1", 136, 0x20, "fe80::1", their_mac },
	{ "asked by a group", "fe80::1", "ff02::1", 136, FLAGS_ALL, "fe80::1", their_mac },
	{ "answers for a group", "fe80::1", "ff02::1", 136, 0x20, "ff02::1", their_mac },
};

Test(nd, what_breaks_a_rule_is_refused)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		uint8_t frame[128];
		struct nd nd;
		size_t len = frames_nd(frame, w->from, w->to, w->type, w->flags, w->target, w->mac);

		cr_expect_not(read_it(&nd, frame, len), "%s", w->what);
	}
}

struct change {
	const char *what;
	size_t at;
	uint8_t byte;
	bool good;
};

static const struct change changes[] = {
	{ "came through a router", IP6_AT + 7, 254, false },
	{ "a code", ICMP6_AT + 1, 1, false },
	{ "an option of no length", ICMP6_AT + 25, 0, false },
	{ "an option beyond the end", ICMP6_AT + 25, 2, false },
	{ "an option nobody knows", ICMP6_AT + 24, 14, true },
	{ "a group's MAC", ICMP6_AT + 26, 3, true },
	{ "reserved bits", ICMP6_AT + 7, 0xff, true },
};

Test(nd, the_bytes_are_checked)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		uint8_t frame[128];
		struct nd nd = { .has_mac = true };
		size_t len = frames_nd(
			frame, "fe80::1", "ff02::1:ff00:2", 135, 0, "2001:db8::2", their_mac);

		frame[c->at] = c->byte;
		cr_expect_not(read_it(&nd, frame, len) && c->at != IP6_AT + 7, "%s: sum", c->what);
		mend_ip6(frame + IP6_AT, 2);
		cr_expect_eq(read_it(&nd, frame, len), c->good, "%s", c->what);
		if (c->good && c->at != ICMP6_AT + 7)
			cr_expect_not(nd.has_mac, "%s", c->what);
	}
}

Test(nd, a_message_may_end_anywhere)
{
	uint8_t frame[128];
	size_t full = frames_nd(frame, "fe80::1", "ff02::1", 136, 0x20, "fe80::1", their_mac);

	for (size_t room = 0; room < 32; room++) {
		size_t len = IP6_AT + 40 + room;
		uint8_t *copy = malloc(len + 1);
		struct nd nd;

		memcpy(copy + 1, frame, len);
		copy[1 + 19] = (uint8_t)room;
		if (room >= 4)
			mend_ip6(copy + 1 + IP6_AT, 2);
		cr_expect_eq(read_it(&nd, copy + 1, len), room == 24, "%zu", room);
		free(copy);
	}
	cr_expect_eq(full, 86);
}

Test(nd, is_read_as_it_is_written)
{
	struct nd sent = { .from = ip("2001:db8::2"),
		.to = ip("fe80::1"),
		.target = ip("2001:db8::2"),
		.advertises = true,
		.solicited = true,
		.override = true,
		.has_mac = true };
	uint8_t frame[ND_FRAME_MAX];
	struct ethernet e = { their_mac, our_mac, 101 };
	struct nd got;

	memcpy(sent.mac, our_mac, MAC_LEN);
	cr_assert_eq(nd_write(frame, &sent, &e), ND_FRAME_MAX);
	cr_expect_eq(memcmp(frame, their_mac, MAC_LEN), 0);
	cr_assert(nd_read(&got, frame + 18, ND_FRAME_MAX - 18));
	cr_expect_eq(memcmp(&got, &sent, sizeof(got)), 0);

	sent = (struct nd){ .to = nd_solicited_node(&sent.target), .target = sent.target };
	e = (struct ethernet){ NULL, our_mac, VLAN_NONE };
	size_t len = nd_write(frame, &sent, &e);
	cr_assert_eq(len, 78);
	cr_expect_eq(memcmp(frame, (uint8_t[]){ 0x33, 0x33, 0xff, 0, 0, 2 }, 6), 0);
	cr_assert(nd_read(&got, frame + 14, len - 14));
	cr_expect(ip_is_none(&got.from) && !got.has_mac && !got.advertises);
}
