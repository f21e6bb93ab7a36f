// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/frame.h"

#include <assert.h>
#include <string.h>

// Where the fields are, from the start of each header (RFC 894, 791, 768, 792, 826).
enum {
	ETH_TYPE = 12,
	ETH_IPV4 = 0x0800,
	ETH_ARP = 0x0806,

	IP_LEN = 2,
	IP_FRAGMENT = 6,
	IP_TTL = 8,
	IP_PROTOCOL = 9,
	IP_CHECKSUM = 10,
	IP_FROM = 12,
	IP_TO = 16,
	IP_HEADER = 20,
	IP_VERSION_5_WORDS = 0x45,
	IP_DONT_FRAGMENT = 0x4000,
	IP_MORE_OR_OFFSET = 0x3fff,
	IP_TTL_SENT = 64,
	IP_DSCP_EF = 46 << 2, // RFC 3246: voice
	IP_ICMP = 1,
	IP_UDP = 17,

	UDP_TO = 2,
	UDP_LEN = 4,
	UDP_CHECKSUM = 6,
	UDP_HEADER = 8,

	ICMP_CODE = 1,
	ICMP_CHECKSUM = 2,
	ICMP_HEADER = 8,
	ICMP_ECHO = 8,
	ICMP_ECHO_REPLY = 0,

	ARP_PROTOCOL = 2,
	ARP_SIZES = 4,
	ARP_OP = 6,
	ARP_FROM_MAC = 8,
	ARP_FROM = 14,
	ARP_TO_MAC = 18,
	ARP_TO = 24,
	ARP_ETHERNET = 1,
	ARP_SIX_AND_FOUR = 0x0604,
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

// Adds the words of some bytes to a sum. Taken as the machine reads them: the sum does not mind
// the order of bytes as long as it is the same everywhere (RFC 1071, section 2 B).
static uint64_t sum(uint64_t total, const uint8_t *data, size_t len)
{
	for (; len >= 4; data += 4, len -= 4) {
		uint32_t word;

		memcpy(&word, data, sizeof(word));
		total += word;
	}
	if (len > 0) {
		uint8_t rest[4] = { 0 };
		uint32_t word;

		memcpy(rest, data, len);
		memcpy(&word, rest, sizeof(word));
		total += word;
	}
	return total;
}

// The checksum as two bytes in the order in which they go out.
static void fold(uint8_t out[2], uint64_t total)
{
	uint16_t folded;

	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	folded = (uint16_t)~total;
	memcpy(out, &folded, sizeof(folded));
}

static bool sum_is_good(uint64_t total)
{
	uint8_t folded[2];

	fold(folded, total);
	return folded[0] == 0 && folded[1] == 0;
}

// RFC 768: addresses, protocol and length count as well. ip is the header, udp follows it.
static uint64_t udp_sum(const uint8_t *ip, const uint8_t *udp, uint16_t udp_len)
{
	uint8_t pseudo[4] = { 0, IP_UDP };

	put16(pseudo + 2, udp_len);
	return sum(sum(sum(0, ip + IP_FROM, 8), pseudo, sizeof(pseudo)), udp, udp_len);
}

// RFC 1122, section 3.2.1.3: what may never be a source.
static bool may_be_source(uint32_t ip)
{
	uint32_t net = ip >> 24;

	return net != 0 && net != 127 && net < 224;
}

static enum frame_kind read_udp(
	struct frame *out, const uint8_t *data, const uint8_t *ip, uint16_t room)
{
	const uint8_t *udp = ip + IP_HEADER;

	if (room < UDP_HEADER || get16(udp + UDP_LEN) < UDP_HEADER || get16(udp + UDP_LEN) > room)
		return FRAME_BAD_UDP;

