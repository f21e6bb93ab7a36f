// SPDX-License-Identifier: BSD-3-Clause
//
// How many packets a second the very worker of layby-media moves on one core: built by the plant,
// commanded through the bridge, turned by worker_turn(). Only the time it is told is not the
// clock's: it goes on as fast as the worker does its work (bench/port/drive.h). A case is
// PORT/KIND/FLOWS/ORDER:
//
//   PORT   net_null, net_ring, memif, af_packet, af_xdp, tap
//   KIND   music       music out, nothing in
//          parked      music out, and each caller's audio in, which nobody hears
//          relay       calls of two: what one says, the other gets
//          hostile-P   callers' audio in, P of 100 packets broken or somebody else's
//          rtcp        reports in, and our own out
//          scale       music; what it is compared with is a second worker with 1000 flows
//   ORDER  linear, random: in which flows become due and callers speak
//
// On net_ring a far end (bench/port/crowd.h) checks every packet; if one is wrong or lost the bench
// fails. hostile, rtcp and scale are compared with the same worker in an easier case, everything
// else with dpdk-testpmd on a port of the same kind, in turn on the same core.
//
// Usage: bench_port [--cpu N] [--rounds N] [--seconds S] [--alone yes] CASE ...
//        --alone: without a baseline, only to see whether every packet is right
#include "bench/bench.h"
#include "bench/port/contest.h"
#include "bench/port/cpus.h"

#include <err.h>
#include <sys/wait.h>

static const char *const all[] = {
#define FLOWS(what, order) \
	what "/1000/" order, what "/10000/" order, what "/100000/" order, what "/250000/" order
	FLOWS("net_null/music", "linear"),
	FLOWS("net_null/music", "random"),
	FLOWS("net_ring/music", "random"),
	FLOWS("net_ring/parked", "linear"),
	FLOWS("net_ring/parked", "random"),
	FLOWS("net_ring/relay", "linear"),
	FLOWS("net_ring/relay", "random"),
	FLOWS("af_packet/music", "random"),
	FLOWS("af_xdp/music", "random"),
	FLOWS("tap/music", "random"),
	FLOWS("memif/music", "random"),
#undef FLOWS
};

// A process for each case: DPDK starts once in a life.
static int run_apart(const struct contest *c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "cannot start");
	if (pid == 0) {
		status = contest_run(c);
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// Options come first, each with its value. Returns where the cases begin; 0: nonsense.
static int read_options(struct contest *c, int argc, char **argv)
{
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--cpu") == 0)
			c->cpu = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--rounds") == 0)
			c->rounds = (int)strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--seconds") == 0)
			c->seconds = strtod(argv[i + 1], NULL);
		else if (strcmp(argv[i], "--alone") == 0)
			c->alone = strcmp(argv[i + 1], "yes") == 0;
		else
			return 0;
	}
	return c->rounds > 0 && c->rounds <= BENCH_ROUNDS && c->seconds > 0 ? i : 0;
}

int main(int argc, char **argv)
{
	struct contest c = { .cpu = cpus_last(), .rounds = 5, .seconds = 1 };
	int failed = 0, first = read_options(&c, argc, argv);

	if (first == 0)
		errx(2, "usage: bench_port [--cpu N] [--rounds 1-%d] [--seconds S] [CASE ...]",
			BENCH_ROUNDS);
	c.main_cpu = cpus_other(c.cpu);
	size_t n = first < argc ? (size_t)(argc - first) : sizeof(all) / sizeof(all[0]);
	for (size_t i = 0; i < n; i++) {
		const char *name = first < argc ? argv[first + (int)i] : all[i];

		if (!contest_read(&c, name))
			errx(2, "there is no case %s: see the first lines of bench/bench_port.c",
				name);
		failed |= run_apart(&c);
	}
	return failed;
}
