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
