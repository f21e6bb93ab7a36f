// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/header.h"
#include "dataplane/dpdk/sum.h"
#include "tests/support/frames.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = HEADER_ROOM + HEADER_PAYLOAD_MAX };

struct wish {
	const char *from;
	const char *to;
	uint16_t vlan;
	uint16_t address; // as frames_station() counts it
};

static const struct wish wishes[] = {
	{ "10.99.0.1", "10.99.0.9", 0, 4 },
	{ "10.77.0.1", "10.77.0.2", 100, 8 },
	{ "2001:db8::1", "2001:db8::2", 0, 5 },
	{ "2001:db8:77::1", "2001:db8:77::2", 101, 9 },
};
static const size_t wishes_n = sizeof(wishes) / sizeof(wishes[0]);

static struct header make(const struct wish *w, struct header_from extra)
{
	struct ip_address from = ip(w->from);
	struct header h;

	extra.mac = their_mac;
	extra.ip = &from;
	extra.vlan = w->vlan;
	extra.mtu = extra.mtu != 0 ? extra.mtu : 1500;
	header_init(&h, &extra);
	return h;
}

static void write_it(const struct header *h, const struct wish *w, uint8_t *payload, size_t len,
	uint64_t payload_sum)
{
	struct ip_address to = ip(w->to);

	header_write(h, payload, len,
		&(struct header_to){
			.mac = our_mac, .ip = to.b, .from_port = 16386, .to_port = 40000 },
		payload_sum);
}

static void expect_read(const struct wish *w, const struct header *h, uint8_t *payload, size_t len)
{
	struct station s = frames_station();
	struct ip_address from = ip(w->from);
	struct frame f;

	cr_assert_eq(frame_read(&f, &s, payload - h->len, h->len + len, 0), FRAME_UDP,
		"%s, %zu bytes", w->to, len);
	cr_expect(ip_equal(&f.from, &from), "%s", w->to);
	cr_expect(f.from_port == 16386 && f.to_port == 40000 && f.address == w->address);
	cr_expect(f.off == h->len && f.len == len);
	cr_expect_eq(memcmp(payload - h->len, our_mac, MAC_LEN), 0);
	cr_expect_eq(memcmp(payload - h->len + MAC_LEN, their_mac, MAC_LEN), 0);
}

Test(header, what_is_written_is_what_the_other_end_reads)
{
	uint8_t frame[SIZE];
	uint8_t *payload = frame + HEADER_ROOM;

	for (size_t i = 0; i < wishes_n; i++) {
		struct header h = make(&wishes[i], (struct header_from){ .dscp = DSCP_VOICE });

		for (size_t len = 0; len <= h.longest; len += len < 8 ? 1 : 181) {
			memset(frame, 0x5a, sizeof(frame));
			write_it(&h, &wishes[i], payload, len, 0);
			expect_read(&wishes[i], &h, payload, len);
		}
	}
}

Test(header, a_random_packet_survives_the_way_through_the_wire)
{
	uint8_t frame[SIZE];
	uint8_t *payload = frame + HEADER_ROOM;

	srand(4711);
	for (int n = 0; n < 20000; n++) {
		struct wish w = wishes[(size_t)rand() % wishes_n];
		char from[48];
		struct header h;
		size_t len;

		if (w.vlan == 0 && rand() % 2 == 0) { // far away
			snprintf(from, sizeof(from),
				strchr(w.to, ':') != NULL ? "2%03x:%x::%x" : "11.%d.%d.%d",
				rand() % 256, rand() % 256, rand() % 255 + 1);
			w.from = from;
		}
		h = make(&w, (struct header_from){ .dscp = (uint8_t)(rand() % 64) });
		len = (size_t)rand() % (h.longest + 1U);
		for (size_t i = 0; i < len; i++)
			payload[i] = (uint8_t)rand();
		uint64_t sum = rand() % 2 == 0 ? sum_bytes(payload, len) : 0;
		write_it(&h, &w, payload, len, sum);
		expect_read(&w, &h, payload, len);
	}
}

// The written bytes against a sum of our own, which shares no line with the code under test.
Test(header, the_checksums_written_are_those_of_the_rfc)
{
	uint8_t frame[HEADER_ROOM + 7];
	uint8_t *payload = frame + HEADER_ROOM;
	struct header h = make(&wishes[0], (struct header_from){ .dscp = DSCP_VOICE });

	memcpy(payload, "seventy", 7);
	write_it(&h, &wishes[0], payload, 7, 0);
	cr_expect_eq(slow_sum(payload - 28, 20, 0), 0xffff);
	cr_expect_eq(slow_sum(payload - 8, 15, slow_sum(payload - 16, 8, 17 + 15)), 0xffff);
	cr_expect_eq(payload[-28 + 1], 46 << 2, "marked as voice");
	cr_expect_eq(payload[-28 + 6], 0x40, "never a fragment");
	cr_expect_eq(payload[-28 + 8], 64);

	h = make(&wishes[2], (struct header_from){ .dscp = DSCP_VOICE });
	write_it(&h, &wishes[2], payload, 7, 0);
	cr_expect_eq(slow_sum(payload - 8, 15, slow_sum(payload - 40, 32, 17 + 15)), 0xffff);
	cr_expect_eq((payload[-48] & 15) << 4 | payload[-47] >> 4, 46 << 2, "the traffic class");
	cr_expect_eq(payload[-48 + 7], 64);
}

