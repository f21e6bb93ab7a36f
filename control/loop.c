// SPDX-License-Identifier: BSD-3-Clause
#include "control/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

enum { SIGNALS_MAX = 8, WAIT_MOST_MS = 1000 };

struct loop_signal {
	struct event *event;
	signal_fn fn;
	void *ctx;
};

struct loop {
	struct event_base *base;
	struct event *tick;
	struct clock clock;
	struct loop_signal signal[SIGNALS_MAX];
	int signals;
};

struct watch {
	struct loop *loop;
	struct event *read, *write;
	watch_fn fn;
	void *ctx;
	bool inside; // fn is being called
	bool freed;  // … and has freed us
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

// Time passes for the core here and nowhere else: first the wheel, then what caused the turn.
static void advance(struct loop *l)
{
	clock_advance(&l->clock, now_ms());
}

static void sleep_until_due(struct loop *l)
{
	uint64_t ms = clock_wait(&l->clock, WAIT_MOST_MS);
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	event_add(l->tick, &tv);
}

static void ticked(evutil_socket_t, short, void *ctx)
{
	struct loop *l = ctx;

	advance(l);
	sleep_until_due(l);
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	clock_init(&l->clock, now_ms());
	l->base = event_base_new();
	if (l->base == NULL)
		goto no_base;
	l->tick = event_new(l->base, -1, 0, ticked, l);
	if (l->tick == NULL)
		goto no_tick;
	sleep_until_due(l);
	return l;

no_tick:
	event_base_free(l->base);
no_base:
	free(l);
	return NULL;
}

struct loop *loop_free(struct loop *l)
{
	if (l == NULL)
		return NULL;
	for (int i = 0; i < l->signals; i++)
		event_free(l->signal[i].event);
	event_free(l->tick);
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

static void ready(struct watch *w, bool readable, bool writable)
{
	struct loop *l = w->loop;

	// A timer that fires first may free the watch, too.
	w->inside = true;
	advance(l);
	if (!w->freed)
		w->fn(w->ctx, readable, writable);
	w->inside = false;
	if (w->freed)
		free(w);
	// What fn armed may be due sooner than the tick that is set.
	sleep_until_due(l);
}

static void readable(evutil_socket_t, short, void *ctx)
{
	ready(ctx, true, false);
}

static void writable(evutil_socket_t, short, void *ctx)
{
	ready(ctx, false, true);
}

struct watch *loop_watch(struct loop *l, int fd, watch_fn fn, void *ctx)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->loop = l;
	w->fn = fn;
	w->ctx = ctx;
	w->read = event_new(l->base, fd, EV_READ | EV_PERSIST, readable, w);
	w->write = event_new(l->base, fd, EV_WRITE | EV_PERSIST, writable, w);
	if (w->read == NULL || w->write == NULL || event_add(w->read, NULL) < 0)
		return watch_free(w);
	return w;
}

void watch_want_write(struct watch *w, bool want)
{
	if (want)
		event_add(w->write, NULL);
	else
		event_del(w->write);
}

struct watch *watch_free(struct watch *w)
{
	if (w == NULL)
		return NULL;
	if (w->read != NULL)
		event_free(w->read);
	if (w->write != NULL)
		event_free(w->write);
	w->read = w->write = NULL;
	if (w->inside)
		w->freed = true;
	else
		free(w);
	return NULL;
}

static void signalled(evutil_socket_t number, short, void *ctx)
{
	struct loop_signal *s = ctx;

	s->fn(s->ctx, (int)number);
}

bool loop_on_signal(struct loop *l, int signal, signal_fn fn, void *ctx)
{
	struct loop_signal *s = &l->signal[l->signals];

	assert(l->signals < SIGNALS_MAX);
	*s = (struct loop_signal){ .fn = fn, .ctx = ctx };
	s->event = event_new(l->base, signal, EV_SIGNAL | EV_PERSIST, signalled, s);
	if (s->event == NULL)
		return false;
	l->signals++;
	return event_add(s->event, NULL) == 0;
}

void loop_run(struct loop *l)
{
	// What was armed since the tick was set may be due sooner.
	sleep_until_due(l);
	event_base_dispatch(l->base);
}

void loop_stop(struct loop *l)
{
	event_base_loopbreak(l->base);
}
