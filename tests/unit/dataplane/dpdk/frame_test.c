// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/frame.h"

#include <criterion/criterion.h>

#include <string.h>

// A real datagram from 10.99.0.1:5000 to 10.99.0.2:16384, "layby".
static const uint8_t datagram[] = {
	0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0x08, 0x00,        // Ethernet
	0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,        // IPv4
	0x26, 0x04, 10, 99, 0, 1, 10, 99, 0, 2,                            //
	0x13, 0x88, 0x40, 0x00, 0x00, 0x0d, 0x38, 0xbf,                    // UDP
	'l', 'a', 'y', 'b', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xbb, 0xcc, // and Ethernet's padding
};
enum { OFF = 42, LEN = 5, IP_AT = 14, UDP_AT = 34 };

static struct station here(void)
{
	return (struct station){ .mac = { 2, 0, 0, 0, 0, 2 },
		.gateway = 0x0a630001,
		.addresses = 2,
		.address = {
			{ .ip = 0x0a630009, .mask = 0xffffff00, .index = 4 },
			{ .ip = 0x0a630002, .mask = 0xffffff00, .index = 7 },
		} };
}

// The ones' complement sum of big-endian words, the slow way of RFC 1071.
static uint16_t slow_sum(const uint8_t *data, size_t len, uint32_t total)
{
	for (size_t i = 0; i < len; i++)
		total += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

static void mend_ip(uint8_t *frame)
{
	frame[IP_AT + 10] = 0;
	frame[IP_AT + 11] = 0;
	uint16_t sum = (uint16_t)~slow_sum(frame + IP_AT, 20, 0);
	frame[IP_AT + 10] = (uint8_t)(sum >> 8);
	frame[IP_AT + 11] = (uint8_t)sum;
}

Test(frame, a_datagram_for_us_is_read)
{
	struct station s = here();
	struct frame f;

	cr_assert_eq(frame_read(&f, &s, datagram, sizeof(datagram)), FRAME_UDP);
	cr_expect_eq(f.from, 0x0a630001);
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
	{ "IPv6", 12, 0x86, FRAME_NOT_IP, AS_IT_IS },
	{ "ARP", 13, 0x06, FRAME_ARP, AS_IT_IS },
	{ "version 6", IP_AT, 0x65, FRAME_BAD_IP, IP_MENDED },
	{ "a header of 24 bytes", IP_AT, 0x46, FRAME_BAD_IP, IP_MENDED },
	{ "a header of 16 bytes", IP_AT, 0x44, FRAME_BAD_IP, IP_MENDED },
	{ "longer than the frame", IP_AT + 3, 200, FRAME_BAD_IP, IP_MENDED },
	{ "much longer than the frame", IP_AT + 2, 0xff, FRAME_BAD_IP, IP_MENDED },
	{ "shorter than its own header", IP_AT + 3, 19, FRAME_BAD_IP, IP_MENDED },
	{ "more fragments", IP_AT + 6, 0x20, FRAME_BAD_IP, IP_MENDED },
	{ "a last fragment", IP_AT + 7, 1, FRAME_BAD_IP, IP_MENDED },
	{ "from 127/8", IP_AT + 12, 127, FRAME_BAD_IP, IP_MENDED },
	{ "from a group", IP_AT + 12, 239, FRAME_BAD_IP, IP_MENDED },
	{ "from 0/8", IP_AT + 12, 0, FRAME_BAD_IP, IP_MENDED },
	{ "a bit of the header turned", IP_AT + 8, 0x41, FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "for our neighbour", IP_AT + 19, 3, FRAME_NOT_OURS, IP_MENDED },
	{ "to another MAC", 5, 3, FRAME_NOT_OURS, AS_IT_IS },
	{ "to everybody's MAC", 0, 0xff, FRAME_NOT_OURS, AS_IT_IS },
	{ "TCP", IP_AT + 9, 6, FRAME_NOT_UDP, IP_MENDED },
	{ "room for no UDP header", IP_AT + 3, 27, FRAME_BAD_UDP, IP_MENDED },
	{ "UDP shorter than its header", UDP_AT + 5, 7, FRAME_BAD_UDP, AS_IT_IS },
	{ "UDP longer than the datagram", UDP_AT + 5, 14, FRAME_BAD_UDP, AS_IT_IS },
	{ "a bit of the payload turned", OFF, 'L', FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "the last byte", OFF + LEN - 1, 'Y', FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "another source, same header sum", UDP_AT + 1, 0x89, FRAME_BAD_CHECKSUM, AS_IT_IS },
	{ "another time to live", IP_AT + 8, 3, FRAME_UDP, IP_MENDED },
};

Test(frame, what_is_wrong_has_a_name)
{
	struct station s = here();

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t frame[sizeof(datagram)];
		struct frame f = { .from = 99 };

		memcpy(frame, datagram, sizeof(frame));
		frame[changes[i].at] = changes[i].byte;
		if (changes[i].sums == IP_MENDED)
			mend_ip(frame);
		cr_expect_eq(frame_read(&f, &s, frame, sizeof(frame)), changes[i].kind, "%s: %d",
			changes[i].what, frame_read(&f, &s, frame, sizeof(frame)));
		cr_expect_eq(f.from == 99, changes[i].kind != FRAME_UDP, "%s", changes[i].what);
	}
}

