// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow.h"

#include "dataplane/ip.h"
#include "dataplane/pool.h"
#include "dataplane/random.h"

#include <string.h>

enum {
	WINDOW = 64,        // packets within which a duplicate is told from a late one
	DROPOUT_MAX = 3000, // RFC 3550, A.1: a longer jump is another stream
};

void flow_open(struct rtp_flow *f, struct flow_cold *c, const struct dp_cmd *cmd, uint64_t now)
{
	*f = (struct rtp_flow){
		.open = true,
		.local_port = f->local_port,
		.address = f->address,
		.heard_by = FLOW_NONE,
		.last_rx = flow_coarse(now),
		.out_at = now,
		.cn_rx = DP_NO_PT,
		.cn_tx = DP_NO_PT,
		.encoding = TRACK_CODECS,
		// What a wheel holds of the flow before is this one's now.
		.tx = FLOW_FRESH | (f->tx & (FLOW_PACED | FLOW_REPORTED)),
	};
	*c = (struct flow_cold){
		.gen = cmd->flow.gen,
		.owner = cmd->open.owner,
		.voice = POOL_NONE,
		.detector = POOL_NONE,
		.crypto = POOL_NONE,
		.keys = FLOW_NO_PIECE,
		.prompt = FLOW_NO_PIECE,
		.event = FLOW_NO_PIECE,
		.record = FLOW_NO_PIECE,
	};
}

bool flow_is_nat(const struct dp_cmd *cmd)
{
	static const uint8_t none[16];

	return memcmp(cmd->remote.nat, none, sizeof(none)) != 0;
}

const uint8_t *flow_target_ip(const struct dp_cmd *cmd)
{
	return flow_is_nat(cmd) ? cmd->remote.nat : cmd->remote.ip;
}

uint8_t flow_encoding(uint8_t codec, uint32_t clock)
{
	switch (codec) {
	case DP_CODEC_PCMU:
		return TRACK_PCMU;
	case DP_CODEC_PCMA:
		return TRACK_PCMA;
	case DP_CODEC_G722:
		return TRACK_G722;
	case DP_CODEC_L16:
		return clock == 8000 ? TRACK_L16 : clock == 16000 ? TRACK_L16_WIDE : TRACK_CODECS;
	case DP_CODEC_OPUS:
		return clock == 48000 ? TRACK_OPUS : TRACK_CODECS;
	default:
		return TRACK_CODECS;
	}
}

// Two that differ have the same hash once in 2^64: then a change of REMOTE is not noticed.
static uint64_t hash_of(const struct dp_cmd *cmd)
{
	static const uint64_t key[2] = { 0x6c617962792d7265, 0x6d6f74652d686173 };
	uint64_t hash = 1;

	for (size_t at = 0; at < sizeof(cmd->remote); at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)&cmd->remote + at, sizeof(word));
		hash = random_hash(key, hash ^ word);
	}
	return hash | 1;
}
static_assert(sizeof(((struct dp_cmd *)NULL)->remote) % sizeof(uint64_t) == 0, "whole words");

bool flow_remote_same(const struct flow_cold *c, const struct dp_cmd *cmd)
{
	return c->remote == hash_of(cmd);
}

// What was learned behind a NAT stays good while the NAT is the same: media goes on there until
// the new lock says otherwise. Anything else that was learned is forgotten.
static void forget_lock(struct rtp_flow *f, struct flow_cold *c, const struct dp_cmd *cmd)
{
	bool nat = flow_is_nat(cmd);
	bool same = c->nat == nat && memcmp(f->ip, flow_target_ip(cmd), sizeof(f->ip)) == 0;

	if (!same) {
		c->locked = false;
		c->rtcp_from = 0;
	}
	if (!nat)
		f->send_port = cmd->remote.rtp_port;
	else if (!c->locked)
		f->send_port = 0;
	c->nat = nat;
	f->learning = true;
	c->try_port = 0;
}

// What was received is added up, and whatever comes next is a stream of its own.
static void end_stream(struct rtp_flow *f, struct flow_cold *c)
{
	c->rx_lost_old = flow_lost(f, c);
	c->rx_packets_old = flow_received(f, c);
	f->rx_of_ssrc = 0;
	f->started = false;
	f->in_run++;
}

