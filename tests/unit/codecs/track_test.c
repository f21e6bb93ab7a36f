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
