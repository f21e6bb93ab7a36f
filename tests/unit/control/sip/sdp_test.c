// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/sdp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V       "v=0\r\n"
#define O       "o=- 1 1 IN IP4 192.0.2.1\r\n"
#define S       "s=-\r\n"
#define C       "c=IN IP4 192.0.2.1\r\n"
#define T       "t=0 0\r\n"
#define M       "m=audio 4000 RTP/AVP 0\r\n"
#define HEAD    V O S C T
#define NO_CRLF "m=audio 4000 RTP/AVP 0"

// A heap copy of the exact size lets AddressSanitizer see one byte too far.
static enum sdp_outcome read_bytes(struct media_desc *out, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	enum sdp_outcome outcome;

	memcpy(copy, text, len);
	outcome = sdp_read(out, copy, len);
	free(copy);
	return outcome;
}

static enum sdp_outcome read_text(struct media_desc *out, const char *text)
{
	return read_bytes(out, text, strlen(text));
}

struct row {
	const char *what;
	const char *text;
	enum sdp_outcome outcome;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct media_desc d;
		enum sdp_outcome got = read_text(&d, rows[i].text);

		cr_expect(eq(int, got, rows[i].outcome), "%s: got \"%s\"", rows[i].what,
			sdp_outcome_text(got));
	}
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(rows[0]))

