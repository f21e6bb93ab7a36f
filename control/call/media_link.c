// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_link.h"

#include "control/log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	RETRY_MS = 1000,
	LOOK_MS = 2,         // between looks whether the directory is complete
	PATIENCE_MS = 10000, // for each step of attaching
	CODECS = 2,
};

static void try(struct link *l);
static void timed(struct timer *timer, uint64_t now_ms);

static void arm(struct link *l, uint64_t ms)
{
	clock_arm(loop_clock(l->loop), &l->timer, loop_now(l->loop) + ms);
}

static void enter(struct link *l, enum link_state state, uint64_t ms)
{
	l->state = state;
	l->since_ms = loop_now(l->loop);
	arm(l, ms);
}

static void disconnect(struct link *l)
{
	l->watch = watch_free(l->watch);
	l->wake_watch = watch_free(l->wake_watch);
	if (l->fd >= 0)
		close(l->fd);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	l->fd = l->wake_fd = -1;
	bridge_unmap(&l->bridge);
	l->sending = false;
	for (uint32_t i = 0; i < l->tracks; i++) {
		l->track[i].told = 0;
		l->track[i].refused = false;
	}
}

void link_drop(struct link *l, const char *why)
{
	bool was_up = l->state == LINK_UP;

	if (was_up || !l->complained)
		log_warning("%s: %s; trying again every second", l->path, why);
	l->complained = true;
	if (was_up)
		l->ops.down(l->ops.ctx);
	disconnect(l);
	enter(l, LINK_AWAY, RETRY_MS);
}

// --- tracks

bool link_track_ready(const struct link_track *t)
{
	return t->told == CODECS;
}

