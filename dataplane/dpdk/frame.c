// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/frame.h"

#include "dataplane/dpdk/frame_read.h"
#include "dataplane/dpdk/sum.h"
#include "dataplane/dpdk/wire.h"

#include <string.h>

// Ethernet, IPv4 and UDP; and how the first two go together, as the machine reads it.
enum { COMMON_HEADERS = ETH_HEADER + IP4_HEADER + UDP_HEADER, COMMON_START = 0x450008 };

enum frame_kind frame_read_udp(struct frame *out, const struct reading *r, const uint8_t *udp,
	uint16_t room, uint64_t pseudo)
{
	if (room < UDP_HEADER || get16(udp + UDP_LEN) < UDP_HEADER || get16(udp + UDP_LEN) > room)
		return FRAME_BAD_UDP;

	uint16_t len = get16(udp + UDP_LEN);
	bool none = get16(udp + UDP_CHECKSUM) == 0;
	if (none && (r->ip[0] >> 4) == 6)
		return FRAME_BAD_CHECKSUM; // RFC 8200, section 8.1
	pseudo += sum_net16(IP_UDP) + (uint64_t)sum_net16(len);
	if (!none && (r->trust & FRAME_TRUST_UDP) == 0 &&
		!sum_is_good(pseudo + sum_bytes(udp, len)))
		return FRAME_BAD_CHECKSUM;
	out->from_port = get16(udp);
	out->to_port = get16(udp + UDP_TO);
	out->off = (uint16_t)(udp + UDP_HEADER - r->data);
	out->len = (uint16_t)(len - UDP_HEADER);
	return FRAME_UDP;
}

static enum frame_kind read_icmp(struct frame *out, const struct reading *r, uint16_t len)
{
	const uint8_t *icmp = r->ip + IP4_HEADER;

	if (len < ICMP_HEADER || icmp[0] != ICMP4_ECHO || icmp[ICMP_CODE] != 0)
		return FRAME_NOT_UDP;
	if (!sum_is_good(sum_bytes(icmp, len)))
		return FRAME_BAD_CHECKSUM;
	out->lan = r->lan;
	out->off = (uint16_t)(r->ip - r->data);
	out->len = (uint16_t)(IP4_HEADER + len);
	return FRAME_ECHO;
}

// RFC 1122, section 3.2.1.3: what may never be a source.
static bool may_be_source(uint32_t ip)
{
	uint32_t net = ip >> 24;

	return net != 0 && net != 127 && net < 224;
}

// The header says what is consistent with itself and with the bytes that are there. Options are
// refused: nobody sends RTP with them, and RFC 7126 has the list of what they are good for.
static bool header_is_sane(const uint8_t *ip, size_t len)
{
	return len >= IP4_HEADER && ip[0] == IP4_FIVE_WORDS &&
	       get16(ip + IP4_TOTAL) >= IP4_HEADER && get16(ip + IP4_TOTAL) <= len &&
	       may_be_source(get32(ip + IP4_FROM));
}

static uint64_t sum_header(const uint8_t *ip)
{
	return sum_16(ip) + sum_word(ip + 16);
}

enum frame_kind frame_read_ip4(struct frame *out, const struct reading *r)
{
	const uint8_t *ip = r->ip;

	if (!header_is_sane(ip, r->len))
		return FRAME_BAD_IP;
	if ((r->trust & FRAME_TRUST_IP) == 0 && !sum_is_good(sum_header(ip)))
		return FRAME_BAD_CHECKSUM;

	// RFC 1122, section 3.3.6: what came by a link-layer broadcast is not for a host address.
	struct ip_address to = ip_from_wire4(ip + IP4_TO);
	const struct station_address *ours = station_find(r->station, r->lan, &to);
	if (ours == NULL || !mac_same(r->data, r->station->mac))
		return FRAME_NOT_OURS;
	if ((get16(ip + IP4_FRAGMENT) & IP4_MORE_OR_OFFSET) != 0)
		return FRAME_FRAGMENT;

	uint16_t room = (uint16_t)(get16(ip + IP4_TOTAL) - IP4_HEADER);
	if (ip[IP4_PROTOCOL] == IP_ICMP)
		return read_icmp(out, r, room);
	if (ip[IP4_PROTOCOL] != IP_UDP)
		return FRAME_NOT_UDP;

