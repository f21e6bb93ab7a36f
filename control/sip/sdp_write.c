// SPDX-License-Identifier: BSD-3-Clause
//
// Writes descriptions: an offer of one audio line, or an answer that keeps every media line of
// the offer in its place (RFC 3264 section 6). What to say is decided above.
#include "control/sip/sdp.h"
#include "control/sip/text.h"

#include <assert.h>
#include <inttypes.h>

// Up to the first media line. One c= serves them all.
static void put_head(struct text *s, const struct sdp_local *local)
{
	const char *family = address_is_v4(local->rtp.ip) ? "IP4" : "IP6";
	char ip[ADDRESS_TEXT_MAX];

	address_ip_text(local->rtp.ip, ip, sizeof(ip));
	text_add(s, "v=0\r\no=- %" PRIu64 " %" PRIu64 " IN %s %s\r\n", local->session,
		local->version, family, ip);
	text_add(s, "s=-\r\nc=IN %s %s\r\nt=0 0\r\n", family, ip);
}

static void put_codec(struct text *s, const struct sdp_codec *c)
{
	text_add(s, "a=rtpmap:%u %s/%" PRIu32, c->pt, c->name, c->clock);
	if (c->channels > 1)
		text_add(s, "/%u", c->channels);
	text_add(s, "\r\n");
	if (c->fmtp[0] != '\0')
		text_add(s, "a=fmtp:%u %s\r\n", c->pt, c->fmtp);
}

// RFC 4733 section 2.4.1: 0-15 are the sixteen keys, all that we send and understand.
static void put_events(struct text *s, uint8_t pt, uint32_t clock)
{
	text_add(s, "a=rtpmap:%u telephone-event/%" PRIu32 "\r\na=fmtp:%u 0-15\r\n", pt, clock, pt);
}

static void put_audio(struct text *s, const struct sdp_local *local)
{
	static const char *const direction[] = { [SDP_INACTIVE] = "inactive",
		[SDP_RECVONLY] = "recvonly",
		[SDP_SENDONLY] = "sendonly",
		[SDP_SENDRECV] = "sendrecv" };

	text_add(s, "m=audio %u RTP/AVP", local->rtp.port);
	for (uint8_t i = 0; i < local->codecs; i++)
		text_add(s, " %u", local->codec[i].pt);
	if (local->dtmf_pt >= 0)
		text_add(s, " %d", local->dtmf_pt);
	if (local->dtmf_wide_pt != 0)
		text_add(s, " %u", local->dtmf_wide_pt);
	text_add(s, "\r\n");
	for (uint8_t i = 0; i < local->codecs; i++)
		put_codec(s, &local->codec[i]);
	if (local->dtmf_pt >= 0)
		put_events(s, (uint8_t)local->dtmf_pt, 8000);
	if (local->dtmf_wide_pt != 0)
		put_events(s, local->dtmf_wide_pt, 48000);
	if (local->ptime != 0)
		text_add(s, "a=ptime:%u\r\n", local->ptime);
	text_add(s, "a=%s\r\n", direction[local->direction]);
}

static struct text begin(char *buf, size_t size, const struct sdp_local *local)
{
	struct text s;

	assert(local->codecs >= 1);
	assert(local->direction <= SDP_SENDRECV);
	assert(local->dtmf_pt <= 127);
	text_init(&s, buf, size);
	s.full = size == 0;
	put_head(&s, local);
	return s;
}

size_t sdp_write_offer(char *buf, size_t size, const struct sdp_local *local)
{
	struct text s = begin(buf, size, local);

	put_audio(&s, local);
	return s.full ? 0 : s.len;
}

size_t sdp_write_answer(
	char *buf, size_t size, const struct sdp_local *local, const struct media_desc *offer)
{
	struct text s = begin(buf, size, local);

	assert(offer->audio < offer->mlines && offer->mlines <= SDP_MLINES_MAX);
	for (uint8_t i = 0; i < offer->mlines; i++) {
		if (i == offer->audio)
			put_audio(&s, local);
		else
			text_add(&s, "m=%s\r\n", offer->mline[i]);
	}
	return s.full ? 0 : s.len;
}
