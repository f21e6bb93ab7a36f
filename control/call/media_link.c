// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/media_link.h"

#include "control/log.h"
#include "control/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <unistd.h>

enum { HELLO_FDS = 2, FDS_MAX = 8, MESSAGES_A_TURN = 64 };

// A message, and the descriptors that came with it.
struct parcel {
	struct attach_message message;
	int fd[FDS_MAX];
	uint32_t fds;
	ssize_t len; // < 0: errno says why
};

static void close_fds(struct parcel *p)
{
	for (uint32_t i = 0; i < p->fds; i++)
		close(p->fd[i]);
	p->fds = 0;
}

static void take_fds(struct parcel *out, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		out->fds = (uint32_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		assert(out->fds <= FDS_MAX); // more there was no room for
		memcpy(out->fd, CMSG_DATA(c), out->fds * sizeof(int));
	}
}

static void receive(int fd, struct parcel *out)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct iovec iov = { .iov_base = &out->message, .iov_len = sizeof(out->message) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	out->fds = 0;
	out->len = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (out->len < 0)
		return;
	take_fds(out, &msg);
	if (out->len > 0 && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		out->len = 1; // of no size that we know
}

static void hang_up(struct media_link *l)
{
	l->watch = watch_free(l->watch);
	close(l->fd);
	l->fd = -1;
}

void media_link_drop(struct media_link *l, const char *why)
{
	bool greeted = l->greeted;

	assert(l->fd >= 0);
	hang_up(l);
	l->greeted = false;
	if (!l->moaned)
		log_warning("layby-media at %s: %s; trying every %d ms", l->where.sun_path, why,
			MEDIA_LINK_RETRY_MS);
	l->moaned = true;
	clock_arm(loop_clock(l->loop), &l->retry, loop_now(l->loop) + MEDIA_LINK_RETRY_MS);
	if (greeted)
		l->ops.gone(l->ops.ctx);
}

static void take_hello(struct media_link *l, struct parcel *p)
{
	if (l->greeted || p->fds != HELLO_FDS) {
		media_link_drop(l, "it does not greet as it should");
		return;
	}
	l->greeted = true;
	p->fds = 0; // they are the callee's now

	const char *why = l->ops.hello(l->ops.ctx, p->fd[0], p->fd[1]);

	if (why != NULL)
		media_link_drop(l, why);
	else
		l->moaned = false;
}

static bool is_news(uint16_t kind)
{
	return kind == ATTACH_PLAN || kind == ATTACH_MOVED || kind == ATTACH_STALLED ||
	       kind == ATTACH_RECORDING || kind == ATTACH_RECORDED;
}

static void take(struct media_link *l, struct parcel *p)
{
	if (p->len == 0)
		media_link_drop(l, "it has closed the connection");
	else if (p->len != sizeof(p->message) || p->message.version != ATTACH_VERSION)
		media_link_drop(l, "it speaks another version of our language");
	else if (p->message.kind == ATTACH_BUSY)
		media_link_drop(l, "another layby-core is attached to it");
	else if (p->message.kind == ATTACH_HELLO)
		take_hello(l, p);
	else if (p->message.kind == ATTACH_TRACK && l->greeted)
		l->ops.track(l->ops.ctx, &p->message);
	else if (is_news(p->message.kind) && l->greeted)
		l->ops.said(l->ops.ctx, &p->message, p->fds > 0 ? p->fd[0] : -1);
	else
		media_link_drop(l, "it says what only we may say");
}

static void ready(void *ctx, bool readable, bool writable)
{
	struct media_link *l = ctx;

	if (writable) {
		watch_want_write(l->watch, false);
		if (l->greeted)
			l->ops.writable(l->ops.ctx);
	}
	for (int i = 0; readable && i < MESSAGES_A_TURN && l->fd >= 0; i++) {
		struct parcel p;

		receive(l->fd, &p);
		if (p.len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (p.len < 0)
			media_link_drop(l, strerrordesc_np(errno));
		else
			take(l, &p);
		close_fds(&p);
	}
}

static void miss(struct media_link *l, const char *why)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (!l->moaned)
		log_notice("waiting for layby-media at %s: %s", l->where.sun_path, why);
	l->moaned = true;
	clock_arm(loop_clock(l->loop), &l->retry, loop_now(l->loop) + MEDIA_LINK_RETRY_MS);
}

// A UNIX socket connects at once or not at all.
static void try(struct timer *t, uint64_t)
{
	struct media_link *l = TIMER_OWNER(t, struct media_link, retry);

	assert(l->fd < 0);
	l->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)&l->where, sizeof(l->where)) < 0) {
		miss(l, strerrordesc_np(errno));
		return;
	}
	l->watch = loop_watch(l->loop, l->fd, ready, l);
	if (l->watch == NULL)
		miss(l, "no memory");
}

bool media_link_init(
	struct media_link *l, struct loop *loop, const char *path, const struct media_link_ops *ops)
{
	*l = (struct media_link){ .loop = loop, .ops = *ops, .fd = -1 };
	l->where.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(l->where.sun_path))
		return false;
	memcpy(l->where.sun_path, path, strlen(path) + 1);
	timer_init(&l->retry, try);
	clock_arm(loop_clock(loop), &l->retry, loop_now(loop));
	return true;
}

void media_link_clear(struct media_link *l)
{
	clock_disarm(loop_clock(l->loop), &l->retry);
	if (l->fd >= 0)
		hang_up(l);
}

enum media_sent media_link_send(struct media_link *l, const struct attach_message *message, int fd)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct attach_message copy = *message;
	struct iovec iov = { .iov_base = &copy, .iov_len = sizeof(copy) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (fd < 0) {
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	if (l->fd < 0)
		return MEDIA_NOT_SENT;
	if (sendmsg(l->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(copy))
		return MEDIA_SENT;
	// ETOOMANYREFS: too many descriptors of ours are on their way.
	if (errno != EAGAIN && errno != ETOOMANYREFS)
		return MEDIA_NOT_SENT;
	watch_want_write(l->watch, true);
	return MEDIA_NO_ROOM;
}
