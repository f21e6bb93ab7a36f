// SPDX-License-Identifier: BSD-3-Clause
//
// The media's door with a real socket; the test plays the core and both workers, and the time.
#include "dataplane/dpdk/attach.h"
#include "dataplane/dpdk/recorder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORKERS = 2 };

static const uint64_t second = 1000000000;
static const struct bridge_plan plan = { .version = BRIDGE_VERSION,
	.workers = WORKERS,
	.addresses = 2,
	.flows = { 4, 4 },
	.address = { { .ip = { 1 }, .worker = 0, .port_first = 20000, .flows = 4 },
		{ .ip = { 2 }, .worker = 1, .port_first = 20000, .flows = 4 } } };

static struct config map = { .workers = WORKERS,
	.ports = 1,
	.addresses = 1,
	.port = { { .name = "left", .queues = 3, .poller = { 0, 1, 1 } } } };
static struct attach a;
static struct track_store *tracks;
static struct worker_stats stats[WORKERS];
static char directory[] = "attach_test_XXXXXX";
static char path[64];
static char error[256];
static uint64_t now = 1000000000;

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/media.sock", directory);
	tracks = calloc(1, sizeof(*tracks));
	tracks->budget = 1000;
	a.plan = &plan;
	a.map = &map;
	a.tracks = tracks;
	a.orphan_ns = 60 * second;
	for (int i = 0; i < WORKERS; i++) {
		a.orders[i] = aligned_alloc(LANE_LINE, sizeof(struct orders));
		orders_init(a.orders[i]);
		a.stats[i] = &stats[i];
	}
	cr_assert(attach_open(&a, path, now, error, sizeof(error)), "%s", error);
}

static void tear_down(void)
{
	char lock[80];

	attach_close(&a);
	track_store_clear(tracks);
	free(tracks);
	for (int i = 0; i < WORKERS; i++)
		free(a.orders[i]);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	cr_expect_eq(rmdir(directory), 0, "something is left behind");
}

TestSuite(attach, .init = set_up, .fini = tear_down);

// Once round the main thread's loop.
static void serve(void)
{
	struct pollfd fds[ATTACH_POLL_FDS];

	poll(fds, attach_poll(&a, fds), 0);
	attach_serve(&a, fds, now);
}

// What a worker was told, or -1.
static int told(uint32_t worker, struct order *out)
{
	return orders_take(a.orders[worker], out) ? (int)out->kind : -1;
}

static void expect_told(enum order_kind kind)
{
	struct order o;

	for (uint32_t i = 0; i < WORKERS; i++)
		cr_assert_eq(told(i, &o), (int)kind, "worker %u", i);
}

static void report(uint32_t worker, enum report_kind kind, bool yes, uint32_t n)
{
	orders_report(a.orders[worker], (struct report){ .kind = kind, .yes = yes, .n = n });
}

static void both_report(enum report_kind kind)
{
	report(0, kind, true, 0);
	report(1, kind, true, 0);
	serve();
}

static int connect_core(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

// The next message and what came with it. Returns its size, 0 at the end, -1 for none.
static ssize_t hear(int core, struct attach_message *m, int fds[2])
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(core, &message, MSG_DONTWAIT);

	if (n > 0 && CMSG_FIRSTHDR(&message) != NULL)
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), 2 * sizeof(int));
	return n;
}

// Attaches; the two descriptors are the bridge and the wake-up.
static int attach_core(int fds[2])
{
	struct attach_message m;
	int core = connect_core();

	serve();
	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_assert_eq(m.kind, ATTACH_HELLO);
	cr_assert_eq(m.version, ATTACH_VERSION);
	expect_told(ORDER_ADOPT);
	both_report(REPORT_ADOPTED);
	return core;
}

static void detach_core(int core, const int fds[2])
{
	close(core);
	close(fds[0]);
	close(fds[1]);
	serve();
	expect_told(ORDER_LET_GO);
	both_report(REPORT_LET_GO);
	cr_assert_eq(a.state, ATTACH_ALONE);
}

static void ask(int core, enum attach_kind kind, uint64_t hash, uint64_t len, int fd)
{
	struct attach_message m = { .version = ATTACH_VERSION,
		.kind = kind,
		.track = hash,
		.len = len,
		.units = (uint32_t)len };
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	cr_assert_eq(sendmsg(core, &message, 0), sizeof(m));
}

static int audio(size_t len)
{
	int fd = memfd_create("track", MFD_CLOEXEC);

	cr_assert_eq(ftruncate(fd, (off_t)len), 0);
	return fd;
}

