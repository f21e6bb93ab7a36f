// SPDX-License-Identifier: BSD-3-Clause
//
// Tracks, and wishes that wait for them.
#include "codecs/g711.h"
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(media_tracks, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

static const int16_t sound[100] = { 1000, -1000, 32767, -32768, 7 };

Test(media_tracks, hands_over_each_track_in_both_laws_before_it_is_attached)
{
	uint64_t track = stage_load(sound, 100);

	stage.fake.answers_tracks = false;
	cr_assert(stage_turn_until(stage_is_greeted, 1000));
	stage_turn(20);
	cr_expect(!media_attached(stage.media), "attached before the track was answered");
	cr_assert_eq(stage.fake.tracks, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct fake_track *t = &stage.fake.track[i];

		cr_expect(t->message.track == track && t->message.codec == i);
		cr_expect(t->message.len == 100 && t->bytes == 100);
		cr_expect((t->seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) ==
			  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
		for (int k = 0; k < 64; k++)
			cr_expect_eq(t->first[k], i == DP_CODEC_PCMU ? g711_to_ulaw(sound[k])
								     : g711_to_alaw(sound[k]));
	}
	stage.fake.answers_tracks = true;
	stage_attach();
	cr_expect_eq(stage_counts().tracks, 1);
	cr_expect_eq(media_track_ms(stage.media, track), 12);
	cr_expect_eq(media_track_ms(stage.media, track + 1), 0);
}

Test(media_tracks, the_same_audio_is_one_track)
{
	char link[80], error[256];
	uint64_t track = stage_load(sound, 100);

	cr_expect_eq(media_track(stage.media, stage.wav, error, sizeof(error)), track);
	snprintf(link, sizeof(link), "%s.again", stage.wav);
	cr_assert(symlink(stage.wav, link) == 0);
	cr_expect_eq(media_track(stage.media, link, error, sizeof(error)), track);
	unlink(link);
	cr_expect_eq(stage_counts().tracks, 1);
	// Another audio in the same file is another track; the old one may still be playing.
	cr_expect_neq(stage_load(sound, 99), track);
	cr_expect_eq(stage_counts().tracks, 2);
	cr_expect_eq(media_track(stage.media, "/nowhere.wav", error, sizeof(error)), 0);
	cr_expect(strncmp(error, "/nowhere.wav: ", 14) == 0, "%s", error);
	stage_attach();
	cr_expect_eq(stage.fake.tracks, 4);
}

Test(media_tracks, hands_the_tracks_to_the_next_media_again)
{
	stage_load(sound, 100);
	stage_attach();
	fake_media_hang_up(&stage.fake);
	cr_assert(stage_turn_until(stage_is_attached_again, 3000));
	cr_expect_eq(stage.fake.tracks, 4);
}

Test(media_tracks, a_refused_track_does_not_keep_us_away)
{
	uint64_t track = stage_load(sound, 100);

	stage.fake.track_outcome = ATTACH_NO_MEMORY;
	stage_attach();
	struct media_flow f = stage_open(0);
	media_music(stage.media, f, track);
	stage_turn(10);
	cr_expect_eq(
		fake_media_count(&stage.fake, DP_CMD_MUSIC, f.id), 1, "the worker says no, not we");
}

Test(media_tracks, wishes_wait_for_a_track_that_came_late)
{
	stage_attach();
	struct media_flow f = stage_open(0), other = stage_open(0), gone = stage_open(0);

	stage.fake.answers_tracks = false;
	uint64_t track = stage_load(sound, 100);
	media_music(stage.media, f, track);
	media_silent(stage.media, f);
	media_prompt(stage.media, gone, &track, 1);
	struct flow_id gone_id = gone.id;
	media_close(stage.media, &gone);
	media_silent(stage.media, other);
	stage_turn(20);
	cr_expect_eq(stage.fake.tracks, 2, "a new track is sent at once");
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_MUSIC, f.id), 0);
	cr_expect_eq(
		fake_media_count(&stage.fake, DP_CMD_SILENT, f.id), 0, "it comes after the music");
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_SILENT, other.id), 1);
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_CLOSE, gone_id), 1,
		"closing waits for nothing");

	uint32_t before = stage.fake.commands;
	stage.fake.answers_tracks = true;
	stage_turn(20);
	cr_assert_eq(stage.fake.commands, before + 2);
	cr_expect_eq(stage.fake.command[before].cmd.kind, DP_CMD_MUSIC);
	cr_expect_eq(stage.fake.command[before + 1].cmd.kind, DP_CMD_SILENT);
	media_music(stage.media, f, track);
	stage_turn(10);
	cr_expect_eq(
		fake_media_count(&stage.fake, DP_CMD_MUSIC, f.id), 2, "nothing to wait for now");
}

Test(media_tracks, goes_away_with_wishes_still_waiting)
{
	stage_attach();
	struct media_flow f = stage_open(0);

	stage.fake.answers_tracks = false;
	stage.fake.obeys = false;
	uint64_t track = stage_load(sound, 100);
	for (int i = 0; i < 3000; i++)
		media_watch(stage.media, f, 0);
	media_music(stage.media, f, track);
	media_silent(stage.media, f);
	stage_turn(5);
	fake_media_hang_up(&stage.fake);
	cr_assert(stage_turn_until(stage_is_detached, 1000));
}
