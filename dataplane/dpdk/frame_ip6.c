// SPDX-License-Identifier: BSD-3-Clause
//
// IPv6 as it comes in: UDP and echo requests for our addresses, neighbour discovery, and names
// for all the rest. Extension headers are not walked: nobody sends RTP behind one, and a walk is
// what they are misused for (RFC 9288).
#include "dataplane/dpdk/frame_read.h"
#include "dataplane/dpdk/sum.h"
#include "dataplane/dpdk/wire.h"

#include <string.h>

// RFC 4291, 2.5 and 2.7. Addresses with IPv4 in them are no addresses on the wire; taken for
// some they would be mistaken for those of IPv4, which we write so.
static bool is_on_the_wire(const uint8_t *ip)
{
	return ip_half(ip, 0) != 0 || (get32(ip + 8) != 0 && get32(ip + 8) != 0xffff);
}

// Neighbour discovery alone speaks before it has an address.
static bool may_be_source(const uint8_t *from, bool nd)
{
	bool unspecified = (ip_half(from, 0) | ip_half(from, 1)) == 0;

	return from[0] != 0xff && (unspecified ? nd : is_on_the_wire(from));
}

static bool is_nd(const uint8_t *ip, uint16_t room)
{
	const uint8_t *icmp = ip + IP6_HEADER;

	return ip[IP6_NEXT] == IP_ICMP6 && room >= ICMP_HEADER &&
	       (icmp[0] == ICMP6_SOLICITATION || icmp[0] == ICMP6_ADVERTISEMENT);
}

// A frame to a group of ours, or to us.
static bool is_for_our_mac(const struct reading *r)
{
	if (r->ip[IP6_TO] == 0xff)
		return r->data[0] == 0x33 && r->data[1] == 0x33; // RFC 2464, section 7
	return mac_same(r->data, r->station->mac);
}

static uint64_t sum_addresses(const uint8_t *ip)
{
	return sum_16(ip + IP6_FROM) + sum_16(ip + IP6_TO);
}

static enum frame_kind leave(
	struct frame *out, const struct reading *r, uint16_t room, enum frame_kind kind)
{
	out->lan = r->lan;
	out->off = (uint16_t)(r->ip - r->data);
	out->len = (uint16_t)(IP6_HEADER + room);
	return kind;
}

static enum frame_kind read_icmp(struct frame *out, const struct reading *r, uint16_t room)
{
	const uint8_t *icmp = r->ip + IP6_HEADER;
	uint64_t pseudo = sum_addresses(r->ip) + sum_net16(IP_ICMP6) + (uint64_t)sum_net16(room);

	if (room < ICMP_HEADER || icmp[0] != ICMP6_ECHO || icmp[ICMP_CODE] != 0)
		return FRAME_NOT_UDP;
	if (!sum_is_good(pseudo + sum_bytes(icmp, room)))
		return FRAME_BAD_CHECKSUM;
	return leave(out, r, room, FRAME_ECHO);
}

static enum frame_kind read_ours(
	struct frame *out, const struct reading *r, uint16_t room, uint16_t address)
{
	struct frame f = {
		.from = ip_from_bytes(r->ip + IP6_FROM), .address = address, .lan = r->lan
	};
	enum frame_kind kind;

	switch (r->ip[IP6_NEXT]) {
	case IP_UDP:
		kind = frame_read_udp(&f, r, r->ip + IP6_HEADER, room, sum_addresses(r->ip));
		if (kind == FRAME_UDP)
			*out = f;
		return kind;
	case IP_ICMP6:
		return read_icmp(out, r, room);
	case IP6_FRAGMENT:
		return FRAME_FRAGMENT;
	case IP6_HOP_OPTIONS:
	case IP6_ROUTING:
	case IP6_DESTINATION_OPTIONS:
		return FRAME_EXTENSION;
	default:
		return FRAME_NOT_UDP;
	}
}

// A payload of zero is a jumbogram (RFC 2675), or nothing.
static bool header_is_sane(const uint8_t *ip, size_t len)
{
	return len >= IP6_HEADER && ip[0] >> 4 == 6 && get16(ip + IP6_PAYLOAD) > 0 &&
	       get16(ip + IP6_PAYLOAD) <= len - IP6_HEADER;
}

enum frame_kind frame_read_ip6(struct frame *out, const struct reading *r)
{
	const uint8_t *ip = r->ip;

	if (!header_is_sane(ip, r->len))
		return FRAME_BAD_IP;

	uint16_t room = get16(ip + IP6_PAYLOAD);
	bool nd = is_nd(ip, room);
	if (!may_be_source(ip + IP6_FROM, nd) || !is_on_the_wire(ip + IP6_TO))
		return FRAME_BAD_IP;
	if (!is_for_our_mac(r))
		return FRAME_NOT_OURS;

	struct ip_address to = ip_from_bytes(ip + IP6_TO);
	const struct station_address *ours = station_find(r->station, r->lan, &to);
	if (nd && (ours != NULL || to.b[0] == 0xff))
		return leave(out, r, room, FRAME_ND);
	if (ours == NULL || ours->state != ADDRESS_VALID)
		return FRAME_NOT_OURS; // RFC 4862, 5.4: what is tentative is not ours yet
	return read_ours(out, r, room, ours->index);
}