// The traits that real descriptions have and that a parser likes to get wrong.
Test(sdp, takes_what_phones_send_and_refuses_what_cannot_be_meant)
{
	static const struct row rows[] = {
		{ "as in the book", HEAD M, SDP_OK },
		{ "no line end after the last line", HEAD NO_CRLF, SDP_OK },
		{ "an empty s=", V O "s=\r\n" C T M, SDP_OK },
		{ "s= of a blank", V O "s= \r\n" C T M, SDP_OK },
		{ "no s=", V O C T M, SDP_OK },
		{ "no t=", V O S C M, SDP_OK },
		{ "no o=", V S C T M, SDP_OK },
		{ "b= before c=", V O S "b=AS:84\r\n" C T M, SDP_OK },
		{ "b= after a=", HEAD M "a=sendrecv\r\nb=AS:64\r\n", SDP_OK },
		{ "c= after a=", V O S T M "a=sendrecv\r\n" C, SDP_OK },
		{ "a= before t=", V O S C "a=sendrecv\r\n" T M, SDP_OK },
		{ "a line type nobody knows", HEAD "y=0100000001\r\n" M "f=x\r\n", SDP_OK },
		{ "no user in o=", V "o= 1 1 IN IP4 192.0.2.1\r\n" S C T M, SDP_OK },
		{ "a user of two words in o=", V "o=An na 1 1 IN IP4 192.0.2.1\r\n" S C T M,
			SDP_OK },
		{ "a blank line before m=", HEAD "\r\n" M, SDP_OK },
		{ "line ends of LF", "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n", SDP_OK },
		{ "line ends of CR", "v=0\rc=IN IP4 192.0.2.1\rm=audio 4000 RTP/AVP 0\r", SDP_OK },
		{ "blanks at the end of m=", HEAD "m=audio 4000 RTP/AVP 0 \r\n", SDP_OK },
		{ "two blanks in m=", HEAD "m=audio  4000  RTP/AVP  0  8\r\n", SDP_OK },
		{ "a number of ports", HEAD "m=audio 4000/2 RTP/AVP 0\r\n", SDP_OK },
		{ "0.0.0.0, the old hold", V O S "c=IN IP4 0.0.0.0\r\n" T M, SDP_OK },
		{ "v= at the end", M C V, SDP_OK },
		{ "c= below m= only", V M C, SDP_OK },
		{ "port 65535", HEAD "m=audio 65535 RTP/AVP 0\r\n", SDP_OK },
		{ "port 70000", HEAD "m=audio 70000 RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "port 65536", HEAD "m=audio 65536 RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "a port of 20 digits", HEAD "m=audio 18446744073709551617 RTP/AVP 0\r\n",
			SDP_BAD_MEDIA },
		{ "port abc", HEAD "m=audio abc RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "port -1", HEAD "m=audio -1 RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "port +4000", HEAD "m=audio +4000 RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "port 4000x", HEAD "m=audio 4000x RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "a number of ports that is none", HEAD "m=audio 4000/x RTP/AVP 0\r\n",
			SDP_BAD_MEDIA },
		{ "an empty number of ports", HEAD "m=audio 4000/ RTP/AVP 0\r\n", SDP_BAD_MEDIA },
		{ "payload type 127", HEAD "m=audio 4000 RTP/AVP 127 0\r\n", SDP_OK },
		{ "payload type 128", HEAD "m=audio 4000 RTP/AVP 128\r\n", SDP_BAD_MEDIA },
		{ "payload type 200 behind a good one", HEAD "m=audio 4000 RTP/AVP 0 200\r\n",
			SDP_BAD_MEDIA },
		{ "payload type 200 of video", HEAD M "m=video 4002 RTP/AVP 200\r\n",
			SDP_BAD_MEDIA },
		{ "no payload type", HEAD "m=audio 4000 RTP/AVP\r\n", SDP_BAD_MEDIA },
		{ "no payload type, then LF", HEAD "m=audio 4000 RTP/AVP\n", SDP_BAD_MEDIA },
		{ "no payload type, then nothing", HEAD "m=audio 4000 RTP/AVP", SDP_BAD_MEDIA },
		{ "m= of nothing", HEAD "m=\r\n", SDP_BAD_MEDIA },
		{ "m= of one word", HEAD "m=audio\r\n", SDP_BAD_MEDIA },
		{ "a format that is no token", HEAD M "m=x 4002 udp a/b\r\n", SDP_BAD_MEDIA },
		{ "a protocol that is no token", HEAD M "m=x 4002 u\"dp a\r\n", SDP_BAD_MEDIA },
		{ "address 999.1.1.1", V O S "c=IN IP4 999.1.1.1\r\n" T M, SDP_BAD_ADDRESS },
		{ "a host name", V O S "c=IN IP4 host.example.com\r\n" T M, SDP_BAD_ADDRESS },
		{ "multicast", V O S "c=IN IP4 224.2.17.12/127\r\n" T M, SDP_BAD_ADDRESS },
		{ "multicast without a reach", V O S "c=IN IP4 239.1.1.1\r\n" T M,
			SDP_BAD_ADDRESS },
		{ "broadcast", V O S "c=IN IP4 255.255.255.255\r\n" T M, SDP_BAD_ADDRESS },
		{ "network 0", V O S "c=IN IP4 0.0.0.1\r\n" T M, SDP_BAD_ADDRESS },
		{ "no network type", V O S "c=IP4 192.0.2.1\r\n" T M, SDP_BAD_ADDRESS },
		{ "another network", V O S "c=ATM IP4 192.0.2.1\r\n" T M, SDP_BAD_ADDRESS },
		{ "IPv6", V O S "c=IN IP6 2001:db8::1\r\n" T M, SDP_OK },
		{ "IPv6 called IPv4", V O S "c=IN IP4 2001:db8::1\r\n" T M, SDP_BAD_ADDRESS },
		{ "IPv4 called IPv6", V O S "c=IN IP6 192.0.2.1\r\n" T M, SDP_BAD_ADDRESS },
		{ "IPv6 multicast", V O S "c=IN IP6 ff02::1\r\n" T M, SDP_BAD_ADDRESS },
		{ "no c= at all", V O S T M, SDP_NO_ADDRESS },
		{ "c= of another media line only", V O S T M "m=video 4002 RTP/AVP 31\r\n" C,
			SDP_NO_ADDRESS },
		{ "v=1", "v=1\r\n" O S C T M, SDP_BAD_VERSION },
		{ "v=00", "v=00\r\n" O S C T M, SDP_BAD_VERSION },
		{ "no v=", O S C T M, SDP_BAD_VERSION },
		{ "nothing", "", SDP_BAD_VERSION },
		{ "line ends only", "\r\n\r\n", SDP_BAD_VERSION },
		{ "o= of five fields", V "o=- 1 1 IN IP4\r\n" S C T M, SDP_BAD_ORIGIN },
		{ "o= of four fields and no user", V "o= 1 1 IN IP4\r\n" S C T M, SDP_BAD_ORIGIN },
		{ "a line without =", HEAD "audio\r\n" M, SDP_BAD_LINE },
		{ "a blank before the line", HEAD " a=sendrecv\r\n" M, SDP_BAD_LINE },
		{ "a line of one letter", HEAD "a\r\n" M, SDP_BAD_LINE },
		{ "a digit as a line type", HEAD "1=x\r\n" M, SDP_BAD_LINE },
		{ "a control character", HEAD "i=a\x01z\r\n" M, SDP_BAD_LINE },
		{ "a delete", HEAD "i=a\x7fz\r\n" M, SDP_BAD_LINE },
		{ "letters beyond ASCII in s=", V O "s=caf\xc3\xa9\r\n" C T M, SDP_OK },
		{ "SAVP", HEAD "m=audio 4000 RTP/SAVP 0\r\n", SDP_NO_AUDIO },
		{ "AVPF", HEAD "m=audio 4000 RTP/AVPF 0\r\n", SDP_NO_AUDIO },
		{ "DTLS", HEAD "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n", SDP_NO_AUDIO },
		{ "audio with port 0", HEAD "m=audio 0 RTP/AVP 0\r\n", SDP_NO_AUDIO },
		{ "video only", HEAD "m=video 4000 RTP/AVP 31\r\n", SDP_NO_AUDIO },
		{ "fax only", HEAD "m=image 4000 udptl t38\r\n", SDP_NO_AUDIO },
		{ "no media", HEAD, SDP_NO_AUDIO },
	};

	CHECK_ROWS(rows);
}

