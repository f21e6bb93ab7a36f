// SPDX-License-Identifier: BSD-3-Clause
//
// layby-media: order of birth, order of death.
#include "dataplane/dpdk/attach.h"
#include "dataplane/dpdk/bond.h"
#include "dataplane/dpdk/config.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/locked.h"
#include "dataplane/dpdk/plan_print.h"
#include "dataplane/dpdk/plant.h"
#include "dataplane/dpdk/plant_wire.h"
#include "dataplane/dpdk/recorder.h"
#include "dataplane/dpdk/say.h"
#include "dataplane/dpdk/watchdog.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	EXIT_CONFIG = 2,
	ERROR_MAX = 512,
	ALONE_LOOK_MS = 20,
	WALL_S = 10,
	BONDS_MS = 10,
};

struct options {
	const char *config;
	bool verbose;
	bool json;
	enum { WANT_SERVICE, WANT_CHECK, WANT_HELP, WANT_VERSION, WANT_NONSENSE } want;
};

static void usage(FILE *to)
{
	fputs("layby-media [--config FILE] [--check [--json]] [--verbose]\n"
	      "  --config FILE  ports, addresses, cores; without it one tap, layby0\n"
	      "  --check        say what FILE means and who would do what, and end\n"
	      "  --json         as JSON\n"
	      "  --verbose      let DPDK speak\n",
		to);
}

static struct options read_options(int argc, char **argv)
{
	struct options o = { 0 };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			o.config = argv[++i];
		else if (strcmp(argv[i], "--check") == 0)
			o.want = WANT_CHECK;
		else if (strcmp(argv[i], "--json") == 0)
			o.json = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			o.verbose = true;
		else if (strcmp(argv[i], "--version") == 0)
			return (struct options){ .want = WANT_VERSION };
		else if (strcmp(argv[i], "--help") == 0)
			return (struct options){ .want = WANT_HELP };
		else
			return (struct options){ .want = WANT_NONSENSE };
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

// Every thread that comes later inherits the mask; signals arrive at the descriptor alone.
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// What of the configuration can change while we run: gateways.
static void reload(struct plant_wire *pw, struct plant *p, const char *path)
{
	static struct config anew;
	const struct options o = { .config = path };

	if (path == NULL || !read_config(&o, &anew))
		return;
	if (plant_wire_reload(pw, p, &anew))
		say("the gateways are taken anew");
	else
		say("%s: more than gateways is another, which needs a new start: nothing is taken",
			path);
}

// Whether it is time to end.
static bool obey_signals(int signals, struct plant_wire *pw, struct plant *p, const char *path)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			plant_wire_announce(pw, p);
		else if (info.ssi_signo == SIGHUP)
			reload(pw, p, path);
		else
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

static void watch_workers(struct plant *p, struct watchdog *d, struct attach *a, uint64_t now)
{
	for (uint32_t i = 0; i < p->workers; i++) {
		struct worker_stats *s = &p->worker[i]->stats;
		enum watchdog_news news = watchdog_look(d, i, stat_read(&s->turns), now);

		if (news == WATCHDOG_NOTHING)
			continue;
		if (news == WATCHDOG_STALLED) {
			stat_add(&s->stalled, 1);
			say("worker %u on CPU %u stands still: no turn for %u ms; its flows send "
			    "nothing",
				i + 1, p->map.cpu[i], p->map.watchdog_ms);
		} else {
			say("worker %u goes on", i + 1);
		}
		attach_stalled(a, i, news == WATCHDOG_STALLED);
	}
}

static void watch_bonds(const struct plant *p, uint64_t now, uint64_t *looked)
{
	if (now - *looked < BONDS_MS * 1000000ULL)
		return;
	*looked = now;
	for (uint32_t i = 0; i < p->ports; i++) {
		if (p->map.port[i].bond == BOND_ACTIVE_BACKUP)
			bond_watch(p->port[i].id);
	}
}

static void run(struct plant *p, struct attach *a, int signals, const char *path)
{
	struct pollfd fds[ATTACH_POLL_FDS + 1];
	struct watchdog dog = { .limit = p->map.watchdog_ms * 1000000ULL };
	static struct plant_wire wire;
	uint64_t told = 0;
	uint64_t looked = 0;

	plant_wire_init(&wire, p);
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
		watch_workers(p, &dog, a, now);
		watch_bonds(p, now, &looked);
		if (fds[n].revents != 0 && obey_signals(signals, &wire, p, path))
			return;
		plant_wire_turn(&wire, p);
	}
}