	uint16_t len = get16(udp + UDP_LEN);
	if (get16(udp + UDP_CHECKSUM) != 0 && !sum_is_good(udp_sum(ip, udp, len)))
		return FRAME_BAD_CHECKSUM;
	out->from = get32(ip + IP_FROM);
	out->from_port = get16(udp);
	out->to_port = get16(udp + UDP_TO);
	out->off = (uint16_t)(udp + UDP_HEADER - data);
	out->len = (uint16_t)(len - UDP_HEADER);
	return FRAME_UDP;
}

static enum frame_kind read_icmp(const uint8_t *icmp, uint16_t len)
{
	if (len < ICMP_HEADER || icmp[0] != ICMP_ECHO || icmp[ICMP_CODE] != 0)
		return FRAME_NOT_UDP;
	return sum_is_good(sum(0, icmp, len)) ? FRAME_ECHO : FRAME_BAD_CHECKSUM;
}

// The header says what is consistent with itself and with the bytes that are there. Options are
// refused: nobody sends RTP with them, and RFC 7126 has the list of what they are good for.
static bool header_is_sane(const uint8_t *ip, size_t len)
{
	return len >= IP_HEADER && ip[0] == IP_VERSION_5_WORDS && get16(ip + IP_LEN) >= IP_HEADER &&
	       get16(ip + IP_LEN) <= len && (get16(ip + IP_FRAGMENT) & IP_MORE_OR_OFFSET) == 0 &&
	       may_be_source(get32(ip + IP_FROM));
}

static enum frame_kind read_ip(
	struct frame *out, const struct station *s, const uint8_t *data, size_t len)
{
	const uint8_t *ip = data + FRAME_ETHERNET;

	if (!header_is_sane(ip, len - FRAME_ETHERNET))
		return FRAME_BAD_IP;
	if (!sum_is_good(sum(0, ip, IP_HEADER)))
		return FRAME_BAD_CHECKSUM;

	// RFC 1122, section 3.3.6: what came by a link-layer broadcast is not for a host address.
	const struct station_address *ours = station_find(s, get32(ip + IP_TO));
	if (ours == NULL || memcmp(data, s->mac, MAC_LEN) != 0)
		return FRAME_NOT_OURS;

	uint16_t room = (uint16_t)(get16(ip + IP_LEN) - IP_HEADER);
	if (ip[IP_PROTOCOL] == IP_ICMP)
		return read_icmp(ip + IP_HEADER, room);
	if (ip[IP_PROTOCOL] != IP_UDP)
		return FRAME_NOT_UDP;

