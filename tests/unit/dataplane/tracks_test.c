// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tracks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct tracks tracks;
static struct track track[TRACKS_MAX + 1];

static void begin(void)
{
	tracks = (struct tracks){ 0 };
	for (uint32_t i = 0; i <= TRACKS_MAX; i++)
		track[i] = (struct track){ .hash = i + 1, .len = 1 };
}

TestSuite(tracks, .init = begin);

Test(tracks, are_found_until_they_are_hidden)
{
	cr_expect(eq(u16, tracks_find(&tracks, 5), TRACK_NONE));
	cr_expect(tracks_show(&tracks, &track[4]));
	cr_expect(tracks_show(&tracks, &track[8]));
	cr_expect(tracks.track[tracks_find(&tracks, 5)] == &track[4]);
	cr_expect(tracks_hide(&tracks, 5));
	cr_expect(eq(u16, tracks_find(&tracks, 5), TRACK_NONE));
	cr_expect(tracks_hide(&tracks, 5));
	cr_expect(tracks.track[tracks_find(&tracks, 9)] == &track[8]);
}

Test(tracks, that_come_again_keep_their_slot)
{
	struct track again = track[4];

	cr_assert(tracks_show(&tracks, &track[3]));
	cr_assert(tracks_show(&tracks, &track[4]));
	uint16_t slot = tracks_find(&tracks, 5);
	cr_expect(tracks_show(&tracks, &again));
	cr_expect(eq(u16, tracks_find(&tracks, 5), slot));
	cr_expect(tracks.track[slot] == &again);
}

Test(tracks, that_are_played_are_not_hidden)
{
	cr_assert(tracks_show(&tracks, &track[0]));
	tracks.users[tracks_find(&tracks, 1)] = 1;
	cr_expect(not(tracks_hide(&tracks, 1)));
	cr_expect(ne(u16, tracks_find(&tracks, 1), TRACK_NONE));
}

Test(tracks, are_refused_when_the_table_is_full)
{
	for (uint32_t i = 0; i < TRACKS_MAX; i++)
		cr_assert(tracks_show(&tracks, &track[i]));
	cr_expect(not(tracks_show(&tracks, &track[TRACKS_MAX])));
	cr_expect(tracks_show(&tracks, &track[0]), "the same one again");
	cr_expect(tracks_hide(&tracks, 77));
	cr_expect(tracks_show(&tracks, &track[TRACKS_MAX]));
}

// Every third one hidden and shown again, in an order that leaves gaps everywhere.
Test(tracks, of_a_full_table_are_all_found_whatever_comes_and_goes)
{
	static bool shown[TRACKS_MAX];
	uint32_t draw = 1;

	for (uint32_t i = 0; i < TRACKS_MAX; i++)
		track[i].hash = (uint64_t)(i + 1) * TRACKS_INDEX; // alike in their low bits
	for (uint32_t step = 0; step < 20000; step++) {
		draw = draw * 1664525 + 1013904223;

		uint32_t i = draw >> 22;
		if (shown[i])
			cr_assert(tracks_hide(&tracks, track[i].hash));
		else
			cr_assert(tracks_show(&tracks, &track[i]));
		shown[i] = !shown[i];
		for (uint32_t k = 0; k < TRACKS_MAX; k += 1 + step % 16) {
			uint16_t slot = tracks_find(&tracks, track[k].hash);

			cr_assert(eq(int, slot != TRACK_NONE, shown[k]), "step %u", step);
			if (shown[k])
				cr_assert(tracks.track[slot] == &track[k]);
		}
	}
}
