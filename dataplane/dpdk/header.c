// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/header.h"

#include "dataplane/dpdk/ethernet.h"
#include "dataplane/dpdk/sum.h"

#include <assert.h>
#include <string.h>

static_assert(ETH_HEADER + VLAN_TAG + IP4_HEADER + UDP_HEADER <= HEADER_COPY4);
static_assert(ETH_HEADER + VLAN_TAG + IP6_HEADER + UDP_HEADER <= HEADER_COPY6);

// A datagram that is never a fragment needs no identification (RFC 6864, section 4.1).
static void init4(struct header *h, uint8_t *ip, const struct header_from *from)
{
	ip[0] = IP4_FIVE_WORDS;
	ip[IP4_DSCP] = (uint8_t)(from->dscp << 2);
	put16(ip + IP4_FRAGMENT, IP4_DONT_FRAGMENT);
	ip[IP4_TTL] = IP_TTL_SENT;
	ip[IP4_PROTOCOL] = IP_UDP;
	memcpy(ip + IP4_FROM, from->ip->b + IP_V4_AT, 4);
	h->ip_sum = sum_bytes_plain(ip, IP4_HEADER);
	h->udp_sum = sum_word(ip + IP4_FROM) + sum_net16(IP_UDP);
}

static void init6(struct header *h, uint8_t *ip, const struct header_from *from)
{
	put32(ip, 6U << 28 | (uint32_t)from->dscp << 22);
	ip[IP6_NEXT] = IP_UDP;
	ip[IP6_HOPS] = IP_TTL_SENT;
	memcpy(ip + IP6_FROM, from->ip->b, IP_LEN);
	h->udp_sum = sum_16(from->ip->b) + sum_net16(IP_UDP);
}

void header_init(struct header *h, const struct header_from *from)
{
	static const uint8_t nobody[MAC_LEN];
	bool v6 = !ip_is_v4(from->ip->b);
	uint16_t ip_len = v6 ? IP6_HEADER : IP4_HEADER;

	*h = (struct header){ .v6 = v6, .card_sums = from->card_sums };
	h->ip_at = (uint16_t)(ip_len + UDP_HEADER);
	h->len = (uint16_t)(ethernet_size(from->vlan) + h->ip_at);
	h->longest = HEADER_PAYLOAD_MAX;
	if (from->mtu < h->ip_at + HEADER_PAYLOAD_MAX)
		h->longest = from->mtu > h->ip_at ? (uint16_t)(from->mtu - h->ip_at) : 0;

	uint8_t *start = h->b + sizeof(h->b) - h->len;
	struct ethernet e = { nobody, from->mac, from->vlan };
	uint8_t *ip = start + ethernet_write(start, &e, v6 ? ETH_IPV6 : ETH_IPV4, from->dscp);
	if (v6)
		init6(h, ip, from);
	else
		init4(h, ip, from);
}

static uint64_t fill4(const struct header *h, uint8_t *payload, size_t len, const uint8_t *to)
{
	uint8_t *ip = payload - IP4_HEADER - UDP_HEADER;
	uint16_t total = sum_net16((unsigned)(IP4_HEADER + UDP_HEADER + len));
	uint64_t there = sum_word(to + IP_V4_AT);

	memcpy(ip + IP4_TO, to + IP_V4_AT, 4);
	sum_put(ip + IP4_TOTAL, total);
	if (!h->card_sums)
		sum_put(ip + IP4_CHECKSUM, sum_check(h->ip_sum + total + there));
	return there;
}

static uint64_t fill6(uint8_t *payload, size_t len, const uint8_t *to)
{
	uint8_t *ip = payload - IP6_HEADER - UDP_HEADER;

	memcpy(ip + IP6_TO, to, IP_LEN);
	sum_put(ip + IP6_PAYLOAD, sum_net16((unsigned)(UDP_HEADER + len)));
	return sum_16(to);
}

// RFC 768: a checksum that comes out as zero is sent as all ones; zero means none. A card is
// given the sum of what is not in the packet, and adds the rest.
static void fill_udp(uint8_t *udp, size_t len, uint64_t sum, const struct header *h,
	const struct header_to *to, uint64_t payload_sum)
{
	uint16_t size = sum_net16((unsigned)(UDP_HEADER + len));
	uint32_t ports = sum_net16(to->from_port) | (uint32_t)sum_net16(to->to_port) << 16;
	uint16_t check;

	memcpy(udp, &ports, sizeof(ports));
	sum_put(udp + UDP_LEN, size);
	sum += h->udp_sum + size;
	if (h->card_sums) {
		sum_put(udp + UDP_CHECKSUM, sum_fold(sum));
		return;
	}
	if (payload_sum == 0)
		payload_sum = sum_bytes(udp + UDP_HEADER, len);
	check = sum_check(sum + ports + size + payload_sum);
	sum_put(udp + UDP_CHECKSUM, check != 0 ? check : UINT16_MAX);
}

void header_write(const struct header *h, uint8_t *payload, size_t len, const struct header_to *to,
	uint64_t payload_sum)
{
	uint64_t sum;

	if (h->v6) {
		memcpy(payload - HEADER_COPY6, h->b, HEADER_COPY6);
		memcpy(payload - h->len, to->mac, MAC_LEN);
		sum = fill6(payload, len, to->ip);
	} else {
		memcpy(payload - HEADER_COPY4, h->b + HEADER_COPY6 - HEADER_COPY4, HEADER_COPY4);
		memcpy(payload - h->len, to->mac, MAC_LEN);
		sum = fill4(h, payload, len, to->ip);
	}
	fill_udp(payload - UDP_HEADER, len, sum, h, to, payload_sum);
}
