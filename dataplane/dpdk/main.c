// SPDX-License-Identifier: BSD-3-Clause
//
// layby-media: order of birth, order of death.
#include "dataplane/dpdk/attach.h"
#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/locked.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/dpdk/say.h"

#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	EXIT_CONFIG = 2,
	ERROR_MAX = 512,
	ALONE_LOOK_MS = 20,
	WALL_S = 10,
};

struct options {
	const char *config;
	bool check;
	bool verbose;
};

static void usage(FILE *to)
{
	fputs("layby-media [--config FILE] [--check] [--verbose]\n"
	      "  --config FILE  ports, addresses, cores; without it one tap, layby0\n"
	      "  --check        say what FILE means, and end\n"
	      "  --verbose      let DPDK speak\n",
		to);
}

// Exits on --help and on what it does not understand.
static struct options read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'c') {
			o.config = optarg;
		} else if (c == 'k') {
			o.check = true;
		} else if (c == 'v') {
			o.verbose = true;
		} else if (c == 'V') {
			puts("layby-media " LAYBY_VERSION);
			exit(EXIT_SUCCESS);
		} else {
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? EXIT_SUCCESS : EXIT_CONFIG);
		}
	}
	if (optind < argc) {
		usage(stderr);
		exit(EXIT_CONFIG);
	}
	return o;
}

static bool read_config(const struct options *o, struct config *c)
{
	char error[ERROR_MAX];
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		CPU_ZERO(&cpus);
	if (o->config == NULL) {
		config_default(c, &cpus);
		say("no configuration: one tap, layby0, no hugepages, no card; we are 10.99.0.2, "
		    "now give layby0 its own address: ip addr add 10.99.0.1/24 dev layby0");
		return true;
	}
	if (config_load(c, o->config, &cpus, error, sizeof(error)))
		return true;
	say("%s", error);
	return false;
}

static void print_ip(uint32_t ip)
{
	printf("%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static void print_address(const struct config_address *a)
{
	printf("    address ");
	print_ip(a->ip);
	printf("/%u  RTP and RTCP ports %u-%u  %u flows\n", a->prefix, a->port_first,
		a->port_first + 2 * a->flows - 1, a->flows);
}

static void print_port(const struct config *c, uint32_t n)
{
	const struct config_port *p = &c->port[n];

	printf("  port %s  device %s  worker %u on CPU %u", p->name, p->device, p->worker + 1U,
		c->cpu[p->worker]);
	if (p->gateway != 0) {
		printf("  gateway ");
		print_ip(p->gateway);
	}
	putchar('\n');
	for (uint32_t i = 0; i < c->addresses; i++) {
		if (c->address[i].port == n)
			print_address(&c->address[i]);
	}
}

static void print_config(const struct config *c)
{
	printf("main on CPU %u  %u worker%s, idle ones %s  hugepages %s\n"
	       "tracks up to %llu MB  %u next hops a worker  socket %s\n",
		c->main_cpu, c->workers, c->workers == 1 ? "" : "s", c->sleep ? "sleep" : "poll",
		c->hugepages ? "if there are enough" : "none",
		(unsigned long long)c->tracks_bytes >> 20, c->neighbours, c->socket);
	for (uint32_t i = 0; i < c->ports; i++)
		print_port(c, i);
}

// Every thread that comes later inherits the mask; signals arrive at the descriptor alone.
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Whether it is time to end. SIGHUP means nothing to us: there is nothing to reload.
static bool told_to_end(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return true;
	}
	return false;
}

// A worker that stands still gets no news of the clock rather than too many.
static void tell_wall(struct plant *p, uint64_t now, uint64_t *told)
{
	if (now - *told < WALL_S * 1000000000ULL)
		return;
	*told = now;
	for (uint32_t i = 0; i < p->workers; i++) {
		struct orders *o = &p->worker[i]->orders;

		if (lane_room(&o->giver) > ORDERS_SIZE / 2)
			orders_give(o, (struct order){ .kind = ORDER_WALL,
					       .wall_offset = clock_wall_offset(&p->clock) });
	}
}

static void run(struct plant *p, struct attach *a, int signals)
{
	struct pollfd fds[ATTACH_POLL_FDS + 1];
	uint64_t told = 0;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	for (;;) {
		uint32_t n = attach_poll(a, fds);
		struct timespec wait = { .tv_nsec = ALONE_LOOK_MS * 1000000L };

		if (a->state != ATTACH_ALONE)
			wait.tv_nsec = ATTACH_LOOK_US * 1000L;
		fds[n] = (struct pollfd){ .fd = signals, .events = POLLIN };
		ppoll(fds, n + 1, &wait, NULL);

		uint64_t now = clock_now(&p->clock);
		attach_serve(a, fds, now);
		tell_wall(p, now, &told);
		if (fds[n].revents != 0 && told_to_end(signals))
			return;
	}
}

// From the first worker's first turn to the last one's last.
static int serve(struct plant *p, const struct config *c, int signals)
{
	static struct track_store tracks;
	static struct attach attach;
	char error[ERROR_MAX];

	tracks.budget = c->tracks_bytes;
	attach.plan = &p->plan;
	attach.tracks = &tracks;
	attach.orphan_ns = c->orphan_seconds * 1000000000ULL;
	for (uint32_t i = 0; i < p->workers; i++) {
		attach.orders[i] = &p->worker[i]->orders;
		attach.stats[i] = &p->worker[i]->stats;
	}
	if (!attach_open(&attach, c->socket, clock_now(&p->clock), error, sizeof(error)))
		goto not_open;
	if (!plant_start(p, error, sizeof(error)))
		goto not_started;
	if (!locked_all())
		say("not all memory could be locked: raise the limit (ulimit -l unlimited), or "
		    "it may be swapped out");
	say("ready: %u flows on %u worker%s, socket %s", p->plan.flows[0], p->workers,
		p->workers == 1 ? "" : "s", c->socket);
	run(p, &attach, signals);
	say("the end, as told");
	plant_stop(p);
	attach_close(&attach);
	track_store_clear(&tracks);
	return EXIT_SUCCESS;

not_started:
	plant_stop(p);
	attach_close(&attach);
not_open:
	say("%s", error);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static struct config config;
	static struct plant plant;
	struct options options = read_options(argc, argv);
	char error[ERROR_MAX];
	int status = EXIT_FAILURE;

	if (!read_config(&options, &config))
		return EXIT_CONFIG;
	if (options.check) {
		print_config(&config);
		return EXIT_SUCCESS;
	}

	int signals = catch_signals();
	if (!eal_start(&config, options.verbose, error, sizeof(error))) {
		say("%s", error);
		return EXIT_FAILURE;
	}
	if (plant_build(&plant, &config, error, sizeof(error)))
		status = serve(&plant, &config, signals);
	else
		say("%s", error);
	plant_free(&plant);
	eal_stop();
	close(signals);
	return status;
}
