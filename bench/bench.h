// SPDX-License-Identifier: BSD-3-Clause
//
// Time something and what it is compared with in turn (A B A B ...), on the same core in the same
// call; take the median of the rounds; print one line of JSON. It judges nothing.
//
// A bench of a function: bench_compare(), or struct bench_pair and bench_run() for another unit or
// a baseline with a context of its own. What measures its own speed (another process, a rate over
// wall time) gives bench_race() a function that returns items a second.
#pragma once

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BENCH_ROUNDS = 9 };

// Does `items` of its work once.
typedef void (*bench_fn)(void *ctx);

// Returns how many items a second it did.
typedef double (*bench_rate_fn)(void *ctx);

static inline uint64_t bench_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

// The time stamp counter: cycles of a clock that never changes, not of a core that may be boosted.
static inline uint64_t bench_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

// Cycles a second, measured once.
static inline double bench_hz(void)
{
	static double hz;

	if (hz > 0)
		return hz;
	uint64_t ns = bench_ns(), cycles = bench_cycles();
	while (bench_ns() - ns < 20000000)
		;
	hz = (double)(bench_cycles() - cycles) * 1e9 / (double)(bench_ns() - ns);
	return hz;
}

// Seconds since the start that the hypervisor gave this CPU's time to others; cpu < 0: all CPUs'.
static inline double bench_stolen(int cpu)
{
	char line[512], name[16];
	unsigned long long steal = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (f == NULL)
		return 0;
	if (cpu < 0)
		snprintf(name, sizeof(name), "cpu ");
	else
		snprintf(name, sizeof(name), "cpu%d ", cpu);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, name, strlen(name)) != 0)
			continue;
		if (sscanf(line, "%*s %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
			steal = 0;
		break;
	}
	fclose(f);
	return (double)steal / (double)sysconf(_SC_CLK_TCK);
}

// Seconds that the first thread would have run and another had its CPU.
static inline double bench_kept_waiting(void)
{
	unsigned long long ns = 0;
	FILE *f = fopen("/proc/self/schedstat", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*u %llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return (double)ns / 1e9;
}

// What of a span of time was not ours: begin, do it, ask.
struct bench_span {
	int cpu;
	uint64_t ns;
	double stolen, waited;
};

static inline struct bench_span bench_begin(int cpu)
{
	return (struct bench_span){ cpu, bench_ns(), bench_stolen(cpu), bench_kept_waiting() };
}

// 0 to 1. The kernel counts it in hundredths of a second.
static inline double bench_steal(const struct bench_span *span)
{
	double s = (double)(bench_ns() - span->ns) / 1e9;

	return s > 0 ? (bench_stolen(span->cpu) - span->stolen) / s : 0;
}

static inline int bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// 0 to 1: other work of this machine's.
static inline double bench_waited(const struct bench_span *span)
{
	double s = (double)(bench_ns() - span->ns) / 1e9;

	return s > 0 ? (bench_kept_waiting() - span->waited) / s : 0;
}

// Puts them in order.
static inline double bench_median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), bench_order);
	return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// One line. Numbers below 0 are not there: they are left out. more is further members (",...").
struct bench_line {
	const char *bench;
	const char *what;
	const char *unit;
	double value;
	double cycles; // per packet (or whatever the unit counts)
	double baseline;
	double ratio;
	double steal;
	double waited;
	const char *more; // may be NULL
};

// As many places as a reader needs, be it packets a second or nanoseconds of one.
static inline void bench_number(const char *key, double value)
{
	if (value >= 1000)
		printf(",\"%s\":%.0f", key, value);
	else if (value >= 0)
		printf(",\"%s\":%.3f", key, value);
}

static inline void bench_print(const struct bench_line *l)
{
	printf("{\"bench\":\"%s\",\"case\":\"%s\"", l->bench, l->what);
	bench_number("value", l->value);
	printf(",\"unit\":\"%s\"", l->unit);
	bench_number("cycles_per_packet", l->cycles);
	bench_number("baseline", l->baseline);
	bench_number("ratio", l->ratio);
	bench_number("steal", l->steal);
	bench_number("waited", l->waited);
	printf("%s}\n", l->more != NULL ? l->more : "");
	fflush(stdout);
}

// What to run against what. With `ns` the figures are nanoseconds of one item (and the ratio
// still above 1 where we are faster), else items a second.
struct bench_pair {
	const char *bench;
	const char *what;
	const char *unit;
	double items;
	bench_fn run;
	void *ctx;
	bench_fn baseline; // NULL: none
	void *baseline_ctx;
	int ns;
};

static inline double bench_time(bench_fn run, void *ctx)
{
	uint64_t begin = bench_ns();

	run(ctx);
	return (double)(bench_ns() - begin);
}

// Returns the median time of one run, in ns.
static inline double bench_run(const struct bench_pair *p)
{
	double ours[BENCH_ROUNDS], theirs[BENCH_ROUNDS];

	p->run(p->ctx);
	if (p->baseline != NULL)
		p->baseline(p->baseline_ctx);
	struct bench_span span = bench_begin(sched_getcpu());
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		ours[i] = bench_time(p->run, p->ctx);
		if (p->baseline != NULL)
			theirs[i] = bench_time(p->baseline, p->baseline_ctx);
	}
	double us = bench_median(ours, BENCH_ROUNDS);
	double they = p->baseline != NULL ? bench_median(theirs, BENCH_ROUNDS) : -1;
	double item = us / p->items, base = they / p->items;
	bench_print(&(struct bench_line){
		.bench = p->bench,
		.what = p->what,
		.unit = p->unit,
		.value = p->ns ? item : 1e9 / item,
		.cycles = item * bench_hz() / 1e9,
		.baseline = they < 0 ? -1
			    : p->ns  ? base
				     : 1e9 / base,
		.ratio = they < 0 ? -1 : they / us,
		.steal = bench_steal(&span),
		.waited = bench_waited(&span),
	});
	return us;
}

// Prints how many items a second `run` does, and the same of `baseline`. ratio is how much of
// the baseline's speed is left.
static inline void bench_compare(const char *bench, const char *what, double items, bench_fn run,
	bench_fn baseline, void *ctx)
{
	bench_run(&(struct bench_pair){ .bench = bench,
		.what = what,
		.unit = "packets/s/core",
		.items = items,
		.run = run,
		.ctx = ctx,
		.baseline = baseline,
		.baseline_ctx = ctx });
}

// Two that measure their own speed, in turn: the medians. A warm-up is theirs.
static inline void bench_race(bench_rate_fn a, void *a_ctx, bench_rate_fn b, void *b_ctx,
	int rounds, double *a_rate, double *b_rate)
{
	double ours[BENCH_ROUNDS], theirs[BENCH_ROUNDS];

	rounds = rounds < BENCH_ROUNDS ? rounds : BENCH_ROUNDS;
	for (int i = 0; i < rounds; i++) {
		ours[i] = a(a_ctx);
		theirs[i] = b != NULL ? b(b_ctx) : 0;
	}
	*a_rate = bench_median(ours, rounds);
	*b_rate = bench_median(theirs, rounds);
}
