// SPDX-License-Identifier: BSD-3-Clause
//
// How many frames a second one core can write into a tap: what the kernel leaves to anybody who
// sends music through one. Each frame is a packet of music for a socket that nobody reads, so
// that the kernel does with it what it does with ours. In a network of its own; needs root.
#include "bench/bench.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	AUDIO = 160,
	RTP = 12,
	PORT = 40000,
	FRAMES = 20000, // in one round
	STREAMS = 1000, // sources in turn: as many as there would be calls
	US = 0x0a630001,
	MEDIA = 0x0a630002,
};

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t rtp[RTP + AUDIO];
} __attribute__((packed));

static struct frame frame;

static int open_tap(const char *name, uint8_t mac[ETH_ALEN])
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in us = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(US) };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (tap < 0 || control < 0 || ioctl(tap, TUNSETIFF, &r) < 0)
		err(1, "cannot make a tap (CAP_NET_ADMIN and /dev/net/tun are needed)");
	if (ioctl(control, SIOCGIFHWADDR, &r) < 0)
		err(1, "%s has no MAC", name);
	memcpy(mac, r.ifr_hwaddr.sa_data, ETH_ALEN);
	memcpy(&r.ifr_addr, &us, sizeof(us));
	if (ioctl(control, SIOCSIFADDR, &r) < 0)
		err(1, "%s takes no address", name);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(control, SIOCSIFFLAGS, &r) < 0)
		err(1, "%s does not come up", name);
	close(control);
	return tap;
}

// One that is always full: what does not fit the kernel drops, and nobody is woken.
static int open_sink(void)
{
	struct sockaddr_in us = {
		.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(US)
	};
	int sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int least = 1;

	if (sink < 0 || setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) < 0 ||
		bind(sink, (struct sockaddr *)&us, sizeof(us)) < 0)
		err(1, "cannot listen on port %d", PORT);
	return sink;
}

// A frame that the kernel threw away earlier would be a cheap one.
static void expect_at(int sink, uint32_t frames)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);

	if (getsockopt(sink, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		err(1, "the socket does not say what came");
	// What it has room for is no drop.
	if (info[SK_MEMINFO_DROPS] < frames - frames / 100)
		errx(1, "%u of %u frames came to the socket", info[SK_MEMINFO_DROPS], frames);
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void lay_out(const uint8_t mac[ETH_ALEN])
{
	memcpy(frame.ethernet.h_dest, mac, ETH_ALEN);
	memcpy(frame.ethernet.h_source, mac, ETH_ALEN);
	frame.ethernet.h_source[ETH_ALEN - 1] ^= 1;
	frame.ethernet.h_proto = htons(ETH_P_IP);
	frame.ip = (struct iphdr){ .version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons((uint16_t)(sizeof(frame) - sizeof(frame.ethernet))),
		.saddr = htonl(MEDIA),
		.daddr = htonl(US) };
	frame.ip.check = checksum(&frame.ip, sizeof(frame.ip));
	// No checksum: a socket that is full does not look at it either.
	frame.udp = (struct udphdr){ .dest = htons(PORT),
		.len = htons((uint16_t)(sizeof(frame.udp) + sizeof(frame.rtp))) };
	frame.rtp[0] = 0x80;
}

static void send_all(void *ctx)
{
	int tap = *(int *)ctx;

	for (uint32_t i = 0; i < FRAMES; i++) {
		frame.udp.source = htons((uint16_t)(16384 + 2 * (i % STREAMS)));
		if (write(tap, &frame, sizeof(frame)) != (ssize_t)sizeof(frame))
			err(1, "the tap takes no more");
	}
}

static void pin(const char *cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(strtoul(cpu, NULL, 10), &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		err(1, "there is no CPU %s", cpu);
}

int main(int argc, char **argv)
{
	uint8_t mac[ETH_ALEN];
	char what[32];
	double ns[BENCH_ROUNDS];

	if (argc > 1)
		pin(argv[1]);
	if (unshare(CLONE_NEWNET) < 0)
		err(1, "cannot make a network of its own (run me as root)");
	int tap = open_tap("bench0", mac);
	int sink = open_sink();

	lay_out(mac);
	send_all(&tap);
	struct bench_span span = bench_begin(sched_getcpu());
	for (int i = 0; i < BENCH_ROUNDS; i++)
		ns[i] = bench_time(send_all, &tap);
	expect_at(sink, FRAMES * (BENCH_ROUNDS + 1));
	double one = bench_median(ns, BENCH_ROUNDS) / FRAMES;
	snprintf(what, sizeof(what), "write/%zu bytes", sizeof(frame));
	bench_print(&(struct bench_line){ .bench = "tap",
		.what = what,
		.unit = "packets/s/core",
		.value = 1e9 / one,
		.cycles = one * bench_hz() / 1e9,
		.baseline = -1,
		.ratio = -1,
		.steal = bench_steal(&span),
		.waited = bench_waited(&span) });
	return 0;
}
