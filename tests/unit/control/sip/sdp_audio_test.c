// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/sdp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

#define V    "v=0\r\n"
#define O    "o=- 1 1 IN IP4 192.0.2.1\r\n"
#define S    "s=-\r\n"
#define C    "c=IN IP4 192.0.2.1\r\n"
#define T    "t=0 0\r\n"
#define M    "m=audio 4000 RTP/AVP 0\r\n"
#define HEAD V O S C T

static struct media_desc must_read(const char *text)
{
	struct media_desc d;
	enum sdp_outcome outcome = sdp_read(&d, text, strlen(text));

	cr_assert(eq(int, outcome, SDP_OK), "%s: %s", sdp_outcome_text(outcome), text);
	return d;
}

static void ip_is(const uint8_t ip[16], const char *expected)
{
	char text[ADDRESS_TEXT_MAX];

	cr_expect_str_eq(address_ip_text(ip, text, sizeof(text)), expected);
}

Test(sdp_audio, reads_codecs_in_the_writers_order)
{
	struct media_desc d =
		must_read(HEAD "m=audio 4000 RTP/AVP 96 9 8 0 18 97\r\n"
			       "a=fmtp:96 useinbandfec=1; stereo=0\r\n" // before its rtpmap
			       "a=rtpmap:96 opus/48000/2\r\n"
			       "a=rtpmap:8 PCMA/8000\r\n"
			       "a=fmtp:18 annexb=no\r\n"
			       "a=ptime:30\r\na=ptime:40\r\n");

	// 97 has no name and is left out.
	cr_assert(eq(int, d.codecs, 5));
	cr_expect_str_eq(d.codec[0].name, "opus");
	cr_expect(eq(int, d.codec[0].pt, 96));
	cr_expect(eq(int, d.codec[0].clock, 48000));
	cr_expect(eq(int, d.codec[0].channels, 2));
	cr_expect_str_eq(d.codec[0].fmtp, "useinbandfec=1; stereo=0");
	cr_expect_str_eq(d.codec[1].name, "G722");
	cr_expect(eq(int, d.codec[1].clock, 8000));
	cr_expect_str_eq(d.codec[2].name, "PCMA");
	cr_expect_str_eq(d.codec[3].name, "PCMU");
	cr_expect(eq(int, d.codec[3].channels, 1));
	cr_expect_str_eq(d.codec[4].name, "G729");
	cr_expect_str_eq(d.codec[4].fmtp, "annexb=no");
	cr_expect(eq(int, d.ptime, 30));
	cr_expect(eq(int, d.dtmf_pt, -1));
	cr_expect(sdp_g711(&d) == &d.codec[2]);
}

Test(sdp_audio, leaves_out_a_codec_with_more_text_than_it_can_hold)
{
	static char text[1024];
	char x[SDP_FMTP_MAX + 1] = "";
	struct media_desc d;

	memset(x, 'x', SDP_FMTP_MAX);
	snprintf(text, sizeof(text),
		HEAD "m=audio 4000 RTP/AVP 96 0\r\n"
		     "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 %s\r\n",
		x);
	d = must_read(text);
	cr_assert(eq(int, d.codecs, 1));
	cr_expect_str_eq(d.codec[0].name, "PCMU");

	snprintf(text, sizeof(text),
		HEAD "m=audio 4000 RTP/AVP 96 0\r\n"
		     "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 %s\r\n",
		x + 1);
	d = must_read(text);
	cr_assert(eq(int, d.codecs, 2));
	cr_expect_str_eq(d.codec[0].fmtp, x + 1);

	x[SDP_NAME_MAX] = '\0';
	snprintf(
		text, sizeof(text), HEAD "m=audio 4000 RTP/AVP 96 0\r\na=rtpmap:96 %s/8000\r\n", x);
	d = must_read(text);
	cr_expect(eq(int, d.codecs, 1));
}

