// SPDX-License-Identifier: BSD-3-Clause
//
// The ear of pacing.py: hears streams of RTP on an interface with the kernel's time of arrival,
// and says how far packets were from where their stream's timestamps put them. A stream's place
// is that of the earliest of its first packets, so what deviates is late (or early, if the stream
// runs fast). It also counts what is lost, and keeps intervals in which the hypervisor stole
// time, or in which the worker was kept waiting for its CPU by other programs, apart.
//
// Usage: bench_ear INTERFACE STREAMS SECONDS [SCHEDSTAT]     SCHEDSTAT: of the worker's thread
// It says "listening" on stderr when it is; then one object of JSON.
#include "bench/bench.h"

#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
	BLOCK = 1 << 20,
	BLOCKS = 64,
	BLOCK_MS = 10,
	BUCKETS = 100000, // of a microsecond; what is above is told as the most
	SETTLE_S = 2,     // until each stream's place is known
	INTERVAL_MS = 100,
	HEADERS = 14 + 20 + 8,
	BEAT_NS = 20000000,
	UNIT_NS = 125000,   // of a timestamp at 8000 Hz
	WAITED_NS = 100000, // so much in an interval is other people's work
};

static const uint32_t first_caller = 0x64400001; // as pacing.py says

struct stream {
	int64_t place; // ns, of timestamp 0
	int64_t last;  // ns, when the last packet came
	uint32_t ts, packets;
	uint16_t seq;
};

// Lateness against the stream's own place, and distance from a beat after the one before.
struct spread {
	uint64_t late[BUCKETS + 1], off[BUCKETS + 1], packets;
	int64_t late_max, off_max; // ns
};

enum { QUIET, WAITED, STOLEN, KINDS };

static struct spread interval, whole[KINDS];
static uint32_t intervals[KINDS];
static struct stream *streams;
static uint32_t count;
static uint64_t lost, doubled, strange;
static int64_t begin;

static int64_t abs64(int64_t v)
{
	return v < 0 ? -v : v;
}

static uint32_t bucket(int64_t ns)
{
	int64_t us = ns / 1000;

	return us < BUCKETS ? (uint32_t)us : BUCKETS;
}

static void weigh(struct stream *s, int64_t at, int64_t due)
{
	int64_t late = abs64(due - s->place);
	int64_t off = abs64(at - s->last - BEAT_NS);

	interval.packets++;
	interval.late[bucket(late)]++;
	interval.off[bucket(off)]++;
	if (late > interval.late_max)
		interval.late_max = late;
	if (off > interval.off_max)
		interval.off_max = off;
}

static void hear(const uint8_t *frame, uint32_t len, int64_t at)
{
	uint32_t ip, n, ts;
	uint16_t seq;

	if (len < HEADERS + 12 || frame[12] != 8 || frame[23] != 17 || (frame[37] & 1) != 0)
		return;
	memcpy(&ip, frame + 30, 4);
	memcpy(&seq, frame + HEADERS + 2, 2);
	memcpy(&ts, frame + HEADERS + 4, 4);
	n = ntohl(ip) - first_caller;
	seq = ntohs(seq);
	ts = ntohl(ts);
	if (n >= count || frame[HEADERS] != 0x80) {
		strange++;
		return;
	}

	struct stream *s = &streams[n];
	int64_t due = at - (int64_t)(s->packets == 0 ? 0 : ts - s->ts) * UNIT_NS;
	uint16_t step = (uint16_t)(seq - s->seq);
	if (s->packets == 0) {
		s->ts = ts;
		s->place = at;
	} else if (step == 0 || step > 30000) {
		doubled++;
		return;
	} else {
		lost += step - 1U;
		if (at - begin > SETTLE_S * 1000000000LL && step == 1)
			weigh(s, at, due);
	}
	if (due < s->place && at - begin <= SETTLE_S * 1000000000LL)
		s->place = due;
	s->packets++;
	s->seq = seq;
	s->last = at;
}

static void add_up(struct spread *to, const struct spread *from)
{
	for (uint32_t i = 0; i <= BUCKETS; i++) {
		to->late[i] += from->late[i];
		to->off[i] += from->off[i];
	}
	to->packets += from->packets;
	if (from->late_max > to->late_max)
		to->late_max = from->late_max;
	if (from->off_max > to->off_max)
		to->off_max = from->off_max;
}

// The second number there: ns that the thread was ready to run and did not.
static uint64_t kept_waiting(const char *schedstat)
{
	char line[128];
	char *second = NULL;
	FILE *f = schedstat != NULL ? fopen(schedstat, "re") : NULL;

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL)
		second = strchr(line, ' ');
	fclose(f);
	return second != NULL ? strtoull(second, NULL, 10) : 0;
}

// At the end of an interval it is known what kind it was.
static void close_interval(const char *schedstat)
{
	static double stolen_before = -1;
	static uint64_t waited_before;
	double stolen = bench_stolen(-1);
	uint64_t waited = kept_waiting(schedstat);
	int kind = QUIET;

	if (stolen_before >= 0) {
		if (waited - waited_before > WAITED_NS)
			kind = WAITED;
		if (stolen > stolen_before)
			kind = STOLEN;
		intervals[kind]++;
		add_up(&whole[kind], &interval);
	}
	stolen_before = stolen;
	waited_before = waited;
	memset(&interval, 0, sizeof(interval));
}

