// SPDX-License-Identifier: BSD-3-Clause
//
// The E-model against what the ITU has published of it.
#include "dataplane/cmd.h"
#include "dataplane/quality.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

static double rating(uint8_t codec, uint32_t lost_of_1000, uint32_t delay_ms)
{
	return quality_rating(&(struct quality_stream){ .codec = codec,
		.received = 1000 - lost_of_1000,
		.lost = lost_of_1000,
		.delay_us = delay_ms * 1000 });
}

static uint8_t mos(uint8_t codec, uint32_t lost_of_1000, uint32_t delay_ms)
{
	return quality_mos(&(struct quality_stream){ .codec = codec,
		.received = 1000 - lost_of_1000,
		.lost = lost_of_1000,
		.delay_us = delay_ms * 1000 });
}

// G.107, table B.1.
Test(quality, the_opinion_of_a_rating_is_that_of_the_table)
{
	static const struct {
		double rating, opinion;
	} rows[] = { { 90, 4.34 }, { 80, 4.03 }, { 70, 3.60 }, { 60, 3.10 }, { 50, 2.58 },
		{ 93.2, 4.41 }, { 100, 4.5 }, { 130, 4.5 }, { 0, 1 }, { -20, 1 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double got = quality_opinion(rows[i].rating);

		cr_expect(lt(dbl, fabs(got - rows[i].opinion), .007), "R = %g gives %g",
			rows[i].rating, got);
	}
}

// The first appendices of G.113 had what loss at random costs in whole numbers, as it was measured;
// the curve of G.107 with Bpl = 25.1 runs through them.
Test(quality, loss_costs_concealed_g711_what_was_measured)
{
	static const struct {
		uint32_t percent;
		double cost;
	} rows[] = { { 0, 0 }, { 1, 5 }, { 2, 7 }, { 3, 10 }, { 5, 15 }, { 7, 20 }, { 10, 25 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double cost = 93.2 - rating(DP_CODEC_PCMU, rows[i].percent * 10, 0);

		cr_expect(lt(dbl, fabs(cost - rows[i].cost), 2.2), "%u %% cost %g", rows[i].percent,
			cost);
		cr_expect(eq(dbl, cost, 93.2 - rating(DP_CODEC_PCMA, rows[i].percent * 10, 0)));
	}
}

Test(quality, a_gap_that_is_not_filled_costs_more)
{
	// 95 * 1 / (1 + 4.3): G.113, table I.3, G.711 without concealment.
	cr_expect(lt(dbl, fabs(93.2 - rating(DP_CODEC_G722, 10, 0) - 17.92), .01));
	cr_expect(lt(u8, mos(DP_CODEC_G722, 50, 0), mos(DP_CODEC_PCMU, 50, 0)));
}

Test(quality, delay_costs_nothing_up_to_100_ms_then_more_and_more)
{
	// By hand of G.107, 7-27: X = 1 and X = 2.
	cr_expect(eq(dbl, rating(DP_CODEC_PCMU, 0, 100), 93.2));
	cr_expect(lt(dbl, fabs(93.2 - rating(DP_CODEC_PCMU, 0, 200) - 3.04), .02));
	cr_expect(lt(dbl, fabs(93.2 - rating(DP_CODEC_PCMU, 0, 400) - 24.07), .05));
	for (uint32_t ms = 150; ms < 2000; ms += 50)
		cr_expect(lt(dbl, rating(DP_CODEC_PCMU, 0, ms), rating(DP_CODEC_PCMU, 0, ms - 50)));
}

Test(quality, an_opinion_is_between_1_and_4_4_or_not_known)
{
	for (uint8_t codec = 0; codec <= DP_CODEC_COUNT; codec++) {
		bool known = codec < DP_CODEC_OTHER;

		for (uint32_t lost = 0; lost <= 1000; lost += 50) {
			uint8_t got = mos(codec, lost, lost * 5);

			cr_expect(eq(int, got != 0, known && lost < 1000));
			cr_expect(got == 0 || (got >= 10 && got <= 44));
		}
	}
	cr_expect(eq(u8, mos(DP_CODEC_PCMU, 0, 20), 44));
	cr_expect(eq(u8, mos(DP_CODEC_PCMU, 999, 60000), 10));
}