	struct frame f = {
		.from = ip_from_wire4(ip + IP4_FROM), .address = ours->index, .lan = r->lan
	};
	enum frame_kind kind = frame_read_udp(
		&f, r, ip + IP4_HEADER, room, sum_word(ip + IP4_FROM) + sum_word(ip + IP4_TO));
	if (kind == FRAME_UDP)
		*out = f;
	return kind;
}

static enum frame_kind leave(struct frame *out, const struct reading *r, enum frame_kind kind)
{
	out->lan = r->lan;
	out->off = (uint16_t)(r->ip - r->data);
	out->len = (uint16_t)r->len;
	return kind;
}

// A tag with the number 0 gives a priority, and no VLAN (IEEE 802.1Q, 9.6).
static int read_vlan(const struct station *s, const uint8_t **type, const uint8_t *end)
{
	uint16_t vlan = VLAN_NONE;

	if (get16(*type) == ETH_VLAN && end - *type >= 2 + VLAN_TAG) {
		vlan = get16(*type + 2) & VLAN_ID;
		*type += VLAN_TAG;
	}
	return station_lan(s, vlan);
}

// UDP over IPv4 without a tag, which is nearly all there is: by places that are known, its checks in
// one row. What is anything else, or wrong in any way, is for those who have names for it.
static bool read_common(
	struct frame *out, const struct station *s, const uint8_t *data, size_t len, unsigned trust)
{
	const uint8_t *ip = data + ETH_HEADER, *udp = ip + IP4_HEADER;

	if (len < COMMON_HEADERS || (sum_word(data + ETH_TYPE) & 0xffffff) != COMMON_START)
		return false;

	uint32_t total = get16(ip + IP4_TOTAL), size = get16(udp + UDP_LEN);
	struct ip_address to = ip_from_wire4(ip + IP4_TO);
	int lan = station_lan(s, VLAN_NONE);
	const struct station_address *ours = lan < 0 ? NULL : station_find(s, (uint32_t)lan, &to);

	if (total > len - ETH_HEADER || size < UDP_HEADER || size + IP4_HEADER != total ||
		(get16(ip + IP4_FRAGMENT) & IP4_MORE_OR_OFFSET) != 0 ||
		ip[IP4_PROTOCOL] != IP_UDP || !may_be_source(get32(ip + IP4_FROM)) ||
		!mac_same(data, s->mac) || ours == NULL)
		return false;
	if ((trust & FRAME_TRUST_IP) == 0 && !sum_is_good(sum_header(ip)))
		return false;
	if ((trust & FRAME_TRUST_UDP) == 0 && get16(udp + UDP_CHECKSUM) != 0 &&
		!sum_is_good(sum_bytes(udp, size) + sum_word(ip + IP4_FROM) +
			     sum_word(ip + IP4_TO) + sum_net16(IP_UDP) + sum_net16(size)))
		return false;
	out->from = ip_from_wire4(ip + IP4_FROM);
	out->from_port = get16(udp);
	out->to_port = get16(udp + UDP_TO);
	out->address = ours->index;
	out->lan = (uint16_t)lan;
	out->off = COMMON_HEADERS;
	out->len = (uint16_t)(size - UDP_HEADER);
	return true;
}

enum frame_kind frame_read(
	struct frame *out, const struct station *s, const uint8_t *data, size_t len, unsigned trust)
{
	const uint8_t *type = data + ETH_TYPE;

	if (len < ETH_HEADER || len > UINT16_MAX)
		return FRAME_NOT_IP;
	if (read_common(out, s, data, len, trust))
		return FRAME_UDP;

	int lan = read_vlan(s, &type, data + len);
	if (lan < 0)
		return type > data + ETH_TYPE ? FRAME_OTHER_VLAN : FRAME_NOT_OURS;

	struct reading r = { .station = s,
		.data = data,
		.ip = type + 2,
		.len = (size_t)(data + len - (type + 2)),
		.lan = (uint16_t)lan,
		.trust = trust };
	switch (get16(type)) {
	case ETH_ARP:
		return leave(out, &r, FRAME_ARP);
	case ETH_IPV4:
		return frame_read_ip4(out, &r);
	case ETH_IPV6:
		return frame_read_ip6(out, &r);
	default:
		return FRAME_NOT_IP;
	}
}
