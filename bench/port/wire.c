// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/wire.h"

#include <err.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void ip(const char *const argv[])
{
	pid_t pid;
	int status;
	char *words[16] = { NULL };

	for (int i = 0; argv[i] != NULL; i++)
		words[i] = strdup(argv[i]);
	if (posix_spawnp(&pid, "ip", NULL, NULL, words, environ) != 0 ||
		waitpid(pid, &status, 0) < 0 || status != 0)
		errx(1, "ip %s %s ... failed", argv[1], argv[2]);
}

void wire_unshare(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		err(1, "cannot make a network of its own (run me as root)");
	// Nothing but what we count shall be on the wires.
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		warn("IPv6 stays on");
	close(fd);
}

void wire_up(const char *name, const char *address)
{
	ip((const char *const[]){ "ip", "address", "add", address, "dev", name, NULL });
	ip((const char *const[]){ "ip", "link", "set", name, "up", NULL });
}

void wire_pair(const char *near, const char *far, const char *address)
{
	ip((const char *const[]){
		"ip", "link", "add", near, "type", "veth", "peer", "name", far, NULL });
	ip((const char *const[]){ "ip", "link", "set", near, "up", NULL });
	wire_up(far, address);
}

struct wire_count wire_count(const char *name)
{
	struct wire_count count = { .packets = 0 };
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		err(1, "the kernel does not count");
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		struct sockaddr_ll at;
		struct rtnl_link_stats stats;

		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_PACKET ||
			strcmp(i->ifa_name, name) != 0)
			continue;
		memcpy(&at, i->ifa_addr, sizeof(at));
		memcpy(&stats, i->ifa_data, sizeof(stats));
		memcpy(count.mac, at.sll_addr, sizeof(count.mac));
		count.packets = stats.rx_packets;
	}
	freeifaddrs(all);
	return count;
}
