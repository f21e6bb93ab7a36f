// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/rtp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

struct row {
	const char *what;
	uint8_t data[40];
	size_t len;
	enum rtp_error want;
	uint16_t off; // of the payload
	uint16_t payload;
};

Test(rtp, is_read_or_refused_for_a_named_reason)
{
	static const struct row rows[] = {
		{ "nothing", { 0 }, 0, RTP_SHORT, 0, 0 },
		{ "one byte less than a header", { 0x80 }, 11, RTP_SHORT, 0, 0 },
		{ "a header and no payload", { 0x80 }, 12, RTP_OK, 12, 0 },
		{ "version 0", { 0x00 }, 12, RTP_BAD_VERSION, 0, 0 },
		{ "version 1", { 0x40 }, 12, RTP_BAD_VERSION, 0, 0 },
		{ "version 3", { 0xc0 }, 12, RTP_BAD_VERSION, 0, 0 },
		{ "fifteen sources in twelve bytes", { 0x8f }, 12, RTP_BAD_CSRC, 0, 0 },
		{ "one source and no payload", { 0x81 }, 16, RTP_OK, 16, 0 },
		{ "one source, one byte short", { 0x81 }, 15, RTP_BAD_CSRC, 0, 0 },
		{ "an extension without its header", { 0x90 }, 15, RTP_BAD_EXT, 0, 0 },
		{ "an empty extension", { 0x90 }, 16, RTP_OK, 16, 0 },
		{ "an extension one word too long", { 0x90, [15] = 1 }, 19, RTP_BAD_EXT, 0, 0 },
		{ "an extension of a word", { 0x90, [15] = 1 }, 25, RTP_OK, 20, 5 },
		{ "the longest extension", { 0x90, [14] = 255, 255 }, 40, RTP_BAD_EXT, 0, 0 },
		{ "padding of nothing", { 0xa0, [15] = 0 }, 16, RTP_BAD_PAD, 0, 0 },
		{ "padding longer than the payload", { 0xa0, [12] = 2 }, 13, RTP_BAD_PAD, 0, 0 },
		{ "nothing but padding", { 0xa0, [15] = 4 }, 16, RTP_OK, 12, 0 },
		{ "padding of one byte", { 0xa0, [15] = 1 }, 16, RTP_OK, 12, 3 },
		{ "source, extension and padding", { 0xb1, [19] = 1, [27] = 2 }, 28, RTP_OK, 24,
			2 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtp rtp = { .ssrc = 99 };

		cr_expect(eq(int, rtp_read(&rtp, rows[i].data, rows[i].len), rows[i].want), "%s",
			rows[i].what);
		if (rows[i].want == RTP_OK) {
			cr_expect(eq(u16, rtp.payload_off, rows[i].off), "%s", rows[i].what);
			cr_expect(eq(u16, rtp.payload_len, rows[i].payload), "%s", rows[i].what);
		} else {
			cr_expect(eq(u32, rtp.ssrc, 99), "%s: written all the same", rows[i].what);
		}
	}
}

Test(rtp, a_datagram_longer_than_udp_allows_is_refused)
{
	static uint8_t data[65536] = { 0x80 };
	struct rtp rtp;

	cr_expect(eq(int, rtp_read(&rtp, data, 65535), RTP_OK));
	cr_expect(eq(int, rtp_read(&rtp, data, 65536), RTP_SHORT));
}

Test(rtp, every_field_survives_writing_and_reading)
{
	static const struct rtp rows[] = {
		{ .ts = 0, .ssrc = 0, .seq = 0, .pt = 0, .marker = false },
		{ .ts = UINT32_MAX,
			.ssrc = UINT32_MAX,
			.seq = UINT16_MAX,
			.pt = 127,
			.marker = true },
		{ .ts = 0x01020304, .ssrc = 0x05060708, .seq = 0x090a, .pt = 101, .marker = true },
		{ .ts = 0x80000000, .ssrc = 1, .seq = 0x8000, .pt = 8, .marker = false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[RTP_FIXED_LEN];
		struct rtp got;

		rtp_write(buf, &rows[i]);
		cr_assert(eq(int, rtp_read(&got, buf, sizeof(buf)), RTP_OK));
		cr_expect(eq(u32, got.ts, rows[i].ts));
		cr_expect(eq(u32, got.ssrc, rows[i].ssrc));
		cr_expect(eq(u16, got.seq, rows[i].seq));
		cr_expect(eq(u8, got.pt, rows[i].pt));
		cr_expect(eq(int, got.marker, rows[i].marker));
	}
}

Test(rtp, sequence_numbers_are_ordered_round_the_clock)
{
	cr_expect(rtp_seq_before(1, 2));
	cr_expect(not(rtp_seq_before(2, 1)));
	cr_expect(not(rtp_seq_before(7, 7)));
	cr_expect(rtp_seq_before(65535, 0));
	cr_expect(not(rtp_seq_before(0, 65535)));
	cr_expect(rtp_seq_before(40000, 7000));
}