// The payload is chosen so that the sum is all ones, whose complement is zero.
Test(header, a_checksum_that_comes_out_as_zero_is_sent_as_ones)
{
	for (size_t i = 0; i < wishes_n; i++) {
		uint8_t frame[HEADER_ROOM + 2] = { 0 };
		uint8_t *payload = frame + HEADER_ROOM;
		struct header h = make(&wishes[i], (struct header_from){ .dscp = 0 });

		write_it(&h, &wishes[i], payload, 2, 0);
		payload[0] = payload[-2];
		payload[1] = payload[-1];
		write_it(&h, &wishes[i], payload, 2, 0);
		cr_expect(payload[-2] == 0xff && payload[-1] == 0xff, "%s", wishes[i].to);
	}
}

Test(header, a_sum_that_is_known_is_not_reckoned_again)
{
	uint8_t frame[HEADER_ROOM + 4] = { 0 };
	uint8_t *payload = frame + HEADER_ROOM;
	struct header h = make(&wishes[0], (struct header_from){ .dscp = 0 });
	uint8_t kept[2];

	memcpy(payload, "four", 4);
	write_it(&h, &wishes[0], payload, 4, 0);
	memcpy(kept, payload - 2, 2);
	uint64_t sum = sum_bytes(payload, 4);
	memset(payload, 'x', 4);
	write_it(&h, &wishes[0], payload, 4, sum);
	cr_expect_eq(memcmp(payload - 2, kept, 2), 0);
}

// What a card wants to find: the sum of the pseudo header, not complemented, and no IPv4 sum.
Test(header, a_card_that_sums_is_given_the_beginning)
{
	for (size_t i = 0; i < wishes_n; i += 2) {
		uint8_t frame[HEADER_ROOM + 4] = { 0 };
		uint8_t *payload = frame + HEADER_ROOM;
		struct header h = make(&wishes[i], (struct header_from){ .card_sums = true });
		size_t addresses = h.v6 ? 32 : 8;

		write_it(&h, &wishes[i], payload, 4, 0);
		uint16_t pseudo = slow_sum(payload - 8 - addresses, addresses, 17 + 12);
		cr_expect_eq(payload[-2] << 8 | payload[-1], pseudo, "%s", wishes[i].to);
		if (!h.v6)
			cr_expect(payload[-28 + 10] == 0 && payload[-28 + 11] == 0);
	}
}

Test(header, the_mtu_says_how_long_a_payload_may_be)
{
	struct header h = make(&wishes[0], (struct header_from){ .mtu = 1500 });
	cr_expect_eq(h.longest, 1472);
	h = make(&wishes[1], (struct header_from){ .mtu = 1500 });
	cr_expect_eq(h.longest, 1472, "a tag is not in the MTU");
	h = make(&wishes[2], (struct header_from){ .mtu = 1500 });
	cr_expect_eq(h.longest, 1452);
	h = make(&wishes[2], (struct header_from){ .mtu = 1280 });
	cr_expect_eq(h.longest, 1232);
	h = make(&wishes[0], (struct header_from){ .mtu = 9000 });
	cr_expect_eq(h.longest, HEADER_PAYLOAD_MAX, "there is no room for more in a buffer");
	h = make(&wishes[2], (struct header_from){ .mtu = 40 });
	cr_expect_eq(h.longest, 0);
}

Test(header, a_tag_has_the_class_of_the_mark)
{
	uint8_t frame[HEADER_ROOM + 4] = { 0 };
	struct header h = make(&wishes[1], (struct header_from){ .dscp = DSCP_VOICE });

	write_it(&h, &wishes[1], frame + HEADER_ROOM, 4, 0);
	uint8_t *start = frame + HEADER_ROOM - h.len;
	cr_expect_eq(start[12] << 8 | start[13], 0x8100);
	cr_expect_eq(start[14] << 8 | start[15], 5 << 13 | 100);
	cr_expect_eq(start[16] << 8 | start[17], 0x0800);
}

Test(header, nothing_beyond_its_room_is_touched)
{
	for (size_t i = 0; i < wishes_n; i++) {
		uint8_t *frame = malloc(HEADER_ROOM + 4 + 1);
		struct header h = make(&wishes[i], (struct header_from){ .dscp = 0 });

		memset(frame, 0x33, HEADER_ROOM + 5);
		memcpy(frame + HEADER_ROOM, "four", 4);
		write_it(&h, &wishes[i], frame + HEADER_ROOM, 4, 0);
		cr_expect_eq(memcmp(frame + HEADER_ROOM, "four\x33", 5), 0);
		free(frame);
	}
}
