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
// On net_ring a far end (bench/port/far.h) checks every packet; if one is wrong or lost the bench
// fails. hostile, rtcp and scale are compared with the same worker in an easier case, everything
// else with dpdk-testpmd on a port of the same kind, in turn on the same core.
//
// Usage: bench_port [--cpu N] [--rounds N] [--seconds S] CASE ...
#include "bench/bench.h"
#include "bench/port/contest.h"
#include "bench/port/cpus.h"

#include <err.h>
#include <getopt.h>
#include <sys/wait.h>

static const char *const all[] = {
	"net_null/music/250000/random",
	"net_ring/parked/250000/random",
	"net_ring/relay/1000/random",
};

// A process for each case: DPDK starts once in a life.
static int run_apart(const struct contest *c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "cannot start");
	if (pid == 0)
		exit(contest_run(c));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "cpu", required_argument, NULL, 'c' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' }, { NULL, 0, NULL, 0 } };
	struct contest c = { .cpu = cpus_last(), .rounds = 5, .seconds = 1 };
	int failed = 0, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			c.cpu = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'r')
			c.rounds = (int)strtoul(optarg, NULL, 10);
		else if (option == 's')
			c.seconds = strtod(optarg, NULL);
		else
			return 2;
	}
	c.main_cpu = cpus_other(c.cpu);
	size_t n = optind < argc ? (size_t)(argc - optind) : sizeof(all) / sizeof(all[0]);
	for (size_t i = 0; i < n; i++) {
		const char *name = optind < argc ? argv[optind + (int)i] : all[i];

		if (!contest_read(&c, name))
			errx(2, "there is no case %s: see the first lines of bench/bench_port.c",
				name);
		failed |= run_apart(&c);
	}
	return failed;
}
