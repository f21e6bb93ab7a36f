// SPDX-License-Identifier: BSD-3-Clause
//
// layby-media comes and goes, and is not always what it should be.
#include "control/loop.h"
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <stdatomic.h>
#include <string.h>

TestSuite(media, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

Test(media, attaches_to_a_media_that_has_no_flows)
{
	cr_expect(!media_attached(stage.media) && media_workers(stage.media) == 0);
	cr_expect(media_stats(stage.media, 0) == NULL);
	stage_attach();
	cr_expect(
		media_workers(stage.media) == 2 && stage.orphans == 0 && stage.fake.commands == 0);
	cr_expect(media_stats(stage.media, 0) != NULL && media_stats(stage.media, 1) != NULL);
	cr_expect(media_stats(stage.media, 2) == NULL);
	cr_expect(stage_counts().flows_free == 12 && stage_counts().flows_open == 0);
}

Test(media, waits_until_every_worker_has_described_its_flows)
{
	stage.fake.describes = false;
	cr_assert(stage_turn_until(stage_is_greeted, 1000));
	stage_turn(50);
	cr_expect(!media_attached(stage.media));
	atomic_store(stage.fake.bridge.worker[0].directory_done, 1);
	stage_turn(50);
	cr_expect(!media_attached(stage.media), "one of two is not enough");
	stage.fake.describes = true;
	stage_attach();
}

Test(media, closes_what_nobody_owns_and_says_how_many)
{
	static const struct flow_id nobodys[] = { { 2, 7 }, { 5, UINT32_MAX }, { 3, 1 } };

	stage.fake.directory[0][2] = (struct fake_entry){ 7, 1 };
	stage.fake.directory[0][5] = (struct fake_entry){ UINT32_MAX, 1 };
	stage.fake.directory[0][6] = (struct fake_entry){ 9, 0 }; // used, but closed
	stage.fake.directory[1][3] = (struct fake_entry){ 1, 1 };
	stage_attach();
	stage_turn(20);
	cr_expect_eq(stage.orphans, 3);
	cr_expect_eq(stage.fake.commands, 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_CLOSE, nobodys[i]), 1);
	cr_expect_eq(stage.events, 0);
	// 3 closed now and 1 closed before rest; what was never used is free.
	cr_expect_eq(stage_counts().flows_resting, 4);
	cr_expect_eq(stage_counts().flows_free, 8);
	cr_expect_eq(stage_counts().flows_open, 0);
}

Test(media, notices_the_end_and_comes_back_every_second)
{
	stage_attach();
	struct media_flow f = stage_open(0);
	stage_turn(10);
	stage.events = 0;

	fake_media_hang_up(&stage.fake);
	cr_assert(stage_turn_until(stage_is_detached, 1000));
	cr_expect(!media_attached(stage.media) && media_workers(stage.media) == 0);
	cr_expect(media_stats(stage.media, 0) == NULL && stage_counts().flows_open == 0);

	// Whoever still speaks of an old flow speaks into the void.
	struct media_flow none;
	struct address a = { .port = 1 };
	cr_expect(!media_open(stage.media, 0, &stage_me, &none));
	media_silent(stage.media, f);
	media_set_owner(stage.media, f, NULL);
	media_local(stage.media, f, &a);
	cr_expect_eq(a.port, 0);

	uint64_t before = loop_now(stage.loop);
	cr_assert(stage_turn_until(stage_is_attached_again, 3000));
	cr_expect(loop_now(stage.loop) - before > 800, "%lu ms", loop_now(stage.loop) - before);
	uint32_t commands = stage.fake.commands;
	media_silent(stage.media, f);
	media_close(stage.media, &f);
	cr_expect_eq(f.id.gen, 0);
	stage_turn(10);
	cr_expect(stage.fake.commands == commands && stage.detached == 1 && stage.events == 0);
}

Test(media, keeps_trying_when_nobody_is_there)
{
	media_free(stage.media);
	fake_media_stop(&stage.fake);
	stage.media = media_new(stage.loop, stage.fake.path, &stage_ops);
	stage_turn(20);
	cr_expect(!media_attached(stage.media));
	fake_media_start(&stage.fake, stage.loop);
	cr_assert(stage_turn_until(stage_is_attached, 2000));
}

Test(media, refuses_a_path_that_no_socket_can_have)
{
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_expect(media_new(stage.loop, path, &stage_ops) == NULL);
}

// What a media may get wrong at the greeting. None of it may attach, crash or leak.
struct strange {
	const char *name;
	struct attach_message greeting;
	bool no_fds, unsealed;
};

static uint32_t open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint32_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

Test(media, attaches_to_nothing_strange)
{
	uint32_t fds = open_fds();

	static const struct strange rows[] = {
		{ "another version", { ATTACH_VERSION + 1, ATTACH_HELLO, 0, 0, 0, 0, 0 }, 0, 0 },
		{ "busy", { ATTACH_VERSION, ATTACH_BUSY, 0, 0, 0, 0, 0 }, true, 0 },
		{ "busy with descriptors", { ATTACH_VERSION, ATTACH_BUSY, 0, 0, 0, 0, 0 }, 0, 0 },
		{ "an answer first", { ATTACH_VERSION, ATTACH_TRACK, 0, 0, 0, 0, 0 }, true, 0 },
		{ "our own words", { ATTACH_VERSION, ATTACH_TRACK_ADD, 0, 0, 0, 0, 0 }, 0, 0 },
		{ "no descriptors", { ATTACH_VERSION, ATTACH_HELLO, 0, 0, 0, 0, 0 }, true, 0 },
		{ "no seals", { ATTACH_VERSION, ATTACH_HELLO, 0, 0, 0, 0, 0 }, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage.fake.greeted = 0;
		stage.fake.greeting = rows[i].greeting;
		stage.fake.no_fds = rows[i].no_fds;
		stage.fake.unsealed = rows[i].unsealed;
		cr_assert(stage_turn_until(stage_is_greeted, 3000), "%s", rows[i].name);
		cr_assert(stage_turn_until(stage_is_greeted_twice, 3000), "%s: not tried again",
			rows[i].name);
		cr_expect(stage.attached == 0 && stage.detached == 0, "%s", rows[i].name);
	}
	// One connection may be alive: a socket and an eventfd there, a socket here.
	cr_expect(open_fds() <= fds + 3, "%u descriptors more", open_fds() - fds);
}
