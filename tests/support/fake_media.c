// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/fake_media.h"

#include "control/loop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct bridge_plan plan(void)
{
	struct bridge_plan p = { .version = BRIDGE_VERSION,
		.workers = FAKE_WORKERS,
		.addresses = 3,
		.flows = { 8, 4 } };
	static const struct bridge_address address[3] = {
		{ .worker = 0, .port_first = 20000, .flows = 4, .flow_first = 0 },
		{ .worker = 0, .port_first = 30000, .flows = 4, .flow_first = 4 },
		{ .worker = 1, .port_first = 40000, .flows = 4, .flow_first = 0 },
	};

	for (uint8_t i = 0; i < 3; i++) {
		static const uint8_t ten[16] = { [10] = 0xff, 0xff, 10 };

		p.address[i] = address[i];
		memcpy(p.address[i].ip, ten, sizeof(ten));
		p.address[i].ip[15] = (uint8_t)(i + 1);
	}
	return p;
}

static void send_message(int socket, struct attach_message *m, const int *fds, uint32_t n)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	ssize_t sent = sendmsg(socket, &msg, MSG_NOSIGNAL);
	(void)sent; // a core that hangs up meanwhile is a test of its own
}

static int make_bridge(struct fake_media *f)
{
	struct bridge_plan p = plan();
	int fd = -1;

	enum bridge_outcome outcome = bridge_create(&f->bridge, &p, &fd);
	assert(outcome == BRIDGE_OK);
	for (uint32_t w = 0; w < FAKE_WORKERS; w++) {
		lane_reader_init(&f->down[w], f->bridge.worker[w].down, BRIDGE_LANE_SIZE);
		lane_writer_init(&f->up[w], f->bridge.worker[w].up, BRIDGE_LANE_SIZE);
		for (uint32_t i = 0; i < f->bridge.plan.flows[w]; i++) {
			f->bridge.worker[w].directory[i].gen = f->directory[w][i].gen;
			f->bridge.worker[w].directory[i].open = f->directory[w][i].open;
		}
	}
	return fd;
}

static void greet(struct fake_media *f)
{
	int fds[2] = { make_bridge(f), -1 };

	f->wake = fds[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->unsealed) {
		close(fds[0]);
		fds[0] = memfd_create("open", MFD_CLOEXEC);
	}
	send_message(f->core, &f->greeting, fds, f->no_fds ? 0 : 2);
	close(fds[0]);
	f->greeted++;
}

static void take_core(struct fake_media *f)
{
	f->core = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (f->core >= 0)
		greet(f);
}

static void take_track(struct fake_media *f, const struct attach_message *m, int fd)
{
	struct fake_track *t = &f->track[f->tracks++];

	assert(f->tracks <= FAKE_TRACKS_MAX && fd >= 0);
	t->message = *m;
	t->seals = fcntl(fd, F_GET_SEALS);
	t->bytes = (uint64_t)lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, t->first, sizeof(t->first), 0);
	assert(n > 0);
}

static void tell_plan(struct fake_media *f)
{
	struct attach_message m = { .version = ATTACH_VERSION, .kind = ATTACH_PLAN };
	int fd = memfd_create("plan", MFD_CLOEXEC);

	f->plans++;
	if (f->plan != NULL) {
		m.len = strlen(f->plan);
		ssize_t n = write(fd, f->plan, m.len);
		assert(n == (ssize_t)m.len);
	} else {
		m.outcome = ATTACH_NO_MEMORY;
	}
	send_message(f->core, &m, &fd, f->plan != NULL);
	close(fd);
}

static void answer_moves(struct fake_media *f)
{
	while (f->core >= 0 && f->answers_moves && f->moves_answered < f->moves) {
		struct attach_message m = {
			.version = ATTACH_VERSION, .kind = ATTACH_MOVED, .outcome = f->move_outcome
		};

		f->moves_answered++;
		send_message(f->core, &m, NULL, 0);
	}
}

void fake_media_stall(struct fake_media *f, uint32_t worker, bool stalled)
{
	struct attach_message m = { .version = ATTACH_VERSION,
		.kind = ATTACH_STALLED,
		.outcome = stalled ? ATTACH_IN_USE : ATTACH_OK };

	attach_name_queue(&m, (struct attach_queue){ .worker = worker });
	send_message(f->core, &m, NULL, 0);
}

void fake_media_record(struct fake_media *f, uint64_t id, enum attach_kind kind,
	enum attach_outcome outcome, uint64_t ms)
{
	struct attach_message m = { .version = ATTACH_VERSION,
		.kind = (uint16_t)kind,
		.outcome = (uint16_t)outcome,
		.track = id,
		.len = ms };

	send_message(f->core, &m, NULL, 0);
}

