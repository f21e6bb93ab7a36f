// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/nd.h"

#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/sum.h"

#include <string.h>

enum {
	FLAGS = 4,
	TARGET = 8,
	MESSAGE = 24,
	OPTION_UNIT = 8,
	OPTION_SOURCE_MAC = 1,
	OPTION_TARGET_MAC = 2,
	ROUTER = 0x80,
	SOLICITED = 0x40,
	OVERRIDE = 0x20,
	HOPS = 255, // so it was sent on this link: routers take one off
};

static bool is_group(const struct ip_address *ip)
{
	return ip->b[0] == 0xff;
}

struct ip_address nd_solicited_node(const struct ip_address *ip)
{
	struct ip_address group = { .b = { 0xff, 0x02, [11] = 1, [12] = 0xff } };

	memcpy(group.b + 13, ip->b + 13, 3);
	return group;
}

struct ip_address nd_all_nodes(void)
{
	return (struct ip_address){ .b = { 0xff, 0x02, [15] = 1 } };
}

void nd_group_mac(const struct ip_address *group, uint8_t mac[MAC_LEN])
{
	mac[0] = 0x33;
	mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

static bool is_solicited_node(const struct ip_address *to, const struct ip_address *target)
{
	struct ip_address group = nd_solicited_node(target);

	return ip_equal(to, &group);
}

// All options are there in full; the one that says where is read. An option of no length would
// be read for ever.
static bool read_options(struct nd *out, const uint8_t *at, size_t len)
{
	uint8_t wanted = out->advertises ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC;

	while (len > 0) {
		size_t size = len >= 2 ? (size_t)at[1] * OPTION_UNIT : 0;

		if (size == 0 || size > len)
			return false;
		if (at[0] == wanted && size == OPTION_UNIT && arp_is_station(at + 2)) {
			out->has_mac = true;
			memcpy(out->mac, at + 2, MAC_LEN);
		}
		at += size;
		len -= size;
	}
	return true;
}

static bool sum_is_right(const uint8_t *ip, size_t room)
{
	uint64_t pseudo = sum_16(ip + IP6_FROM) + sum_16(ip + IP6_TO) + sum_net16(IP_ICMP6);

	return sum_is_good(pseudo + sum_net16((unsigned)room) + sum_bytes(ip + IP6_HEADER, room));
}

// What RFC 4861 asks of a message beyond its bytes.
static bool is_consistent(const struct nd *nd)
{
	if (is_group(&nd->target))
		return false;
	if (nd->advertises)
		return !ip_is_none(&nd->from) && !(is_group(&nd->to) && nd->solicited);
	return !ip_is_none(&nd->from) || (!nd->has_mac && is_solicited_node(&nd->to, &nd->target));
}

bool nd_read(struct nd *out, const uint8_t *ip, size_t len)
{
	const uint8_t *icmp = ip + IP6_HEADER;

	if (len < IP6_HEADER + MESSAGE || ip[IP6_HOPS] != HOPS || icmp[ICMP_CODE] != 0 ||
		!sum_is_right(ip, len - IP6_HEADER))
		return false;

	struct nd nd = { .from = ip_from_bytes(ip + IP6_FROM),
		.to = ip_from_bytes(ip + IP6_TO),
		.target = ip_from_bytes(icmp + TARGET),
		.advertises = icmp[0] == ICMP6_ADVERTISEMENT };
	if (nd.advertises) {
		nd.router = (icmp[FLAGS] & ROUTER) != 0;
		nd.solicited = (icmp[FLAGS] & SOLICITED) != 0;
		nd.override = (icmp[FLAGS] & OVERRIDE) != 0;
	}
	if (!read_options(&nd, icmp + MESSAGE, len - IP6_HEADER - MESSAGE) || !is_consistent(&nd))
		return false;
	*out = nd;
	return true;
}

static void write_ip(uint8_t *ip, const struct nd *nd, size_t room)
{
	memset(ip, 0, IP6_HEADER);
	ip[0] = 6 << 4;
	put16(ip + IP6_PAYLOAD, (uint32_t)room);
	ip[IP6_NEXT] = IP_ICMP6;
	ip[IP6_HOPS] = HOPS;
	memcpy(ip + IP6_FROM, nd->from.b, IP_LEN);
	memcpy(ip + IP6_TO, nd->to.b, IP_LEN);
}

// Returns its length.
static size_t write_message(uint8_t *icmp, const struct nd *nd)
{
	memset(icmp, 0, MESSAGE);
	icmp[0] = nd->advertises ? ICMP6_ADVERTISEMENT : ICMP6_SOLICITATION;
	icmp[FLAGS] = (uint8_t)((nd->router ? ROUTER : 0) | (nd->solicited ? SOLICITED : 0) |
				(nd->override ? OVERRIDE : 0));
	memcpy(icmp + TARGET, nd->target.b, IP_LEN);
	if (!nd->has_mac)
		return MESSAGE;
	icmp[MESSAGE] = nd->advertises ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC;
	icmp[MESSAGE + 1] = 1;
	memcpy(icmp + MESSAGE + 2, nd->mac, MAC_LEN);
	return MESSAGE + OPTION_UNIT;
}

size_t nd_write(uint8_t *data, const struct nd *nd, const struct ethernet *e)
{
	uint8_t group[MAC_LEN];
	struct ethernet to = *e;

	nd_group_mac(&nd->to, group);
	if (to.to == NULL)
		to.to = group;

	uint8_t *ip = data + ethernet_write(data, &to, ETH_IPV6, /* dscp */ 0);
	uint8_t *icmp = ip + IP6_HEADER;
	size_t room = write_message(icmp, nd);

	write_ip(ip, nd, room);
	uint64_t pseudo = sum_16(ip + IP6_FROM) + sum_16(ip + IP6_TO) + sum_net16(IP_ICMP6) +
			  (uint64_t)sum_net16((unsigned)room);
	sum_put(icmp + ICMP_CHECKSUM, sum_check(pseudo + sum_bytes(icmp, room)));
	return (size_t)(icmp + room - data);
}
