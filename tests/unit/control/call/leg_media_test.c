// SPDX-License-Identifier: BSD-3-Clause
//
// Which codecs are offered to whom, which are chosen, and what the worker is told of it.
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"

static const char g722_only[] = HEAD "m=audio 4000 RTP/AVP 9 101\r\n"
				     "a=rtpmap:101 telephone-event/8000\r\n";
static const char g722_first[] = HEAD "m=audio 4000 RTP/AVP 9 8\r\n";
static const char pcma_only[] = HEAD "m=audio 4000 RTP/AVP 8\r\n";
static const char opus_only[] = HEAD "m=audio 4000 RTP/AVP 111 110 101\r\n"
				     "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
				     "a=rtpmap:110 telephone-event/48000\r\n"
				     "a=rtpmap:101 telephone-event/8000\r\n";
static const char linear[] = HEAD "m=audio 4000 RTP/AVP 99 98\r\n"
				  "a=rtpmap:99 L16/44100\r\na=rtpmap:98 L16/16000\r\n";
static const char amr_only[] = HEAD "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 AMR/8000\r\n";
static const char amr_and_g722[] = HEAD "m=audio 4000 RTP/AVP 97 9\r\na=rtpmap:97 AMR/8000\r\n";

static struct sip_dialog *call_with(const char *offer, const char *domain)
{
	struct sip_dialog *caller;

	world_register("202");
	world.offer = offer;
	caller = world_call(domain, "201", "202");
	return caller;
}

static void expect_line(const struct sip_dialog *d, const char *line)
{
	cr_expect(ne(ptr, strstr(d->sdp, line), NULL), "no \"%s\" in:\n%s", line, d->sdp);
}

static void expect_no_line(const struct sip_dialog *d, const char *line)
{
	cr_expect(eq(ptr, strstr(d->sdp, line), NULL), "\"%s\" in:\n%s", line, d->sdp);
}

SCENE(leg_media, the_caller_s_order_is_offered_and_then_what_else_we_can_turn)
{
	struct sip_dialog *caller = call_with(g722_first, "acme.example");

	expect_line(world_ringing("202"), "RTP/AVP 9 8 0 107 101 102\r\n");
	expect_line(world_ringing("202"), "a=rtpmap:107 opus/48000/2\r\n");
	expect_line(world_ringing("202"), "a=rtpmap:101 telephone-event/8000\r\n");
	expect_line(world_ringing("202"), "a=rtpmap:102 telephone-event/48000\r\n");
	world_bye(caller);
}

SCENE(leg_media, who_shares_only_g722_can_be_parked_and_hears_music_in_it)
{
	struct sip_dialog *caller = call_with(g722_only, "acme.example");
	struct sip_dialog *callee = world_ringing("202");

	world_answer(callee);
	world_ack(caller);
	cr_expect(world_talk(caller, callee));
	cr_expect(eq(u8, world_flow(caller)->codec, DP_CODEC_G722));
	cr_expect(eq(u8, world_flow(callee)->codec, DP_CODEC_G722));
	world_dial(callee, "#0");
	cr_expect(world_hears(caller, TRACK_MUSIC));
	world_bye(callee);
	world_bye(caller);
}

SCENE(leg_media, who_share_no_codec_are_joined_by_the_worker)
{
	struct sip_dialog *caller = call_with(g722_only, "acme.example"), *callee;

	callee = world_ringing("202");
	world.offer = pcma_only;
	world_answer(callee);
	world_ack(caller);
	cr_expect(world_talk(caller, callee));
	cr_expect(eq(u8, world_flow(caller)->codec, DP_CODEC_G722));
	cr_expect(eq(u8, world_flow(callee)->codec, DP_CODEC_PCMA));
	world_bye(caller);
}

SCENE(leg_media, opus_has_events_of_its_own_clock)
{
	struct sip_dialog *caller = call_with(opus_only, "acme.example");
	struct sip_dialog *callee = world_ringing("202");

	expect_line(callee, "RTP/AVP 111 8 0 9 ");
	expect_line(callee, "a=fmtp:111 useinbandfec=1\r\n");
	world_answer(callee);
	expect_line(caller, "RTP/AVP 111 110\r\n");
	expect_line(caller, "a=rtpmap:110 telephone-event/48000\r\n");
	expect_no_line(caller, "telephone-event/8000");
	world_ack(caller);
	cr_expect(eq(u8, world_flow(caller)->codec, DP_CODEC_OPUS));
	cr_expect(eq(u32, world_flow(caller)->clock, 48000));
	cr_expect(eq(u8, world_flow(caller)->dtmf_tx, 110));
	cr_expect(eq(u8, world_flow(callee)->dtmf_tx, 110));
	world_bye(caller);
}

SCENE(leg_media, linear_audio_is_ours_at_8_and_16_khz)
{
	struct sip_dialog *caller = call_with(linear, "acme.example");
	struct sip_dialog *callee = world_ringing("202");

	expect_no_line(callee, "L16/44100");
	world.offer = pcma_only;
	world_answer(callee);
	expect_line(caller, "RTP/AVP 98\r\n");
	world_ack(caller);
	cr_expect(eq(u8, world_flow(caller)->codec, DP_CODEC_L16));
	cr_expect(eq(u32, world_flow(caller)->clock, 16000));
	world_bye(caller);
}

SCENE(leg_media, what_we_do_not_understand_is_offered_alone_or_where_nobody_is_parked)
{
	struct sip_dialog *caller = call_with(amr_only, "acme.example");

	expect_line(world_ringing("202"), "RTP/AVP 97 ");
	expect_no_line(world_ringing("202"), "PCMA");
	world_bye(caller);
	caller = call_with(amr_and_g722, "acme.example");
	expect_no_line(world_ringing("202"), "AMR");
	world_bye(caller);
	caller = call_with(amr_and_g722, "dark.example");
	expect_line(world_ringing("202"), "RTP/AVP 97 9 8 0 ");
	world_bye(caller);
}