Test(sdp, refuses_an_rtpmap_with_a_number_that_is_none)
{
	static const struct row rows[] = {
		{ "static, said again", HEAD M "a=rtpmap:0 PCMU/8000\r\n", SDP_OK },
		{ "channels", HEAD M "a=rtpmap:0 PCMU/8000/1\r\n", SDP_OK },
		{ "two blanks", HEAD M "a=rtpmap:0  PCMU/8000 \r\n", SDP_OK },
		{ "of no format of the line", HEAD M "a=rtpmap:96 opus/48000/2\r\n", SDP_OK },
		{ "payload type 128", HEAD M "a=rtpmap:128 x/8000\r\n", SDP_BAD_RTPMAP },
		{ "payload type x", HEAD M "a=rtpmap:x x/8000\r\n", SDP_BAD_RTPMAP },
		{ "no payload type", HEAD M "a=rtpmap: x/8000\r\n", SDP_BAD_RTPMAP },
		{ "nothing", HEAD M "a=rtpmap\r\n", SDP_BAD_RTPMAP },
		{ "no name", HEAD M "a=rtpmap:0 /8000\r\n", SDP_BAD_RTPMAP },
		{ "no clock", HEAD M "a=rtpmap:0 PCMU\r\n", SDP_BAD_RTPMAP },
		{ "an empty clock", HEAD M "a=rtpmap:0 PCMU/\r\n", SDP_BAD_RTPMAP },
		{ "clock 0", HEAD M "a=rtpmap:0 PCMU/0\r\n", SDP_BAD_RTPMAP },
		{ "clock 8k", HEAD M "a=rtpmap:0 PCMU/8k\r\n", SDP_BAD_RTPMAP },
		{ "a clock of 2^32 + 8000", HEAD M "a=rtpmap:0 PCMU/4294975296\r\n",
			SDP_BAD_RTPMAP },
		{ "no channels", HEAD M "a=rtpmap:0 PCMU/8000/\r\n", SDP_BAD_RTPMAP },
		{ "channels 0", HEAD M "a=rtpmap:0 PCMU/8000/0\r\n", SDP_BAD_RTPMAP },
		{ "channels 257", HEAD M "a=rtpmap:0 PCMU/8000/257\r\n", SDP_BAD_RTPMAP },
		{ "bad, but below video", HEAD M "m=video 0 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n",
			SDP_OK },
		{ "bad, but before the media", HEAD "a=rtpmap:0\r\n" M, SDP_OK },
	};

	CHECK_ROWS(rows);
}

Test(sdp, bounds_bytes_lines_and_media)
{
	static char text[SDP_TEXT_MAX + 64];
	struct media_desc d;
	int n;

	n = snprintf(text, sizeof(text), HEAD M "i=");
	memset(text + n, 'x', sizeof(text) - (size_t)n);
	cr_expect(eq(int, read_bytes(&d, text, SDP_TEXT_MAX), SDP_OK));
	cr_expect(eq(int, read_bytes(&d, text, SDP_TEXT_MAX + 1), SDP_TOO_LONG));

	size_t head = strlen(HEAD M);
	for (int i = 0; i < SDP_LINES_MAX; i++)
		memcpy(text + head + 4 * (size_t)i, "i=x\n", 4);
	cr_expect(eq(int, read_bytes(&d, text, head + 4 * (SDP_LINES_MAX - 6)), SDP_OK));
	cr_expect(eq(int, read_bytes(&d, text, head + 4 * (SDP_LINES_MAX - 5)), SDP_TOO_LONG));

	n = snprintf(text, sizeof(text), HEAD);
	for (int i = 0; i < SDP_MLINES_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, M);
	cr_expect(eq(int, read_bytes(&d, text, (size_t)n), SDP_OK));
	cr_expect(eq(int, d.mlines, SDP_MLINES_MAX));
	n += snprintf(text + n, sizeof(text) - (size_t)n, M);
	cr_expect(eq(int, read_bytes(&d, text, (size_t)n), SDP_TOO_LONG));

	cr_expect(eq(int,
		read_text(&d, HEAD M "m=a-very-long-name-for-a-kind-of-media 1 "
				     "with/a/protocol/that/does/not/end x\r\n"),
		SDP_TOO_LONG));
}

Test(sdp, writes_nothing_where_it_refuses)
{
	struct media_desc d, before;

	memset(&d, 0x5a, sizeof(d));
	before = d;
	cr_expect(ne(int, read_text(&d, HEAD "m=audio 70000 RTP/AVP 0\r\n"), SDP_OK));
	cr_expect(ne(int, read_text(&d, V O S T M), SDP_OK));
	cr_expect(eq(int, memcmp(&d, &before, sizeof(d)), 0));
}

Test(sdp, survives_being_cut_anywhere)
{
	static const char text[] =
		HEAD "m=audio 4000 RTP/AVP 0 8 101\r\n"
		     "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
		     "a=ptime:20\r\na=rtcp:4001 IN IP4 192.0.2.1\r\na=sendonly\r\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		struct media_desc d;
		enum sdp_outcome outcome = read_bytes(&d, text, len);

		cr_expect(lt(int, outcome, SDP_OUTCOME_COUNT));
	}
}
