// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/rival.h"

#include "bench/bench.h"

#include <rte_eal.h>

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

enum { ARGS_MAX = 40, FRAME = 214, MEMORY_MB = 256, MBUFS = 16384 };

__attribute__((format(printf, 3, 4))) static void add(
	char *argv[ARGS_MAX], int *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (*n == ARGS_MAX - 1 || vasprintf(&argv[*n], fmt, args) < 0)
		err(1, "too many words for testpmd");
	va_end(args);
	(*n)++;
	argv[*n] = NULL;
}

static void arguments(const struct rival *r, char *argv[ARGS_MAX])
{
	int n = 0;

	add(argv, &n, "dpdk-testpmd");
	add(argv, &n, "--lcores=0@%u,1@%u", r->main_cpu, r->cpu);
	add(argv, &n, "--no-pci");
	add(argv, &n, rte_eal_has_hugepages() ? "--in-memory" : "--no-huge");
	if (!rte_eal_has_hugepages())
		add(argv, &n, "--no-shconf");
	add(argv, &n, "-m");
	add(argv, &n, "%d", MEMORY_MB);
	add(argv, &n, "--no-telemetry");
	add(argv, &n, "--file-prefix=rival-%d-%p", getpid(), (const void *)r);
	for (int i = 0; i < RIVAL_VDEVS_MAX && r->vdev[i][0] != '\0'; i++)
		add(argv, &n, "--vdev=%s", r->vdev[i]);
	add(argv, &n, "--");
	add(argv, &n, "-i");
	add(argv, &n, "--nb-cores=1");
	add(argv, &n, "--forward-mode=%s", r->forward);
	add(argv, &n, "--txpkts=%d", FRAME);
	add(argv, &n, "--total-num-mbufs=%d", MBUFS);
	add(argv, &n, "--port-topology=loop");
	add(argv, &n, "--no-lsc-interrupt");
	if (r->tx_ip != NULL)
		add(argv, &n, "--tx-ip=%s", r->tx_ip);
}

// Up to a line that has this in it; false at the end.
static bool read_to(struct rival *r, const char *mark, char *line, size_t size)
{
	while (fgets(line, (int)size, r->out) != NULL) {
		if (secure_getenv("BENCH_VERBOSE") != NULL)
			fputs(line, stderr);
		if (strstr(line, mark) != NULL)
			return true;
	}
	return false;
}

static void await(struct rival *r, const char *mark)
{
	char line[512];

	if (!read_to(r, mark, line, sizeof(line)))
		errx(1,
			"dpdk-testpmd does not say \"%s\" (package dpdk-dev; BENCH_VERBOSE=1 "
			"shows its words)",
			mark);
}

// The child's end: it dies with us, and reads and writes pipes.
static void become(char *argv[ARGS_MAX], int in, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

// A terminal: into a pipe its words would come when it has a bufferful. out[0] is our end.
static void open_terminal(int out[2])
{
	struct termios raw;
	char name[64];

	out[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (out[0] < 0 || grantpt(out[0]) < 0 || unlockpt(out[0]) < 0 ||
		ptsname_r(out[0], name, sizeof(name)) != 0)
		err(1, "no terminal for testpmd");
	out[1] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (out[1] < 0 || tcgetattr(out[1], &raw) < 0)
		err(1, "no terminal for testpmd");
	cfmakeraw(&raw);
	tcsetattr(out[1], TCSANOW, &raw);
}

void rival_start(struct rival *r)
{
	char *argv[ARGS_MAX] = { NULL };
	int in[2], out[2];
	cpu_set_t both;

	arguments(r, argv);
	if (pipe2(in, O_CLOEXEC) < 0)
		err(1, "no pipe to testpmd");
	open_terminal(out);
	r->pid = fork();
	if (r->pid < 0)
		err(1, "cannot start testpmd");
	if (r->pid == 0) {
		CPU_ZERO(&both);
		CPU_SET(r->main_cpu, &both);
		CPU_SET(r->cpu, &both);
		sched_setaffinity(0, sizeof(both), &both);
		become(argv, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	for (int i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	r->in = in[1];
	r->out = fdopen(out[0], "r");
	if (r->out == NULL)
		err(1, "no pipe to testpmd");
	rival_say(r, "show port info 0\n");
	await(r, "MAC address");
	await(r, "Max possible number of TXDs");
}

void rival_say(struct rival *r, const char *text)
{
	if (write(r->in, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "testpmd does not listen");
}

static void pause_for(double seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds };

	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

double rival_round(void *rival)
{
	struct rival *r = rival;
	char line[512];

	rival_say(r, r->tx_first ? "start tx_first 16\n" : "start\n");
	// What follows is said when the core has begun.
	await(r, "packets/burst");
	uint64_t begin = bench_ns();
	pause_for(r->seconds);
	rival_say(r, "stop\n");
	double took = (double)(bench_ns() - begin);
	await(r, "Accumulated forward statistics");
	if (!read_to(r, "TX-packets:", line, sizeof(line)))
		errx(1, "testpmd does not say how many packets it sent");
	uint64_t sent = strtoull(strstr(line, "TX-packets:") + strlen("TX-packets:"), NULL, 10);
	await(r, "Done.");
	return (double)sent * 1e9 / took;
}

void rival_stop(struct rival *r)
{
	if (r->pid == 0)
		return;
	rival_say(r, "quit\n");
	close(r->in);
	waitpid(r->pid, NULL, 0);
	fclose(r->out);
	r->pid = 0;
}
