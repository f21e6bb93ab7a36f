// SPDX-License-Identifier: BSD-3-Clause
//
// The thread begins with the first thing that it is asked for. Queue and results are under one
// lock, which nobody holds while anything is encoded.
#include "control/call/media_encoder.h"

#include "control/account/encoding.h"
#include "control/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

struct job {
	TAILQ_ENTRY(job) link;
	const struct music *music;
	struct encoded result;
};

TAILQ_HEAD(jobs, job);

struct media_encoder {
	encoded_fn fn;
	void *ctx;
	struct watch *watch;
	int wake; // eventfd: there is something in done
	bool running;
	pthread_t thread;
	atomic_bool stop;

	pthread_mutex_t lock;
	pthread_cond_t more;
	struct jobs todo, done; // under the lock
};

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

// A memfd that holds one encoding, sealed: nobody can shorten it under its reader. -1: errno.
static int sealed(const struct encoding *encoding)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	int fd = memfd_create("layby-track", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (write_all(fd, encoding->bytes, encoding->len) && fcntl(fd, F_ADD_SEALS, seals) == 0)
		return fd;
	close(fd);
	return -1;
}

static void make(struct media_encoder *e, struct job *job)
{
	struct encoding encoding;

	job->result.fd = -1;
	if (!encoding_make(&encoding, job->music, job->result.encoding, &e->stop))
		return;
	job->result.bytes = encoding.len;
	job->result.fd = sealed(&encoding);
	free(encoding.bytes);
}

// Waits for something to do. NULL: it is time to stop.
static struct job *next_job(struct media_encoder *e)
{
	struct job *job = NULL;

	pthread_mutex_lock(&e->lock);
	while (!atomic_load(&e->stop) && TAILQ_EMPTY(&e->todo))
		pthread_cond_wait(&e->more, &e->lock);
	if (!atomic_load(&e->stop)) {
		job = TAILQ_FIRST(&e->todo);
		TAILQ_REMOVE(&e->todo, job, link);
	}
	pthread_mutex_unlock(&e->lock);
	return job;
}

static void *encode(void *ctx)
{
	struct media_encoder *e = ctx;
	const uint64_t one = 1;
	struct job *job;

	while ((job = next_job(e)) != NULL) {
		make(e, job);
		pthread_mutex_lock(&e->lock);
		TAILQ_INSERT_TAIL(&e->done, job, link);
		pthread_mutex_unlock(&e->lock);

		// It cannot be full, and wakes all the same if it is.
		ssize_t n = write(e->wake, &one, sizeof(one));
		(void)n;
	}
	return NULL;
}

static struct job *take_done(struct media_encoder *e)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = TAILQ_FIRST(&e->done);
	if (job != NULL)
		TAILQ_REMOVE(&e->done, job, link);
	pthread_mutex_unlock(&e->lock);
	return job;
}

static void woken(void *ctx, bool, bool)
{
	struct media_encoder *e = ctx;
	struct job *job;
	uint64_t times;
	ssize_t n = read(e->wake, &times, sizeof(times));

	(void)n; // it only wakes
	while ((job = take_done(e)) != NULL) {
		e->fn(e->ctx, &job->result);
		free(job);
	}
}

struct media_encoder *media_encoder_new(struct loop *loop, encoded_fn fn, void *ctx)
{
	struct media_encoder *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->fn = fn;
	e->ctx = ctx;
	TAILQ_INIT(&e->todo);
	TAILQ_INIT(&e->done);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->more, NULL);
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->wake >= 0)
		e->watch = loop_watch(loop, e->wake, woken, e);
	return e->watch != NULL ? e : media_encoder_free(e);
}

static void forget(struct jobs *jobs)
{
	struct job *job = TAILQ_FIRST(jobs), *next;

	for (; job != NULL; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->result.fd >= 0)
			close(job->result.fd);
		free(job);
	}
}

struct media_encoder *media_encoder_free(struct media_encoder *e)
{
	if (e == NULL)
		return NULL;
	pthread_mutex_lock(&e->lock);
	atomic_store(&e->stop, true);
	pthread_cond_signal(&e->more);
	pthread_mutex_unlock(&e->lock);
	if (e->running)
		pthread_join(e->thread, NULL);
	forget(&e->todo);
	forget(&e->done);
	watch_free(e->watch);
	if (e->wake >= 0)
		close(e->wake);
	pthread_cond_destroy(&e->more);
	pthread_mutex_destroy(&e->lock);
	free(e);
	return NULL;
}

// Signals are the loop's.
static bool start(struct media_encoder *e)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e->running = pthread_create(&e->thread, NULL, encode, e) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return e->running;
}

static void line_up(struct media_encoder *e, struct job *job)
{
	struct job *other;

	TAILQ_FOREACH(other, &e->todo, link)
		if (other->music->len > job->music->len)
			break;
	if (other != NULL)
		TAILQ_INSERT_BEFORE(other, job, link);
	else
		TAILQ_INSERT_TAIL(&e->todo, job, link);
}

bool media_encoder_ask(struct media_encoder *e, const struct music *music, uint8_t encoding)
{
	struct job *job;

	if (!e->running && !start(e))
		return false;
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return false;
	job->music = music;
	job->result = (struct encoded){ .hash = music->hash, .encoding = encoding, .fd = -1 };
	pthread_mutex_lock(&e->lock);
	line_up(e, job);
	pthread_cond_signal(&e->more);
	pthread_mutex_unlock(&e->lock);
	return true;
}
