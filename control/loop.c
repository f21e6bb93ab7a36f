// SPDX-License-Identifier: BSD-3-Clause
//
// libevent waits; the wheel says for how long. Before any callback the wheel is brought up to
// date, so what was due is done first, and whoever is called sees one time everywhere.
#include "control/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

enum { IDLE_MS = 3600000, SECOND_MS = 1000, MS_NS = 1000000 };

struct signal_watch {
	SLIST_ENTRY(signal_watch) link;
	struct loop *loop;
	struct event *event;
	signal_fn fn;
	void *ctx;
};

struct loop {
	struct event_base *base;
	struct event *alarm; // what the wheel waits for
	struct clock clock;
	SLIST_HEAD(, signal_watch) signals;
	uint32_t watches;
	const struct watch *calling; // whose callback is about to run; NULL once it is freed
	bool stopping;
};

struct watch {
	struct loop *loop;
	struct event *event;
	watch_fn fn;
	void *ctx;
	int fd;
	bool wants_write;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND_MS + (uint64_t)ts.tv_nsec / MS_NS;
}

static void catch_up(struct loop *l)
{
	clock_advance(&l->clock, now());
}

static void rang(evutil_socket_t, short, void *ctx)
{
	catch_up(ctx);
}

struct loop *loop_new(void)
{
	struct event_config *config = event_config_new();
	struct loop *l = calloc(1, sizeof(*l));

	if (config == NULL || l == NULL)
		goto no_base;
	// Without it libevent's time is as coarse as the kernel's tick, 4 ms.
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	l->base = event_base_new_with_config(config);
	if (l->base == NULL)
		goto no_base;
	l->alarm = event_new(l->base, -1, 0, rang, l);
	if (l->alarm == NULL)
		goto no_alarm;
	event_config_free(config);
	SLIST_INIT(&l->signals);
	clock_init(&l->clock, now());
	return l;

no_alarm:
	event_base_free(l->base);
no_base:
	if (config != NULL)
		event_config_free(config);
	free(l);
	return NULL;
}

struct loop *loop_free(struct loop *l)
{
	struct signal_watch *s;

	if (l == NULL)
		return NULL;
	assert(l->watches == 0); // else somebody would free his one later, and into the void
	while ((s = SLIST_FIRST(&l->signals)) != NULL) {
		SLIST_REMOVE_HEAD(&l->signals, link);
		event_free(s->event);
		free(s);
	}
	event_free(l->alarm);
	event_base_free(l->base);
	free(l);
	return NULL;
}

struct clock *loop_clock(struct loop *l)
{
	return &l->clock;
}

uint64_t loop_now(const struct loop *l)
{
	return l->clock.now_ms;
}

static void fd_ready(evutil_socket_t, short what, void *ctx)
{
	struct watch *w = ctx;
	struct loop *l = w->loop;

	// A timer that fires now may free this watch.
	l->calling = w;
	catch_up(l);
	if (l->calling == w)
		w->fn(w->ctx, what & EV_READ, what & EV_WRITE);
	l->calling = NULL;
}

static int assign(struct watch *w)
{
	short what = EV_READ | EV_PERSIST | (short)(w->wants_write ? EV_WRITE : 0);

	event_del(w->event);
	if (event_assign(w->event, w->loop->base, w->fd, what, fd_ready, w) < 0)
		return -1;
	return event_add(w->event, NULL);
}

struct watch *loop_watch(struct loop *l, int fd, watch_fn fn, void *ctx)
{
	struct watch *w = malloc(sizeof(*w));

	if (w == NULL)
		return NULL;
	*w = (struct watch){ .loop = l, .fn = fn, .ctx = ctx, .fd = fd };
	w->event = event_new(l->base, fd, EV_READ | EV_PERSIST, fd_ready, w);
	if (w->event == NULL)
		goto no_event;
	if (event_add(w->event, NULL) < 0)
		goto not_added;
	l->watches++;
	return w;

not_added:
	event_free(w->event);
no_event:
	free(w);
	return NULL;
}

void watch_want_write(struct watch *w, bool want)
{
	if (w->wants_write == want)
		return;
	w->wants_write = want;
	// The descriptor is known to epoll already: changing what it is asked for takes no memory.
	int err = assign(w);
	assert(err == 0);
}

struct watch *watch_free(struct watch *w)
{
	if (w == NULL)
		return NULL;
	if (w->loop->calling == w)
		w->loop->calling = NULL;
	w->loop->watches--;
	event_free(w->event);
	free(w);
	return NULL;
}

static void signalled(evutil_socket_t number, short, void *ctx)
{
	struct signal_watch *s = ctx;

	catch_up(s->loop);
	s->fn(s->ctx, (int)number);
}

bool loop_on_signal(struct loop *l, int number, signal_fn fn, void *ctx)
{
	struct signal_watch *s = malloc(sizeof(*s));

	if (s == NULL)
		return false;
	*s = (struct signal_watch){ .loop = l, .fn = fn, .ctx = ctx };
	s->event = event_new(l->base, number, EV_SIGNAL | EV_PERSIST, signalled, s);
	if (s->event == NULL)
		goto no_event;
	if (event_add(s->event, NULL) < 0)
		goto not_added;
	SLIST_INSERT_HEAD(&l->signals, s, link);
	return true;

not_added:
	event_free(s->event);
no_event:
	free(s);
	return false;
}

// Sleeps until a descriptor, a signal or the next timer, and serves it.
static void turn(struct loop *l)
{
	uint64_t ms = clock_wait(&l->clock, IDLE_MS);
	struct timeval wait = { .tv_sec = (time_t)(ms / SECOND_MS),
		.tv_usec = (suseconds_t)(ms % SECOND_MS * 1000) };

	event_add(l->alarm, &wait);
	event_base_loop(l->base, EVLOOP_ONCE);
}

void loop_run(struct loop *l)
{
	l->stopping = false;
	while (!l->stopping) {
		catch_up(l);
		if (!l->stopping)
			turn(l);
	}
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
	event_base_loopbreak(l->base);
}
