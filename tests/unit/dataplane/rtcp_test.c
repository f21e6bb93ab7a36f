// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/rtcp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

enum { US = 0x11223344 };

#define RR(count, words) 0x80 | (count), RTCP_RR, 0, words, 0, 0, 0, 7

struct row {
	const char *what;
	uint8_t data[64];
	size_t len;
	enum rtcp_error want;
};

Test(rtcp, is_read_or_refused_for_a_named_reason)
{
	static const struct row rows[] = {
		{ "nothing", { 0 }, 0, RTCP_SHORT },
		{ "three bytes", { 0x80, RTCP_RR, 0 }, 3, RTCP_SHORT },
		{ "an empty RR", { RR(0, 1) }, 8, RTCP_OK },
		{ "a byte behind it", { RR(0, 1) }, 9, RTCP_SHORT },
		{ "version 1", { 0x40, RTCP_RR, 0, 1 }, 8, RTCP_BAD_VERSION },
		{ "RTP", { 0x80, 0, 0, 1 }, 8, RTCP_BAD_TYPE },
		{ "type 191", { 0x80, 191, 0, 1 }, 8, RTCP_BAD_TYPE },
		{ "type 224", { 0x80, 224, 0, 1 }, 8, RTCP_BAD_TYPE },
		{ "SDES first", { 0x80, RTCP_SDES, 0, 0 }, 4, RTCP_BAD_FIRST },
		{ "BYE first", { 0x80, RTCP_BYE, 0, 0 }, 4, RTCP_BAD_FIRST },
		{ "longer than the datagram", { RR(0, 2) }, 8, RTCP_BAD_LENGTH },
		{ "RR without its source", { 0x80, RTCP_RR, 0, 0 }, 4, RTCP_BAD_LENGTH },
		{ "RR without its block", { RR(1, 6) }, 28, RTCP_BAD_LENGTH },
		{ "RR with its block", { RR(1, 7) }, 32, RTCP_OK },
		{ "SR one word short", { 0x80, RTCP_SR, 0, 5 }, 24, RTCP_BAD_LENGTH },
		{ "SR", { 0x80, RTCP_SR, 0, 6 }, 28, RTCP_OK },
		{ "SR and nonsense", { 0x80, RTCP_SR, 0, 6 }, 32, RTCP_BAD_VERSION },
		{ "padding", { 0xa0, RTCP_RR, 0, 2, [11] = 4 }, 12, RTCP_OK },
		{ "padding of nothing", { 0xa0, RTCP_RR, 0, 2, [11] = 0 }, 12, RTCP_BAD_PADDING },
		{ "padding of three", { 0xa0, RTCP_RR, 0, 2, [11] = 3 }, 12, RTCP_BAD_PADDING },
		{ "padding over the header", { 0xa0, RTCP_RR, 0, 2, [11] = 12 }, 12,
			RTCP_BAD_PADDING },
		{ "padding over the source", { 0xa0, RTCP_RR, 0, 2, [11] = 8 }, 12,
			RTCP_BAD_LENGTH },
		{ "padding before the last", { 0xa0, RTCP_RR, 0, 2, [11] = 4, RR(0, 1) }, 20,
			RTCP_BAD_PADDING },
		{ "a name", { RR(0, 1), 0x81, RTCP_SDES, 0, 2, 0, 0, 0, 7, 1, 1, 'a', 0 }, 20,
			RTCP_OK },
		{ "a name without an end",
			{ RR(0, 1), 0x81, RTCP_SDES, 0, 2, 0, 0, 0, 7, 1, 2, 'a', 'b' }, 20,
			RTCP_BAD_ITEM },
		{ "a name out of its packet",
			{ RR(0, 1), 0x81, RTCP_SDES, 0, 2, 0, 0, 0, 7, 1, 9, 'a', 0 }, 20,
			RTCP_BAD_ITEM },
		{ "an item without its length",
			{ RR(0, 1), 0x81, RTCP_SDES, 0, 2, 0, 0, 0, 7, 1, 0, 1, 1 }, 20,
			RTCP_BAD_ITEM },
		{ "fewer names than said",
			{ RR(0, 1), 0x82, RTCP_SDES, 0, 2, 0, 0, 0, 7, 1, 1, 'a', 0 }, 20,
			RTCP_BAD_ITEM },
		{ "BYE", { RR(0, 1), 0x81, RTCP_BYE, 0, 1, 0, 0, 0, 7 }, 16, RTCP_OK },
		{ "BYE without its sources", { RR(0, 1), 0x82, RTCP_BYE, 0, 1, 0, 0, 0, 7 }, 16,
			RTCP_BAD_LENGTH },
		{ "BYE with a reason",
			{ RR(0, 1), 0x81, RTCP_BYE, 0, 2, 0, 0, 0, 7, 3, 'b', 'y', 'e' }, 20,
			RTCP_OK },
		{ "a reason out of its packet",
			{ RR(0, 1), 0x81, RTCP_BYE, 0, 2, 0, 0, 0, 7, 4, 'b', 'y' }, 20,
			RTCP_BAD_ITEM },
		{ "APP", { RR(0, 1), 0x80, RTCP_APP, 0, 2 }, 20, RTCP_OK },
		{ "APP without a name", { RR(0, 1), 0x80, RTCP_APP, 0, 1 }, 16, RTCP_BAD_LENGTH },
		{ "feedback", { RR(0, 1), 0x81, 205, 0, 0 }, 12, RTCP_OK },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtcp rtcp = { .ssrc = 99 };

		cr_expect(eq(int, rtcp_read(&rtcp, rows[i].data, rows[i].len, US), rows[i].want),
			"%s", rows[i].what);
		if (rows[i].want != RTCP_OK)
			cr_expect(eq(u32, rtcp.ssrc, 99), "%s: written all the same", rows[i].what);
	}
}

