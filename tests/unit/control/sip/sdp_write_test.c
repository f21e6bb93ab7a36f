// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/sdp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sdp_codec codecs[] = {
	{ .pt = 8, .channels = 1, .clock = 8000, .name = "PCMA" },
	{ .pt = 96, .channels = 2, .clock = 48000, .name = "opus", .fmtp = "useinbandfec=1" },
};

static struct sdp_local local(void)
{
	struct sdp_local l = { .session = 18446744073709551615U,
		.version = 7,
		.direction = SDP_SENDRECV,
		.ptime = 20,
		.codecs = 2,
		.dtmf_pt = 101,
		.codec = codecs };

	cr_assert(address_read(&l.rtp, "192.0.2.7:16384"));
	return l;
}

static struct media_desc must_read(const char *text)
{
	struct media_desc d;
	enum sdp_outcome outcome = sdp_read(&d, text, strlen(text));

	cr_assert(eq(int, outcome, SDP_OK), "%s: %s", sdp_outcome_text(outcome), text);
	return d;
}

Test(sdp_write, writes_an_offer_word_for_word)
{
	char text[SDP_TEXT_MAX];
	struct sdp_local l = local();
	size_t n = sdp_write_offer(text, sizeof(text), &l);

	cr_expect_str_eq(text, "v=0\r\n"
			       "o=- 18446744073709551615 7 IN IP4 192.0.2.7\r\n"
			       "s=-\r\n"
			       "c=IN IP4 192.0.2.7\r\n"
			       "t=0 0\r\n"
			       "m=audio 16384 RTP/AVP 8 96 101\r\n"
			       "a=rtpmap:8 PCMA/8000\r\n"
			       "a=rtpmap:96 opus/48000/2\r\n"
			       "a=fmtp:96 useinbandfec=1\r\n"
			       "a=rtpmap:101 telephone-event/8000\r\n"
			       "a=fmtp:101 0-15\r\n"
			       "a=ptime:20\r\n"
			       "a=sendrecv\r\n");
	cr_expect(eq(sz, n, strlen(text)));
}

Test(sdp_write, leaves_out_digits_and_ptime_where_there_are_none)
{
	char text[SDP_TEXT_MAX];
	struct sdp_local l = local();

	l.dtmf_pt = -1;
	l.ptime = 0;
	l.codecs = 1;
	cr_expect(gt(sz, sdp_write_offer(text, sizeof(text), &l), 0));
	cr_expect_null(strstr(text, "telephone-event"));
	cr_expect_null(strstr(text, "ptime"));
	cr_expect_not_null(strstr(text, "m=audio 16384 RTP/AVP 8\r\n"));
}

Test(sdp_write, says_every_direction)
{
	static const char *const words[] = { "a=inactive\r\n", "a=recvonly\r\n", "a=sendonly\r\n",
		"a=sendrecv\r\n" };
	char text[SDP_TEXT_MAX];

	for (uint8_t i = SDP_INACTIVE; i <= SDP_SENDRECV; i++) {
		struct sdp_local l = local();

		l.direction = i;
		cr_expect(gt(sz, sdp_write_offer(text, sizeof(text), &l), 0));
		cr_expect_not_null(strstr(text, words[i]));
	}
}

Test(sdp_write, reads_back_what_it_wrote)
{
	char text[SDP_TEXT_MAX];
	struct sdp_local l = local();
	struct media_desc d;

	l.direction = SDP_SENDONLY;
	cr_assert(gt(sz, sdp_write_offer(text, sizeof(text), &l), 0));
	d = must_read(text);
	cr_expect(address_same(&d.rtp, &l.rtp));
	cr_expect(eq(int, d.rtcp.port, 16385));
	cr_expect(eq(int, d.codecs, 2));
	cr_expect(sdp_same_codec(&d.codec[0], &codecs[0]));
	cr_expect(sdp_same_codec(&d.codec[1], &codecs[1]));
	cr_expect_str_eq(d.codec[1].fmtp, codecs[1].fmtp);
	cr_expect(eq(int, d.dtmf_pt, 101));
	cr_expect(eq(int, d.direction, SDP_SENDONLY));
	cr_expect(eq(int, d.ptime, 20));
}

