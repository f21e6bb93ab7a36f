// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/station.h"

void station_init(struct station *s, uint16_t port, const uint8_t mac[MAC_LEN])
{
	struct station empty = { .port = port };

	memcpy(empty.mac, mac, MAC_LEN);
	*s = empty;
}

static struct ip_address mask_of(const struct ip_address *ip, unsigned prefix)
{
	struct ip_address mask = { 0 };
	unsigned bits = ip_is_v4(ip->b) ? prefix + IP_V4_BITS : prefix;

	for (unsigned i = 0; i < bits; i++)
		mask.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return mask;
}

static int lan_of(struct station *s, uint16_t vlan)
{
	int lan = station_lan(s, vlan);

	if (lan >= 0 || s->lans == STATION_LANS_MAX)
		return lan;
	s->lan[s->lans] = (struct station_lan){ .vlan = vlan };
	return (int)s->lans++;
}

struct station_address *station_add(struct station *s, const struct ip_address *ip, unsigned prefix,
	uint16_t vlan, uint16_t index)
{
	int lan = lan_of(s, vlan);
	uint32_t at;

	if (lan < 0 || s->addresses == BRIDGE_ADDRESSES_MAX)
		return NULL;

	struct station_address *a = &s->address[s->addresses++];
	*a = (struct station_address){ .ip = *ip,
		.mask = mask_of(ip, prefix),
		.index = index,
		.lan = (uint8_t)lan,
		.state = ip_is_v4(ip->b) ? ADDRESS_VALID : ADDRESS_TENTATIVE };
	s->tentative += a->state == ADDRESS_TENTATIVE;
	at = station_slot(ip->b, (uint32_t)lan);
	while (s->slot[at] != 0)
		at = (at + 1) % STATION_SLOTS;
	s->slot[at] = (uint8_t)s->addresses;
	return a;
}

static bool is_beside(const struct station_address *a, const struct ip_address *ip)
{
	uint64_t high = (ip_half(a->ip.b, 0) ^ ip_half(ip->b, 0)) & ip_half(a->mask.b, 0);
	uint64_t low = (ip_half(a->ip.b, 1) ^ ip_half(ip->b, 1)) & ip_half(a->mask.b, 1);

	return (high | low) == 0;
}

const struct station_address *station_beside(
	const struct station *s, uint32_t lan, const struct ip_address *ip)
{
	for (uint32_t i = 0; i < s->addresses; i++) {
		if (s->address[i].lan == lan && is_beside(&s->address[i], ip))
			return &s->address[i];
	}
	return NULL;
}

const struct station_address *station_asker(
	const struct station *s, uint32_t lan, const struct ip_address *ip)
{
	const struct station_address *any = NULL;

	for (uint32_t i = 0; i < s->addresses; i++) {
		const struct station_address *a = &s->address[i];

		if (a->lan != lan || a->state != ADDRESS_VALID ||
			ip_family(&a->ip) != ip_family(ip))
			continue;
		if (is_beside(a, ip))
			return a;
		any = any != NULL ? any : a;
	}
	return any;
}