// RTP begins or ends. Where there is none there are no payload types, and the clock goes on so
// that RTP which comes back is as much later as it is.
static void turn_opaque(struct rtp_flow *f, struct flow_cold *c, bool opaque)
{
	if (opaque != ((f->rx & FLOW_OPAQUE) != 0))
		end_stream(f, c);
	f->rx = (f->rx & ~(uint32_t)FLOW_OPAQUE & 0x3f) | (opaque ? FLOW_OPAQUE : 0);
}

static void take_types(struct rtp_flow *f, const struct dp_cmd *cmd)
{
	bool opaque = cmd->remote.codec == DP_CODEC_OPAQUE;

	if (!opaque || f->clock == 0)
		f->clock = cmd->remote.clock & FLOW_CLOCK_MASK;
	f->pt_tx = cmd->remote.pt_tx;
	f->pt_rx = cmd->remote.pt_rx;
	f->dtmf_tx = opaque ? DP_NO_PT : cmd->remote.dtmf_tx;
	f->dtmf_rx = opaque ? DP_NO_PT : cmd->remote.dtmf_rx;
	f->cn_tx = f->cn_rx = opaque ? DP_NO_PT : cmd->remote.cn;
	f->codec = cmd->remote.codec & 0xfU;
	f->encoding = flow_encoding(f->codec, f->clock);
	f->ptime = cmd->remote.ptime;
}

void flow_remote(struct rtp_flow *f, struct flow_cold *c, const struct dp_cmd *cmd, uint16_t hop,
	uint64_t now)
{
	bool mute = (cmd->remote.flags & DP_REMOTE_MUTE) != 0;

	forget_lock(f, c, cmd);
	turn_opaque(f, c, cmd->remote.codec == DP_CODEC_OPAQUE);
	if (f->known)
		f->out_ts = flow_ts(f, now);
	f->out_at = now > f->out_at ? now : f->out_at;
	memcpy(f->ip, flow_target_ip(cmd), sizeof(f->ip));
	if (f->mode != FLOW_RELAY)
		memcpy(f->to_ip, f->ip, sizeof(f->to_ip));
	c->remote = hash_of(cmd);
	c->rtcp_port = cmd->remote.rtcp_port;
	c->mux = cmd->remote.rtcp_port == cmd->remote.rtp_port;
	f->hop = hop;
	take_types(f, cmd);
	f->tx = (uint8_t)((f->tx & ~FLOW_MUTED) | FLOW_FRESH | (mute ? FLOW_MUTED : 0));
	f->known = true;
}

void flow_set_mode(struct rtp_flow *f, enum flow_mode mode)
{
	f->mode = mode & 0x7f;
	f->tx |= FLOW_FRESH;
	if (mode == FLOW_RELAY) {
		f->peer = FLOW_NONE;
		return;
	}
	f->track_at = 0;
	memcpy(f->to_ip, f->ip, sizeof(f->to_ip));
}

bool flow_may_hear(const struct rtp_flow *f, const uint8_t ip[16], uint16_t port)
{
	if (port == 0 || !ip_same(f->ip, ip))
		return false;
	return f->learning || port == f->lock_port;
}

bool flow_learn(struct rtp_flow *f, struct flow_cold *c, uint16_t port, uint16_t seq)
{
	if (!f->learning)
		return false;
	if (c->try_port != port || (uint16_t)(c->try_seq + 1) != seq) {
		c->try_port = port;
		c->try_seq = seq;
		return false;
	}
	f->lock_port = port;
	c->locked = true;
	f->learning = false;
	if (c->nat) {
		// RTCP that came before may have come through another hole of the NAT.
		f->send_port = port;
	}
	return true;
}

static void restart(struct rtp_flow *f, struct flow_cold *c, const struct rtp *rtp)
{
	end_stream(f, c);
	c->rx_base = rtp->seq;
	f->transit_known = false;
	c->told_expected = c->told_received = 0;
	c->heard_sr = false;
	f->in_ssrc = rtp->ssrc;
	f->in_seq = rtp->seq;
	f->in_cycles = 0;
	f->in_window = 1;
	f->started = true;
}

static enum flow_order behind(struct rtp_flow *f, uint16_t by)
{
	uint64_t bit = UINT64_C(1) << by;

	if (f->in_window & bit)
		return FLOW_DUPLICATE;
	f->in_window |= bit;
	return FLOW_IN_PLACE;
}