Test(sdp_write, says_ip6_for_an_ipv6_address)
{
	char text[SDP_TEXT_MAX];
	struct sdp_local l = local();
	struct media_desc d;

	cr_assert(address_read(&l.rtp, "[2001:db8::7]:16384"));
	cr_assert(gt(sz, sdp_write_offer(text, sizeof(text), &l), 0));
	cr_expect_not_null(strstr(text, "c=IN IP6 2001:db8::7\r\n"));
	d = must_read(text);
	cr_expect(address_same(&d.rtp, &l.rtp));
}

#define HEAD "v=0\r\nc=IN IP4 192.0.2.1\r\n"

Test(sdp_write, D6_keeps_every_media_line_of_an_offer_in_number_and_order)
{
	static const struct {
		const char *what, *offer, *media; // the m= lines of the answer, ours as "OURS"
	} rows[] = {
		{ "audio alone", HEAD "m=audio 4000 RTP/AVP 0\r\n", "OURS" },
		{ "video first", HEAD "m=video 4002 RTP/AVP 31 34\r\nm=audio 4000 RTP/AVP 0\r\n",
			"m=video 0 RTP/AVP 31\r\nOURS" },
		{ "two audio lines", HEAD "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 8 0\r\n",
			"OURSm=audio 0 RTP/AVP 8\r\n" },
		{ "secure audio first",
			HEAD "m=audio 4002 RTP/SAVP 8\r\nm=audio 4000 RTP/AVP 0\r\n",
			"m=audio 0 RTP/SAVP 8\r\nOURS" },
		{ "audio that was refused before",
			HEAD "m=audio 0 RTP/AVP 8\r\nm=audio 4000 RTP/AVP 0\r\n",
			"m=audio 0 RTP/AVP 8\r\nOURS" },
		{ "fax, a data channel",
			HEAD "m=audio 4000/2 RTP/AVP 0\r\nm=image 4004 udptl t38\r\n"
			     "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
			"OURSm=image 0 udptl t38\r\n"
			"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" },
		{ "a bundle",
			"v=0\r\nc=IN IP4 192.0.2.1\r\na=group:BUNDLE 0 1\r\n"
			"m=audio 4000 RTP/AVP 0\r\na=mid:0\r\nm=video 4000 RTP/AVP 31\r\n"
			"a=mid:1\r\n",
			"OURSm=video 0 RTP/AVP 31\r\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[SDP_TEXT_MAX], ours[SDP_TEXT_MAX], want[SDP_TEXT_MAX];
		struct sdp_local l = local();
		struct media_desc d = must_read(rows[i].offer);
		const char *at = strstr(rows[i].media, "OURS");

		cr_assert(gt(sz, sdp_write_offer(ours, sizeof(ours), &l), 0));
		cr_assert(gt(sz, sdp_write_answer(text, sizeof(text), &l, &d), 0));
		snprintf(want, sizeof(want), "%.*s%s%s", (int)(at - rows[i].media), rows[i].media,
			strstr(ours, "m="), at + 4);
		cr_expect_str_eq(strstr(text, "m="), want, "%s", rows[i].what);
	}
}

Test(sdp_write, says_that_it_does_not_fit)
{
	struct sdp_local l = local();
	struct media_desc d = must_read(HEAD "m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\n"
					     "m=image 4004 udptl t38\r\n");
	char text[SDP_TEXT_MAX];
	size_t offer = sdp_write_offer(text, sizeof(text), &l);
	size_t answer = sdp_write_answer(text, sizeof(text), &l, &d);

	for (size_t size = 0; size <= answer + 1; size++) {
		char *exact = malloc(size ? size : 1);

		cr_expect(eq(sz, sdp_write_offer(exact, size, &l), size > offer ? offer : 0));
		cr_expect(
			eq(sz, sdp_write_answer(exact, size, &l, &d), size > answer ? answer : 0));
		free(exact);
	}
}