Test(attach, each_core_gets_a_bridge_of_its_own)
{
	struct bridge first;
	struct bridge second_one;
	int fds[2];
	int core = attach_core(fds);

	cr_assert_eq(bridge_map(&first, fds[0]), BRIDGE_OK);
	atomic_store(&first.worker[0].directory[0].owner, 77);
	detach_core(core, fds);
	core = attach_core(fds);
	cr_assert_eq(bridge_map(&second_one, fds[0]), BRIDGE_OK);
	cr_expect_eq(atomic_load(&second_one.worker[0].directory[0].owner), 0);
	bridge_unmap(&first);
	bridge_unmap(&second_one);
	detach_core(core, fds);
}

Test(attach, a_second_core_is_told_that_it_is_one_too_many)
{
	struct attach_message m;
	struct order o;
	int fds[2];
	int core = attach_core(fds);
	int other = connect_core();

	serve();
	cr_assert_eq(hear(other, &m, fds), sizeof(m));
	cr_expect_eq(m.kind, ATTACH_BUSY);
	cr_expect_eq(hear(other, &m, fds), 0, "and it is closed");
	cr_expect_eq(told(0, &o), -1);
	cr_expect_eq(a.state, ATTACH_SERVING);
	close(other);
	detach_core(core, fds);
}

// kill -9 and a quick start: the old end and the new core are seen in the same look.
Test(attach, a_new_core_waits_until_the_workers_have_let_go)
{
	struct attach_message m;
	struct order o;
	int fds[2];
	int core = attach_core(fds);

	close(core);
	close(fds[0]);
	close(fds[1]);
	core = connect_core();
	serve();
	expect_told(ORDER_LET_GO);
	report(0, REPORT_LET_GO, true, 0);
	serve();
	cr_expect_eq(hear(core, &m, fds), -1, "one worker still holds the old bridge");
	cr_expect_not_null(a.bridge.base);
	report(1, REPORT_LET_GO, true, 0);
	serve();
	cr_expect_null(a.bridge.base);
	serve();
	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect_eq(m.kind, ATTACH_HELLO);
	cr_expect_eq(told(0, &o), ORDER_ADOPT);
	close(fds[0]);
	close(fds[1]);
	close(core);
}

Test(attach, the_core_is_woken_once_for_what_is_new)
{
	struct pollfd wake = { .events = POLLIN };
	uint64_t count;
	int fds[2];
	int core = attach_core(fds);

	wake.fd = fds[1];
	serve();
	cr_expect_eq(poll(&wake, 1, 0), 0);
	atomic_store(&a.bridge.worker[1].up->tail, 3);
	serve();
	cr_assert_eq(poll(&wake, 1, 0), 1);
	cr_assert_eq(read(wake.fd, &count, sizeof(count)), sizeof(count));
	serve();
	cr_expect_eq(poll(&wake, 1, 0), 0, "for nothing");
	detach_core(core, fds);
}

Test(attach, the_counters_are_copied_ten_times_a_second)
{
	int fds[2];
	int core = attach_core(fds);

	stat_add(&stats[1].music_packets, 5);
	now += second / 10;
	serve();
	cr_expect_eq(stat_read(&a.bridge.worker[1].stats->music_packets), 5);
	stat_add(&stats[1].music_packets, 5);
	now += second / 20;
	serve();
	cr_expect_eq(stat_read(&a.bridge.worker[1].stats->music_packets), 5);
	now += second / 20;
	serve();
	cr_expect_eq(stat_read(&a.bridge.worker[1].stats->music_packets), 10);
	detach_core(core, fds);
}

Test(attach, requests_are_answered_one_after_the_other)
{
	struct attach_message m;
	struct order o;
	int fds[2];
	int core = attach_core(fds);
	int fd = audio(100);

	ask(core, ATTACH_TRACK_ADD, 9, 100, fd);
	ask(core, ATTACH_TRACK_DROP, 8, 0, -1);
	serve();
	serve();
	expect_told(ORDER_SHOW);
	cr_expect_eq(hear(core, &m, fds), -1, "the workers have not answered yet");
	both_report(REPORT_SHOWN);
	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect(m.kind == ATTACH_TRACK && m.track == 9 && m.outcome == ATTACH_OK);
	serve();
	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect(m.kind == ATTACH_TRACK && m.track == 8 && m.outcome == ATTACH_UNKNOWN);
	cr_expect_eq(told(0, &o), -1);
	close(fd);
	detach_core(core, fds);
}