static void ahead(struct rtp_flow *f, uint16_t by)
{
	uint16_t seq = (uint16_t)(f->in_seq + by);

	if (seq < f->in_seq)
		f->in_cycles++;
	f->in_seq = seq;
	f->in_window = by < WINDOW ? f->in_window << by | 1 : 1;
}

// RFC 3550, A.1, without its probation: the source rule has settled already who speaks.
static enum flow_order place(struct rtp_flow *f, struct flow_cold *c, const struct rtp *rtp)
{
	uint16_t step = (uint16_t)(rtp->seq - f->in_seq);
	uint16_t back = (uint16_t)-step;

	if (!f->started || rtp->ssrc != f->in_ssrc) {
		restart(f, c, rtp);
		return FLOW_IN_PLACE;
	}
	if (back < WINDOW)
		return behind(f, back);
	if (step < DROPOUT_MAX) {
		ahead(f, step);
		return FLOW_IN_PLACE;
	}
	if (back < 2 * WINDOW)
		return FLOW_TOO_OLD;
	restart(f, c, rtp);
	return FLOW_IN_PLACE;
}

enum flow_order flow_account(
	struct rtp_flow *f, struct flow_cold *c, const struct rtp *rtp, uint64_t now)
{
	enum flow_order order = place(f, c, rtp);

	if (order != FLOW_IN_PLACE)
		return order;
	f->last_rx = flow_coarse(now);
	f->rx_of_ssrc++;
	f->rx_bytes += rtp->payload_len;
	return FLOW_IN_PLACE;
}

void flow_count_opaque(struct rtp_flow *f, uint32_t bytes, uint64_t now)
{
	f->last_rx = flow_coarse(now);
	f->rx_of_ssrc++;
	f->rx_bytes += bytes;
}

void flow_jitter(struct rtp_flow *f, uint32_t ts, uint64_t now)
{
	uint32_t transit = flow_units(f, now) - ts;
	int32_t step = (int32_t)(transit - f->transit);

	if (f->transit_known) {
		uint32_t d = step < 0 ? 0U - (uint32_t)step : (uint32_t)step;

		// A clock that was set anew is not jitter.
		if (d < f->clock)
			f->jitter = (f->jitter + d - ((f->jitter + 8U) >> 4)) & 0xffffff;
	}
	f->transit = transit;
	f->transit_known = true;
}

void flow_take_up(const struct rtp_flow *f, struct flow_cold *c)
{
	c->rx_bytes += f->rx_bytes - (uint32_t)c->rx_bytes;
	c->tx_bytes += f->tx_bytes - (uint32_t)c->tx_bytes;
}

uint32_t flow_received(const struct rtp_flow *f, const struct flow_cold *c)
{
	return c->rx_packets_old + f->rx_of_ssrc;
}

uint32_t flow_expected(const struct rtp_flow *f, const struct flow_cold *c)
{
	uint32_t highest = (uint32_t)f->in_cycles << 16 | f->in_seq;

	return f->started ? highest - c->rx_base + 1 : 0;
}

uint32_t flow_lost(const struct rtp_flow *f, const struct flow_cold *c)
{
	uint32_t expected = flow_expected(f, c);
	uint32_t received = f->rx_of_ssrc;

	return c->rx_lost_old + (expected > received ? expected - received : 0);
}

uint32_t flow_units(const struct rtp_flow *f, uint64_t ns)
{
	uint64_t whole = ns / NS_PER_SEC * f->clock;
	uint64_t rest = ns % NS_PER_SEC * f->clock / NS_PER_SEC;

	return (uint32_t)(whole + rest);
}

uint32_t flow_ts(const struct rtp_flow *f, uint64_t at)
{
	return at <= f->out_at ? f->out_ts : f->out_ts + flow_units(f, at - f->out_at);
}

void flow_stamp(struct rtp_flow *f, uint8_t *buf, const struct flow_frame *frame)
{
	bool fresh = (f->tx & FLOW_FRESH) != 0;

	if (fresh)
		f->out_ts = flow_ts(f, frame->at);
	rtp_write(buf, &(struct rtp){
			       .marker = fresh,
			       .pt = f->pt_tx,
			       .seq = f->out_seq++,
			       .ts = f->out_ts,
			       .ssrc = f->out_ssrc,
		       });
	f->out_ts += frame->units;
	f->out_at = (frame->at > f->out_at ? frame->at : f->out_at) + frame->ns;
	f->tx &= (uint8_t)~FLOW_FRESH;
	flow_sent(f, frame->bytes);
}
