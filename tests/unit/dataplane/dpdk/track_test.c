// SPDX-License-Identifier: BSD-3-Clause
//
// The track store, and a track's way through the workers, who are played by the test.
#include "dataplane/dpdk/track_job.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORKERS = 3, LEN = 4000 };

static struct track_store *store;
static struct track_job job;
static struct orders *workers[WORKERS];

static void set_up(void)
{
	store = calloc(1, sizeof(*store));
	store->budget = 10000;
	job = (struct track_job){ 0 };
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = aligned_alloc(LANE_LINE, sizeof(struct orders));
		orders_init(workers[i]);
	}
}

static void tear_down(void)
{
	track_store_clear(store);
	cr_expect_eq(store->taken, 0);
	free(store);
	for (int i = 0; i < WORKERS; i++)
		free(workers[i]);
}

TestSuite(track, .init = set_up, .fini = tear_down);

static int audio(uint8_t byte, size_t len)
{
	int fd = memfd_create("track", MFD_CLOEXEC);
	uint8_t bytes[LEN];

	memset(bytes, byte, sizeof(bytes));
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

static struct attach_message message(enum attach_kind kind, uint64_t hash, uint32_t codec)
{
	return (struct attach_message){ .version = ATTACH_VERSION,
		.kind = kind,
		.track = hash,
		.len = LEN,
		.codec = codec,
		.units = LEN };
}

static void begin(enum attach_kind kind, uint64_t hash, uint32_t codec)
{
	struct attach_message m = message(kind, hash, codec);
	int fd = audio((uint8_t)(hash + codec), LEN);

	track_job_begin(&job, store, &m, fd, workers, WORKERS);
	close(fd);
}

// What one worker was told; he says yes or no. Returns whether the job is done.
static bool report(uint32_t worker, enum order_kind kind, bool yes, struct order *told)
{
	struct report r = { .kind = kind == ORDER_SHOW ? REPORT_SHOWN : REPORT_HIDDEN, .yes = yes };
	struct order o;

	cr_assert(orders_take(workers[worker], &o), "worker %u was told nothing", worker);
	cr_assert_eq(o.kind, kind);
	if (told != NULL)
		*told = o;
	return track_job_happen(&job, store, worker, &r, workers, WORKERS);
}

static void expect_silence(void)
{
	struct order o;

	for (int i = 0; i < WORKERS; i++)
		cr_expect_not(orders_take(workers[i], &o), "worker %d was told something", i);
}

// Adds it, everybody having room.
static const struct track *add(uint64_t hash, uint32_t codec)
{
	struct order o;

	begin(ATTACH_TRACK_ADD, hash, codec);
	cr_assert_eq(job.state, JOB_SHOWING);
	cr_assert_not(report(0, ORDER_SHOW, true, &o));
	cr_assert_not(report(2, ORDER_SHOW, true, NULL));
	cr_assert(report(1, ORDER_SHOW, true, NULL));
	cr_assert_eq(job.answer.outcome, ATTACH_OK);
	return o.track;
}

Test(track, a_track_is_answered_when_every_worker_has_it)
{
	const struct track *track = add(9, TRACK_PCMU);

	cr_expect_eq(job.state, JOB_NONE);
	cr_expect_eq(job.answer.kind, ATTACH_TRACK);
	cr_expect_eq(job.answer.track, 9);
	cr_expect_eq(track->hash, 9);
	cr_expect_eq(track->len, LEN);
	cr_expect_eq(track->payload[TRACK_PCMU][LEN - 1], 9);
	cr_expect_null(track->payload[TRACK_PCMA]);
	cr_expect_null(track->sums[TRACK_PCMA]);
	for (unsigned i = 0; i < LEN / TRACK_BLOCK; i++)
		cr_expect_eq(track->sums[TRACK_PCMU][i], 0x0909 * (TRACK_BLOCK / 2) % 0xffff);
	cr_expect_eq(store->taken, LEN);
}

Test(track, another_codec_makes_a_new_version_and_leaves_the_old_one_alone)
{
	const struct track *first = add(9, TRACK_PCMU);
	struct track before = *first;
	const struct track *second = add(9, TRACK_PCMA);

	cr_expect_neq(first, second);
	cr_expect_eq(memcmp(first, &before, sizeof(before)), 0);
	cr_expect_eq(second->payload[TRACK_PCMU], first->payload[TRACK_PCMU]);
	cr_expect_eq(second->payload[TRACK_PCMA][0], 10);
}

Test(track, what_is_there_already_is_answered_at_once)
{
	add(9, TRACK_PCMU);
	begin(ATTACH_TRACK_ADD, 9, TRACK_PCMU);
	cr_expect_eq(job.state, JOB_NONE);
	cr_expect_eq(job.answer.outcome, ATTACH_OK);
	cr_expect_eq(store->taken, LEN);
	expect_silence();
}

Test(track, a_full_table_at_one_worker_takes_it_back_from_the_others)
{
	begin(ATTACH_TRACK_ADD, 9, TRACK_PCMU);
	cr_assert_not(report(0, ORDER_SHOW, true, NULL));
	cr_assert_not(report(1, ORDER_SHOW, false, NULL));
	cr_assert_not(report(2, ORDER_SHOW, true, NULL));
	cr_assert_eq(job.state, JOB_UNDOING);
	cr_assert_eq(store->taken, LEN, "the workers still have it");
	cr_assert_not(report(2, ORDER_HIDE, true, NULL));
	cr_assert(report(0, ORDER_HIDE, true, NULL));
	cr_expect_eq(job.answer.outcome, ATTACH_NO_MEMORY);
	cr_expect_eq(store->taken, 0);
	cr_expect_null(track_store_find(store, 9));
	expect_silence();
}

Test(track, when_no_worker_has_room_there_is_nothing_to_take_back)
{
	begin(ATTACH_TRACK_ADD, 9, TRACK_PCMU);
	cr_assert_not(report(0, ORDER_SHOW, false, NULL));
	cr_assert_not(report(1, ORDER_SHOW, false, NULL));
	cr_assert(report(2, ORDER_SHOW, false, NULL));
	cr_expect_eq(job.answer.outcome, ATTACH_NO_MEMORY);
	cr_expect_eq(store->taken, 0);
}

Test(track, a_track_that_plays_somewhere_stays_everywhere)
{
	const struct track *track = add(9, TRACK_PCMU);
	struct order o;

	begin(ATTACH_TRACK_DROP, 9, 0);
	cr_assert_not(report(0, ORDER_HIDE, true, &o));
	cr_assert_eq(o.hash, 9);
	cr_assert_not(report(1, ORDER_HIDE, false, NULL));
	cr_assert_not(report(2, ORDER_HIDE, true, NULL));
	cr_assert_not(report(0, ORDER_SHOW, true, &o));
	cr_expect_eq(o.track, track);
	cr_assert(report(2, ORDER_SHOW, true, NULL));
	cr_expect_eq(job.answer.outcome, ATTACH_IN_USE);
	cr_expect_eq(store->taken, LEN);
	cr_expect_eq(track->payload[TRACK_PCMU][0], 9);
	expect_silence();
}

Test(track, a_track_that_nobody_plays_is_freed_when_the_last_worker_says_so)
{
	add(9, TRACK_PCMU);
	add(9, TRACK_PCMA);
	begin(ATTACH_TRACK_DROP, 9, 0);
	cr_assert_not(report(0, ORDER_HIDE, true, NULL));
	cr_assert_not(report(1, ORDER_HIDE, true, NULL));
	cr_assert_eq(store->taken, 2 * LEN);
	cr_assert(report(2, ORDER_HIDE, true, NULL));
	cr_expect_eq(job.answer.outcome, ATTACH_OK);
	cr_expect_eq(store->taken, 0);
	begin(ATTACH_TRACK_DROP, 9, 0);
	cr_expect_eq(job.answer.outcome, ATTACH_UNKNOWN);
	begin(ATTACH_TRACK_DROP, 0, 0);
	cr_expect_eq(job.answer.outcome, ATTACH_UNKNOWN);
	expect_silence();
}

Test(track, the_budget_is_kept_to_the_byte)
{
	const struct track *track;
	struct attach_message m = message(ATTACH_TRACK_ADD, 1, 0);
	int fd = audio(1, LEN);

	store->budget = 2 * LEN;
	for (m.track = 1; m.track < 3; m.track++)
		cr_assert_eq(track_store_add(store, &m, fd, &track), ATTACH_OK);
	m.len = m.units = 1;
	cr_expect_eq(track_store_add(store, &m, fd, &track), ATTACH_NO_MEMORY);
	track_store_remove(store, track_store_find(store, 1));
	cr_expect_eq(track_store_add(store, &m, fd, &track), ATTACH_OK);
	close(fd);
}

Test(track, what_cannot_be_a_track_is_refused)
{
	const struct track *track;
	int fd = audio(1, LEN);
	int pipes[2];

	int disk = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	cr_assert_geq(disk, 0);
	cr_assert_eq(pipe(pipes), 0);
	struct {
		const char *what;
		uint64_t hash;
		uint64_t len;
		uint32_t codec;
		int fd;
	} rows[] = {
		{ "no hash", 0, LEN, 0, fd },
		{ "no length", 1, 0, 0, fd },
		{ "a length beyond all", 1, 1ULL << 32 | 1, 0, fd },
		{ "longer than the file", 1, LEN + 1, 0, fd },
		{ "shorter than it says", 1, LEN - 1, TRACK_G722, fd },
		{ "odd bytes of a wide one", 1, LEN, TRACK_L16, fd },
		{ "no packets of Opus", 1, LEN, TRACK_OPUS, fd },
		{ "no such codec", 1, LEN, TRACK_CODECS, fd },
		{ "no descriptor", 1, LEN, 0, -1 },
		{ "a pipe, which would make us wait", 1, LEN, 0, pipes[0] },
		{ "a file on a disk, which may be slow", 1, LEN, 0, disk },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct attach_message m = message(ATTACH_TRACK_ADD, rows[i].hash, rows[i].codec);

		m.len = rows[i].len;
		m.units = (uint32_t)(rows[i].len == LEN + 1 ? LEN + 1 : LEN);
		cr_expect_eq(track_store_add(store, &m, rows[i].fd, &track), ATTACH_BAD_TRACK, "%s",
			rows[i].what);
		cr_expect_null(track);
	}
	cr_expect_eq(store->taken, 0);
	close(fd);
	close(disk);
	close(pipes[0]);
	close(pipes[1]);
}

Test(track, a_store_that_is_full_says_so)
{
	const struct track *track;
	struct attach_message m = message(ATTACH_TRACK_ADD, 1, 0);
	int fd = audio(1, LEN);

	m.len = m.units = 1;
	for (m.track = 1; m.track <= TRACK_STORE_MAX; m.track++)
		cr_assert_eq(track_store_add(store, &m, fd, &track), ATTACH_OK);
	cr_expect_eq(track_store_add(store, &m, fd, &track), ATTACH_NO_MEMORY);
	close(fd);
}

// Three packets of Opus for 470 units, which is nearly 60 ms.
struct in_opus {
	uint32_t packets;
	uint32_t end[3];
	uint8_t payload[30];
};

static enum attach_outcome add_opus(const struct in_opus *o, uint32_t units)
{
	const struct track *track;
	struct attach_message m = message(ATTACH_TRACK_ADD, 7, TRACK_OPUS);
	int fd = memfd_create("track", MFD_CLOEXEC);

	m.len = sizeof(*o) - 2; // less its padding
	m.units = units;
	cr_assert_eq(write(fd, o, sizeof(*o)), (ssize_t)sizeof(*o));
	enum attach_outcome outcome = track_store_add(store, &m, fd, &track);
	close(fd);
	if (outcome != ATTACH_OK)
		return outcome;
	uint32_t len, next;
	const uint8_t *second = track_packet(track, TRACK_PACKET, &len, &next);
	cr_expect_eq(second[0], 11);
	cr_expect(len == 15 && next == 2 * TRACK_PACKET);
	track_packet(track, 2 * TRACK_PACKET, &len, &next);
	cr_expect(len == 5 && next == units, "after the last one is the track's end");
	return outcome;
}

Test(track, packets_of_opus_come_with_their_index)
{
	struct in_opus good = { 3, { 10, 25, 30 }, { [10] = 11 } };

	cr_expect_eq(add_opus(&good, 470), ATTACH_OK);
	cr_expect_eq(store->taken, sizeof(good) - 2);
}

Test(track, an_index_that_lies_is_refused)
{
	struct in_opus bad[] = {
		{ 2, { 10, 25, 30 }, { 0 } },
		{ 3, { 10, 25, 29 }, { 0 } },
		{ 3, { 10, 25, 31 }, { 0 } },
		{ 3, { 25, 10, 30 }, { 0 } },
		{ 3, { 10, 10, 30 }, { 0 } },
		{ 0, { 10, 25, 30 }, { 0 } },
		{ UINT32_MAX, { 10, 25, 30 }, { 0 } },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(add_opus(&bad[i], 470), ATTACH_BAD_TRACK, "row %zu", i);
	struct in_opus good = { 3, { 10, 25, 30 }, { 0 } };
	cr_expect_eq(add_opus(&good, 320), ATTACH_BAD_TRACK, "a packet too many");
	cr_expect_eq(add_opus(&good, 640), ATTACH_BAD_TRACK, "a packet too few");
	cr_expect_eq(store->taken, 0);
}
