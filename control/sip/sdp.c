// SPDX-License-Identifier: BSD-3-Clause
//
// Reads a session description in one pass: a line at a time, whatever their order. What layby
// does not act on is not looked at: the other media lines but for what answers them, and a c=
// that our audio line does not use. What stands under that line is sdp_audio.c.
#include "control/sip/sdp.h"

#include "control/sip/sdp_reader.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>

const char *sdp_outcome_text(enum sdp_outcome outcome)
{
	static const char *const text[] = {
#define X(name, help) [SDP_##name] = (help),
		SDP_OUTCOME_LIST(X)
#undef X
	};

	assert(outcome < SDP_OUTCOME_COUNT);
	return text[outcome];
}

// --- v= o= c=

static enum sdp_outcome read_version(struct sdp_reader *r, struct span text)
{
	r->version = span_is(text, "0");
	return r->version ? SDP_OK : SDP_BAD_VERSION;
}

// Nothing in it is used. Phones leave the user name empty (five words after a blank) or put
// blanks into it (seven words and more).
static enum sdp_outcome read_origin(struct span text)
{
	uint32_t fields = text.len > 0 && is_blank(text.at[0]) ? 1 : 0;

	while (take_word(&text).len > 0)
		fields++;
	return fields >= 6 ? SDP_OK : SDP_BAD_ORIGIN;
}

// 0.0.0.0 counts: it is the old way to say hold (RFC 3264 section 8.4).
static bool is_unicast(const uint8_t ip[16])
{
	if (address_is_any(ip))
		return true;
	if (address_is_v4(ip))
		return ip[12] != 0 && ip[12] < 224; // multicast, reserved, broadcast
	return ip[0] != 0xff;
}

// A host name is not looked up: who asks a stranger's name server waits for him.
void sdp_read_place(struct sdp_place *out, struct span text)
{
	struct span net = take_word(&text);
	struct span family = take_word(&text);
	struct span host = take_word(&text);
	bool v4 = span_like(family, "IP4");
	bool known = span_like(net, "IN") && (v4 || span_like(family, "IP6"));

	out->state = PLACE_BAD;
	if (known && take_word(&text).len == 0 && address_ip_read(out->ip, host.at, host.len) &&
		address_is_v4(out->ip) == v4 && is_unicast(out->ip))
		out->state = PLACE_GOOD;
}

// The first one counts where there are several.
static void read_connection(struct sdp_reader *r, struct span text)
{
	if (r->where == IN_SESSION && r->session.state == PLACE_NONE)
		sdp_read_place(&r->session, text);
	if (r->where == IN_AUDIO && r->audio.state == PLACE_NONE)
		sdp_read_place(&r->audio, text);
}

// --- m=

struct mline {
	struct span media, proto, formats;
	uint32_t port;
};

static bool is_rtp(struct span proto)
{
	static const char rtp[] = "RTP/";

	return memmem(proto.at, proto.len, rtp, sizeof(rtp) - 1) != NULL;
}

static bool good_formats(struct span formats, bool numbers)
{
	struct span word = take_word(&formats);
	uint32_t pt;

	if (word.len == 0)
		return false;
	for (; word.len > 0; word = take_word(&formats))
		if (numbers ? !read_number(word, SDP_PT_MAX, &pt) : !is_token(word, '\0'))
			return false;
	return true;
}

// "49170", or "49170/2": a number of ports, which only layered video uses.
static bool read_port(struct span text, uint32_t *out)
{
	bool counted = text.len > 0 && memchr(text.at, '/', text.len) != NULL;
	struct span port = take_until(&text, "/");
	uint32_t count;

	return read_number(port, SDP_PORT_MAX, out) &&
	       (!counted || read_number(text, SDP_PORT_MAX, &count));
}

// "audio 49170 RTP/AVP 0 8"
static bool read_mline(struct mline *out, struct span text)
{
	struct span port;

	out->media = take_word(&text);
	port = take_word(&text);
	out->proto = take_word(&text);
	out->formats = text;
	return is_token(out->media, '\0') && is_token(out->proto, '/') &&
	       read_port(port, &out->port) && good_formats(out->formats, is_rtp(out->proto));
}

static bool is_ours(const struct mline *m)
{
	return m->port != 0 && span_is(m->media, "audio") && span_is(m->proto, "RTP/AVP");
}

static void choose(struct sdp_reader *r, const struct mline *m)
{
	r->chosen = true;
	r->where = IN_AUDIO;
	r->desc.audio = r->desc.mlines;
	r->desc.rtp.port = (uint16_t)m->port;
	sdp_audio_formats(r, m->formats);
}

