// SPDX-License-Identifier: BSD-3-Clause
//
// What stands under the audio line that we act on: its payload types and attributes.
#include "control/sip/sdp_reader.h"

enum {
	CLOCK_MAX = 1000000,
	CHANNELS_MAX = 255,
	PTIME_MAX = 255,
	DIGITS_CLOCK = 8000,
	WIDE_CLOCK = 48000
};

static void add_format(struct sdp_reader *r, uint8_t pt)
{
	const struct sdp_codec *known = sdp_static_codec(pt);

	if (r->formats == SDP_CODECS_MAX || r->entry[pt] >= 0)
		return;
	r->entry[pt] = (int8_t)r->formats;
	r->desc.codec[r->formats++] = known ? *known : (struct sdp_codec){ .pt = pt };
}

void sdp_audio_formats(struct sdp_reader *r, struct span formats)
{
	uint32_t pt;

	memset(r->entry, -1, sizeof(r->entry));
	while (read_number(take_word(&formats), SDP_PT_MAX, &pt))
		add_format(r, (uint8_t)pt);
}

// The entry of the payload type at the front of text; -1: none of those we look at.
static int take_entry(const struct sdp_reader *r, struct span *text, bool *number)
{
	uint32_t pt = 0;

	*number = read_number(take_word(text), SDP_PT_MAX, &pt);
	return *number ? r->entry[pt] : -1;
}

// "opus/48000/2", into a codec that has its payload type only. False: a bad name or number.
static bool read_encoding(struct sdp_codec *out, struct span *name, struct span text)
{
	struct span word = take_word(&text);
	uint32_t channels = 1;

	*name = take_until(&word, "/");

	bool more = word.len > 0 && memchr(word.at, '/', word.len) != NULL;
	struct span clock = take_until(&word, "/");

	if (!is_token(*name, '\0') || !read_number(clock, CLOCK_MAX, &out->clock))
		return false;
	if (more && !read_number(word, CHANNELS_MAX, &channels))
		return false;
	out->channels = (uint8_t)channels;
	return out->clock != 0 && channels != 0;
}

// "96 opus/48000/2". Checked also where we do not look at the type.
static enum sdp_outcome read_rtpmap(struct sdp_reader *r, struct span text)
{
	bool number;
	int entry = take_entry(r, &text, &number);
	struct sdp_codec said = { .pt = 0 };
	struct span name;

	if (!number || !read_encoding(&said, &name, text))
		return SDP_BAD_RTPMAP;
	if (entry < 0 || r->mapped[entry])
		return SDP_OK;

	struct sdp_codec *c = &r->desc.codec[entry];

	r->mapped[entry] = true;
	c->clock = said.clock;
	c->channels = said.channels;
	if (!copy_span(c->name, sizeof(c->name), name))
		r->unfit[entry] = true;
	return SDP_OK;
}

static void read_fmtp(struct sdp_reader *r, struct span text)
{
	bool number;
	int entry = take_entry(r, &text, &number);

	if (entry < 0 || r->desc.codec[entry].fmtp[0] != '\0')
		return;
	skip_blanks(&text);
	if (!copy_span(r->desc.codec[entry].fmtp, SDP_FMTP_MAX, text))
		r->unfit[entry] = true;
}

static void read_ptime(struct sdp_reader *r, struct span text)
{
	uint32_t ms;

	if (r->desc.ptime == 0 && read_number(take_word(&text), PTIME_MAX, &ms))
		r->desc.ptime = (uint8_t)ms;
}

// RFC 3605: "53020", or "53020 IN IP4 192.0.2.1".
static void read_rtcp(struct sdp_reader *r, struct span text)
{
	uint32_t port;

	if (!read_number(take_word(&text), SDP_PORT_MAX, &port))
		return;
	r->rtcp_port = (uint16_t)port;
	if (text.len > 0)
		sdp_read_place(&r->rtcp, text);
}

enum sdp_outcome sdp_audio_attribute(struct sdp_reader *r, struct span name, struct span value)
{
	if (span_is(name, "rtpmap"))
		return read_rtpmap(r, value);
	if (span_is(name, "fmtp"))
		read_fmtp(r, value);
	else if (span_is(name, "ptime"))
		read_ptime(r, value);
	else if (span_is(name, "rtcp"))
		read_rtcp(r, value);
	return SDP_OK;
}

// RFC 4733 section 2.1: an event's clock is that of the audio it goes with, and ours is 8000 or,
// of Opus, 48000.
static void take_digits(struct media_desc *d, const struct sdp_codec *c)
{
	struct span events = span_of(c->fmtp);

	if (c->clock == WIDE_CLOCK && d->dtmf_wide_pt < 0)
		d->dtmf_wide_pt = c->pt;
	if (c->clock != DIGITS_CLOCK || d->dtmf_pt >= 0)
		return;
	d->dtmf_pt = c->pt;
	if (events.len == 0 || !copy_span(d->dtmf_fmtp, sizeof(d->dtmf_fmtp), events))
		memcpy(d->dtmf_fmtp, "0-15", sizeof("0-15"));
}

// Closes the ranks: types nobody named, and those with more text than we hold, are left out.
static void sort_codecs(struct sdp_reader *r)
{
	struct media_desc *d = &r->desc;

	d->dtmf_pt = d->dtmf_wide_pt = -1;
	for (uint8_t i = 0; i < r->formats; i++) {
		const struct sdp_codec *c = &d->codec[i];

		if (r->unfit[i] || c->clock == 0)
			continue;
		if (span_like(span_of(c->name), "telephone-event"))
			take_digits(d, c);
		else
			d->codec[d->codecs++] = *c;
	}
	memset(&d->codec[d->codecs], 0, (r->formats - d->codecs) * sizeof(d->codec[0]));
}

static void set_rtcp(struct sdp_reader *r)
{
	struct media_desc *d = &r->desc;

	d->rtcp = d->rtp;
	if (r->rtcp_port != 0) {
		d->rtcp.port = r->rtcp_port;
		if (r->rtcp.state == PLACE_GOOD)
			memcpy(d->rtcp.ip, r->rtcp.ip, sizeof(d->rtcp.ip));
	} else if (d->rtp.port < SDP_PORT_MAX) {
		d->rtcp.port++; // there is none above 65535: then both share it
	}
}

void sdp_audio_finish(struct sdp_reader *r)
{
	int direction = r->audio_direction >= 0 ? r->audio_direction : r->session_direction;

	r->desc.direction = direction >= 0 ? (uint8_t)direction : SDP_SENDRECV;
	sort_codecs(r);
	set_rtcp(r);
}
