// SPDX-License-Identifier: BSD-3-Clause
//
// A turn of one connection: send, take a few lines, send. Nothing here waits.
#include "control/admin/connection.h"

#include "control/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINES_A_TURN = 16,
	OUT_MARK = 65536, // with more than this unsent, no line is taken and no event written
	OUT_STEP = 4096,  // the unsent grows by
	POLL_MS = 10,     // how often we look at one to whom we do not listen
};

// The connection whose timer it is.
#define OF(timer, member) \
	((struct connection *)(void *)((char *)(timer)-offsetof(struct connection, member)))

static size_t unsent(const struct connection *c)
{
	return c->out_len - c->out_at;
}

static void again_in(struct connection *c, uint64_t ms)
{
	struct loop *loop = c->admin->loop;

	clock_arm(loop_clock(loop), &c->again, loop_now(loop) + ms);
}

// --- closing

void connection_close(struct connection *c)
{
	struct admin *a = c->admin;
	struct connection **at = &a->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	a->rpc.connections--;
	clock_disarm(loop_clock(a->loop), &c->again);
	clock_disarm(loop_clock(a->loop), &c->stall);
	if (c->watch != NULL)
		watch_free(c->watch);
	close(c->fd);
	free(c->out);
	free(c);
}

static void say(struct connection *c, const char *what)
{
	if (log_allowed(&c->admin->budget, 10, loop_now(c->admin->loop)))
		log_at(LOG_NOTICE, "admin", "connection of uid %u, pid %d %s", c->asker.uid,
			c->asker.pid, what);
}

// --- sending

static bool grow(struct connection *c, size_t needed)
{
	size_t size = (needed + OUT_STEP - 1) / OUT_STEP * OUT_STEP;
	char *more = realloc(c->out, size);

	if (more == NULL) {
		c->broken = true;
		c->admin->rpc.stats.no_memory++;
		return false;
	}
	c->out = more;
	c->out_size = size;
	return true;
}

static void queue(struct connection *c, const char *text, size_t len)
{
	// What is sent makes room first: one who is always a little behind costs no more.
	if (c->out_at > 0)
		memmove(c->out, c->out + c->out_at, unsent(c));
	c->out_len -= c->out_at;
	c->out_at = 0;
	if (c->out_len + len > c->out_size && !grow(c, c->out_len + len))
		return;
	assert(c->out != NULL); // no line is empty, so there is room somewhere
	memcpy(c->out + c->out_len, text, len);
	c->out_len += len;
}

// Takes the line over; NULL is none.
static void queue_line(struct connection *c, char *line)
{
	if (line != NULL)
		queue(c, line, strlen(line));
	free(line);
}

static void sent(struct connection *c, size_t n)
{
	struct loop *loop = c->admin->loop;

	c->out_at += n;
	if (unsent(c) == 0) {
		clock_disarm(loop_clock(loop), &c->stall);
		free(c->out);
		c->out = NULL;
		c->out_at = c->out_len = c->out_size = 0;
	} else if (n > 0 || !timer_armed(&c->stall)) {
		clock_arm(loop_clock(loop), &c->stall, loop_now(loop) + c->admin->stall_ms);
	}
}

static void flush(struct connection *c)
{
	ssize_t n = 0;

	if (unsent(c) > 0)
		n = send(c->fd, c->out + c->out_at, unsent(c), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		c->broken = true;
		c->admin->rpc.stats.broken++;
		return;
	}
	sent(c, n > 0 ? (size_t)n : 0);
}

// The events that a subscriber has not had, as far as there is room.
static void tell(struct connection *c)
{
	struct rpc *r = &c->admin->rpc;
	char *line = NULL;
	bool gap;

	if (!c->asker.reader.subscribed)
		return;
	while (unsent(c) < OUT_MARK && !c->broken) {
		line = reader_next(&c->asker.reader, &r->events, &gap);
		if (line == NULL)
			return;
		r->stats.gaps += gap;
		r->stats.events += !gap;
		queue_line(c, line);
	}
}

// --- receiving

static void refuse_long_line(struct connection *c)
{
	queue_line(c, rpc_trouble(RPC_LINE));
	flush(c);
	c->admin->rpc.stats.long_lines++;
	say(c, "closed: its line was too long");
	c->broken = true;
}