static void hear_core(struct fake_media *f)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct attach_message m;
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(f->core, &msg, MSG_DONTWAIT);
	int fd = -1;

	if (n == 0)
		fake_media_hang_up(f);
	if (n <= 0)
		return;
	assert(n == sizeof(m));
	if (m.kind == ATTACH_PLAN)
		tell_plan(f);
	if (m.kind == ATTACH_MOVE) {
		f->moves++;
		f->moved = attach_queue_of(&m);
	}
	if (m.kind == ATTACH_RECORD_BEGIN) {
		f->recordings++;
		f->recording = m;
	}
	f->recordings_ended += m.kind == ATTACH_RECORD_END;
	if (m.kind == ATTACH_PLAN || m.kind == ATTACH_MOVE || m.kind == ATTACH_RECORD_BEGIN ||
		m.kind == ATTACH_RECORD_END)
		return;
	if (m.kind == ATTACH_TRACK_DROP) {
		struct attach_message answer = m;

		f->drops++;
		answer.kind = ATTACH_TRACK;
		answer.outcome = f->track_outcome;
		send_message(f->core, &answer, NULL, 0);
		return;
	}
	assert(m.kind == ATTACH_TRACK_ADD);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	assert(c != NULL);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	take_track(f, &m, fd);
	close(fd);
}

static void answer_tracks(struct fake_media *f)
{
	while (f->core >= 0 && f->answers_tracks && f->tracks_answered < f->tracks) {
		struct attach_message m = f->track[f->tracks_answered++].message;

		m.kind = ATTACH_TRACK;
		m.outcome = f->track_outcome;
		send_message(f->core, &m, NULL, 0);
	}
}

void fake_media_say(struct fake_media *f, uint16_t worker, const struct dp_event *event)
{
	const uint64_t one = 1;
	uint32_t at;

	bool room = lane_reserve(&f->up[worker], &at);
	assert(room);
	f->bridge.worker[worker].events[at] = *event;
	lane_commit(&f->up[worker]);
	ssize_t n = write(f->wake, &one, sizeof(one));
	(void)n;
}

static void obey(struct fake_media *f, uint16_t worker)
{
	uint32_t at;

	while (lane_room(&f->up[worker]) > 0 && lane_peek(&f->down[worker], &at)) {
		struct fake_command *c = &f->command[f->commands++];

		assert(f->commands < FAKE_COMMANDS_MAX);
		*c = (struct fake_command){ .worker = worker,
			.cmd = f->bridge.worker[worker].cmds[at] };
		lane_release(&f->down[worker]);

		struct dp_event answer = { .tag = c->cmd.tag,
			.kind = c->cmd.kind == DP_CMD_CLOSE   ? DP_EVENT_CLOSED
				: c->cmd.kind == DP_CMD_QUERY ? DP_EVENT_QUALITY
							      : DP_EVENT_DONE,
			.flow = c->cmd.flow };
		if (answer.kind == DP_EVENT_QUALITY)
			answer.quality.rtt_us = 4711;
		if (f->refusal != 0 && c->cmd.kind == f->refused_kind) {
			answer.kind = DP_EVENT_REFUSED;
			answer.refusal = f->refusal;
		}
		fake_media_say(f, worker, &answer);
	}
}

static void describe(struct fake_media *f)
{
	for (uint32_t w = 0; w < FAKE_WORKERS; w++)
		atomic_store(f->bridge.worker[w].directory_done, 1);
}

static void pump(struct timer *t, uint64_t now_ms)
{
	struct fake_media *f = TIMER_OWNER(t, struct fake_media, pump);

	if (f->core < 0)
		take_core(f);
	if (f->core >= 0)
		hear_core(f);
	if (f->core >= 0 && f->describes)
		describe(f);
	for (uint16_t w = 0; f->core >= 0 && f->obeys && w < FAKE_WORKERS; w++)
		obey(f, w);
	answer_tracks(f);
	answer_moves(f);
	clock_arm(loop_clock(f->loop), &f->pump, now_ms + 1);
}

void fake_media_start(struct fake_media *f, struct loop *loop)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };

	memset(f, 0, sizeof(*f));
	f->loop = loop;
	f->core = f->wake = -1;
	f->describes = f->obeys = f->answers_tracks = true;
	f->greeting = (struct attach_message){ .version = ATTACH_VERSION, .kind = ATTACH_HELLO };
	snprintf(f->path, sizeof(f->path), "layby-fake-%d.sock", getpid());
	unlink(f->path);
	snprintf(where.sun_path, sizeof(where.sun_path), "%s", f->path);
	f->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->listener < 0 ||
		bind(f->listener, (const struct sockaddr *)&where, sizeof(where)) < 0 ||
		listen(f->listener, 4) < 0)
		abort();
	timer_init(&f->pump, pump);
	clock_arm(loop_clock(loop), &f->pump, loop_now(loop));
}

void fake_media_hang_up(struct fake_media *f)
{
	if (f->core >= 0)
		close(f->core);
	if (f->wake >= 0)
		close(f->wake);
	f->core = f->wake = -1;
	bridge_unmap(&f->bridge);
	// What was asked on this connection needs no answer.
	f->tracks_answered = f->tracks;
}

void fake_media_stop(struct fake_media *f)
{
	fake_media_hang_up(f);
	clock_disarm(loop_clock(f->loop), &f->pump);
	close(f->listener);
	unlink(f->path);
}

uint32_t fake_media_count(const struct fake_media *f, uint16_t kind, struct flow_id flow)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->commands; i++) {
		const struct dp_cmd *c = &f->command[i].cmd;

		n += c->kind == kind &&
		     (flow.gen == 0 || (c->flow.index == flow.index && c->flow.gen == flow.gen));
	}
	return n;
}
