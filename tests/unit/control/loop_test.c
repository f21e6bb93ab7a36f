// SPDX-License-Identifier: BSD-3-Clause
#include "control/loop.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct loop *loop;
static int ends[2];

static void open_loop(void)
{
	loop = loop_new();
	cr_assert(loop != NULL);
	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void close_loop(void)
{
	cr_expect(loop_free(loop) == NULL);
	close(ends[0]);
	close(ends[1]);
}

TestSuite(loop, .init = open_loop, .fini = close_loop, .timeout = 10);

static uint64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t fired_ms, told_ms;

static void stop_on(struct timer *, uint64_t now_ms)
{
	fired_ms = wall_ms();
	told_ms = now_ms;
	loop_stop(loop);
}

Test(loop, fires_a_timer_neither_early_nor_much_later)
{
	struct timer t;
	uint64_t due_ms = loop_now(loop) + 333;

	timer_init(&t, stop_on);
	clock_arm(loop_clock(loop), &t, due_ms);
	loop_run(loop);
	cr_expect(told_ms >= due_ms && fired_ms >= due_ms, "early");
	cr_expect(fired_ms < due_ms + 100, "%lu ms late", fired_ms - due_ms);
}

static uint64_t cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

Test(loop, sleeps_while_nothing_is_due)
{
	struct timer t;
	uint64_t before = cpu_us();

	timer_init(&t, stop_on);
	clock_arm(loop_clock(loop), &t, loop_now(loop) + 700);
	loop_run(loop);
	cr_expect(cpu_us() - before < 70000, "%lu us of CPU in 700 ms", cpu_us() - before);
}

static struct watch *watch;
static int reads, writes;

static void note(void *, bool readable, bool writable)
{
	char c;

	reads += readable;
	writes += writable;
	if (readable)
		cr_assert(read(ends[0], &c, 1) == 1);
	if (writable)
		watch_want_write(watch, false);
	if (readable && c == 'q')
		loop_stop(loop);
}

Test(loop, tells_what_a_descriptor_is_ready_for)
{
	watch = loop_watch(loop, ends[0], note, NULL);
	cr_assert(watch != NULL);
	cr_assert(write(ends[1], "abq", 3) == 3);
	loop_run(loop);
	cr_expect(reads == 3 && writes == 0);

	watch_want_write(watch, true);
	cr_assert(write(ends[1], "q", 1) == 1);
	loop_run(loop);
	cr_expect(reads == 4 && writes == 1, "%d %d", reads, writes);

	cr_assert(write(ends[1], "q", 1) == 1);
	loop_run(loop);
	cr_expect(reads == 5 && writes == 1, "writable is not asked for any more");
	cr_expect(watch_free(watch) == NULL);
	cr_expect(watch_free(NULL) == NULL);
}

static void free_itself(void *ctx, bool, bool)
{
	reads++;
	watch = watch_free(watch);
	clock_arm(loop_clock(loop), ctx, loop_now(loop) + 20);
}

Test(loop, a_watch_may_free_itself)
{
	struct timer t;

	timer_init(&t, stop_on);
	watch = loop_watch(loop, ends[0], free_itself, &t);
	cr_assert(write(ends[1], "ab", 2) == 2);
	loop_run(loop);
	cr_expect(reads == 1);
}

static struct timer stopper;

static void free_the_watch(struct timer *, uint64_t now_ms)
{
	watch = watch_free(watch);
	clock_arm(loop_clock(loop), &stopper, now_ms + 1);
}

static void sleep_past(void *ctx, bool, bool)
{
	const struct timer *t = ctx;

	while (wall_ms() <= t->at_ms)
		;
}

// Both descriptors are ready in one turn; while the first is served, the timer becomes due which
// frees the second one's watch.
Test(loop, a_due_timer_may_free_the_watch_that_is_ready)
{
	struct timer t;
	int more[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, more) == 0);
	timer_init(&t, free_the_watch);
	timer_init(&stopper, stop_on);
	struct watch *slow = loop_watch(loop, ends[0], sleep_past, &t);
	watch = loop_watch(loop, more[0], note, NULL);
	cr_assert(write(ends[1], "a", 1) == 1 && write(more[1], "a", 1) == 1);
	clock_arm(loop_clock(loop), &t, loop_now(loop) + 5);
	loop_run(loop);
	cr_expect(watch == NULL && reads == 0, "%d", reads);
	watch_free(slow);
	close(more[0]);
	close(more[1]);
}

static uint64_t seen_ms;

static void look_at_time(void *, bool, bool)
{
	seen_ms = loop_now(loop);
	loop_stop(loop);
}

Test(loop, time_is_right_after_a_long_sleep)
{
	struct timespec nap = { .tv_nsec = 50000000 };

	watch = loop_watch(loop, ends[0], look_at_time, NULL);
	uint64_t before = loop_now(loop);

	if (fork() == 0) {
		nanosleep(&nap, NULL);
		_exit(write(ends[1], "x", 1) != 1);
	}
	loop_run(loop);
	cr_expect(seen_ms >= before + 50);
	watch_free(watch);
}

static int got;

static void caught(void *, int number)
{
	got = number;
	loop_stop(loop);
}

Test(loop, tells_of_a_signal)
{
	cr_assert(loop_on_signal(loop, SIGHUP, caught, NULL));
	cr_assert(loop_on_signal(loop, SIGUSR1, caught, NULL));
	raise(SIGUSR1);
	loop_run(loop);
	cr_expect_eq(got, SIGUSR1);
	raise(SIGHUP);
	loop_run(loop);
	cr_expect_eq(got, SIGHUP);
}
