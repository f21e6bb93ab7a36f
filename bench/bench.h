// SPDX-License-Identifier: BSD-3-Clause
//
// Time something: warm up, repeat, keep the fastest round, print one line of JSON. What it is
// compared with runs in the same program, on the same core, in turn with it.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { BENCH_ROUNDS = 9 };

// Does `items` of its work once.
typedef void (*bench_fn)(void *ctx);

static inline uint64_t bench_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static inline double bench_once(bench_fn run, void *ctx, double best)
{
	uint64_t begin = bench_ns();

	run(ctx);
	double ns = (double)(bench_ns() - begin);
	return ns < best ? ns : best;
}

// Prints how many items a second `run` does, and the same of `baseline`. ratio is how much of
// the baseline's speed is left.
static inline void bench_compare(const char *bench, const char *what, double items, bench_fn run,
	bench_fn baseline, void *ctx)
{
	double best = 1e18, best_baseline = 1e18;

	run(ctx);
	baseline(ctx);
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		best = bench_once(run, ctx, best);
		best_baseline = bench_once(baseline, ctx, best_baseline);
	}
	printf("{\"bench\":\"%s\",\"case\":\"%s\",\"value\":%.0f,\"unit\":\"packets/s/core\","
	       "\"baseline\":%.0f,\"ratio\":%.3f}\n",
		bench, what, items * 1e9 / best, items * 1e9 / best_baseline, best_baseline / best);
}
