// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/track.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

static const struct track track = {
	.hash = 1,
	.len = 5,
	.payload = { (const uint8_t *)"abcde", (const uint8_t *)"ABCDE" },
};

Test(track, goes_round_and_round)
{
	static const struct {
		uint32_t at;
		size_t n;
		const char *want;
		uint32_t next;
	} rows[] = {
		{ 0, 3, "abc", 3 },
		{ 3, 2, "de", 0 },
		{ 3, 4, "deab", 2 },
		{ 4, 12, "eabcdeabcdea", 1 },
		{ 2, 0, "", 2 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[16] = { 0 };

		cr_expect(eq(u32,
			track_loop(&track, TRACK_PCMU, rows[i].at, (uint8_t *)got, rows[i].n),
			rows[i].next));
		cr_expect(zero(int, strcmp(got, rows[i].want)), "from %u", rows[i].at);
	}
}

Test(track, played_once_ends_at_its_end)
{
	char got[16] = { 0 };

	cr_expect(eq(sz, track_once(&track, TRACK_PCMA, 3, (uint8_t *)got, 4), 2));
	cr_expect(zero(int, strcmp(got, "DE")));
	cr_expect(eq(sz, track_once(&track, TRACK_PCMA, 5, (uint8_t *)got, 4), 0));
	cr_expect(eq(sz, track_once(&track, TRACK_PCMA, 0, (uint8_t *)got, 3), 3));
	cr_expect(zero(int, memcmp(got, "ABC", 3)));
}

Test(track, positions_are_units_of_time_whatever_their_size)
{
	static const uint8_t wide[] = "aAbBcCdDeE";
	const struct track linear = { .hash = 1, .len = 5, .payload = { [TRACK_L16] = wide } };
	char got[16] = { 0 };

	cr_expect(eq(u32, track_loop(&linear, TRACK_L16, 3, (uint8_t *)got, 4), 2));
	cr_expect(zero(int, strcmp(got, "dDeEaAbB")));
	cr_expect(eq(sz, track_once(&linear, TRACK_L16, 4, (uint8_t *)got, 4), 1));
	cr_expect(eq(sz, track_unit(TRACK_L16_WIDE), 4));
	cr_expect(eq(u32, track_clock(TRACK_L16_WIDE), 2), "16 kHz");
	cr_expect(eq(u32, track_clock(TRACK_G722), 1), "its clock says 8 kHz");
}

static uint16_t plain_sum(const uint8_t *data, size_t len)
{
	uint64_t total = 0;

	for (size_t i = 0; i < len; i += 2)
		total += (uint64_t)(data[i] | (i + 1 < len ? data[i + 1] << 8 : 0));
	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

Test(track, sums_of_blocks_add_up_to_the_sum_of_a_packet)
{
	enum { LEN = 3 * TRACK_BLOCK + 33 };
	uint8_t audio[LEN * 4];
	uint16_t sums[4];
	struct track long_one = { .hash = 1, .len = LEN };
	uint32_t sum;

	for (unsigned i = 0; i < sizeof(audio); i++)
		audio[i] = (uint8_t)(i * i * 13 + 250);
	cr_assert(eq(u32, track_blocks(LEN), 4));
	for (unsigned encoding = 0; encoding < TRACK_OPUS; encoding++) {
		size_t unit = track_unit(encoding);

		long_one.payload[encoding] = audio;
		cr_expect(zero(int, track_sum(&long_one, encoding, 0, TRACK_BLOCK, &sum)),
			"not reckoned");
		track_sums(sums, encoding, audio, LEN);
		long_one.sums[encoding] = sums;
		cr_assert(track_sum(&long_one, encoding, 80, 160, &sum));
		cr_expect(eq(u16, (uint16_t)((sum & 0xffff) + (sum >> 16)),
			plain_sum(audio + 80 * unit, 160 * unit)));
		cr_expect(eq(u16, sums[3], plain_sum(audio + 240 * unit, 33 * unit)));
	}
	cr_expect(zero(int, track_sum(&long_one, TRACK_PCMU, 81, 160, &sum)), "between blocks");
	cr_expect(zero(int, track_sum(&long_one, TRACK_PCMU, 240, 80, &sum)), "over its end");
	cr_expect(zero(int, track_sum(&long_one, TRACK_PCMU, 0, 40, &sum)), "a part of a block");
}