	struct frame f = { .address = ours->index };
	enum frame_kind kind = read_udp(&f, data, ip, room);
	if (kind == FRAME_UDP)
		*out = f;
	return kind;
}

enum frame_kind frame_read(
	struct frame *out, const struct station *s, const uint8_t *data, size_t len)
{
	if (len < FRAME_ETHERNET)
		return FRAME_NOT_IP;
	if (get16(data + ETH_TYPE) == ETH_ARP)
		return FRAME_ARP;
	if (get16(data + ETH_TYPE) != ETH_IPV4)
		return FRAME_NOT_IP;
	return read_ip(out, s, data, len);
}

// A datagram that is never a fragment needs no identification (RFC 6864, section 4.1).
static void write_ip(uint8_t *ip, const struct frame_udp *udp, size_t len)
{
	memset(ip, 0, IP_HEADER);
	ip[0] = IP_VERSION_5_WORDS;
	ip[1] = IP_DSCP_EF;
	put16(ip + IP_LEN, (uint32_t)(IP_HEADER + UDP_HEADER + len));
	put16(ip + IP_FRAGMENT, IP_DONT_FRAGMENT);
	ip[IP_TTL] = IP_TTL_SENT;
	ip[IP_PROTOCOL] = IP_UDP;
	put32(ip + IP_FROM, udp->from);
	put32(ip + IP_TO, udp->to);
	fold(ip + IP_CHECKSUM, sum(0, ip, IP_HEADER));
}

void frame_write(uint8_t *payload, size_t len, const struct frame_udp *udp)
{
	uint8_t *u = payload - UDP_HEADER;
	uint8_t *ip = u - IP_HEADER;
	uint8_t *eth = ip - FRAME_ETHERNET;

	assert(len <= FRAME_PAYLOAD_MAX);
	memcpy(eth, udp->to_mac, MAC_LEN);
	memcpy(eth + MAC_LEN, udp->from_mac, MAC_LEN);
	put16(eth + ETH_TYPE, ETH_IPV4);
	write_ip(ip, udp, len);
	put16(u, udp->from_port);
	put16(u + UDP_TO, udp->to_port);
	put16(u + UDP_LEN, (uint32_t)(UDP_HEADER + len));
	put16(u + UDP_CHECKSUM, 0);
	fold(u + UDP_CHECKSUM, udp_sum(ip, u, (uint16_t)(UDP_HEADER + len)));
	// RFC 768: a checksum that comes out as zero is sent as all ones; zero means none.
	if (get16(u + UDP_CHECKSUM) == 0)
		put16(u + UDP_CHECKSUM, 0xffff);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t kept[MAC_LEN];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

void frame_echo_reply(uint8_t *data, const struct station *s)
{
	uint8_t *ip = data + FRAME_ETHERNET;
	uint8_t *icmp = ip + IP_HEADER;

	memcpy(data, data + MAC_LEN, MAC_LEN);
	memcpy(data + MAC_LEN, s->mac, MAC_LEN);
	swap(ip + IP_FROM, ip + IP_TO, 4);
	ip[IP_TTL] = IP_TTL_SENT;
	put16(ip + IP_CHECKSUM, 0);
	fold(ip + IP_CHECKSUM, sum(0, ip, IP_HEADER));
	icmp[0] = ICMP_ECHO_REPLY;
	put16(icmp + ICMP_CHECKSUM, 0);
	fold(icmp + ICMP_CHECKSUM, sum(0, icmp, (size_t)get16(ip + IP_LEN) - IP_HEADER));
}

// RFC 1812, section 3.3.2: a group's address is no station's.
static bool is_station(const uint8_t *mac)
{
	static const uint8_t nobody[MAC_LEN];

	return (mac[0] & 1) == 0 && memcmp(mac, nobody, MAC_LEN) != 0;
}

bool arp_read(struct arp *out, const uint8_t *data, size_t len)
{
	const uint8_t *arp = data + FRAME_ETHERNET;

	if (len < FRAME_ARP_LEN || get16(arp) != ARP_ETHERNET ||
		get16(arp + ARP_PROTOCOL) != ETH_IPV4 ||
		get16(arp + ARP_SIZES) != ARP_SIX_AND_FOUR || !is_station(arp + ARP_FROM_MAC))
		return false;
	out->op = get16(arp + ARP_OP);
	memcpy(out->from_mac, arp + ARP_FROM_MAC, MAC_LEN);
	out->from = get32(arp + ARP_FROM);
	out->to = get32(arp + ARP_TO);
	return true;
}

void arp_write(uint8_t *data, const struct arp *arp, const uint8_t *to_mac)
{
	uint8_t *a = data + FRAME_ETHERNET;

	memset(data, 0, FRAME_ARP_LEN);
	memset(data, 0xff, MAC_LEN);
	memcpy(data + MAC_LEN, arp->from_mac, MAC_LEN);
	put16(data + ETH_TYPE, ETH_ARP);
	put16(a, ARP_ETHERNET);
	put16(a + ARP_PROTOCOL, ETH_IPV4);
	put16(a + ARP_SIZES, ARP_SIX_AND_FOUR);
	put16(a + ARP_OP, arp->op);
	memcpy(a + ARP_FROM_MAC, arp->from_mac, MAC_LEN);
	put32(a + ARP_FROM, arp->from);
	put32(a + ARP_TO, arp->to);
	if (to_mac != NULL) {
		memcpy(data, to_mac, MAC_LEN);
		memcpy(a + ARP_TO_MAC, to_mac, MAC_LEN);
	}
}
