// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/quality.h"

#include "dataplane/cmd.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define BEST     93.2  // R when all is at its default (G.107, table 2)
#define DELAY_MS 100.0 // what nobody minds

// What a codec costs, and how it bears packets lost one by one.
struct impairment {
	double ie;
	double bpl;
};

// Of G.711 with concealment in G.113, table I.3. The others are not there, on the scale of narrow
// band; what is given here is an assumption: that without loss they are no worse, that L16 and Opus
// are concealed as well, and G.722 not at all (G.711 without concealment, same table).
static const struct impairment of_codec[] = {
	[DP_CODEC_PCMU] = { 0, 25.1 },
	[DP_CODEC_PCMA] = { 0, 25.1 },
	[DP_CODEC_G722] = { 0, 4.3 },
	[DP_CODEC_L16] = { 0, 25.1 },
	[DP_CODEC_OPUS] = { 0, 25.1 },
};

// Idd of G.107, 7-27 and 7-28.
static double delayed(double ms)
{
	if (ms <= DELAY_MS)
		return 0;

	double x = log2(ms / DELAY_MS);
	return 25 * (pow(1 + pow(x, 6), 1. / 6) - 3 * pow(1 + pow(x / 3, 6), 1. / 6) + 2);
}

// Ie-eff of G.107, 7-29, of losses at random. percent: of packets.
static double damaged(const struct impairment *i, double percent)
{
	return i->ie + (95 - i->ie) * percent / (percent + i->bpl);
}

double quality_rating(const struct quality_stream *s)
{
	double sent = (double)s->received + s->lost;

	if (s->codec >= sizeof(of_codec) / sizeof(of_codec[0]))
		return -1;

	double percent = sent > 0 ? 100 * s->lost / sent : 0;
	double rating = BEST - delayed(s->delay_us / 1000.) - damaged(&of_codec[s->codec], percent);
	return rating > 0 ? rating : 0;
}

double quality_opinion(double r)
{
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	return 1 + .035 * r + r * (r - 60) * (100 - r) * 7e-6;
}

uint8_t quality_mos(const struct quality_stream *s)
{
	double rating = quality_rating(s);

	if (rating < 0 || s->received == 0)
		return 0;
	// The curve dips below 1 between R = 0 and 6.5.
	double opinion = quality_opinion(rating);
	return (uint8_t)lround(10 * (opinion > 1 ? opinion : 1));
}
