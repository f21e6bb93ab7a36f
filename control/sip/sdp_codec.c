// SPDX-License-Identifier: BSD-3-Clause
//
// What a codec in a description is: the names that payload types have without being told, and
// which two entries mean the same. Not the reading (sdp.c), not the writing (sdp_write.c).
#include "control/sip/sdp.h"

#include <assert.h>
#include <strings.h>

// RFC 3551 sections 4.5 and 6, tables 4 and 5. What is not here is reserved or unassigned.
static const struct sdp_codec static_types[] = {
	{ .pt = 0, .channels = 1, .clock = 8000, .name = "PCMU" },
	{ .pt = 3, .channels = 1, .clock = 8000, .name = "GSM" },
	{ .pt = 4, .channels = 1, .clock = 8000, .name = "G723" },
	{ .pt = 5, .channels = 1, .clock = 8000, .name = "DVI4" },
	{ .pt = 6, .channels = 1, .clock = 16000, .name = "DVI4" },
	{ .pt = 7, .channels = 1, .clock = 8000, .name = "LPC" },
	{ .pt = 8, .channels = 1, .clock = 8000, .name = "PCMA" },
	// 8000 although it samples at 16000: a mistake of RFC 1890 that RFC 3551 4.5.2 keeps.
	{ .pt = 9, .channels = 1, .clock = 8000, .name = "G722" },
	{ .pt = 10, .channels = 2, .clock = 44100, .name = "L16" },
	{ .pt = 11, .channels = 1, .clock = 44100, .name = "L16" },
	{ .pt = 12, .channels = 1, .clock = 8000, .name = "QCELP" },
	{ .pt = 13, .channels = 1, .clock = 8000, .name = "CN" },
	{ .pt = 14, .channels = 1, .clock = 90000, .name = "MPA" },
	{ .pt = 15, .channels = 1, .clock = 8000, .name = "G728" },
	{ .pt = 16, .channels = 1, .clock = 11025, .name = "DVI4" },
	{ .pt = 17, .channels = 1, .clock = 22050, .name = "DVI4" },
	{ .pt = 18, .channels = 1, .clock = 8000, .name = "G729" },
	{ .pt = 25, .channels = 1, .clock = 90000, .name = "CelB" },
	{ .pt = 26, .channels = 1, .clock = 90000, .name = "JPEG" },
	{ .pt = 28, .channels = 1, .clock = 90000, .name = "nv" },
	{ .pt = 31, .channels = 1, .clock = 90000, .name = "H261" },
	{ .pt = 32, .channels = 1, .clock = 90000, .name = "MPV" },
	{ .pt = 33, .channels = 1, .clock = 90000, .name = "MP2T" },
	{ .pt = 34, .channels = 1, .clock = 90000, .name = "H263" },
};

const struct sdp_codec *sdp_static_codec(uint8_t pt)
{
	for (size_t i = 0; i < sizeof(static_types) / sizeof(static_types[0]); i++)
		if (static_types[i].pt == pt)
			return &static_types[i];
	return NULL;
}

bool sdp_same_codec(const struct sdp_codec *a, const struct sdp_codec *b)
{
	return a->clock == b->clock && a->channels == b->channels &&
	       strcasecmp(a->name, b->name) == 0;
}

bool sdp_is(const struct sdp_codec *c, const char *name, uint32_t clock, uint8_t channels)
{
	return c->clock == clock && c->channels == channels && strcasecmp(c->name, name) == 0;
}

static bool is_g711(const struct sdp_codec *c, const char *law)
{
	return sdp_is(c, law, 8000, 1);
}

bool sdp_is_pcmu(const struct sdp_codec *c)
{
	return is_g711(c, "PCMU");
}

bool sdp_is_pcma(const struct sdp_codec *c)
{
	return is_g711(c, "PCMA");
}

const struct sdp_codec *sdp_g711(const struct media_desc *d)
{
	assert(d->codecs <= SDP_CODECS_MAX);
	for (uint8_t i = 0; i < d->codecs; i++)
		if (sdp_is_pcmu(&d->codec[i]) || sdp_is_pcma(&d->codec[i]))
			return &d->codec[i];
	return NULL;
}

uint8_t sdp_answer_direction(uint8_t theirs, uint8_t ours)
{
	// What one side sends the other receives: the two bits change places.
	uint8_t mirrored = (uint8_t)((theirs & SDP_RECVONLY) << 1 | (theirs & SDP_SENDONLY) >> 1);

	return mirrored & ours;
}
