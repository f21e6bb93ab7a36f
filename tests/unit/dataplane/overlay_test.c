// SPDX-License-Identifier: BSD-3-Clause
//
// Overlays, sample by sample.
#include "codecs/g711.h"
#include "dataplane/overlay.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES = 4, TRACK = 200, SIZE = 4096 };

static struct tracks tracks;
static struct overlays all;
static alignas(64) uint8_t memory[SIZE];
static uint8_t codes[3][TRACK];
static struct track track[3];
static uint32_t head;
static int16_t pcm[80];
static uint32_t ended[16];
static unsigned ends;

static void begin(void)
{
	for (unsigned t = 0; t < 3; t++) {
		for (unsigned i = 0; i < TRACK; i++)
			codes[t][i] = g711_to_ulaw((int16_t)(100 * (t + 1) + i));
		track[t] = (struct track){ .hash = t + 1, .len = TRACK };
		track[t].payload[TRACK_PCMU] = codes[t];
		cr_assert(tracks_show(&tracks, &track[t]));
	}
	cr_assert(le(sz, pool_size(sizeof(struct overlay), PIECES), SIZE));
	pool_init(&all.pool, memory, sizeof(struct overlay), PIECES);
	all.tracks = &tracks;
	head = POOL_NONE;
}

TestSuite(overlay, .init = begin);

static void on_done(void *, const struct overlay *o)
{
	ended[ends++] = o->id;
}

static void play(void)
{
	memset(pcm, 0, sizeof(pcm));
	overlay_play(&all, &head, pcm, 80, on_done, NULL);
}

static bool put(uint32_t id, uint16_t slot, bool loop)
{
	return overlay_put(
		&all, &head, &(struct overlay_wish){ .id = id, .track = slot, .loop = loop });
}

static int16_t sample(unsigned t, unsigned i)
{
	return g711_from_ulaw[codes[t][i]];
}

Test(overlay, one_is_played_once_to_its_last_sample)
{
	cr_assert(put(7, 0, false));
	for (unsigned f = 0; f < 3; f++) {
		cr_expect(eq(int, overlay_there(&all, head, 7), true));
		play();
		for (unsigned i = 0; i < 80; i++) {
			unsigned place = f * 80 + i;

			cr_expect(eq(i16, pcm[i], place < TRACK ? sample(0, place) : 0));
		}
	}
	cr_expect(eq(int, ends, 1));
	cr_expect(eq(u32, ended[0], 7));
	cr_expect(eq(u32, head, POOL_NONE));
	cr_expect(eq(u32, all.pool.used, 0));
	cr_expect(eq(u32, tracks.users[0], 0));
}

Test(overlay, one_that_loops_has_no_seam_and_no_end)
{
	cr_assert(put(7, 1, true));
	for (unsigned f = 0; f < 50; f++) {
		play();
		for (unsigned i = 0; i < 80; i++)
			cr_assert(eq(i16, pcm[i], sample(1, (f * 80 + i) % TRACK)));
	}
	cr_expect(eq(int, ends, 0));
	overlay_end(&all, &head, 7);
	cr_expect(eq(u32, all.pool.used, 0));
}

Test(overlay, any_number_are_added_up_and_each_ends_by_itself)
{
	cr_assert(put(1, 0, false));
	cr_assert(put(2, 1, true));
	play();
	cr_assert(put(3, 2, false));
	play();
	cr_expect(eq(i16, pcm[5], sample(0, 85) + sample(1, 85) + sample(2, 5)));
	play();
	cr_expect(eq(i16, pcm[39], sample(0, 199) + sample(1, 199) + sample(2, 119)));
	cr_expect(eq(i16, pcm[41], sample(1, 1) + sample(2, 121)));
	cr_expect(eq(u32, ended[0], 1));
	overlay_end(&all, &head, 2);
	play();
	cr_expect(eq(i16, pcm[0], sample(2, 160)));
	cr_expect(eq(u32, ended[1], 3));
	cr_expect(eq(u32, all.pool.used, 0));
}

Test(overlay, the_same_id_again_begins_anew_in_the_old_ones_place)
{
	cr_assert(put(1, 0, false));
	play();
	cr_assert(put(1, 2, false));
	cr_expect(eq(u32, all.pool.used, 1));
	cr_expect(eq(u32, tracks.users[0], 0));
	cr_expect(eq(u32, tracks.users[2], 1));
	play();
	cr_expect(eq(i16, pcm[0], sample(2, 0)));
}

Test(overlay, a_track_that_plays_is_not_taken_away)
{
	cr_assert(put(1, 0, false));
	cr_expect(not(tracks_hide(&tracks, 1)));
	overlay_end(&all, &head, 1);
	cr_expect(tracks_hide(&tracks, 1));
}

Test(overlay, no_more_than_there_is_room_for)
{
	for (uint32_t id = 1; id <= PIECES; id++)
		cr_expect(put(id, 0, true));
	cr_expect(not(put(PIECES + 1, 0, true)));
	cr_expect(put(PIECES, 1, true)); // a replacement needs none
	overlay_end(&all, &head, 2);
	cr_expect(put(PIECES + 1, 0, true));
	overlay_end(&all, &head, 0);
	cr_expect(eq(u32, head, POOL_NONE));
	cr_expect(eq(u32, all.pool.used, 0));
	cr_expect(eq(u32, tracks.users[0], 0));
	cr_expect(eq(u32, tracks.users[1], 0));
}

Test(overlay, the_deepest_duck_counts_while_it_plays)
{
	struct overlay_wish wish = { .id = 1, .duck = -60, .loop = true };

	cr_expect(eq(i16, overlay_duck(&all, head), 0));
	cr_assert(overlay_put(&all, &head, &wish));
	wish = (struct overlay_wish){ .id = 2, .duck = -120 };
	cr_assert(overlay_put(&all, &head, &wish));
	cr_expect(eq(i16, overlay_duck(&all, head), -120));
	play();
	play();
	play();
	cr_expect(eq(i16, overlay_duck(&all, head), -60));
}

Test(overlay, a_gain_is_the_overlays_own)
{
	cr_assert(overlay_put(&all, &head, &(struct overlay_wish){ .id = 1, .gain = -60 }));
	cr_assert(overlay_put(&all, &head, &(struct overlay_wish){ .id = 2, .gain = -400 }));
	play();
	cr_expect(lt(int, abs(pcm[60] - sample(0, 60) * 501 / 1000), 3));
}
