// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/contest.h"

#include "bench/bench.h"
#include "bench/port/stage.h"
#include "bench/port/wire.h"

#include <rte_eal.h>

#include <err.h>
#include <inttypes.h>

enum { FLOWS_MAX = 260000 };

#define REPORT_NS UINT64_C(5000000000) // RFC 3550, 6.2

static const char *const ports[CONTEST_PORTS] = { "net_null", "net_ring", "memif", "af_packet",
	"af_xdp", "tap" };
static const char *const kinds[CONTEST_KINDS] = { "music", "parked", "relay", "hostile", "rtcp",
	"scale" };

static struct stage stage;

static int index_of(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

// Cuts off and returns what stands before the next slash.
static char *word(char **rest)
{
	char *begin = *rest;
	size_t len = strcspn(begin, "/");

	*rest = begin[len] == '/' ? begin + len + 1 : begin + len;
	begin[len] = '\0';
	return begin;
}

bool contest_read(struct contest *c, const char *name)
{
	char text[sizeof(c->name)];
	char *rest = text;

	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(text, sizeof(text), "%s", name);
	const char *port = word(&rest);
	char *kind = word(&rest);
	c->flows = (uint32_t)strtoul(word(&rest), NULL, 10);
	const char *order = word(&rest);
	char *dash = strchr(kind, '-');
	c->bad = dash != NULL ? (uint32_t)strtoul(dash + 1, NULL, 10) : 0;
	if (dash != NULL)
		*dash = '\0';
	int at = index_of(ports, CONTEST_PORTS, port), what = index_of(kinds, CONTEST_KINDS, kind);
	if (at < 0 || what < 0 || c->flows < 2 || c->flows > FLOWS_MAX || c->flows % 2 != 0 ||
		c->bad > 100)
		return false;
	c->port = (enum contest_port)at;
	c->kind = (enum contest_kind)what;
	c->shuffled = strcmp(order, "random") == 0;
	// Only rings have a far end that speaks.
	bool speaks = c->kind != CONTEST_MUSIC && c->kind != CONTEST_SCALE;
	return (c->shuffled || strcmp(order, "linear") == 0) && (!speaks || at == CONTEST_RING);
}

static const char *const against[CONTEST_KINDS] = {
	[CONTEST_HOSTILE] = "the same, nothing hostile",
	[CONTEST_RTCP] = "the same, audio in place of reports",
	[CONTEST_SCALE] = "the same, 1000 flows",
};

static double rate(const struct drive *d, uint64_t packets)
{
	return (double)packets * bench_hz() / (double)d->cycles;
}

// What counts: packets out, but where hardly any goes out.
static uint64_t counted(const struct drive *d, enum contest_kind kind)
{
	if (kind == CONTEST_HOSTILE)
		return d->in;
	return kind == CONTEST_RTCP ? d->in + d->out : d->out;
}

static double our_round(void *ctx)
{
	const struct contest *c = ctx;
	struct drive *d = &stage.drive[0];

	if (c->kind == CONTEST_HOSTILE)
		stage.far[0].bad = c->bad;
	if (c->kind == CONTEST_RTCP)
		drive_speech(d, CROWD_REPORTS, REPORT_NS);
	drive_round(d);
	return rate(d, counted(d, c->kind));
}

// The easier case of a kind that is compared with itself.
static double easy_round(void *ctx)
{
	const struct contest *c = ctx;
	struct drive *d = &stage.drive[c->kind == CONTEST_SCALE ? 1 : 0];

	if (c->kind == CONTEST_HOSTILE)
		stage.far[0].bad = 0;
	if (c->kind == CONTEST_RTCP)
		drive_speech(d, CROWD_AUDIO, WORLD_PTIME_NS);
	drive_round(d);
	return rate(d, counted(d, c->kind));
}

// Everybody has spoken and been spoken to; memory and tables are warm.
static void warm_up(const struct contest *c, struct drive *d)
{
	double seconds = d->seconds;
	uint64_t enough = 3ULL * d->side->flows, done = 0;

	if (d->side->far != NULL && c->kind != CONTEST_MUSIC && c->kind != CONTEST_SCALE)
		drive_speech(d, CROWD_AUDIO, WORLD_PTIME_NS);
	d->seconds = 0.01;
	while (done < enough) {
		drive_round(d);
		done += d->in > d->out ? d->in : d->out;
	}
	d->seconds = seconds;
}

static void complain_of_packets(const struct crowd *f)
{
#define X(name, help)                            \
	if (f->wrong_by[CROWD_WRONG_##name] > 0) \
		warnx("%" PRIu64 " packets: %s", f->wrong_by[CROWD_WRONG_##name], help);
	CROWD_WRONG_LIST(X)
#undef X
}

static uint64_t differ(const char *what, uint64_t is, uint64_t ought)
{
	if (is != ought)
		warnx("%s: %" PRIu64 " and not %" PRIu64, what, is, ought);
	return is != ought;
}

// Packets of which nobody knows where they are, and counters that must not count in a bench.
static uint64_t amiss(const struct contest *c, const struct side *s)
{
	const struct worker_stats *w = &s->w->stats;
	const struct crowd *f = s->far;
	uint64_t n = differ("packets without a buffer", stat_read(&w->tx_no_buffer), 0);

	n += differ("packets sent late", stat_read(&w->late_packets), 0);
	n += differ("packets never sent", stat_read(&w->skipped_packets), 0);
	if (c->port <= CONTEST_MEMIF)
		n += differ("packets for which no MAC is known", stat_read(&w->tx_no_neighbour), 0);
	if (f == NULL)
		return n;
	complain_of_packets(f);
	n += differ("wrong packets", f->wrong, 0);
	n += differ("packets that came", f->heard, stat_read(&w->tx_packets));
	n += differ("packets taken in", stat_read(&w->rx_packets), f->sent - f->no_room);
	if (c->kind == CONTEST_RELAY)
		n += differ("packets relayed", stat_read(&w->relayed), f->sent);
	if (c->kind == CONTEST_PARKED || c->kind == CONTEST_HOSTILE)
		n += differ(
			"packets swallowed", stat_read(&w->rx_swallowed), f->sent - f->sent_bad);
	if (c->kind == CONTEST_HOSTILE)
		n += differ("packets of RTP in return", f->checked - f->rtcp, 0);
#define X(counter, help) \
	n += differ(#counter, stat_read(&w->counter), f->spoilt[CROWD_SPOILT_##counter]);
	CROWD_SPOILT_LIST(X)
#undef X
	return n;
}

// How many of the packets sent did not arrive at the kernel's end; 0 where there is none.
static uint64_t missing(const struct contest *c, uint32_t before, uint64_t sent_before)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	const struct worker_stats *w = &stage.world.side[0].w->stats;

	if (c->port < CONTEST_AF_PACKET)
		return 0;
	nanosleep(&pause, NULL);
	uint32_t arrived = wire_count("ours1").packets - before;
	return (uint32_t)(stat_read(&w->tx_packets) - sent_before) - arrived;
}

static void tell(const struct contest *c, double ours, double theirs, const struct bench_span *span,
	uint64_t lost)
{
	static const char *const units[CONTEST_KINDS] = { "packets/s/core",
		"packets/s/core each way", "packets/s/core each way", "ns/packet", "reports/s/core",
		"cycles/packet" };
	const struct drive *d = &stage.drive[0];
	const struct worker_stats *w = &d->side->w->stats;
	char rival[64], more[512];
	double per = bench_hz() / ours; // cycles
	bool both = c->kind == CONTEST_PARKED;
	struct bench_line line = { .bench = "port",
		.what = c->name,
		.unit = units[c->kind],
		.value = ours,
		.cycles = both ? per / 2 : per,
		.baseline = c->alone ? -1 : theirs,
		.ratio = c->alone ? -1 : ours / theirs,
		.steal = bench_steal(span),
		.waited = bench_waited(span),
		.more = more };

	if (c->kind == CONTEST_HOSTILE) {
		line.value = 1e9 / ours;
		line.baseline = c->alone ? -1 : 1e9 / theirs;
	} else if (c->kind == CONTEST_SCALE) {
		line.value = per;
		line.baseline = c->alone ? -1 : bench_hz() / theirs;
		line.ratio = c->alone ? -1 : line.value / line.baseline;
	}
	snprintf(rival, sizeof(rival), "testpmd %s, %s",
		c->alone ? "not asked" : stage.rival.forward, ports[c->port]);
	int n = snprintf(more, sizeof(more),
		",\"against\":\"%s\",\"pages\":\"%s\",\"refused\":%" PRIu64 ",\"lost\":%" PRIu64,
		against[c->kind] != NULL ? against[c->kind] : rival,
		rte_eal_has_hugepages() ? "huge" : "no-huge", stat_read(&w->tx_refused), lost);
	if (d->side->far != NULL)
		snprintf(more + n, sizeof(more) - (size_t)n,
			",\"checked\":%" PRIu64 ",\"wrong\":%" PRIu64, stage.far[0].checked,
			stage.far[0].wrong);
	bench_print(&line);
}

int contest_run(const struct contest *c)
{
	struct contest mine = *c;
	double ours, theirs;
	bool itself = against[c->kind] != NULL;
	uint64_t bad = 0;

	stage_build(&stage, c);
	uint32_t before = c->port >= CONTEST_AF_PACKET ? wire_count("ours1").packets : 0;
	uint64_t sent_before = stat_read(&stage.world.side[0].w->stats.tx_packets);
	if (c->port >= CONTEST_MEMIF)
		stage_await_link(&stage);
	warm_up(c, &stage.drive[0]);
	if (c->kind == CONTEST_SCALE)
		warm_up(c, &stage.drive[1]);
	if (!itself && !c->alone)
		stage_start_rival(&stage, c);

	struct bench_span span = bench_begin((int)c->cpu);
	bench_race(our_round, &mine,
		c->alone ? NULL
		: itself ? easy_round
			 : rival_round,
		itself ? (void *)&mine : (void *)&stage.rival, c->rounds, &ours, &theirs);
	for (uint32_t n = 0; n < stage.world.config.workers; n++) {
		drive_settle(&stage.drive[n]);
		bad += amiss(c, &stage.world.side[n]);
	}
	uint64_t lost = missing(c, before, sent_before);
	tell(c, ours, theirs, &span, lost);
	rival_stop(&stage.rival);
	rival_stop(&stage.drain);
	world_end(&stage.world);
	if (bad > 0 || lost > 0)
		warnx("%s: the figure does not count: see above", c->name);
	return bad > 0 || lost > 0;
}