Test(sdp_audio, looks_at_the_first_formats_of_very_many)
{
	static char text[SDP_TEXT_MAX];
	int n = snprintf(text, sizeof(text), HEAD "m=audio 4000 RTP/AVP");
	struct media_desc d;

	for (int i = 0; i < 500; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %d", i % 128);
	n += snprintf(text + n, sizeof(text) - (size_t)n,
		"\r\na=rtpmap:23 last/8000\r\n"
		"a=rtpmap:24 beyond/8000\r\n");
	cr_assert(lt(int, n, SDP_TEXT_MAX));
	d = must_read(text);
	// 0-18 without 1 and 2, and 23 which has a name.
	cr_assert(eq(int, d.codecs, 18));
	cr_expect_str_eq(d.codec[17].name, "last");
}

Test(sdp_audio, believes_the_first_of_two_that_say_the_same)
{
	struct media_desc d = must_read(HEAD "m=audio 4000 RTP/AVP 96 96 0\r\n"
					     "a=rtpmap:96 opus/48000/2\r\na=rtpmap:96 iLBC/8000\r\n"
					     "a=fmtp:96 first\r\na=fmtp:96 second\r\n");

	cr_assert(eq(int, d.codecs, 2));
	cr_expect_str_eq(d.codec[0].name, "opus");
	cr_expect(eq(int, d.codec[0].clock, 48000));
	cr_expect_str_eq(d.codec[0].fmtp, "first");
	cr_expect_str_eq(d.codec[1].name, "PCMU");
}

Test(sdp_audio, counts_a_type_that_stands_there_twice_once)
{
	cr_expect(eq(int, must_read(HEAD "m=audio 4000 RTP/AVP 0 0 8 0\r\n").codecs, 2));
}

Test(sdp_audio, lets_an_rtpmap_rename_a_static_type)
{
	struct media_desc d = must_read(HEAD "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMA/8000\r\n");

	cr_expect_str_eq(d.codec[0].name, "PCMA");
}

Test(sdp_audio, counts_telephone_event_at_8000_only)
{
	struct media_desc d =
		must_read(HEAD "m=audio 4000 RTP/AVP 0 97 101 102\r\n"
			       "a=rtpmap:97 telephone-event/48000\r\n"
			       "a=rtpmap:101 Telephone-Event/8000\r\na=fmtp:101 0-11\r\n"
			       "a=rtpmap:102 telephone-event/8000\r\n");

	cr_expect(eq(int, d.codecs, 1));
	cr_expect(eq(int, d.dtmf_pt, 101));
	cr_expect_str_eq(d.dtmf_fmtp, "0-11");

	d = must_read(HEAD "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/48000\r\n");
	cr_expect(eq(int, d.dtmf_pt, -1));

	d = must_read(HEAD "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n");
	cr_expect(eq(int, d.codecs, 0));
	cr_expect(eq(int, d.dtmf_pt, 101));
	cr_expect_str_eq(d.dtmf_fmtp, "0-15");
}

Test(sdp_audio, finds_where_rtp_and_rtcp_go)
{
	static const struct {
		const char *text, *ip, *rtcp_ip;
		int port, rtcp_port;
	} rows[] = {
		{ HEAD M, "192.0.2.1", "192.0.2.1", 4000, 4001 },
		{ HEAD M "c=IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.8\r\n", "192.0.2.9", "192.0.2.9",
			4000, 4001 },
		{ V O "c=IN IP4 host.example\r\n" M C, "192.0.2.1", "192.0.2.1", 4000, 4001 },
		{ HEAD M "a=rtcp:5000\r\n", "192.0.2.1", "192.0.2.1", 4000, 5000 },
		{ HEAD M "a=rtcp:5000 IN IP4 192.0.2.7\r\n", "192.0.2.1", "192.0.2.7", 4000, 5000 },
		{ HEAD M "a=rtcp:5000 IN IP4 224.0.0.1\r\n", "192.0.2.1", "192.0.2.1", 4000, 5000 },
		{ HEAD M "a=rtcp:99999\r\n", "192.0.2.1", "192.0.2.1", 4000, 4001 },
		{ HEAD M "a=rtcp:0\r\n", "192.0.2.1", "192.0.2.1", 4000, 4001 },
		{ HEAD "m=audio 65535 RTP/AVP 0\r\n", "192.0.2.1", "192.0.2.1", 65535, 65535 },
		{ HEAD "m=video 9 RTP/AVP 31\r\nc=IN IP4 192.0.2.3\r\na=rtcp:7\r\n" M, "192.0.2.1",
			"192.0.2.1", 4000, 4001 },
		{ HEAD M "m=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.3\r\na=rtcp:7\r\n", "192.0.2.1",
			"192.0.2.1", 4000, 4001 },
		{ V O S "c=IN IP4 0.0.0.0\r\n" T M, "0.0.0.0", "0.0.0.0", 4000, 4001 },
		{ V O S "c=IN IP6 2001:db8::1\r\n" T M, "2001:db8::1", "2001:db8::1", 4000, 4001 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct media_desc d = must_read(rows[i].text);

		ip_is(d.rtp.ip, rows[i].ip);
		ip_is(d.rtcp.ip, rows[i].rtcp_ip);
		cr_expect(eq(int, d.rtp.port, rows[i].port), "row %zu", i);
		cr_expect(eq(int, d.rtcp.port, rows[i].rtcp_port), "row %zu", i);
	}
}

Test(sdp_audio, takes_the_direction_of_the_line_before_that_of_the_session)
{
	static const struct {
		const char *text;
		enum sdp_direction direction;
	} rows[] = {
		{ HEAD M, SDP_SENDRECV },
		{ HEAD M "a=sendonly\r\n", SDP_SENDONLY },
		{ HEAD M "a=recvonly\r\n", SDP_RECVONLY },
		{ HEAD M "a=inactive\r\n", SDP_INACTIVE },
		{ HEAD "a=sendonly\r\n" M, SDP_SENDONLY },
		{ HEAD "a=sendonly\r\n" M "a=sendrecv\r\n", SDP_SENDRECV },
		{ HEAD M "a=sendonly\r\nm=video 0 RTP/AVP 31\r\na=inactive\r\n", SDP_SENDONLY },
		{ HEAD "m=video 0 RTP/AVP 31\r\na=inactive\r\n" M, SDP_SENDRECV },
		{ HEAD M "a=sendonly-ish\r\n", SDP_SENDRECV },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(eq(int, must_read(rows[i].text).direction, rows[i].direction), "row %zu",
			i);
}