Test(frame, a_checksum_of_zero_is_none)
{
	struct station s = here();
	uint8_t frame[sizeof(datagram)];
	struct frame f;

	memcpy(frame, datagram, sizeof(frame));
	frame[UDP_AT + 6] = 0;
	frame[UDP_AT + 7] = 0;
	frame[OFF] = 'x';
	cr_assert_eq(frame_read(&f, &s, frame, sizeof(frame)), FRAME_UDP);
}

// Each length on its own piece of memory, so that a sanitizer sees a byte too many.
Test(frame, a_frame_may_end_anywhere)
{
	struct station s = here();

	for (size_t len = 0; len <= sizeof(datagram); len++) {
		uint8_t *copy = malloc(len + 1);
		struct frame f;

		memcpy(copy + 1, datagram, len);
		enum frame_kind kind = frame_read(&f, &s, copy + 1, len);
		cr_expect_eq(kind == FRAME_UDP, len >= OFF + LEN, "%zu bytes", len);
		free(copy);
	}
}

Test(frame, what_is_written_is_what_the_other_end_reads)
{
	struct station them = here();
	uint8_t mine[MAC_LEN] = { 2, 0, 0, 0, 0, 1 };

	for (size_t len = 0; len <= FRAME_PAYLOAD_MAX; len += len < 8 ? 1 : 183) {
		uint8_t frame[FRAME_HEADERS + FRAME_PAYLOAD_MAX];
		struct frame f;

		memset(frame, 0x5a, sizeof(frame));
		frame_write(frame + FRAME_HEADERS, len,
			&(struct frame_udp){ .to_mac = them.mac,
				.from_mac = mine,
				.from = 0x0a630001,
				.to = 0x0a630009,
				.from_port = 16386,
				.to_port = 40000 });
		cr_assert_eq(frame_read(&f, &them, frame, FRAME_HEADERS + len), FRAME_UDP,
			"%zu bytes", len);
		cr_expect_eq(f.from, 0x0a630001);
		cr_expect_eq(f.from_port, 16386);
		cr_expect_eq(f.to_port, 40000);
		cr_expect_eq(f.address, 4);
		cr_expect_eq(f.len, len);
		cr_expect_eq(memcmp(frame + MAC_LEN, mine, MAC_LEN), 0);
		cr_expect_eq(frame[IP_AT + 1], 46 << 2, "marked as voice");
		cr_expect_eq(frame[IP_AT + 6], 0x40, "never a fragment");
		cr_expect_eq(frame[IP_AT + 8], 64);
	}
}

// The written bytes against a sum of our own, which shares no line with the code under test.
Test(frame, the_checksums_written_are_those_of_the_rfc)
{
	uint8_t frame[FRAME_HEADERS + 7];
	uint8_t mac[MAC_LEN] = { 2 };

	memcpy(frame + FRAME_HEADERS, "seventy", 7);
	frame_write(frame + FRAME_HEADERS, 7,
		&(struct frame_udp){ .to_mac = mac,
			.from_mac = mac,
			.from = 0xc0a80102,
			.to = 0x08080808,
			.from_port = 40001,
			.to_port = 53 });
	cr_expect_eq(slow_sum(frame + IP_AT, 20, 0), 0xffff);
	uint16_t pseudo = slow_sum(frame + IP_AT + 12, 8, 17 + 15);
	cr_expect_eq(slow_sum(frame + UDP_AT, 15, pseudo), 0xffff);
}

// The payload is chosen so that the sum is all ones, whose complement is zero.
Test(frame, a_checksum_that_comes_out_as_zero_is_sent_as_ones)
{
	uint8_t frame[FRAME_HEADERS + 2] = { 0 };
	uint8_t mac[MAC_LEN] = { 2 };
	struct frame_udp to = { .to_mac = mac, .from_mac = mac, .from = 1, .to = 2 };

	frame_write(frame + FRAME_HEADERS, 2, &to);
	frame[FRAME_HEADERS] = frame[UDP_AT + 6];
	frame[FRAME_HEADERS + 1] = frame[UDP_AT + 7];
	frame_write(frame + FRAME_HEADERS, 2, &to);
	cr_expect_eq(frame[UDP_AT + 6], 0xff);
	cr_expect_eq(frame[UDP_AT + 7], 0xff);
}

