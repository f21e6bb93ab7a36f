// SPDX-License-Identifier: BSD-3-Clause
//
// Tracks, and wishes that wait for them.
#include "codecs/g711.h"
#include "codecs/track.h"
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(media_tracks, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

static const int16_t sound[100] = { 1000, -1000, 32767, -32768, 7 };

static bool has_tracks_2(void)
{
	return stage.fake.tracks >= 2;
}

static bool has_tracks_1(void)
{
	return stage.fake.tracks >= 1;
}

static bool has_dropped(void)
{
	return stage.fake.drops > 0;
}

static uint64_t wanted;
static struct media_flow player;

static bool has_music(void)
{
	for (uint32_t i = 0; i < stage.fake.commands; i++) {
		const struct dp_cmd *cmd = &stage.fake.command[i].cmd;

		if (cmd->kind == DP_CMD_MUSIC && cmd->flow.index == player.id.index &&
			cmd->music.track == wanted)
			return true;
	}
	return false;
}

static struct media_flow open_in(uint8_t codec, uint32_t clock)
{
	struct media_flow f = stage_open(0);
	struct media_remote remote = { .codec = codec, .clock = clock, .ptime = 20 };

	media_remote(stage.media, f, &remote);
	return f;
}

Test(media_tracks, the_house_has_its_tracks_in_both_laws_before_it_is_attached)
{
	uint64_t track = stage_load(sound, 100);

	media_track_prepare(stage.media, track);
	stage.fake.answers_tracks = false;
	cr_assert(stage_turn_until(has_tracks_2, 1000));
	cr_expect(!media_attached(stage.media), "attached before the track was answered");
	for (uint32_t i = 0; i < 2; i++) {
		const struct fake_track *t = &stage.fake.track[i];

		cr_expect(t->message.track == track && t->message.codec == i);
		cr_expect(t->message.len == 100 && t->bytes == 100 && t->message.units == 100);
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

Test(media_tracks, a_track_is_encoded_when_the_first_flow_of_a_codec_wants_it)
{
	wanted = stage_load(sound, 100);
	stage_attach();
	stage_turn(20);
	cr_expect_eq(stage.fake.tracks, 0, "nobody wants it");
	player = open_in(DP_CODEC_G722, 8000);
	media_music(stage.media, player, wanted, true);
	cr_assert(stage_turn_until(has_music, 2000));
	cr_assert_eq(stage.fake.tracks, 1);
	cr_expect_eq(stage.fake.track[0].message.codec, TRACK_G722);
	cr_expect_eq(stage.fake.command[stage.fake.commands - 1].cmd.music.flags, DP_MUSIC_SHARED);

	player = open_in(DP_CODEC_G722, 8000);
	media_music(stage.media, player, wanted, false);
	cr_assert(stage_turn_until(has_music, 2000));
	cr_expect_eq(stage.fake.tracks, 1, "encoded once");
}

static int16_t long_sound[6 * 8000];

Test(media_tracks, the_house_s_music_plays_while_a_long_track_is_encoded)
{
	uint64_t house = stage_load(sound, 100);

	media_track_prepare(stage.media, house);
	media_house_music(stage.media, house);
	stage_attach();
	uint64_t track = stage_load(long_sound, 6 * 8000);
	player = open_in(DP_CODEC_OPUS, 48000);
	stage.fake.answers_tracks = false;
	wanted = house;
	media_music(stage.media, player, track, false);
	cr_assert(stage_turn_until(has_music, 2000));
	stage_turn(20);
	uint32_t heard = stage.events;
	wanted = track;
	cr_expect(!has_music());
	stage.fake.answers_tracks = true;
	cr_assert(stage_turn_until(has_music, 5000));
	stage_turn(20);
	cr_expect_eq(stage.events, heard, "that music plays was said already");
}

Test(media_tracks, a_stand_in_that_cannot_be_had_is_no_failure)
{
	uint64_t house = stage_load(sound, 100);

	media_track_prepare(stage.media, house);
	media_house_music(stage.media, house);
	stage_attach();
	wanted = stage_load(long_sound, 6 * 8000);
	player = open_in(DP_CODEC_OPUS, 48000);
	stage.fake.refused_kind = DP_CMD_MUSIC;
	stage.fake.refusal = DP_REFUSAL_NO_ROOM;
	stage.fake.answers_tracks = false;
	media_music(stage.media, player, wanted, false);
	stage_turn(50);
	for (uint32_t i = 0; i < stage.events; i++)
		cr_expect_neq(stage.heard[i].kind, MEDIA_FAILED);
	stage.fake.refused_kind = 0;
	stage.fake.refusal = 0;
	stage.fake.answers_tracks = true;
	cr_assert(stage_turn_until(has_music, 5000));
}

Test(media_tracks, who_is_joined_meanwhile_hears_no_music_afterwards)
{
	stage_attach();
	wanted = stage_load(long_sound, 6 * 8000);
	player = open_in(DP_CODEC_OPUS, 48000);
	media_music(stage.media, player, wanted, false);
	media_relay(stage.media, player, stage_open(0));
	cr_assert(stage_turn_until(has_tracks_1, 5000));
	stage_turn(20);
	cr_expect(!has_music());
}

Test(media_tracks, another_codec_in_the_middle_of_music_wants_it_in_that)
{
	stage_attach();
	wanted = stage_load(sound, 100);
	player = open_in(DP_CODEC_PCMA, 8000);
	media_music(stage.media, player, wanted, false);
	cr_assert(stage_turn_until(has_music, 2000));
	stage.fake.commands = 0;
	struct media_remote remote = { .codec = DP_CODEC_L16, .clock = 16000, .ptime = 20 };
	media_remote(stage.media, player, &remote);
	cr_assert(stage_turn_until(has_music, 2000));
	cr_expect_eq(stage.fake.track[1].message.codec, TRACK_L16_WIDE);
	cr_expect_eq(stage.fake.command[0].cmd.kind, DP_CMD_SILENT);
}

Test(media_tracks, what_nobody_names_is_dropped)
{
	stage_attach();
	wanted = stage_load(sound, 100);
	player = open_in(DP_CODEC_PCMA, 8000);
	media_music(stage.media, player, wanted, false);
	cr_assert(stage_turn_until(has_music, 2000));
	stage_turn(10);
	cr_expect_eq(stage.fake.drops, 0);
	media_track_release(stage.media, wanted);
	cr_assert(stage_turn_until(has_dropped, 2000));
	stage_turn(10);
	cr_expect_eq(stage_counts().tracks, 0);
	cr_expect_eq(media_track_ms(stage.media, wanted), 0);
	// The file is read anew.
	cr_expect_eq(stage_load(sound, 100), wanted);
}

Test(media_tracks, what_is_named_twice_stays_and_what_is_in_use_is_kept)
{
	stage_attach();
	wanted = stage_load(sound, 100);
	stage_load(sound, 100);
	player = open_in(DP_CODEC_PCMA, 8000);
	media_music(stage.media, player, wanted, false);
	cr_assert(stage_turn_until(has_music, 2000));
	stage_turn(10);
	media_track_release(stage.media, wanted);
	stage_turn(10);
	cr_expect_eq(stage.fake.drops, 0);
	stage.fake.track_outcome = ATTACH_IN_USE;
	media_track_release(stage.media, wanted);
	cr_assert(stage_turn_until(has_dropped, 2000));
	stage_turn(10);
	cr_expect_eq(stage_counts().tracks, 1, "somebody plays it");
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
}

Test(media_tracks, hands_the_house_s_tracks_to_the_next_media_again)
{
	media_track_prepare(stage.media, stage_load(sound, 100));
	stage_attach();
	fake_media_hang_up(&stage.fake);
	cr_assert(stage_turn_until(stage_is_attached_again, 3000));
	cr_expect_eq(stage.fake.tracks, 4);
}

Test(media_tracks, a_refused_track_does_not_keep_us_away)
{
	uint64_t track = stage_load(sound, 100);

	media_track_prepare(stage.media, track);
	stage.fake.track_outcome = ATTACH_NO_MEMORY;
	stage_attach();
	wanted = track;
	player = open_in(DP_CODEC_PCMA, 8000);
	media_music(stage.media, player, track, false);
	cr_expect(stage_turn_until(has_music, 1000), "the worker says no, not we");
}

static uint32_t before;

static bool has_prompt(void)
{
	return stage.fake.commands >= before + 2;
}

Test(media_tracks, wishes_wait_for_a_prompt_that_is_not_there_yet)
{
	stage_attach();
	struct media_flow f = open_in(DP_CODEC_PCMU, 8000), other = stage_open(0),
			  gone = open_in(DP_CODEC_PCMU, 8000);

	stage.fake.answers_tracks = false;
	uint64_t track = stage_load(sound, 100);
	media_prompt(stage.media, f, &track, 1);
	media_silent(stage.media, f);
	media_prompt(stage.media, gone, &track, 1);
	struct flow_id gone_id = gone.id;
	media_close(stage.media, &gone);
	media_silent(stage.media, other);
	cr_assert(stage_turn_until(has_tracks_1, 1000));
	stage_turn(20);
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_PROMPT, f.id), 0);
	cr_expect_eq(
		fake_media_count(&stage.fake, DP_CMD_SILENT, f.id), 0, "it comes after the prompt");
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_SILENT, other.id), 1);
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_CLOSE, gone_id), 1,
		"closing waits for nothing");

	before = stage.fake.commands;
	stage.fake.answers_tracks = true;
	cr_assert(stage_turn_until(has_prompt, 1000));
	cr_expect_eq(stage.fake.command[before].cmd.kind, DP_CMD_PROMPT);
	cr_expect_eq(stage.fake.command[before + 1].cmd.kind, DP_CMD_SILENT);
	media_prompt(stage.media, f, &track, 1);
	stage_turn(10);
	cr_expect_eq(
		fake_media_count(&stage.fake, DP_CMD_PROMPT, f.id), 2, "nothing to wait for now");
}

Test(media_tracks, goes_away_with_wishes_still_waiting)
{
	stage_attach();
	struct media_flow f = open_in(DP_CODEC_OPUS, 48000);

	stage.fake.answers_tracks = false;
	stage.fake.obeys = false;
	uint64_t track = stage_load(long_sound, 6 * 8000);
	for (int i = 0; i < 3000; i++)
		media_watch(stage.media, f, 0);
	media_prompt(stage.media, f, &track, 1);
	media_silent(stage.media, f);
	stage_turn(5);
	fake_media_hang_up(&stage.fake);
	cr_assert(stage_turn_until(stage_is_detached, 1000));
}