// Its last line may lack the line end.
static void end(struct connection *c)
{
	c->ended = true;
	if (c->in_len > 0 && c->in[c->in_len - 1] != '\n')
		c->in[c->in_len++] = '\n';
}

// Reads what has come, as far as there is room.
static void fill(struct connection *c)
{
	ssize_t n;

	if (c->ended || c->in_len == sizeof(c->in))
		return;
	n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
	if (n > 0)
		c->in_len += (size_t)n;
	else if (n == 0)
		end(c);
	else if (errno != EAGAIN && errno != EINTR)
		c->broken = true;
	c->admin->rpc.stats.broken += c->broken;
}

// Answers the first line, if there is a whole one.
static bool take_line(struct connection *c)
{
	struct rpc *r = &c->admin->rpc;
	char *end = memchr(c->in, '\n', c->in_len);
	char *answer = NULL;
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - c->in);
	r->now_ms = loop_now(c->admin->loop);
	c->broken = !rpc_answer(r, &c->asker, c->in, len, &answer);
	queue_line(c, answer);
	c->in_len -= len + 1;
	memmove(c->in, end + 1, c->in_len);
	return true;
}

static bool whole_line(const struct connection *c)
{
	return memchr(c->in, '\n', c->in_len) != NULL;
}

// --- a turn

static void hear(void *ctx, bool readable, bool writable);

// Listen only while there is room: the loop would call without end for what we do not take.
static void listen_if_room(struct connection *c)
{
	bool room = !c->ended && c->in_len < sizeof(c->in);

	if (!room && c->watch != NULL)
		c->watch = watch_free(c->watch);
	if (room && c->watch == NULL) {
		c->watch = loop_watch(c->admin->loop, c->fd, hear, c);
		c->broken = c->watch == NULL;
		c->admin->rpc.stats.no_memory += c->broken;
	}
	if (c->watch != NULL)
		watch_want_write(c->watch, unsent(c) > 0);
}

// Is there a line to take, or an event to tell?
static bool more_to_do(const struct connection *c)
{
	return whole_line(c) || reader_is_behind(&c->asker.reader, &c->admin->rpc.events);
}

// The next millisecond, not this one: others are to have their turn between. With too much
// unsent, it is the watch that calls us again.
static void plan_next(struct connection *c)
{
	listen_if_room(c);
	if (more_to_do(c) && unsent(c) < OUT_MARK)
		again_in(c, 1);
	else if (c->watch == NULL)
		again_in(c, POLL_MS);
}

void connection_serve(struct connection *c)
{
	flush(c);
	for (int i = 0; i < LINES_A_TURN && !c->broken && unsent(c) < OUT_MARK; i++)
		if (!take_line(c))
			break;
	if (!c->broken && c->in_len == sizeof(c->in) && !whole_line(c))
		refuse_long_line(c);
	if (!c->broken) {
		tell(c);
		flush(c);
	}
	if (!c->broken && c->ended && unsent(c) == 0 && !more_to_do(c))
		c->broken = true;
	if (!c->broken)
		plan_next(c);
	if (c->broken)
		connection_close(c);
}

static void hear(void *ctx, bool readable, bool)
{
	struct connection *c = ctx;

	if (readable)
		fill(c);
	connection_serve(c);
}

static void go_on(struct timer *timer, uint64_t)
{
	connection_serve(OF(timer, again));
}

static void give_up(struct timer *timer, uint64_t)
{
	struct connection *c = OF(timer, stall);

	c->admin->rpc.stats.slow_readers++;
	say(c, "closed: it did not read its answers");
	connection_close(c);
}

void connection_open(struct admin *a, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(who);

	if (c == NULL)
		goto no_memory;
	c->admin = a;
	c->fd = fd;
	timer_init(&c->again, go_on);
	timer_init(&c->stall, give_up);
	c->watch = loop_watch(a->loop, fd, hear, c);
	if (c->watch == NULL)
		goto no_memory;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		c->asker = (struct asker){ .uid = who.uid, .pid = who.pid };
	c->next = a->connections;
	a->connections = c;
	a->rpc.connections++;
	a->rpc.stats.connections++;
	return;

no_memory:
	a->rpc.stats.no_memory++;
	free(c);
	close(fd);
}
