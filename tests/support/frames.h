// SPDX-License-Identifier: BSD-3-Clause
//
// Frames for tests, built and summed the slow way: no line is shared with the code under test.
#pragma once

#include "dataplane/dpdk/station.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { IP4_AT = 14, UDP4_AT = 34, PAYLOAD4_AT = 42, ICMP6_AT = 54, UDP6_AT = 54, PAYLOAD6_AT = 62 };

static const uint8_t our_mac[MAC_LEN] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t their_mac[MAC_LEN] = { 2, 0, 0, 0, 0, 0x77 };

static inline struct ip_address ip(const char *text)
{
	struct ip_address a = { .b = { [10] = 0xff, [11] = 0xff } };

	if (inet_pton(AF_INET, text, a.b + 12) != 1)
		(void)inet_pton(AF_INET6, text, a.b);
	return a;
}

// An address of ours that is valid at once.
static inline void have(
	struct station *s, const char *text, unsigned prefix, uint16_t vlan, uint16_t index)
{
	struct ip_address a = ip(text);
	struct station_address *sa = station_add(s, &a, prefix, vlan, index);

	if (sa->state == ADDRESS_TENTATIVE) {
		sa->state = ADDRESS_VALID;
		s->tentative--;
	}
}

// 10.99.0.2 and 2001:db8::2, both untagged; 10.77.0.2 on VLAN 100, 2001:db8:77::2 on VLAN 101.
static inline struct station frames_station(void)
{
	struct station s = { .port = 0 };

	memcpy(s.mac, our_mac, MAC_LEN);
	have(&s, "10.99.0.2", 24, 0, 7);
	have(&s, "10.99.0.9", 24, 0, 4);
	have(&s, "2001:db8::2", 64, 0, 5);
	have(&s, "10.77.0.2", 24, 100, 8);
	have(&s, "2001:db8:77::2", 64, 101, 9);
	s.lan[0].gateway[FAMILY_V4] = ip("10.99.0.1");
	s.lan[0].gateway[FAMILY_V6] = ip("fe80::1");
	return s;
}

// The ones' complement sum of big-endian words, the slow way of RFC 1071.
static inline uint16_t slow_sum(const uint8_t *data, size_t len, uint32_t total)
{
	for (size_t i = 0; i < len; i++)
		total += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	while (total >> 16 != 0)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

static inline void slow_put(uint8_t *at, uint16_t sum)
{
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

// The checksum of an IPv4 header, anew.
static inline void mend_ip4(uint8_t *ip4)
{
	ip4[10] = 0;
	ip4[11] = 0;
	slow_put(ip4 + 10, slow_sum(ip4, 20, 0));
}

// The checksum of UDP or ICMPv6 behind an IPv6 header, anew; it is at this place of it.
static inline void mend_ip6(uint8_t *ip6, size_t at)
{
	size_t room = (size_t)(ip6[4] << 8 | ip6[5]);
	uint16_t pseudo = slow_sum(ip6 + 8, 32, (uint32_t)room + ip6[6]);

	ip6[40 + at] = 0;
	ip6[41 + at] = 0;
	slow_put(ip6 + 40 + at, slow_sum(ip6 + 40, room, pseudo));
}

// Ethernet and IPv6 from their link-local or global address; returns where what follows begins.
static inline uint8_t *frames_ip6(
	uint8_t *frame, const char *from, const char *to, uint8_t next, size_t room)
{
	static const uint8_t start[8] = { 0x60, 0, 0, 0, 0, 0, 0, 64 };
	struct ip_address a = ip(from);
	struct ip_address b = ip(to);

	memcpy(frame, our_mac, 6);
	if (b.b[0] == 0xff)
		memcpy(frame, (uint8_t[]){ 0x33, 0x33, b.b[12], b.b[13], b.b[14], b.b[15] }, 6);
	memcpy(frame + 6, their_mac, 6);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	memcpy(frame + 14, start, sizeof(start));
	frame[18] = (uint8_t)(room >> 8);
	frame[19] = (uint8_t)room;
	frame[20] = next;
	memcpy(frame + 22, a.b, 16);
	memcpy(frame + 38, b.b, 16);
	return frame + 54;
}

// A datagram of some bytes over IPv6, from port 5000 to 16384. Returns the frame's length.
static inline size_t frames_udp6(uint8_t *frame, const char *from, const char *to, size_t len)
{
	uint8_t *udp = frames_ip6(frame, from, to, 17, 8 + len);

	memcpy(udp,
		(uint8_t[]){ 0x13, 0x88, 0x40, 0, (uint8_t)((8 + len) >> 8), (uint8_t)(8 + len) },
		6);
	for (size_t i = 0; i < len; i++)
		udp[8 + i] = (uint8_t)(i * 7 + 1);
	mend_ip6(frame + 14, 6);
	return 62 + len;
}

// A question (135) or answer (136) with flags, and an option when mac is not NULL.
static inline size_t frames_nd(uint8_t *frame, const char *from, const char *to, uint8_t type,
	uint8_t flags, const char *target, const uint8_t *mac)
{
	uint8_t *icmp = frames_ip6(frame, from, to, 58, mac != NULL ? 32 : 24);
	struct ip_address t = ip(target);

	memset(icmp, 0, 32);
	icmp[0] = type;
	icmp[4] = flags;
	memcpy(icmp + 8, t.b, 16);
	if (mac != NULL) {
		icmp[24] = type == 135 ? 1 : 2;
		icmp[25] = 1;
		memcpy(icmp + 26, mac, 6);
	}
	frame[14 + 7] = 255;
	mend_ip6(frame + 14, 2);
	return mac != NULL ? 86 : 78;
}

// Puts a tag into a frame. Returns its new length.
static inline size_t frames_tag(uint8_t *frame, size_t len, uint16_t tci)
{
	memmove(frame + 16, frame + 12, len - 12);
	frame[12] = 0x81;
	frame[13] = 0;
	frame[14] = (uint8_t)(tci >> 8);
	frame[15] = (uint8_t)tci;
	return len + 4;
}