static void ask_move(int core, uint32_t port, uint32_t queue, uint32_t worker)
{
	struct attach_message m = { .version = ATTACH_VERSION, .kind = ATTACH_MOVE };

	attach_name_queue(
		&m, (struct attach_queue){ .port = port, .queue = queue, .worker = worker });
	cr_assert_eq(send(core, &m, sizeof(m), 0), (ssize_t)sizeof(m));
	serve();
}

static void expect_moved(int core, enum attach_outcome outcome)
{
	struct attach_message m;
	int fds[2];

	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect(m.kind == ATTACH_MOVED && m.outcome == outcome, "%u %u", m.kind, m.outcome);
}

// Never two who poll one queue: the old one has left before the new one is told.
Test(attach, a_queue_moves_from_one_worker_to_the_other)
{
	struct attach_message m;
	struct order o;
	int fds[2], none[2];
	int core = attach_core(fds);

	ask_move(core, 0, 2, 0);
	cr_assert_eq(told(1, &o), ORDER_LEAVE);
	cr_expect(o.queue.port == 0 && o.queue.queue == 2);
	cr_expect_eq(told(0, &o), -1, "the other polls it still");
	ask_move(core, 0, 2, 1);
	cr_expect_eq(told(1, &o), -1, "one at a time");
	report(1, REPORT_LEFT, true, 0);
	serve();
	cr_assert_eq(told(0, &o), ORDER_POLL);
	cr_expect(o.queue.port == 0 && o.queue.queue == 2);
	cr_expect_eq(hear(core, &m, none), -1);
	report(0, REPORT_POLLS, true, 0);
	serve();
	expect_moved(core, ATTACH_OK);
	cr_expect_eq(map.port[0].poller[2], 0, "so says the plan");
	serve();
	cr_assert_eq(told(0, &o), ORDER_LEAVE, "and now the next one");
	report(0, REPORT_LEFT, true, 0);
	serve();
	cr_assert_eq(told(1, &o), ORDER_POLL);
	report(1, REPORT_POLLS, true, 0);
	serve();
	expect_moved(core, ATTACH_OK);
	ask_move(core, 0, 2, 1);
	expect_moved(core, ATTACH_OK);
	cr_expect_eq(told(1, &o), -1, "it is there already");
	detach_core(core, fds);
}

