// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/sdp.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(sdp_codec, knows_the_static_types_of_rfc_3551)
{
	static const struct {
		uint8_t pt;
		const char *name; // NULL: reserved or unassigned
		uint32_t clock;
		uint8_t channels;
	} rows[] = {
		{ 0, "PCMU", 8000, 1 },
		{ 1, NULL, 0, 0 },
		{ 2, NULL, 0, 0 },
		{ 3, "GSM", 8000, 1 },
		{ 4, "G723", 8000, 1 },
		{ 5, "DVI4", 8000, 1 },
		{ 6, "DVI4", 16000, 1 },
		{ 7, "LPC", 8000, 1 },
		{ 8, "PCMA", 8000, 1 },
		{ 9, "G722", 8000, 1 },
		{ 10, "L16", 44100, 2 },
		{ 11, "L16", 44100, 1 },
		{ 12, "QCELP", 8000, 1 },
		{ 13, "CN", 8000, 1 },
		{ 14, "MPA", 90000, 1 },
		{ 15, "G728", 8000, 1 },
		{ 16, "DVI4", 11025, 1 },
		{ 17, "DVI4", 22050, 1 },
		{ 18, "G729", 8000, 1 },
		{ 19, NULL, 0, 0 },
		{ 24, NULL, 0, 0 },
		{ 25, "CelB", 90000, 1 },
		{ 26, "JPEG", 90000, 1 },
		{ 28, "nv", 90000, 1 },
		{ 31, "H261", 90000, 1 },
		{ 32, "MPV", 90000, 1 },
		{ 33, "MP2T", 90000, 1 },
		{ 34, "H263", 90000, 1 },
		{ 35, NULL, 0, 0 },
		{ 96, NULL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sdp_codec *c = sdp_static_codec(rows[i].pt);

		cr_assert(eq(int, c != NULL, rows[i].name != NULL), "type %u", rows[i].pt);
		if (c == NULL)
			continue;
		cr_expect_str_eq(c->name, rows[i].name);
		cr_expect(eq(int, c->clock, rows[i].clock), "type %u", rows[i].pt);
		cr_expect(eq(int, c->channels, rows[i].channels), "type %u", rows[i].pt);
		cr_expect(eq(int, c->pt, rows[i].pt));
	}
}

Test(sdp_codec, answers_a_direction_with_its_mirror_as_far_as_we_want_it)
{
	static const uint8_t rows[][3] = {
		// theirs, ours, answer (RFC 3264 section 6.1)
		{ SDP_SENDRECV, SDP_SENDRECV, SDP_SENDRECV },
		{ SDP_SENDRECV, SDP_SENDONLY, SDP_SENDONLY },
		{ SDP_SENDRECV, SDP_INACTIVE, SDP_INACTIVE },
		{ SDP_SENDONLY, SDP_SENDRECV, SDP_RECVONLY },
		{ SDP_SENDONLY, SDP_SENDONLY, SDP_INACTIVE },
		{ SDP_RECVONLY, SDP_SENDRECV, SDP_SENDONLY },
		{ SDP_RECVONLY, SDP_RECVONLY, SDP_INACTIVE },
		{ SDP_INACTIVE, SDP_SENDRECV, SDP_INACTIVE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(eq(int, sdp_answer_direction(rows[i][0], rows[i][1]), rows[i][2]),
			"row %zu", i);
}

Test(sdp_codec, tells_codecs_apart_by_name_clock_and_channels)
{
	struct sdp_codec pcmu = { .pt = 0, .channels = 1, .clock = 8000, .name = "PCMU" };
	struct sdp_codec lower = { .pt = 96, .channels = 1, .clock = 8000, .name = "pcmu" };
	struct sdp_codec wide = { .pt = 97, .channels = 1, .clock = 16000, .name = "PCMU" };
	struct sdp_codec stereo = { .pt = 98, .channels = 2, .clock = 8000, .name = "PCMU" };
	struct sdp_codec pcma = { .pt = 8, .channels = 1, .clock = 8000, .name = "pcma" };

	cr_expect(sdp_same_codec(&pcmu, &lower));
	cr_expect(not(sdp_same_codec(&pcmu, &wide)));
	cr_expect(not(sdp_same_codec(&pcmu, &stereo)));
	cr_expect(not(sdp_same_codec(&pcmu, &pcma)));
	cr_expect(sdp_is_pcmu(&lower));
	cr_expect(not(sdp_is_pcmu(&wide)));
	cr_expect(not(sdp_is_pcmu(&stereo)));
	cr_expect(not(sdp_is_pcmu(&pcma)));
	cr_expect(sdp_is_pcma(&pcma));
	cr_expect(not(sdp_is_pcma(&pcmu)));

	struct media_desc d = { .codecs = 2, .codec = { wide, stereo } };
	cr_expect(sdp_g711(&d) == NULL);
}
