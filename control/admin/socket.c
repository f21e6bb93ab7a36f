// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket: who may connect, and who is told that something happened.
#include "control/admin/connection.h"
#include "control/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 32, STALL_MS = 30000 };

static void tell_all(struct timer *timer, uint64_t)
{
	struct admin *a = (void *)((char *)timer - offsetof(struct admin, tell));
	struct connection *next;

	for (struct connection *c = a->connections; c != NULL; c = next) {
		next = c->next;
		if (c->asker.reader.subscribed)
			connection_serve(c);
	}
}

// --- connections

static void refuse_connection(struct admin *a, int fd)
{
	char *line = rpc_trouble(RPC_CONNECTIONS);

	a->rpc.stats.connections_refused++;
	// A courtesy: whoever does not take it at once does without.
	if (line != NULL && send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		a->rpc.stats.broken++;
	free(line);
	close(fd);
}

static void welcome(void *ctx, bool, bool)
{
	struct admin *a = ctx;
	bool failed;
	int fd;

	// One a turn: the loop calls again for the next.
	fd = listener_accept(&a->listener, &failed);
	a->rpc.stats.accept_failures += failed;
	if (fd < 0)
		return;
	if (a->rpc.connections >= CONNECTIONS_MAX)
		refuse_connection(a, fd);
	else
		connection_open(a, fd);
}

// --- birth and death

struct admin *admin_new(struct loop *loop, const char *path, const struct admin_ops *ops,
	char *error, uint32_t error_size)
{
	struct admin *a = calloc(1, sizeof(*a));
	uint64_t run = 0;

	if (a == NULL)
		goto no_memory;
	if (listener_open(&a->listener, path, error, error_size) < 0)
		goto not_listening;
	a->watch = loop_watch(loop, a->listener.fd, welcome, a);
	if (a->watch == NULL)
		goto not_watched;
	a->loop = loop;
	a->ops = *ops;
	a->stall_ms = STALL_MS;
	a->rpc = (struct rpc){ .ops = &a->ops, .started_ms = loop_now(loop) };
	// The number only has to differ from run to run.
	if (getrandom(&run, sizeof(run), GRND_NONBLOCK) < 0)
		run = (uint64_t)getpid() ^ loop_now(loop);
	events_init(&a->rpc.events, run);
	timer_init(&a->tell, tell_all);
	return a;

not_watched:
	listener_close(&a->listener);
	snprintf(error, error_size, "control socket: out of memory");
not_listening:
	free(a);
	return NULL;
no_memory:
	snprintf(error, error_size, "control socket: out of memory");
	return NULL;
}

struct admin *admin_free(struct admin *a)
{
	if (a == NULL)
		return NULL;
	while (a->connections != NULL)
		connection_close(a->connections);
	clock_disarm(loop_clock(a->loop), &a->tell);
	watch_free(a->watch);
	listener_close(&a->listener);
	events_clear(&a->rpc.events);
	free(a);
	return NULL;
}

void admin_event(struct admin *a, const struct event_row *row)
{
	struct timespec wall;

	if (a == NULL)
		return;
	// The date, for people; nothing is timed by it.
	clock_gettime(CLOCK_REALTIME, &wall);
	events_add(&a->rpc.events, row,
		(uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000);
	// Not now: we may be in the middle of answering the one who would be closed by it.
	if (!timer_armed(&a->tell))
		clock_arm(loop_clock(a->loop), &a->tell, loop_now(a->loop));
}
