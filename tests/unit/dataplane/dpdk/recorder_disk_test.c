// SPDX-License-Identifier: BSD-3-Clause
//
// Disks that fail: real ones, in a mount namespace of this test's own (which takes root).
#include "tests/support/tape_deck.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct deck_party ann = { .hz = 440, .source = 1, .ssrc = 1 };

TestSuite(recorder_disk, .fini = deck_end);

// A disk of 1 MB.
static void small_disk(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip_test("SKIPPED: no disk can be made to be full without root");
	deck_temporary(2);
	cr_assert(zero(int, mount("none", deck.directory, "tmpfs", 0, "size=1m")));
}

Test(recorder_disk, a_full_disk_ends_the_recording_and_what_was_written_can_be_played)
{
	small_disk();
	deck_open(RECORDER_HZ);
	deck_on(&ann);
	for (int i = 0; i < 60 && deck.heard.kind != ATTACH_RECORDED; i++)
		deck_talk(&ann, NULL, 1000);
	cr_assert(eq(int, deck.heard.kind, ATTACH_RECORDED));
	cr_expect(eq(int, deck.heard.outcome, ATTACH_DISK_FULL));
	cr_expect(eq(u32, deck.news, 2), "that it began, and that it ended");
	cr_expect(ne(int, access(deck_file(""), F_OK), 0));
	deck_read(".part");
	cr_expect(deck.frames > 30 * 8000L && deck.frames < 33 * 8000L, "%" PRId64, deck.frames);
	cr_expect(gt(dbl, deck_share(0, 440, 20, 30000), 0.99));
	cr_expect(eq(int, deck_mark(&ann, RECORD_PAUSED), RECORD_UNKNOWN));
	cr_expect(zero(int, umount2(deck.directory, MNT_DETACH)));
}

Test(recorder_disk, a_full_disk_does_not_begin_one)
{
	char fill[128];
	FILE *f;

	small_disk();
	snprintf(fill, sizeof(fill), "%s/fill", deck.directory);
	f = fopen(fill, "w");
	cr_assert(f != NULL);
	for (int i = 0; i < 2048; i++)
		fprintf(f, "%1023d\n", i);
	fclose(f);
	cr_assert(eq(int, recorder_begin(&deck.r, DECK_ID, 8000), ATTACH_OK));
	deck_pass(10);
	cr_expect(eq(int, deck.heard.kind, ATTACH_RECORDING));
	cr_expect(eq(int, deck.heard.outcome, ATTACH_DISK_FULL));
	cr_expect(zero(int, umount2(deck.directory, MNT_DETACH)));
}

Test(recorder_disk, a_disk_that_cannot_be_written_says_so)
{
	small_disk();
	cr_assert(zero(int, mount(NULL, deck.directory, NULL, MS_REMOUNT | MS_RDONLY, NULL)));
	cr_assert(eq(int, recorder_begin(&deck.r, DECK_ID, 8000), ATTACH_OK));
	deck_pass(10);
	cr_expect(eq(int, deck.heard.kind, ATTACH_RECORDING));
	cr_expect(eq(int, deck.heard.outcome, ATTACH_DISK_ERROR));
	cr_expect(zero(int, umount2(deck.directory, MNT_DETACH)));
}

Test(recorder_disk, a_directory_that_is_not_there_says_so)
{
	deck_begin("/nonexistent/layby/recordings", 2);
	cr_assert(eq(int, recorder_begin(&deck.r, DECK_ID, 8000), ATTACH_OK));
	deck_pass(10);
	cr_expect(eq(int, deck.heard.kind, ATTACH_RECORDING));
	cr_expect(eq(int, deck.heard.outcome, ATTACH_DISK_ERROR));
	cr_expect(eq(int, recorder_begin(&deck.r, DECK_ID, 8000), ATTACH_OK), "its place is free");
}

Test(recorder_disk, a_file_that_is_there_already_is_left_alone)
{
	FILE *f;

	deck_temporary(2);
	f = fopen(deck_file(".part"), "w");
	cr_assert(f != NULL);
	fputs("mine", f);
	fclose(f);
	cr_assert(eq(int, recorder_begin(&deck.r, DECK_ID, 8000), ATTACH_OK));
	deck_pass(10);
	cr_expect(eq(int, deck.heard.outcome, ATTACH_DISK_ERROR));
}
