// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/echo.h"

#include "dataplane/dpdk/sum.h"
#include "dataplane/dpdk/wire.h"

#include <string.h>

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t kept[IP_LEN];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

static void reply4(uint8_t *ip, size_t len)
{
	uint8_t *icmp = ip + IP4_HEADER;

	swap(ip + IP4_FROM, ip + IP4_TO, 4);
	ip[IP4_TTL] = IP_TTL_SENT;
	put16(ip + IP4_CHECKSUM, 0);
	sum_put(ip + IP4_CHECKSUM, sum_check(sum_bytes(ip, IP4_HEADER)));
	icmp[0] = ICMP4_ECHO_REPLY;
	put16(icmp + ICMP_CHECKSUM, 0);
	sum_put(icmp + ICMP_CHECKSUM, sum_check(sum_bytes(icmp, len - IP4_HEADER)));
}

static void reply6(uint8_t *ip, size_t len)
{
	uint8_t *icmp = ip + IP6_HEADER;
	size_t room = len - IP6_HEADER;

	swap(ip + IP6_FROM, ip + IP6_TO, IP_LEN);
	ip[IP6_HOPS] = IP_TTL_SENT;
	icmp[0] = ICMP6_ECHO_REPLY;
	put16(icmp + ICMP_CHECKSUM, 0);
	sum_put(icmp + ICMP_CHECKSUM,
		sum_check(sum_16(ip + IP6_FROM) + sum_16(ip + IP6_TO) + sum_net16(IP_ICMP6) +
			  sum_net16((unsigned)room) + sum_bytes(icmp, room)));
}

void echo_reply(uint8_t *data, const struct frame *f, const struct station *s)
{
	uint8_t *ip = data + f->off;

	memcpy(data, data + ETH_SOURCE, MAC_LEN);
	memcpy(data + ETH_SOURCE, s->mac, MAC_LEN);
	if (ip[0] >> 4 == 4)
		reply4(ip, f->len);
	else
		reply6(ip, f->len);
}
