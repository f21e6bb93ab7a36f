// SPDX-License-Identifier: BSD-3-Clause
//
// Recordings between the core and layby-media: asked once, told once.
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

TestSuite(media_record, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

static const struct media_recorded wanted = { .id = 7, .account = "acme", .ref = "r" };

Test(media_record, a_beginning_and_an_end_are_asked_for_once_and_told)
{
	cr_expect_not(media_record_begin(stage.media, &wanted, 8000), "nobody is there");
	stage_attach();
	cr_assert(media_record_begin(stage.media, &wanted, 16000));
	stage_turn(20);
	cr_expect_eq(stage.fake.recordings, 1);
	cr_expect_eq(stage.fake.recording.track, 7);
	cr_expect_eq(stage.fake.recording.codec, 16000);
	fake_media_record(&stage.fake, 7, ATTACH_RECORDING, ATTACH_OK, 0);
	stage_turn(20);
	cr_expect_eq(stage.recorded, 1);
	cr_expect(!stage.file.over && strcmp(stage.file.ref, "r") == 0);
	media_record_end(stage.media, 7);
	media_record_end(stage.media, 7);
	stage_turn(20);
	cr_expect_eq(stage.fake.recordings_ended, 1);
	fake_media_record(&stage.fake, 7, ATTACH_RECORDED, ATTACH_OK, 1234);
	fake_media_record(&stage.fake, 7, ATTACH_RECORDED, ATTACH_OK, 1234);
	stage_turn(20);
	cr_expect_eq(stage.recorded, 2, "twice is of nobody");
	cr_expect(stage.file.over && stage.file.ms == 1234);
}

Test(media_record, one_that_is_refused_is_over)
{
	stage_attach();
	cr_assert(media_record_begin(stage.media, &wanted, 8000));
	stage_turn(20);
	fake_media_record(&stage.fake, 7, ATTACH_RECORDING, ATTACH_DISK_FULL, 0);
	stage_turn(20);
	cr_expect_eq(stage.recorded, 1);
	cr_expect(stage.file.over && stage.file.outcome == ATTACH_DISK_FULL);
}

Test(media_record, a_media_that_goes_takes_its_recordings_along)
{
	stage_attach();
	cr_assert(media_record_begin(stage.media, &wanted, 8000));
	stage_turn(20);
	fake_media_hang_up(&stage.fake);
	stage_turn(20);
	cr_expect_eq(stage.recorded, 1);
	cr_expect(stage.file.over && stage.file.outcome == ATTACH_UNKNOWN);
}
