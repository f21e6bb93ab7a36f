// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/guard.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#define LINE "INVITE sip:a@b SIP/2.0\r\n"
#define VIA  "Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport\r\n"
#define REST "From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 7 INVITE\r\n"
#define END  "\r\n"
#define GOOD LINE VIA REST

static enum guard_outcome judged(const char *text)
{
	static struct guarded g;

	return guard_read(&g, text, strlen(text));
}

Test(guard, every_rule_has_its_outcome)
{
	static const struct {
		const char *what, *text;
		enum guard_outcome outcome;
	} rows[] = {
		{ "good", GOOD END, GUARD_OK },
		{ "good after empty lines", "\r\n\r\n" GOOD END, GUARD_OK },
		{ "good with bare line feeds",
			"BYE sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nf: <sip:c@d>\n"
			"t: <sip:a@b>\ni: i\nCSeq: 7 BYE\n\n",
			GUARD_OK },
		{ "folded",
			LINE "Via: SIP / 2.0\r\n /UDP\r\n\th ;\r\n branch = z9hG4bK1\r\n" REST END,
			GUARD_OK },
		{ "no branch, as RFC 2543 had it", LINE "v: SIP/2.0/UDP h\r\n" REST END, GUARD_OK },
		{ "line ends", "\r\n\r\n", GUARD_KEEPALIVE },
		{ "nothing", "", GUARD_KEEPALIVE },
		{ "fifteen bytes", "OPTIONS sip:a S", GUARD_TINY },
		{ "another protocol", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", GUARD_GARBAGE },
		{ "no URI", "INVITE SIP/2.0\r\n" VIA REST END, GUARD_SYNTAX },
		{ "two blanks", "INVITE  sip:a@b SIP/2.0\r\n" VIA REST END, GUARD_SYNTAX },
		{ "blank at the end", "INVITE sip:a@b SIP/2.0 \r\n" VIA REST END, GUARD_SYNTAX },
		{ "blank in the URI", "INVITE sip:a@b; lr SIP/2.0\r\n" VIA REST END, GUARD_SYNTAX },
		{ "brackets round the URI", "INVITE <sip:a@b> SIP/2.0\r\n" VIA REST END,
			GUARD_SYNTAX },
		{ "a URI without a scheme", "INVITE a@b SIP/2.0\r\n" VIA REST END, GUARD_SYNTAX },
		{ "another scheme", "INVITE tel:1 SIP/2.0\r\n" VIA REST END, GUARD_SCHEME },
		{ "a scheme with a dot", "INVITE soap.beep:1 SIP/2.0\r\n" VIA REST END,
			GUARD_SCHEME },
		{ "version 7", "INVITE sip:a@b SIP/7.0\r\n" VIA REST END, GUARD_VERSION },
		{ "version 2.00", "INVITE sip:a@b SIP/2.00\r\n" VIA REST END, GUARD_VERSION },
		{ "a line that is no header", GOOD "hello\r\n" END, GUARD_SYNTAX },
		{ "a control character before the colon", GOOD "X\x01: y\r\n" END, GUARD_SYNTAX },
		{ "a control character in a value", GOOD "X: \x01\r\n" END, GUARD_SYNTAX },
		{ "a lone carriage return", GOOD "X: a\rVia: b\r\n" END, GUARD_SYNTAX },
		{ "a blank before the colon is allowed", GOOD "X : y\r\n" END, GUARD_OK },
		{ "no empty line", GOOD, GUARD_SYNTAX },
		{ "no Via", LINE REST END, GUARD_HEADER },
		{ "a Via of nothing", LINE "Via: \r\n" REST END, GUARD_HEADER },
		{ "a Via with port 0", LINE "Via: SIP/2.0/UDP h:0;branch=z9hG4bK1\r\n" REST END,
			GUARD_HEADER },
		{ "a Via with port 65536",
			LINE "Via: SIP/2.0/UDP h:65536;branch=z9hG4bK1\r\n" REST END,
			GUARD_HEADER },
		{ "the bare cookie", LINE "Via: SIP/2.0/UDP h;branch=z9hG4bK\r\n" REST END,
			GUARD_HEADER },
		{ "two From", GOOD "From: <sip:x@y>;tag=2\r\n" END, GUARD_HEADER },
		{ "two From, one compact", GOOD "f: <sip:x@y>;tag=2\r\n" END, GUARD_HEADER },
		{ "two CSeq", GOOD "CSeq: 7 INVITE\r\n" END, GUARD_HEADER },
		{ "two Content-Length", GOOD "l: 0\r\nContent-Length: 0\r\n" END, GUARD_HEADER },
		{ "two Max-Forwards", GOOD "Max-Forwards: 1\r\nMax-Forwards: 1\r\n" END,
			GUARD_HEADER },
		{ "Max-Forwards 255", GOOD "Max-Forwards: 255\r\n" END, GUARD_OK },
		{ "Max-Forwards 256", GOOD "Max-Forwards: 256\r\n" END, GUARD_HEADER },
		{ "Max-Forwards -1", GOOD "Max-Forwards: -1\r\n" END, GUARD_HEADER },
		{ "Content-Length beyond the datagram", GOOD "l: 1\r\n" END, GUARD_HEADER },
		{ "Content-Length -999", GOOD "l: -999\r\n" END, GUARD_HEADER },
		{ "Content-Length of 64 bits that wraps", GOOD "l: 18446744073709551616\r\n" END,
			GUARD_HEADER },
		{ "Content-Length, empty", GOOD "l: \r\n" END, GUARD_HEADER },
		{ "what is behind Content-Length is not ours", GOOD "l: 2\r\n" END "ab\r\nmore",
			GUARD_OK },
		{ "CSeq 2^31",
			LINE VIA "f: <sip:c@d>\r\nt: <sip:a@b>\r\ni: i\r\n"
				 "CSeq: 2147483648 INVITE\r\n" END,
			GUARD_HEADER },
		{ "CSeq 2^31 - 1",
			LINE VIA "f: <sip:c@d>\r\nt: <sip:a@b>\r\ni: i\r\n"
				 "CSeq: 2147483647 INVITE\r\n" END,
			GUARD_OK },
		{ "CSeq of another method",
			LINE VIA "f: <sip:c@d>\r\nt: <sip:a@b>\r\ni: i\r\n"
				 "CSeq: 7 BYE\r\n" END,
			GUARD_HEADER },
		{ "CSeq of the method in small letters",
			LINE VIA "f: <sip:c@d>\r\nt: <sip:a@b>\r\ni: i\r\nCSeq: 7 invite\r\n" END,
			GUARD_HEADER },
		{ "an empty Call-ID",
			LINE VIA "f: <sip:c@d>\r\nt: <sip:a@b>\r\ni: \r\n"
				 "CSeq: 7 INVITE\r\n" END,
			GUARD_HEADER },
		{ "multipart", GOOD "Content-Type: multipart/mixed;boundary=x\r\n" END,
			GUARD_MULTIPART },
		{ "multipart, shouted", GOOD "c : MULTIPART/mixed\r\n" END, GUARD_MULTIPART },
		{ "a response", "SIP/2.0 200 OK\r\n" VIA REST END, GUARD_OK },
		{ "a response without a reason", "SIP/2.0 200 \r\n" VIA REST END, GUARD_OK },
		{ "status 4294967301", "SIP/2.0 4294967301 ?\r\n" VIA REST END, GUARD_GARBAGE },
		{ "status 99", "SIP/2.0 099 ?\r\n" VIA REST END, GUARD_GARBAGE },
		{ "status 700", "SIP/2.0 700 ?\r\n" VIA REST END, GUARD_GARBAGE },
		{ "a response without Call-ID", "SIP/2.0 200 OK\r\n" VIA END, GUARD_GARBAGE },
		{ "a response of version 3", "SIP/3.0 200 OK\r\n" VIA REST END, GUARD_GARBAGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(judged(rows[i].text) == rows[i].outcome, "%s: %d, not %d", rows[i].what,
			judged(rows[i].text), rows[i].outcome);
}

static size_t times(char *buf, size_t n, const char *unit, int count)
{
	for (int i = 0; i < count; i++)
		n += (size_t)sprintf(buf + n, "%s", unit);
	return n;
}

Test(guard, limits_hold_at_the_last_allowed_and_the_first_refused)
{
	static const struct {
		const char *what, *before, *unit, *after;
		int allowed; // units
	} rows[] = {
		{ "header lines", GOOD, "X: y\r\n", END, RAW_HEADERS_MAX - 5 },
		{ "length of a line", GOOD "X: ", "y", "\r\n" END, GUARD_LINE_MAX - 1 },
		{ "length of the first line", "INVITE sip:a@b", "x", " SIP/2.0\r\n" VIA REST END,
			GUARD_LINE_MAX - 22 },
		{ "semicolons", GOOD "X: ", ";a", "\r\n" END, GUARD_SEMICOLONS_MAX },
		{ "commas", GOOD "X: ", ",a", "\r\n" END, GUARD_COMMAS_MAX },
		{ "elements in all", GOOD, "X: ,,,,,,,,\r\n", END, GUARD_ELEMENTS_MAX / 8 },
		{ "vias in lines", GOOD, "v: SIP/2.0/UDP h\r\n", END, GUARD_VIAS_MAX - 1 },
		{ "vias in one line", LINE "v: SIP/2.0/UDP h;branch=z9hG4bK1", ",SIP/2.0/UDP h",
			"\r\n" REST END, GUARD_VIAS_MAX - 1 },
		{ "contacts in sum", GOOD, "m: <sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>\r\n", END,
			GUARD_SUM_MAX / 37 },
	};
	static char buf[GUARD_BYTES_MAX * 2];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int more = 0; more <= 1; more++) {
			size_t n = times(buf, 0, rows[i].before, 1);
			n = times(buf, n, rows[i].unit, rows[i].allowed + more);
			times(buf, n, rows[i].after, 1);
			cr_expect(judged(buf) == (more ? GUARD_LIMITS : GUARD_OK), "%s + %d: %d",
				rows[i].what, more, judged(buf));
		}
	}
}

Test(guard, a_datagram_of_8_kb_is_read_and_one_byte_more_is_513)
{
	static char buf[GUARD_BYTES_MAX + 1];
	static struct guarded g;
	size_t n = times(buf, 0, GOOD END, 1);

	memset(buf + n, 'x', sizeof(buf) - n);
	cr_expect(guard_read(&g, buf, GUARD_BYTES_MAX) == GUARD_OK);
	cr_expect(guard_read(&g, buf, GUARD_BYTES_MAX + 1) == GUARD_TOO_BIG);
	cr_expect(guard_status(GUARD_TOO_BIG) == 513);
	cr_expect(g.raw.count[RAW_VIA] == 1, "and what an answer is made of was found");
}

Test(guard, a_nul_is_not_the_end)
{
	static const char text[] = GOOD "X: a\0b\r\n" END;
	static struct guarded g;

	cr_expect(guard_read(&g, text, sizeof(text) - 1) == GUARD_SYNTAX);
}

Test(guard, every_cut_of_a_message_has_an_outcome)
{
	static const char text[] =
		GOOD "m: \"a,\\\"b\" <sip:x;y=z>;p=\"q;r\", <sip:u>\r\nl: 3\r\n" END "abc";
	static struct guarded g;

	for (size_t len = 0; len < sizeof(text); len++) {
		char *exact = malloc(len ? len : 1); // so that a sanitizer sees one byte too far
		memcpy(exact, text, len);
		enum guard_outcome outcome = guard_read(&g, exact, len);
		cr_expect((outcome == GUARD_OK) == (len == sizeof(text) - 1), "%zu: %d", len,
			outcome);
		free(exact);
	}
}

// --- the scanner

static bool is(struct span s, const char *text)
{
	return span_is(s, text);
}

Test(guard, parameters_are_found_outside_of_quotes_and_brackets)
{
	static const struct {
		const char *value, *name, *want; // want NULL: not there
	} rows[] = {
		{ "<sip:a@b>;tag=1", "tag", "1" },
		{ "<sip:a@b;tag=2>;tag=1", "tag", "1" },
		{ "<sip:a@b;tag=2>", "tag", NULL },
		{ "\"x;tag=2\" <sip:a@b>;tag=1", "tag", "1" },
		{ "\"x\\\";tag=2\" <sip:a@b>;tag=1", "tag", "1" },
		{ "sip:a@b ;  TAG\t= 1 ;x", "tag", "1" },
		{ "sip:a@b;tagg=2;atag=3;tag=1", "tag", "1" },
		{ "sip:a@b;tag", "tag", "" },
		{ "sip:a@b;tag=", "tag", "" },
		{ "sip:a@b, <sip:c@d>;tag=2", "tag", NULL },
		{ "sip:a@b;x=\"a;tag=2\";tag=1", "tag", "1" },
		{ ";tag=1", "tag", "1" },
		{ "", "tag", NULL },
		{ "\"open ;tag=1", "tag", NULL },
		{ "\"\\", "tag", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span got;
		bool there = raw_param(span_of(rows[i].value), rows[i].name, &got);
		cr_expect(there == (rows[i].want != NULL), "%s", rows[i].value);
		cr_expect(!there || is(got, rows[i].want), "%s: %.*s", rows[i].value, (int)got.len,
			got.at);
	}
}

Test(guard, the_topmost_via_is_read)
{
	static const struct {
		const char *value, *host, *branch;
		unsigned port;
		bool good, rport;
	} rows[] = {
		{ "SIP/2.0/UDP h", "h", "", 5060, true, false },
		{ "SIP/2.0/UDP h:1;rport;branch=b", "h", "b", 1, true, true },
		{ "SIP / 2.0 / UDP   h : 7 ; branch = b , SIP/2.0/TCP x;rport", "h", "b", 7, true,
			false },
		{ "SIP/2.0/UDP [2001:db8::1]:5070;branch=b", "[2001:db8::1]", "b", 5070, true,
			false },
		{ "SIP/2.0/UDP [2001:db8::1];branch=b", "[2001:db8::1]", "b", 5060, true, false },
		{ "SIP/2.0/UDP airport.example;rport=9", "airport.example", "", 5060, true, true },
		{ "SIP/2.0/UDP", "", "", 5060, false, false },
		{ "SIP/2.0 h", "", "", 5060, false, false },
		{ "SIP/2.0/UDP h:x", "", "", 5060, false, false },
		{ "", "", "", 5060, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw_via via;
		bool good = raw_via_read(&via, span_of(rows[i].value));
		cr_expect(good == rows[i].good, "%s", rows[i].value);
		if (!good)
			continue;
		cr_expect(is(via.host, rows[i].host), "%s", rows[i].value);
		cr_expect(is(via.branch, rows[i].branch), "%s", rows[i].value);
		cr_expect(via.port == rows[i].port && via.rport == rows[i].rport, "%s",
			rows[i].value);
	}
}
