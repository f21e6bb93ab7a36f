// SPDX-License-Identifier: BSD-3-Clause
#include "control/loop.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <time.h>
#include <unistd.h>

static struct loop *loop;
static struct watch *watch;
static struct timer timer;
static int ends[2];
static int calls;

static void setup(void)
{
	loop = loop_new();
	cr_assert(ne(ptr, loop, NULL));
	cr_assert(eq(int, pipe(ends), 0));
}

static void teardown(void)
{
	watch_free(watch);
	loop_free(loop);
	close(ends[0]);
	close(ends[1]);
}

TestSuite(loop, .init = setup, .fini = teardown, .timeout = 10);

static void stop(struct timer *, uint64_t)
{
	loop_stop(loop);
}

static void free_and_stop(struct timer *, uint64_t)
{
	watch = watch_free(watch);
	loop_stop(loop);
}

static void count(void *, bool, bool)
{
	calls++;
}

static void count_free_and_stop(void *, bool, bool)
{
	calls++;
	watch = watch_free(watch);
	loop_stop(loop);
}

Test(loop, fires_what_was_armed_before_it_ran_when_it_is_due)
{
	struct timespec from;
	struct timespec to;

	timer_init(&timer, stop);
	clock_arm(loop_clock(loop), &timer, loop_now(loop) + 20);
	clock_gettime(CLOCK_MONOTONIC, &from);
	loop_run(loop);
	clock_gettime(CLOCK_MONOTONIC, &to);
	cr_expect(lt(i64, (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000,
		500));
}

Test(loop, lets_a_watch_free_itself)
{
	watch = loop_watch(loop, ends[0], count_free_and_stop, NULL);
	cr_assert(eq(int, (int)write(ends[1], "x", 1), 1));
	loop_run(loop);
	cr_expect(eq(int, calls, 1));
}

Test(loop, does_not_call_a_watch_that_a_timer_of_the_same_turn_has_freed)
{
	watch = loop_watch(loop, ends[0], count, NULL);
	cr_assert(eq(int, (int)write(ends[1], "x", 1), 1));
	timer_init(&timer, free_and_stop);
	// Due before the loop has looked at the clock: the watch's turn is what fires it.
	clock_arm(loop_clock(loop), &timer, loop_now(loop) + 1);
	usleep(5000);
	loop_run(loop);
	cr_expect(eq(int, calls, 0));
}