static int audio_memfd(const struct link_track *t, int codec)
{
	int fd = memfd_create("track", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < t->len) {
		ssize_t n = write(fd, t->encoded[codec] + done, t->len - done);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	return fd;
}

static bool send_track(struct link *l, const struct link_track *t)
{
	int codec = t->told;
	struct attach_message message = { .version = ATTACH_VERSION,
		.kind = ATTACH_TRACK_ADD,
		.track = t->hash,
		.len = t->len,
		.codec = (uint32_t)codec };
	struct iovec iov = { .iov_base = &message, .iov_len = sizeof(message) };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = audio_memfd(t, codec);
	bool sent;

	if (fd < 0)
		return false;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	sent = sendmsg(l->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(message);
	close(fd);
	return sent;
}

static struct link_track *next_track(const struct link *l)
{
	for (uint32_t i = 0; i < l->tracks; i++)
		if (!link_track_ready(&l->track[i]))
			return &l->track[i];
	return NULL;
}

// One at a time: the answer to one sends the next, so nothing piles up in the socket.
static void hand_over(struct link *l)
{
	struct link_track *t = next_track(l);

	if (l->sending)
		return;
	if (t != NULL) {
		l->sending = true;
		arm(l, PATIENCE_MS);
		if (!send_track(l, t))
			link_drop(l, "a track could not be handed over");
		return;
	}
	clock_disarm(loop_clock(l->loop), &l->timer);
	if (l->state == LINK_TRACKS) {
		l->state = LINK_UP;
		l->complained = false;
		l->ops.up(l->ops.ctx);
	}
}

static void track_answered(struct link *l, const struct attach_message *message)
{
	struct link_track *t = next_track(l);

	if (!l->sending || t == NULL || message->track != t->hash) {
		link_drop(l, "an answer for a track that nobody asked about");
		return;
	}
	l->sending = false;
	t->told++;
	if (message->outcome != ATTACH_OK) {
		t->refused = true;
		log_error("%s: layby-media does not take this track (reason %u; its log says why)",
			t->path, message->outcome);
	}
	if (l->state == LINK_UP)
		l->ops.track(l->ops.ctx);
	hand_over(l);
}

struct link_track *link_find_track(const struct link *l, uint64_t hash)
{
	for (uint32_t i = 0; i < l->tracks; i++)
		if (l->track[i].hash == hash)
			return &l->track[i];
	return NULL;
}

struct link_track *link_add_track(struct link *l, const struct link_track *track)
{
	if (l->tracks == l->tracks_size) {
		uint32_t size = l->tracks_size == 0 ? 16 : l->tracks_size * 2;
		struct link_track *grown = realloc(l->track, size * sizeof(*grown));

		if (grown == NULL)
			return NULL;
		l->track = grown;
		l->tracks_size = size;
	}
	l->track[l->tracks++] = *track;
	if (l->state == LINK_UP)
		hand_over(l);
	return &l->track[l->tracks - 1];
}

// --- attaching

static bool directory_done(const struct link *l)
{
	for (uint32_t w = 0; w < l->bridge.plan.workers; w++)
		if (atomic_load_explicit(
			    l->bridge.worker[w].directory_done, memory_order_acquire) == 0)
			return false;
	return true;
}

static void look(struct link *l)
{
	if (directory_done(l)) {
		enter(l, LINK_TRACKS, PATIENCE_MS);
		hand_over(l);
	} else if (loop_now(l->loop) - l->since_ms > PATIENCE_MS) {
		link_drop(l, "its workers do not write the flow directory");
	} else {
		arm(l, LOOK_MS);
	}
}

static void woken(void *ctx, bool, bool)
{
	struct link *l = ctx;
	uint64_t count;

	if (read(l->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	if (l->state == LINK_UP)
		l->ops.wake(l->ops.ctx);
}

// Takes over both descriptors, whatever comes of them.
static void hello(struct link *l, int memfd, int wake_fd)
{
	enum bridge_outcome outcome = bridge_map(&l->bridge, memfd);

	close(memfd);
	l->wake_fd = wake_fd;
	if (outcome != BRIDGE_OK) {
		link_drop(l, bridge_outcome_text(outcome));
		return;
	}
	l->wake_watch = loop_watch(l->loop, wake_fd, woken, l);
	if (l->wake_watch == NULL) {
		link_drop(l, "no memory");
		return;
	}
	enter(l, LINK_DIRECTORY, LOOK_MS);
	look(l);
}

static int take_fds(struct msghdr *msg, int fd[2])
{
	int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fd, CMSG_DATA(c), (size_t)(n < 2 ? n : 2) * sizeof(int));
	}
	return n;
}

static void take(struct link *l, const struct attach_message *message, int n, const int fd[2])
{
	if (message->kind == ATTACH_HELLO && l->state == LINK_HELLO && n == 2) {
		hello(l, fd[0], fd[1]);
		return;
	}
	for (int i = 0; i < n; i++)
		close(fd[i]);
	if (message->kind == ATTACH_TRACK)
		track_answered(l, message);
	else if (message->kind == ATTACH_BUSY)
		link_drop(l, "another layby-core is attached to this layby-media");
	else
		link_drop(l, "it said something we do not understand");
}

static void readable(void *ctx, bool, bool)
{
	struct link *l = ctx;
	struct attach_message message;
	struct iovec iov = { .iov_base = &message, .iov_len = sizeof(message) };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(l->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd[2], fds;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		link_drop(l, "layby-media has gone");
		return;
	}
	fds = take_fds(&msg, fd);
	if (n != sizeof(message) || message.version != ATTACH_VERSION || fds > 2) {
		for (int i = 0; i < fds && i < 2; i++)
			close(fd[i]);
		link_drop(l, "it is another version");
		return;
	}
	take(l, &message, fds, fd);
}

static void try(struct link *l)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	memcpy(sa.sun_path, l->path, strlen(l->path)); // its length was checked in link_init()
	l->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		link_drop(l, errno == ENOENT || errno == ECONNREFUSED
				     ? "no layby-media listens there"
				     : "cannot connect");
		return;
	}
	l->watch = loop_watch(l->loop, l->fd, readable, l);
	if (l->watch == NULL) {
		link_drop(l, "no memory");
		return;
	}
	enter(l, LINK_HELLO, PATIENCE_MS);
}

static void timed(struct timer *timer, uint64_t)
{
	struct link *l = TIMER_OWNER(timer, struct link, timer);

	switch (l->state) {
	case LINK_AWAY:
		try(l);
		break;
	case LINK_DIRECTORY:
		look(l);
		break;
	case LINK_HELLO:
	case LINK_TRACKS:
	case LINK_UP: // a track that was added is not answered
		link_drop(l, "layby-media does not answer");
		break;
	}
}

bool link_init(struct link *l, struct loop *loop, const char *path, const struct link_ops *ops)
{
	struct sockaddr_un sa;

	*l = (struct link){ .loop = loop, .ops = *ops, .fd = -1, .wake_fd = -1 };
	timer_init(&l->timer, timed);
	if (strlen(path) >= sizeof(sa.sun_path)) {
		log_error("%s: too long for a UNIX socket", path);
		return false;
	}
	l->path = strdup(path);
	if (l->path == NULL)
		return false;
	enter(l, LINK_AWAY, 0);
	return true;
}

void link_clear(struct link *l)
{
	disconnect(l);
	clock_disarm(loop_clock(l->loop), &l->timer);
	for (uint32_t i = 0; i < l->tracks; i++) {
		free(l->track[i].path);
		for (int c = 0; c < CODECS; c++)
			free(l->track[i].encoded[c]);
	}
	free(l->track);
	free(l->path);
}