static double part_of(const uint64_t *buckets, uint64_t packets, double part, int64_t most_ns)
{
	uint64_t most = (uint64_t)(part * (double)packets), sum = 0;
	uint32_t i = 0;

	while (i < BUCKETS && (sum += buckets[i]) <= most)
		i++;
	return i < BUCKETS ? i / 1000.0 : (double)most_ns / 1e6;
}

static void tell(const char *name, const struct spread *s)
{
	printf("\"%s\":{\"packets\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"p99.9\":%.3f,\"max\":%.3f,"
	       "\"beat p50\":%.3f,\"beat p99\":%.3f,\"beat p99.9\":%.3f,\"beat max\":%.3f},",
		name, (unsigned long long)s->packets,
		part_of(s->late, s->packets, 0.5, s->late_max),
		part_of(s->late, s->packets, 0.99, s->late_max),
		part_of(s->late, s->packets, 0.999, s->late_max), (double)s->late_max / 1e6,
		part_of(s->off, s->packets, 0.5, s->off_max),
		part_of(s->off, s->packets, 0.99, s->off_max),
		part_of(s->off, s->packets, 0.999, s->off_max), (double)s->off_max / 1e6);
}

static void report(int ear)
{
	struct tpacket_stats_v3 stats;
	socklen_t len = sizeof(stats);
	uint32_t heard = 0;
	uint64_t packets = 0;

	if (getsockopt(ear, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		err(1, "the ear does not say what it missed");
	for (uint32_t i = 0; i < count; i++) {
		heard += streams[i].packets > 0;
		packets += streams[i].packets;
	}
	putchar('{');
	tell("quiet", &whole[QUIET]);
	add_up(&whole[QUIET], &whole[WAITED]);
	tell("not stolen", &whole[QUIET]);
	add_up(&whole[QUIET], &whole[STOLEN]);
	tell("all", &whole[QUIET]);
	printf("\"streams\":%u,\"heard\":%llu,\"lost\":%llu,\"doubled\":%llu,\"strange\":%llu,"
	       "\"missed by the ear\":%u,\"intervals\":{\"quiet\":%u,\"waited\":%u,\"stolen\":%u}}"
	       "\n",
		heard, (unsigned long long)packets, (unsigned long long)lost,
		(unsigned long long)doubled, (unsigned long long)strange, stats.tp_drops,
		intervals[QUIET], intervals[WAITED], intervals[STOLEN]);
}

static int open_ear(const char *interface, uint8_t **ring)
{
	int version = TPACKET_V3;
	struct tpacket_req3 req = { .tp_block_size = BLOCK,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = 2048,
		.tp_frame_nr = BLOCK / 2048 * BLOCKS,
		.tp_retire_blk_tov = BLOCK_MS };
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(interface) };
	int ear = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (ear < 0 || setsockopt(ear, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
		setsockopt(ear, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) < 0)
		err(1, "cannot listen on %s", interface);
	*ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, ear, 0);
	if (*ring == MAP_FAILED || at.sll_ifindex == 0 ||
		bind(ear, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "cannot listen on %s", interface);
	return ear;
}

static void hear_block(struct tpacket_block_desc *block)
{
	const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

	for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
		struct tpacket3_hdr h;

		memcpy(&h, at, sizeof(h));
		hear(at + h.tp_mac, h.tp_snaplen, h.tp_sec * 1000000000LL + h.tp_nsec);
		at += h.tp_next_offset;
	}
}

static int64_t wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void listen_for(int ear, uint8_t *ring, double seconds, const char *schedstat)
{
	int64_t end = begin + (int64_t)(seconds * 1e9), next = begin;
	uint32_t n = 0;

	for (;;) {
		struct tpacket_block_desc *block = (void *)(ring + (size_t)n * BLOCK);
		struct pollfd fd = { .fd = ear, .events = POLLIN | POLLERR };
		uint32_t *status = &block->hdr.bh1.block_status;
		int64_t now = wall();

		if (now >= next) {
			close_interval(schedstat);
			next = now + INTERVAL_MS * 1000000LL;
		}
		if (now >= end)
			return;
		if ((__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) {
			poll(&fd, 1, BLOCK_MS);
			continue;
		}
		hear_block(block);
		__atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		n = (n + 1) % BLOCKS;
	}
}

int main(int argc, char **argv)
{
	uint8_t *ring;

	if (argc < 4)
		errx(2, "usage: bench_ear INTERFACE STREAMS SECONDS [SCHEDSTAT]");
	count = (uint32_t)strtoul(argv[2], NULL, 10);
	streams = calloc(count, sizeof(*streams));
	if (streams == NULL)
		err(1, "no room for %u streams", count);
	int ear = open_ear(argv[1], &ring);
	begin = wall();
	fputs("listening\n", stderr);
	listen_for(ear, ring, strtod(argv[3], NULL) + SETTLE_S, argc > 4 ? argv[4] : NULL);
	report(ear);
	free(streams);
	return 0;
}
