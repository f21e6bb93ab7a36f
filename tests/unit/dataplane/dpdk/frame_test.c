// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/frame.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

// A real datagram from 10.99.0.1:5000 to 10.99.0.2:16384, "layby".
static const uint8_t datagram[] = {
	0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0x08, 0x00,        // Ethernet
	0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,        // IPv4
	0x26, 0x04, 10, 99, 0, 1, 10, 99, 0, 2,                            //
	0x13, 0x88, 0x40, 0x00, 0x00, 0x0d, 0x38, 0xbf,                    // UDP
	'l', 'a', 'y', 'b', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xbb, 0xcc, // and Ethernet's padding
};
enum { OFF = PAYLOAD4_AT, LEN = 5 };

static enum frame_kind read_it(struct frame *f, const uint8_t *data, size_t len)
{
	struct station s = frames_station();

	return frame_read(f, &s, data, len, /* trust */ 0);
}

Test(frame, a_datagram_for_us_is_read)
{
	struct ip_address from = ip("10.99.0.1");
	struct frame f;

	cr_assert_eq(read_it(&f, datagram, sizeof(datagram)), FRAME_UDP);
	cr_expect(ip_equal(&f.from, &from));
	cr_expect_eq(f.from_port, 5000);
	cr_expect_eq(f.to_port, 16384);
	cr_expect_eq(f.address, 7);
	cr_expect_eq(f.off, OFF);
	cr_expect_eq(f.len, LEN, "the padding is not ours");
}

struct change {
	const char *what;
	size_t at;
	uint8_t byte;
	enum frame_kind kind;
	enum { AS_IT_IS, IP_MENDED } sums;
};

static const struct change changes[] = {
	{ "IPX", 13, 0x37, FRAME_NOT_IP, AS_IT_IS },
	{ "ARP", 13, 0x06, FRAME_ARP, AS_IT_IS },
	{ "version 6", IP4_AT, 0x65, FRAME_BAD_IP, IP_MENDED },
	{ "a header of 24 bytes", IP4_AT, 0x46, FRAME_BAD_IP, IP_MENDED },
	{ "a header of 16 bytes", IP4_AT, 0x44, FRAME_BAD_IP, IP_MENDED },
	{ "longer than the frame", IP4_AT + 3, 200, FRAME_BAD_IP, IP_MENDED },
	{ "much longer than the frame", IP4_AT + 2, 0xff, FRAME_BAD_IP, IP_MENDED },
	{ "shorter than its own header", IP4_AT + 3, 19, FRAME_BAD_IP, IP_MENDED },
	{ "more fragments", IP4_AT + 6, 0x20, FRAME_FRAGMENT, IP_MENDED },
	{ "a last fragment", IP4_AT + 7, 1, FRAME_FRAGMENT, IP_MENDED },
	{ "from 127/8", IP4_AT + 12, 127, FRAME_BAD_IP, IP_MENDED },
	{ "from a group", IP4_AT + 12, 239, FRAME_BAD_IP, IP_MENDED },
	{ "from 0/8", IP4_AT + 12, 0, FRAME_BAD_IP, IP_MENDED },
	{ "a bit of the header turned", IP4_AT + 8, 0x41, FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "for our neighbour", IP4_AT + 19, 3, FRAME_NOT_OURS, IP_MENDED },
	{ "to another MAC", 5, 3, FRAME_NOT_OURS, AS_IT_IS },
	{ "to everybody's MAC", 0, 0xff, FRAME_NOT_OURS, AS_IT_IS },
	{ "TCP", IP4_AT + 9, 6, FRAME_NOT_UDP, IP_MENDED },
	{ "room for no UDP header", IP4_AT + 3, 27, FRAME_BAD_UDP, IP_MENDED },
	{ "UDP shorter than its header", UDP4_AT + 5, 7, FRAME_BAD_UDP, AS_IT_IS },
	{ "UDP longer than the datagram", UDP4_AT + 5, 14, FRAME_BAD_UDP, AS_IT_IS },
	{ "a bit of the payload turned", OFF, 'L', FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "the last byte", OFF + LEN - 1, 'Y', FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "another source, same header sum", UDP4_AT + 1, 0x89, FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "another time to live", IP4_AT + 8, 3, FRAME_UDP, IP_MENDED },
};

