// SPDX-License-Identifier: BSD-3-Clause
//
// Time something: warm up, repeat, print one line of JSON. What it is compared with runs in the
// same program, on the same core, in turn with it; each figure is the median of its rounds.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

enum { BENCH_ROUNDS = 7 };

// Does `items` of its work once.
typedef void (*bench_fn)(void *ctx);

// Of this thread: what else runs on the machine is not counted, though it shares the caches.
static inline uint64_t bench_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

// Cycles in a nanosecond of the time stamp counter: those of the core at its nominal speed.
static inline double bench_hz(void)
{
#if defined(__x86_64__)
	struct timespec wait = { .tv_nsec = 20000000 };
	struct timespec from, to;
	uint64_t cycles;

	clock_gettime(CLOCK_MONOTONIC, &from);
	cycles = __rdtsc();
	nanosleep(&wait, NULL);
	cycles = __rdtsc() - cycles;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)cycles /
	       ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec));
#else
	return 1;
#endif
}

// What /proc/stat says of all cores: ticks of time in all, and those that the host kept.
struct bench_stolen {
	unsigned long long total, steal;
};

static inline struct bench_stolen bench_stolen(void)
{
	struct bench_stolen s = { 0, 0 };
	unsigned long long t[8];
	FILE *f = fopen("/proc/stat", "r");

	if (f == NULL)
		return s;
	if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		    &t[4], &t[5], &t[6], &t[7]) == 8) {
		for (unsigned i = 0; i < 8; i++)
			s.total += t[i];
		s.steal = t[7];
	}
	fclose(f);
	return s;
}

static inline double bench_once(bench_fn run, void *ctx)
{
	uint64_t begin = bench_ns();

	run(ctx);
	return (double)(bench_ns() - begin);
}

static inline int bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double bench_median(double round[BENCH_ROUNDS])
{
	qsort(round, BENCH_ROUNDS, sizeof(round[0]), bench_order);
	return round[BENCH_ROUNDS / 2];
}

// Prints how many items a second `run` does, and the same of `baseline`. ratio is how much of
// the baseline's speed is left.
static inline void bench_compare(const char *bench, const char *what, const char *unit,
	double items, bench_fn run, bench_fn baseline, void *ctx)
{
	double mine[BENCH_ROUNDS], theirs[BENCH_ROUNDS];
	struct bench_stolen before = bench_stolen();

	run(ctx);
	baseline(ctx);
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		mine[i] = bench_once(run, ctx);
		theirs[i] = bench_once(baseline, ctx);
	}

	struct bench_stolen after = bench_stolen();
	double a = bench_median(mine), b = bench_median(theirs);
	double total = (double)(after.total - before.total);
	printf("{\"bench\":\"%s\",\"case\":\"%s\",\"value\":%.0f,\"unit\":\"%s\","
	       "\"cycles_per_packet\":%.1f,\"baseline\":%.0f,\"ratio\":%.3f,\"steal\":%.4f}\n",
		bench, what, items * 1e9 / a, unit, a * bench_hz() / items, items * 1e9 / b, b / a,
		total > 0 ? (double)(after.steal - before.steal) / total : 0);
	fflush(stdout);
}