// What refuses it in an answer: port 0, and one format because there must be one.
static bool keep_refusal(struct sdp_reader *r, const struct mline *m)
{
	char *kept = r->desc.mline[r->desc.mlines++];
	size_t size = sizeof(r->desc.mline[0]);
	struct span formats = m->formats;
	struct span first = take_word(&formats);
	int n = snprintf(kept, size, "%.*s 0 %.*s %.*s", (int)m->media.len, m->media.at,
		(int)m->proto.len, m->proto.at, (int)first.len, first.at);

	return n > 0 && (size_t)n < size;
}

static enum sdp_outcome read_media(struct sdp_reader *r, struct span text)
{
	struct mline m;

	if (r->desc.mlines == SDP_MLINES_MAX)
		return SDP_TOO_LONG;
	if (!read_mline(&m, text))
		return SDP_BAD_MEDIA;
	r->where = IN_OTHER;
	if (!r->chosen && is_ours(&m))
		choose(r, &m);
	return keep_refusal(r, &m) ? SDP_OK : SDP_TOO_LONG;
}

// --- a=

static int read_direction(struct span name)
{
	static const char *const names[] = { [SDP_INACTIVE] = "inactive",
		[SDP_RECVONLY] = "recvonly",
		[SDP_SENDONLY] = "sendonly",
		[SDP_SENDRECV] = "sendrecv" };

	for (int i = SDP_INACTIVE; i <= SDP_SENDRECV; i++)
		if (span_is(name, names[i]))
			return i;
	return -1;
}

static enum sdp_outcome read_attribute(struct sdp_reader *r, struct span text)
{
	struct span name = take_until(&text, ":");
	int direction = read_direction(name);

	if (r->where == IN_SESSION && direction >= 0)
		r->session_direction = direction;
	if (r->where == IN_AUDIO && direction >= 0)
		r->audio_direction = direction;
	return r->where == IN_AUDIO ? sdp_audio_attribute(r, name, text) : SDP_OK;
}

// --- the whole

static enum sdp_outcome read_line(struct sdp_reader *r, struct span line)
{
	char type = line.at[0];

	if (line.len < 2 || !isalpha((unsigned char)type) || line.at[1] != '=' ||
		has_controls(line))
		return SDP_BAD_LINE;

	struct span text = { line.at + 2, line.len - 2 };

	switch (type) {
	case 'v':
		return read_version(r, text);
	case 'o':
		return read_origin(text);
	case 'c':
		read_connection(r, text);
		return SDP_OK;
	case 'm':
		return read_media(r, text);
	case 'a':
		return read_attribute(r, text);
	default:
		return SDP_OK; // known or not, we do nothing with it
	}
}

// Lines end with CR LF, LF or CR, the last one perhaps with nothing; empty ones are no lines.
static enum sdp_outcome read_lines(struct sdp_reader *r, struct span rest)
{
	enum sdp_outcome outcome = SDP_OK;
	uint32_t lines = 0;

	while (rest.len > 0 && outcome == SDP_OK) {
		struct span line = without_end_blanks(take_until(&rest, "\r\n"));

		if (line.len == 0)
			continue;
		outcome = ++lines > SDP_LINES_MAX ? SDP_TOO_LONG : read_line(r, line);
	}
	return outcome;
}

static enum sdp_outcome finish(struct sdp_reader *r)
{
	const struct sdp_place *place = r->audio.state != PLACE_NONE ? &r->audio : &r->session;

	if (!r->version)
		return SDP_BAD_VERSION;
	if (!r->chosen)
		return SDP_NO_AUDIO;
	if (place->state == PLACE_NONE)
		return SDP_NO_ADDRESS;
	if (place->state == PLACE_BAD)
		return SDP_BAD_ADDRESS;
	memcpy(r->desc.rtp.ip, place->ip, sizeof(r->desc.rtp.ip));
	sdp_audio_finish(r);
	return SDP_OK;
}

enum sdp_outcome sdp_read(struct media_desc *out, const char *text, size_t len)
{
	struct sdp_reader r = { .session_direction = -1, .audio_direction = -1 };
	enum sdp_outcome outcome;

	if (len > SDP_TEXT_MAX)
		return SDP_TOO_LONG;
	outcome = read_lines(&r, (struct span){ text, len });
	if (outcome == SDP_OK)
		outcome = finish(&r);
	if (outcome == SDP_OK)
		*out = r.desc;
	return outcome;
}
