// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/arp.h"

#include <string.h>

enum {
	PROTOCOL = 2,
	SIZES = 4,
	OP = 6,
	FROM_MAC = 8,
	FROM = 14,
	TO_MAC = 18,
	TO = 24,
	ETHERNET = 1,
	SIX_AND_FOUR = 0x0604,
};

bool arp_is_station(const uint8_t mac[MAC_LEN])
{
	static const uint8_t nobody[MAC_LEN];

	return (mac[0] & 1) == 0 && memcmp(mac, nobody, MAC_LEN) != 0;
}

bool arp_read(struct arp *out, const uint8_t *data, size_t len)
{
	if (len < ARP_LEN || get16(data) != ETHERNET || get16(data + PROTOCOL) != ETH_IPV4 ||
		get16(data + SIZES) != SIX_AND_FOUR || !arp_is_station(data + FROM_MAC))
		return false;
	out->op = get16(data + OP);
	memcpy(out->from_mac, data + FROM_MAC, MAC_LEN);
	out->from = get32(data + FROM);
	out->to = get32(data + TO);
	return true;
}

size_t arp_write(uint8_t *data, const struct arp *arp, const uint8_t *to_mac, uint16_t vlan)
{
	static const uint8_t everybody[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ethernet e = { to_mac != NULL ? to_mac : everybody, arp->from_mac, vlan };
	size_t off = ethernet_write(data, &e, ETH_ARP, /* dscp */ 0);
	uint8_t *a = data + off;

	memset(a, 0, ARP_LEN);
	put16(a, ETHERNET);
	put16(a + PROTOCOL, ETH_IPV4);
	put16(a + SIZES, SIX_AND_FOUR);
	put16(a + OP, arp->op);
	memcpy(a + FROM_MAC, arp->from_mac, MAC_LEN);
	put32(a + FROM, arp->from);
	put32(a + TO, arp->to);
	if (to_mac != NULL)
		memcpy(a + TO_MAC, to_mac, MAC_LEN);
	return off + ARP_LEN;
}
