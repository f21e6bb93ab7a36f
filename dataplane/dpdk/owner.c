// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/owner.h"

#include "dataplane/ip.h"

#include <string.h>

// Where the fields are (RFC 894, IEEE 802.1Q, RFC 791, 8200, 4861).
enum {
	ETH_TYPE = 12,
	ETH_LEN = 14,
	TAG_LEN = 4,
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_IPV6 = 0x86dd,
	TYPE_TAG = 0x8100,
	IPV4_TO = 16,
	IPV4_LEN = 20,
	IPV6_NEXT = 6,
	IPV6_TO = 24,
	IPV6_LEN = 40,
	NEXT_ICMP = 58,
	ROUTER_SOLICITATION = 133,
	REDIRECT = 137, // the last of neighbour discovery
	GROUP = 0xff,
};

static uint32_t first_place(const uint8_t ip[16])
{
	return ip_hash(ip, 0) % OWNERS_SIZE;
}

void owners_init(struct owners *o, const struct bridge_plan *plan)
{
	for (uint32_t i = 0; i < OWNERS_SIZE; i++)
		o->place[i].worker = OWNER_NONE;
	for (uint32_t i = 0; i < plan->addresses; i++) {
		const struct bridge_address *a = &plan->address[i];
		uint32_t at = first_place(a->ip);

		while (o->place[at].worker != OWNER_NONE)
			at = (at + 1) % OWNERS_SIZE;
		memcpy(o->place[at].ip, a->ip, sizeof(a->ip));
		o->place[at].worker = a->worker;
	}
}

static int find(const struct owners *o, const uint8_t ip[16])
{
	uint32_t at = first_place(ip);

	while (o->place[at].worker != OWNER_NONE && !ip_same(o->place[at].ip, ip))
		at = (at + 1) % OWNERS_SIZE;
	return o->place[at].worker;
}

static int owner_of_ipv6(const struct owners *o, const uint8_t *ip, size_t len)
{
	if (len < IPV6_LEN)
		return OWNER_NONE;
	if (ip[IPV6_TO] != GROUP)
		return find(o, ip + IPV6_TO);
	return ip[IPV6_NEXT] == NEXT_ICMP && len > IPV6_LEN &&
			       ip[IPV6_LEN] >= ROUTER_SOLICITATION && ip[IPV6_LEN] <= REDIRECT
		       ? OWNER_ALL
		       : OWNER_NONE;
}

int owner_of(const struct owners *o, const uint8_t *data, size_t len)
{
	size_t at = ETH_LEN;

	if (len < ETH_LEN + TAG_LEN)
		return OWNER_NONE;

	uint32_t type = (uint32_t)data[ETH_TYPE] << 8 | data[ETH_TYPE + 1];
	if (type == TYPE_TAG) {
		type = (uint32_t)data[ETH_TYPE + TAG_LEN] << 8 | data[ETH_TYPE + TAG_LEN + 1];
		at += TAG_LEN;
	}
	if (type == TYPE_ARP)
		return OWNER_ALL;
	if (type == TYPE_IPV6)
		return owner_of_ipv6(o, data + at, len - at);
	if (type != TYPE_IPV4 || len < at + IPV4_LEN)
		return OWNER_NONE;
	return find(o, ip_from_wire4(data + at + IPV4_TO).b);
}