static uint64_t plant_now(void *ctx)
{
	const struct plant *p = ctx;

	return clock_now(&p->clock);
}

static uint32_t all_flows(const struct bridge_plan *plan)
{
	uint32_t flows = 0;

	for (uint32_t i = 0; i < plan->workers; i++)
		flows += plan->flows[i];
	return flows;
}

// From the first worker's first turn to the last one's last.
static int serve(struct plant *p, const struct config *c, int signals, const char *path)
{
	static struct track_store tracks;
	static struct attach attach;
	char error[ERROR_MAX];

	tracks.budget = c->tracks_bytes;
	attach.plan = &p->plan;
	attach.map = &p->map;
	attach.tracks = &tracks;
	attach.recorder = &p->recorder;
	attach.orphan_ns = c->orphan_seconds * 1000000000ULL;
	for (uint32_t i = 0; i < p->workers; i++) {
		attach.orders[i] = &p->worker[i]->orders;
		attach.stats[i] = &p->worker[i]->stats;
	}
	if (!attach_open(&attach, c->socket, clock_now(&p->clock), error, sizeof(error)))
		goto not_open;
	if (!recorder_start(&p->recorder, plant_now, p)) {
		snprintf(error, sizeof(error), "no thread for recordings: %m");
		goto not_started;
	}
	if (!plant_start(p, error, sizeof(error)))
		goto not_started;
	if (!locked_all())
		say("not all memory could be locked: raise the limit (ulimit -l unlimited), or "
		    "it may be swapped out");
	say("ready: %u flows on %u worker%s, socket %s", all_flows(&p->plan), p->workers,
		p->workers == 1 ? "" : "s", c->socket);
	run(p, &attach, signals, path);
	say("the end, as told");
	plant_stop(p);
	recorder_stop(&p->recorder);
	attach_close(&attach);
	track_store_clear(&tracks);
	return EXIT_SUCCESS;

not_started:
	plant_stop(p);
	recorder_stop(&p->recorder);
	attach_close(&attach);
not_open:
	say("%s", error);
	return EXIT_FAILURE;
}

static int run_service(const struct config *c, const struct options *o)
{
	static struct plant plant;
	char error[ERROR_MAX];
	int status = EXIT_FAILURE;
	int signals = catch_signals();

	if (!eal_start(c, o->verbose, error, sizeof(error))) {
		say("%s", error);
		close(signals);
		return EXIT_FAILURE;
	}
	if (plant_build(&plant, c, error, sizeof(error)))
		status = serve(&plant, c, signals, o->config);
	else
		say("%s", error);
	plant_free(&plant);
	eal_stop();
	close(signals);
	return status;
}

int main(int argc, char **argv)
{
	static struct config config;
	struct options options = read_options(argc, argv);

	say_open();
	switch (options.want) {
	case WANT_HELP:
		usage(stdout);
		return EXIT_SUCCESS;
	case WANT_NONSENSE:
		usage(stderr);
		return EXIT_CONFIG;
	case WANT_VERSION:
		puts("layby-media " LAYBY_VERSION);
		return EXIT_SUCCESS;
	case WANT_CHECK:
	case WANT_SERVICE:
		break;
	}
	if (!read_config(&options, &config))
		return EXIT_CONFIG;
	if (options.want == WANT_SERVICE)
		return run_service(&config, &options);
	if (options.json) {
		plan_print_json(&config, stdout);
		return EXIT_SUCCESS;
	}
	config_print(&config, stdout);
	fputc('\n', stdout);
	plan_print(&config, stdout);
	return EXIT_SUCCESS;
}