Test(attach, a_move_that_cannot_be_is_refused)
{
	struct order o;
	int fds[2];
	int core = attach_core(fds);

	ask_move(core, 1, 0, 0);
	expect_moved(core, ATTACH_UNKNOWN);
	ask_move(core, 0, 3, 0);
	expect_moved(core, ATTACH_UNKNOWN);
	ask_move(core, 0, 0, WORKERS);
	expect_moved(core, ATTACH_UNKNOWN);
	ask_move(core, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	expect_moved(core, ATTACH_UNKNOWN);
	cr_expect(told(0, &o) == -1 && told(1, &o) == -1);
	detach_core(core, fds);
}

// The queue arrives although nobody is there any more to be told.
Test(attach, a_move_whose_core_dies_goes_on_to_its_end)
{
	struct order o;
	int fds[2];
	int core = attach_core(fds);

	ask_move(core, 0, 0, 1);
	cr_assert_eq(told(0, &o), ORDER_LEAVE);
	close(core);
	close(fds[0]);
	close(fds[1]);
	serve();
	expect_told(ORDER_LET_GO);
	both_report(REPORT_LET_GO);
	report(0, REPORT_LEFT, true, 0);
	serve();
	cr_assert_eq(told(1, &o), ORDER_POLL);
	report(1, REPORT_POLLS, true, 0);
	serve();
	cr_expect_eq(map.port[0].poller[0], 1);
	core = attach_core(fds);
	detach_core(core, fds);
}

Test(attach, the_plan_comes_as_a_file)
{
	struct attach_message m = { .version = ATTACH_VERSION, .kind = ATTACH_PLAN };
	char text[4096];
	int fds[2], plan_fds[2];
	int core = attach_core(fds);

	cr_assert_eq(send(core, &m, sizeof(m), 0), (ssize_t)sizeof(m));
	serve();
	cr_assert_eq(hear(core, &m, plan_fds), sizeof(m));
	cr_assert(m.kind == ATTACH_PLAN && m.outcome == ATTACH_OK && m.len < sizeof(text));
	cr_assert_eq(pread(plan_fds[0], text, m.len, 0), (ssize_t)m.len);
	text[m.len] = '\0';
	cr_expect_not_null(
		strstr(text, "\"port\": \"left\", \"number\": 0, \"queue\": 2"), "%s", text);
	close(plan_fds[0]);
	detach_core(core, fds);
}

Test(attach, a_worker_that_stands_still_is_told_of)
{
	struct attach_message m;
	int fds[2], none[2];
	int core = attach_core(fds);

	attach_stalled(&a, 1, true);
	cr_assert_eq(hear(core, &m, none), sizeof(m));
	cr_expect(m.kind == ATTACH_STALLED && m.outcome == ATTACH_IN_USE);
	cr_expect_eq(attach_queue_of(&m).worker, 1);
	attach_stalled(&a, 1, false);
	cr_assert_eq(hear(core, &m, none), sizeof(m));
	cr_expect(m.kind == ATTACH_STALLED && m.outcome == ATTACH_OK);
	detach_core(core, fds);
	attach_stalled(&a, 1, true); // to nobody
}

Test(attach, a_track_whose_core_dies_is_kept_and_answered_to_nobody)
{
	struct attach_message m;
	int fds[2];
	int core = attach_core(fds);
	int fd = audio(100);

	ask(core, ATTACH_TRACK_ADD, 9, 100, fd);
	serve();
	close(core);
	close(fds[0]);
	close(fds[1]);
	core = connect_core();
	serve();
	expect_told(ORDER_SHOW);
	expect_told(ORDER_LET_GO);
	report(0, REPORT_LET_GO, true, 0);
	report(1, REPORT_LET_GO, true, 0);
	serve();
	serve();
	cr_expect_eq(hear(core, &m, fds), -1, "the track is still on its way");
	both_report(REPORT_SHOWN);
	serve();
	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect_eq(m.kind, ATTACH_HELLO, "not the answer to another one's question");
	expect_told(ORDER_ADOPT);
	both_report(REPORT_ADOPTED);
	ask(core, ATTACH_TRACK_ADD, 9, 100, fd);
	serve();
	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect_eq(m.outcome, ATTACH_OK, "at once: it is there");
	close(fd);
	detach_core(core, fds);
}

Test(attach, a_core_that_does_not_speak_our_language_is_let_go)
{
	struct attach_message wrong[] = {
		{ .version = ATTACH_VERSION + 1, .kind = ATTACH_TRACK_ADD },
		{ .version = ATTACH_VERSION, .kind = ATTACH_HELLO },
		{ .version = ATTACH_VERSION, .kind = 99 },
	};
	static const size_t sizes[] = { sizeof(wrong[0]), sizeof(wrong[0]), sizeof(wrong[0]), 5 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fds[2];
		int core = attach_core(fds);

		cr_assert_eq(send(core, &wrong[i % 3], sizes[i], 0), (ssize_t)sizes[i]);
		serve();
		cr_expect_eq(a.state, ATTACH_LETTING_GO, "message %zu", i);
		detach_core(core, fds);
	}
}

Test(attach, a_core_that_breaks_a_lane_is_let_go)
{
	int fds[2];
	int core = attach_core(fds);

	report(1, REPORT_BROKEN, false, 0);
	report(0, REPORT_BROKEN, false, 0);
	detach_core(core, fds);
}

Test(attach, a_core_that_does_not_read_its_answers_is_let_go)
{
	int fds[2];
	int core = attach_core(fds);

	for (int i = 0; i < 5000 && a.state == ATTACH_SERVING; i++) {
		ask(core, ATTACH_TRACK_DROP, 1, 0, -1);
		serve();
	}
	cr_expect_eq(a.state, ATTACH_LETTING_GO);
	detach_core(core, fds);
}

Test(attach, flows_of_nobody_are_reaped_after_a_while)
{
	struct order o;
	int fds[2];
	int core;

	now += 59 * second;
	serve();
	cr_expect_eq(told(0, &o), -1);
	now += second;
	serve();
	cr_assert_eq(told(0, &o), ORDER_REAP);
	cr_expect_eq(o.idle_ns, 60 * second);
	cr_assert_eq(told(1, &o), ORDER_REAP);
	now += 100 * second;
	serve();
	cr_expect_eq(told(0, &o), -1, "the last time is not over");
	report(0, REPORT_REAPED, false, 3);
	report(1, REPORT_REAPED, false, 0);
	serve();
	cr_assert_eq(told(0, &o), ORDER_REAP);
	cr_assert_eq(told(1, &o), ORDER_REAP);
	report(0, REPORT_REAPED, false, 0);
	report(1, REPORT_REAPED, false, 0);
	serve();

	core = attach_core(fds);
	now += 1000 * second;
	serve();
	cr_expect_eq(told(0, &o), -1, "somebody owns them");
	detach_core(core, fds);
	now += 59 * second;
	serve();
	cr_expect_eq(told(0, &o), -1, "the time begins when he goes");
}

Test(attach, the_socket_is_for_our_group_and_taken_once)
{
	struct attach other = a;
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0660);
	cr_expect_not(attach_open(&other, path, now, error, sizeof(error)));
	cr_expect_not_null(strstr(error, "another layby-media serves"), "%s", error);
	cr_expect_not(attach_open(&other, "/nowhere/at/all.sock", now, error, sizeof(error)));
	cr_expect_not_null(strstr(error, "No such file"), "%s", error);
}