Test(frame, what_is_wrong_has_a_name)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t frame[sizeof(datagram)];
		struct frame f = { .from_port = 99 };

		memcpy(frame, datagram, sizeof(frame));
		frame[changes[i].at] = changes[i].byte;
		if (changes[i].sums == IP_MENDED)
			mend_ip4(frame + IP4_AT);
		cr_expect_eq(read_it(&f, frame, sizeof(frame)), changes[i].kind, "%s: %d",
			changes[i].what, read_it(&f, frame, sizeof(frame)));
		cr_expect_eq(
			f.from_port == 99, changes[i].kind != FRAME_UDP, "%s", changes[i].what);
	}
}

Test(frame, a_checksum_of_zero_is_none)
{
	uint8_t frame[sizeof(datagram)];
	struct frame f;

	memcpy(frame, datagram, sizeof(frame));
	frame[UDP4_AT + 6] = 0;
	frame[UDP4_AT + 7] = 0;
	frame[OFF] = 'x';
	cr_assert_eq(read_it(&f, frame, sizeof(frame)), FRAME_UDP);
}

// Each length on its own piece of memory, so that a sanitizer sees a byte too many.
Test(frame, a_frame_may_end_anywhere)
{
	for (size_t len = 0; len <= sizeof(datagram); len++) {
		uint8_t *copy = malloc(len + 1);
		struct frame f;

		memcpy(copy + 1, datagram, len);
		enum frame_kind kind = read_it(&f, copy + 1, len);
		cr_expect_eq(kind == FRAME_UDP, len >= OFF + LEN, "%zu bytes", len);
		free(copy);
	}
}

Test(frame, what_the_card_has_summed_is_not_summed_again)
{
	struct station s = frames_station();
	uint8_t frame[sizeof(datagram)];
	struct frame f;

	memcpy(frame, datagram, sizeof(frame));
	frame[IP4_AT + 10] ^= 1;
	cr_expect_eq(frame_read(&f, &s, frame, sizeof(frame), FRAME_TRUST_UDP), FRAME_BAD_CHECKSUM);
	cr_expect_eq(frame_read(&f, &s, frame, sizeof(frame), FRAME_TRUST_IP), FRAME_UDP);
	frame[OFF] ^= 1;
	cr_expect_eq(frame_read(&f, &s, frame, sizeof(frame), FRAME_TRUST_IP), FRAME_BAD_CHECKSUM);
	cr_expect_eq(frame_read(&f, &s, frame, sizeof(frame), FRAME_TRUST_IP | FRAME_TRUST_UDP),
		FRAME_UDP);
}

Test(frame, a_tag_says_on_which_wire_it_came)
{
	struct frame f;
	uint8_t frame[sizeof(datagram) + 4];

	memcpy(frame, datagram, sizeof(datagram));
	size_t len = frames_tag(frame, sizeof(datagram), 100);
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_OURS, "an address of another wire");
	memcpy(frame + 4 + IP4_AT + 16, (uint8_t[]){ 10, 77, 0, 2 }, 4);
	mend_ip4(frame + 4 + IP4_AT);
	frame[4 + UDP4_AT + 6] = 0;
	frame[4 + UDP4_AT + 7] = 0;
	cr_assert_eq(read_it(&f, frame, len), FRAME_UDP);
	cr_expect(f.address == 8 && f.lan == 1 && f.off == OFF + 4 && f.len == LEN);
	frame[14] = 0xe0;
	cr_expect_eq(read_it(&f, frame, len), FRAME_UDP, "a priority is no other VLAN");
	frame[15] = 101;
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_OURS);
	frame[15] = 102;
	cr_expect_eq(read_it(&f, frame, len), FRAME_OTHER_VLAN);
	frame[15] = 0;
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_OURS, "no VLAN: 10.77.0.2 is not here");
	for (size_t n = 14; n < 18; n++)
		cr_expect_neq(read_it(&f, frame, n), FRAME_UDP, "%zu bytes", n);
}

Test(frame, a_priority_without_a_vlan_is_no_tag)
{
	struct frame f;
	uint8_t frame[sizeof(datagram) + 4];

	memcpy(frame, datagram, sizeof(datagram));
	size_t len = frames_tag(frame, sizeof(datagram), 0xa000);
	cr_assert_eq(read_it(&f, frame, len), FRAME_UDP);
	cr_expect_eq(f.address, 7);
}

Test(frame, two_tags_are_not_ours_to_read)
{
	struct frame f;
	uint8_t frame[sizeof(datagram) + 8];

	memcpy(frame, datagram, sizeof(datagram));
	size_t len = frames_tag(frame, sizeof(datagram), 7);
	len = frames_tag(frame, len, 100);
	cr_expect_eq(read_it(&f, frame, len), FRAME_NOT_IP);
}