// An echo request from 10.99.0.1, of this many bytes of payload. Returns its length.
static size_t echo(uint8_t frame[128], size_t payload)
{
	memcpy(frame, datagram, UDP_AT);
	frame[IP_AT + 3] = (uint8_t)(28 + payload);
	frame[IP_AT + 9] = 1;
	mend_ip(frame);
	memset(frame + UDP_AT, 0, 8);
	frame[UDP_AT] = 8;
	frame[UDP_AT + 5] = 77;
	for (size_t i = 0; i < payload; i++)
		frame[UDP_AT + 8 + i] = (uint8_t)(i * 7);
	uint16_t sum = (uint16_t)~slow_sum(frame + UDP_AT, 8 + payload, 0);
	frame[UDP_AT + 2] = (uint8_t)(sum >> 8);
	frame[UDP_AT + 3] = (uint8_t)sum;
	return UDP_AT + 8 + payload;
}

Test(frame, an_echo_goes_back_to_where_it_came_from)
{
	struct station s = here();

	for (size_t payload = 0; payload < 60; payload += 13) {
		uint8_t frame[128];
		uint8_t asked[128];
		struct frame f;
		size_t len = echo(frame, payload);

		memcpy(asked, frame, sizeof(asked));
		cr_assert_eq(frame_read(&f, &s, frame, len), FRAME_ECHO);
		frame_echo_reply(frame, &s);
		cr_expect_eq(memcmp(frame, asked + MAC_LEN, MAC_LEN), 0);
		cr_expect_eq(memcmp(frame + MAC_LEN, s.mac, MAC_LEN), 0);
		cr_expect_eq(memcmp(frame + IP_AT + 12, asked + IP_AT + 16, 4), 0);
		cr_expect_eq(memcmp(frame + IP_AT + 16, asked + IP_AT + 12, 4), 0);
		cr_expect_eq(slow_sum(frame + IP_AT, 20, 0), 0xffff);
		cr_expect_eq(frame[UDP_AT], 0);
		cr_expect_eq(slow_sum(frame + UDP_AT, 8 + payload, 0), 0xffff);
		cr_expect_eq(memcmp(frame + UDP_AT + 4, asked + UDP_AT + 4, 4 + payload), 0);
	}
}

Test(frame, only_a_sound_echo_request_is_one)
{
	struct station s = here();
	struct frame f;
	uint8_t frame[128];
	size_t len = echo(frame, 4);

	frame[UDP_AT + 9] ^= 1;
	cr_expect_eq(frame_read(&f, &s, frame, len), FRAME_BAD_CHECKSUM);
	echo(frame, 4);
	frame[UDP_AT] = 0;
	cr_expect_eq(frame_read(&f, &s, frame, len), FRAME_NOT_UDP, "a reply");
	echo(frame, 4);
	frame[UDP_AT + 1] = 1;
	cr_expect_eq(frame_read(&f, &s, frame, len), FRAME_NOT_UDP, "a code");
	echo(frame, 4);
	frame[IP_AT + 3] = 27;
	mend_ip(frame);
	cr_expect_eq(frame_read(&f, &s, frame, len), FRAME_NOT_UDP, "half a header");
}

Test(frame, arp_is_read_as_it_is_written)
{
	struct arp sent = { .op = ARP_REPLY, .from_mac = { 2, 0, 0, 0, 0, 9 }, .from = 1, .to = 2 };
	uint8_t to[MAC_LEN] = { 2, 0, 0, 0, 0, 8 };
	uint8_t frame[FRAME_ARP_LEN];
	struct arp got = { 0 };

	arp_write(frame, &sent, to);
	cr_assert(arp_read(&got, frame, sizeof(frame)));
	cr_expect_eq(got.op, ARP_REPLY);
	cr_expect_eq(memcmp(got.from_mac, sent.from_mac, MAC_LEN), 0);
	cr_expect_eq(got.from, 1);
	cr_expect_eq(got.to, 2);
	cr_expect_eq(memcmp(frame, to, MAC_LEN), 0);

	static const uint8_t everybody[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	arp_write(frame, &sent, NULL);
	cr_expect_eq(memcmp(frame, everybody, MAC_LEN), 0);
}

Test(frame, arp_that_is_none_is_refused)
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
	uint8_t frame[FRAME_ARP_LEN];
	struct arp got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arp_write(frame, &sent, NULL);
		frame[rows[i].at] = rows[i].byte;
		cr_expect_not(arp_read(&got, frame, sizeof(frame)), "%s", rows[i].what);
	}
	sent.from_mac[0] = 0;
	arp_write(frame, &sent, NULL);
	cr_expect_not(arp_read(&got, frame, sizeof(frame)), "from nobody");
	for (size_t len = 0; len < sizeof(frame); len++) {
		uint8_t *copy = malloc(len + 1);

		sent.from_mac[0] = 2;
		arp_write(frame, &sent, NULL);
		memcpy(copy + 1, frame, len);
		cr_expect_not(arp_read(&got, copy + 1, len), "%zu bytes", len);
		free(copy);
	}
}