Test(attach, a_socket_left_behind_is_taken_over)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int left = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	attach_close(&a);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(left, (struct sockaddr *)&address, sizeof(address)), 0);
	close(left);
	cr_assert(attach_open(&a, path, now, error, sizeof(error)), "%s", error);
	close(connect_core());
}

Test(attach, a_file_in_the_place_of_the_socket_is_nobody_s_to_remove)
{
	struct attach other = { .core = -1 };
	char file[80], lock[90];

	snprintf(file, sizeof(file), "%s.file", path);
	snprintf(lock, sizeof(lock), "%s.lock", file);
	fclose(fopen(file, "w"));
	cr_expect_not(attach_open(&other, file, now, error, sizeof(error)));
	cr_expect_not_null(strstr(error, "Address already in use"), "%s", error);
	cr_expect_eq(unlink(file), 0);
	unlink(lock);
}

static struct recorder recorder;

static void ask_recording(int core, enum attach_kind kind, uint64_t id, uint32_t rate)
{
	struct attach_message m = {
		.version = ATTACH_VERSION, .kind = kind, .track = id, .codec = rate
	};

	cr_assert_eq(send(core, &m, sizeof(m), 0), sizeof(m));
	serve();
	recorder_turn(&recorder, now);
	serve();
}

static void expect_said(int core, enum attach_kind kind, enum attach_outcome outcome, uint64_t id)
{
	struct attach_message m;
	int fds[2];

	cr_assert_eq(hear(core, &m, fds), sizeof(m));
	cr_expect_eq(m.kind, kind, "%u", m.kind);
	cr_expect_eq(m.outcome, outcome, "%u", m.outcome);
	cr_expect_eq(m.track, id);
}

Test(attach, a_recording_is_answered_when_it_begins_and_once_when_it_is_over)
{
	static const uint32_t channels[WORKERS] = { 1, 1 };
	int fds[2];
	struct attach_message m;
	int core = attach_core(fds);
	char file[80];

	cr_assert(recorder_init(&recorder, directory, channels, WORKERS));
	a.recorder = &recorder;
	ask_recording(core, ATTACH_RECORD_BEGIN, 7, 8000);
	expect_said(core, ATTACH_RECORDING, ATTACH_OK, 7);
	ask_recording(core, ATTACH_RECORD_BEGIN, 7, 8000);
	expect_said(core, ATTACH_RECORDING, ATTACH_IN_USE, 7);
	ask_recording(core, ATTACH_RECORD_END, 7, 0);
	expect_said(core, ATTACH_RECORDED, ATTACH_OK, 7);
	ask_recording(core, ATTACH_RECORD_END, 7, 0);
	cr_expect_eq(hear(core, &m, fds), -1, "once");
	ask_recording(core, ATTACH_RECORD_BEGIN, 8, 8000);
	detach_core(core, fds);
	recorder_turn(&recorder, now);
	serve();
	for (int id = 7; id <= 8; id++) {
		snprintf(file, sizeof(file), "%s/%016x.wav", directory, (unsigned)id);
		cr_expect_eq(unlink(file), 0, "a core that goes ends them well");
	}
	recorder_clear(&recorder, now);
	a.recorder = NULL;
}

Test(attach, without_a_recorder_there_is_no_room_for_recordings)
{
	int fds[2];
	int core = attach_core(fds);

	ask_recording(core, ATTACH_RECORD_BEGIN, 7, 8000);
	expect_said(core, ATTACH_RECORDING, ATTACH_NO_ROOM, 7);
	detach_core(core, fds);
}