static const struct rtcp_sender sender = {
	.ntp = 0x0123456789abcdef, .ts = 0xdeadbeef, .packets = 50, .octets = 8000
};

static const struct rtcp_block block = { .ssrc = 0x01020304,
	.fraction = 128,
	.lost = -5,
	.highest = 0x0001fff0,
	.jitter = 17,
	.lsr = 0x456789ab,
	.dlsr = 65536 };

Test(rtcp, what_a_report_says_is_what_was_written)
{
	uint8_t buf[RTCP_WRITE_MAX];
	struct rtcp got;
	size_t len = rtcp_write(buf, US, &sender, &block, "a-name");

	cr_assert(eq(int, rtcp_read(&got, buf, len, block.ssrc), RTCP_OK));
	cr_expect(eq(u32, got.ssrc, US));
	cr_expect(got.sent);
	cr_expect(not(got.bye));
	cr_expect(eq(u64, got.sender.ntp, sender.ntp));
	cr_expect(eq(u32, got.sender.ts, sender.ts));
	cr_expect(eq(u32, got.sender.packets, 50));
	cr_expect(eq(u32, got.sender.octets, 8000));
	cr_expect(eq(u32, got.blocks, 1));
	cr_expect(eq(u32, got.about.ssrc, block.ssrc));
	cr_expect(eq(u8, got.about.fraction, 128));
	cr_expect(eq(i32, got.about.lost, -5));
	cr_expect(eq(u32, got.about.highest, 0x0001fff0));
	cr_expect(eq(u32, got.about.jitter, 17));
	cr_expect(eq(u32, got.about.lsr, 0x456789ab));
	cr_expect(eq(u32, got.about.dlsr, 65536));

	cr_assert(eq(int, rtcp_read(&got, buf, len, US), RTCP_OK));
	cr_expect(zero(u32, got.about.ssrc), "a block about somebody else");
}

Test(rtcp, a_report_is_a_compound_with_a_name_whatever_its_length)
{
	char cname[RTCP_CNAME_MAX + 1] = { 0 };

	for (size_t n = 0; n <= RTCP_CNAME_MAX; n++) {
		uint8_t buf[RTCP_WRITE_MAX + 4];
		struct rtcp got;

		memset(buf, 0xee, sizeof(buf));
		size_t len = rtcp_write(
			buf, US, n % 2 ? &sender : NULL, n % 4 < 2 ? &block : NULL, cname);
		size_t report = (n % 2 ? 28 : 8) + (n % 4 < 2 ? 24 : 0);

		cr_assert(le(sz, len, RTCP_WRITE_MAX));
		cr_assert(eq(int, rtcp_read(&got, buf, len, US), RTCP_OK), "a name of %zu", n);
		cr_expect(eq(int, got.sent, n % 2));
		cr_expect(eq(u8, buf[1], n % 2 ? RTCP_SR : RTCP_RR));
		cr_expect(eq(u8, buf[report + 1], RTCP_SDES));
		cr_expect(eq(u8, buf[report + 8], 1));
		cr_expect(eq(u8, buf[report + 9], n));
		cr_expect(zero(int, memcmp(buf + report + 10, cname, n)));
		cr_expect(zero(u8, buf[report + 10 + n]));
		cr_expect(eq(u8, buf[len], 0xee), "one byte too many");
		if (n < RTCP_CNAME_MAX)
			cname[n] = (char)('a' + n % 26);
	}
}

Test(rtcp, a_bye_is_seen_and_says_nothing_else)
{
	static const uint8_t data[] = { RR(0, 1), 0x81, RTCP_BYE, 0, 1, 0, 0, 0, 7 };
	struct rtcp got;

	cr_assert(eq(int, rtcp_read(&got, data, sizeof(data), US), RTCP_OK));
	cr_expect(got.bye);
	cr_expect(not(got.sent));
	cr_expect(eq(u32, got.ssrc, 7));
}
