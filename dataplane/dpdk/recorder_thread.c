// SPDX-License-Identifier: BSD-3-Clause
//
// The one thread that the disk may keep waiting. It runs beside the main thread, on its CPU, and
// behind it: never on a worker's.
#include "dataplane/dpdk/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TURN_MS = 10, NICE = 10 };

static void *run(void *arg)
{
	struct recorder *r = arg;

	pthread_setname_np(pthread_self(), "recorder");
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (!atomic_load_explicit(&r->stop, memory_order_acquire)) {
		recorder_turn(r, r->now(r->ctx));
		nanosleep(&(struct timespec){ .tv_nsec = TURN_MS * 1000000L }, NULL);
	}
	return NULL;
}

bool recorder_start(struct recorder *r, uint64_t (*now)(void *ctx), void *ctx)
{
	int error;

	r->now = now;
	r->ctx = ctx;
	error = pthread_create(&r->thread, NULL, run, r);
	r->threaded = error == 0;
	errno = error;
	return r->threaded;
}

void recorder_stop(struct recorder *r)
{
	if (!r->threaded)
		return;
	atomic_store_explicit(&r->stop, true, memory_order_release);
	pthread_join(r->thread, NULL);
	r->threaded = false;
}
