// SPDX-License-Identifier: BSD-3-Clause
//
// What callers send, as frames: good ones, and ones that strangers or bad lines would make.
#include "bench/port/crowd.h"
#include "bench/port/world.h"

#include <arpa/inet.h>
#include <string.h>

enum { ETH = 14, IP = 20, UDP = 8, RTP = 12, PAYLOAD_AT = ETH + IP + UDP, DF = 0x4000 };

static void store16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store32(uint8_t *p, uint32_t v)
{
	store16(p, v >> 16);
	store16(p + 2, v & 0xffff);
}

static uint32_t words(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return len % 2 == 1 ? sum + ((uint32_t)p[len - 1] << 8) : sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// RFC 768: 0 would mean that there is none.
static void put_udp_sum(const uint8_t *ip, uint8_t *udp, uint32_t len)
{
	uint16_t sum;

	store16(udp + 6, 0);
	sum = folded(words(words(17 + len, ip + 12, 8), udp, len));
	store16(udp + 6, sum != 0 ? sum : 0xffff);
}

// Headers round a payload of len bytes that is there already.
static uint32_t wrap(
	const struct crowd *far, uint32_t flow, uint8_t *frame, uint32_t len, bool rtcp)
{
	static const uint8_t gateway[6] = { 2, 0, 0, 0, 0, 0x77 };
	uint8_t *ip = frame + ETH, *udp = ip + IP;

	memcpy(frame, far->mac, 6);
	memcpy(frame + 6, gateway, 6);
	store16(frame + 12, 0x0800);
	memset(ip, 0, IP + UDP);
	ip[0] = 0x45;
	store16(ip + 2, IP + UDP + len);
	store16(ip + 6, DF);
	ip[8] = 60;
	ip[9] = 17;
	store32(ip + 12, world_caller_ip(flow));
	store32(ip + 16, world_our_ip(far->n, flow));
	store16(ip + 10, folded(words(0, ip, IP)));
	store16(udp, world_caller_port(flow) + (uint32_t)rtcp);
	store16(udp + 2, world_our_port(flow) + (uint32_t)rtcp);
	store16(udp + 4, UDP + len);
	put_udp_sum(ip, udp, UDP + len);
	return ETH + IP + UDP + len;
}

uint32_t crowd_write(struct crowd *far, uint32_t flow, uint8_t *frame)
{
	struct crowd_flow *f = &far->flow[flow];
	uint8_t *rtp = frame + PAYLOAD_AT;
	uint32_t n = f->sent++;

	store16(rtp, 0x8000);
	store16(rtp + 2, n & 0xffff);
	store32(rtp + 4, n * 160U);
	store32(rtp + 8, flow + 1000);
	memcpy(rtp + RTP, far->audio + crowd_speech_at(flow, n), WORLD_FRAME);
	return wrap(far, flow, frame, RTP + WORLD_FRAME, /* rtcp */ false);
}

// SR with one block, and SDES (RFC 3550, 6.4.1 and 6.5).
uint32_t crowd_write_report(struct crowd *far, uint32_t flow, uint8_t *frame)
{
	struct crowd_flow *f = &far->flow[flow];
	uint8_t *r = frame + PAYLOAD_AT;

	memset(r, 0, 72);
	store32(r, 0x81c8000c);
	store32(r + 4, flow + 1000);
	store32(r + 8, 0xe0000000 + f->sent);
	store32(r + 16, f->sent * 160U);
	store32(r + 20, f->sent);
	store32(r + 24, f->sent * 160U);
	store32(r + 28, f->ssrc);
	store32(r + 36, f->seq);
	store32(r + 40, 3);
	store32(r + 52, 0x81ca0004);
	store32(r + 56, flow + 1000);
	static const uint8_t cname[10] = { 1, 8, 'c', 'a', 'l', 'l', 'e', 'r', '-', '1' };
	memcpy(r + 60, cname, sizeof(cname));
	f->sent++;
	return wrap(far, flow, frame, 72, /* rtcp */ true);
}

static void resum(uint8_t *frame)
{
	uint8_t *ip = frame + ETH, *udp = ip + IP;
	uint32_t len = (uint32_t)(udp[4] << 8 | udp[5]);

	store16(ip + 10, 0);
	store16(ip + 10, folded(words(0, ip, IP)));
	put_udp_sum(ip, udp, len);
}

static void cut(uint8_t *frame, uint32_t *len, uint32_t payload)
{
	uint8_t *ip = frame + ETH, *udp = ip + IP;

	store16(ip + 2, IP + UDP + payload);
	store16(udp + 4, UDP + payload);
	*len = PAYLOAD_AT + payload;
}

// Only one of these has a bad checksum.
void crowd_spoil(enum crowd_spoilt how, uint8_t *frame, uint32_t *len, uint32_t luck)
{
	uint8_t *ip = frame + ETH, *udp = ip + IP, *rtp = udp + UDP;

	switch (how) {
	case CROWD_SPOILT_rx_bad_source:
		store32(ip + 12, 0xc0000200 + (luck & 0xff)); // RFC 5737
		break;
	case CROWD_SPOILT_rx_bad_version:
		rtp[0] = 0x40;
		break;
	case CROWD_SPOILT_rx_bad_pt:
		rtp[1] = 77;
		break;
	case CROWD_SPOILT_rx_bad_csrc:
		rtp[0] = 0x8f;
		cut(frame, len, 20);
		break;
	case CROWD_SPOILT_rx_short:
		cut(frame, len, 5);
		break;
	case CROWD_SPOILT_rx_not_ours:
		store32(ip + 16, 0x0a63fffe);
		break;
	case CROWD_SPOILT_rx_no_flow:
		store16(udp + 2, 9);
		break;
	case CROWD_SPOILT_rx_bad_checksum:
		rtp[20] ^= 4;
		return;
	case CROWD_SPOILTS:
		break;
	}
	resum(frame);
}
