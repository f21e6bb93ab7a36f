// SPDX-License-Identifier: BSD-3-Clause
//
// Is a packet exactly the one that is due to this caller?
#include "bench/port/crowd.h"
#include "bench/port/world.h"

#include <string.h>

enum { ETH = 14, IP = 20, UDP = 8, RTP = 12, TYPE_IP = 0x0800, TYPE_ARP = 0x0806 };

static uint32_t load16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t load32(const uint8_t *p)
{
	return load16(p) << 16 | load16(p + 2);
}

static uint64_t words(uint64_t sum, const uint8_t *p, uint32_t len)
{
	uint32_t i = 0;

	for (; i + 4 <= len; i += 4) {
		uint32_t word;

		memcpy(&word, p + i, sizeof(word));
		sum += word;
	}
	if (i < len) {
		uint32_t word = 0;

		memcpy(&word, p + i, len - i);
		sum += word;
	}
	return sum;
}

static bool is_ones(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static bool frame_is_good(const uint8_t *ip, uint32_t len)
{
	uint8_t pseudo[4] = { 0, 17, ip[IP + 4], ip[IP + 5] };

	if (len < IP + UDP || ip[0] != 0x45 || ip[9] != 17 || load16(ip + 2) != len ||
		load16(ip + IP + 4) != len - IP)
		return false;
	return is_ones(words(0, ip, IP)) && load16(ip + IP + 6) != 0 &&
	       is_ones(words(words(words(0, ip + 12, 8), pseudo, 4), ip + IP, len - IP));
}

// The flow whose port of ours it comes from; far->flows if there is none.
static uint32_t flow_of(const struct crowd *far, const uint8_t *ip)
{
	uint32_t address = load32(ip + 12) - world_our_ip(far->n, 0);
	uint32_t port = load16(ip + IP) - WORLD_RTP;

	if (address > 0xff || port >= 2 * WORLD_PORTS_OF_ADDRESS)
		return far->flows;
	uint32_t flow = address * WORLD_PORTS_OF_ADDRESS + port / 2;
	return flow < far->flows ? flow : far->flows;
}

// The track is 80 bytes longer than what callers' audio is taken from: this may go round.
static bool is_track(const struct crowd *far, uint32_t at, const uint8_t *payload)
{
	uint32_t first = WORLD_TRACK - at < WORLD_FRAME ? WORLD_TRACK - at : WORLD_FRAME;

	return memcmp(payload, far->audio + at, first) == 0 &&
	       memcmp(payload + first, far->audio, WORLD_FRAME - first) == 0;
}

static bool is_speech(const struct crowd *far, uint32_t flow, uint32_t n, const uint8_t *payload)
{
	return memcmp(payload, far->audio + crowd_speech_at(flow ^ 1, n), WORLD_FRAME) == 0;
}

static void begin(struct crowd *far, struct crowd_flow *f, uint32_t flow, const uint8_t *rtp)
{
	f->heard = true;
	f->seq = (uint16_t)load16(rtp + 2);
	f->ts = load32(rtp + 4);
	f->ssrc = load32(rtp + 8);
	f->at = far->relay ? (flow ^ 1) * 31 : 0;
}

static enum crowd_wrong check_rtp(
	struct crowd *far, uint32_t flow, const uint8_t *rtp, uint32_t len)
{
	struct crowd_flow *f = &far->flow[flow];
	bool first = !f->heard;

	if (len != RTP + WORLD_FRAME || rtp[0] != 0x80 || (rtp[1] & 0x7f) != 0 ||
		(rtp[1] >> 7 != 0) != first)
		return CROWD_WRONG_header;
	if (first)
		begin(far, f, flow, rtp);
	uint16_t seq = f->seq++;
	uint32_t ts = f->ts, at = f->at;
	f->ts += WORLD_FRAME;
	f->at = far->relay ? at + 1 : (at + WORLD_FRAME) % WORLD_TRACK;
	if (load32(rtp + 8) != f->ssrc)
		return CROWD_WRONG_ssrc;
	if (load16(rtp + 2) != seq)
		return CROWD_WRONG_seq;
	if (load32(rtp + 4) != ts)
		return CROWD_WRONG_ts;
	if (!(far->relay ? is_speech(far, flow, at, rtp + RTP) : is_track(far, at, rtp + RTP)))
		return CROWD_WRONG_payload;
	return CROWD_GOOD;
}

static enum crowd_wrong check_ip(struct crowd *far, const uint8_t *ip, uint32_t len)
{
	if (!frame_is_good(ip, len))
		return CROWD_WRONG_frame;

	uint32_t flow = flow_of(far, ip);
	uint32_t rtcp = load16(ip + IP) & 1;
	if (flow == far->flows)
		return CROWD_WRONG_flow;
	if (load32(ip + 16) != world_caller_ip(flow) ||
		load16(ip + IP + 2) != world_caller_port(flow) + rtcp)
		return CROWD_WRONG_target;
	if (rtcp == 0)
		return check_rtp(far, flow, ip + IP + UDP, len - IP - UDP);
	far->rtcp++;
	return (ip[IP + UDP + 1] & 0xfe) == 200 ? CROWD_GOOD : CROWD_WRONG_header;
}

void crowd_check(struct crowd *far, const uint8_t *frame, uint32_t len)
{
	uint32_t type = len >= ETH ? load16(frame + 12) : 0;

	if (type == TYPE_ARP) {
		far->arp++;
		return;
	}
	if (type != TYPE_IP) {
		far->other++;
		return;
	}

	enum crowd_wrong wrong = check_ip(far, frame + ETH, len - ETH);
	far->checked++;
	if (wrong == CROWD_GOOD)
		return;
	far->wrong++;
	far->wrong_by[wrong]++;
}
