// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow.h"

#include <string.h>

enum {
	WINDOW = 64,        // packets within which a duplicate is told from a late one
	DROPOUT_MAX = 3000, // RFC 3550, A.1: a longer jump is another stream
	REMOTE_SAID = offsetof(typeof(((struct dp_cmd *)NULL)->remote), flags) + 1,
};

void flow_open(struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	*f = (struct rtp_flow){
		.gen = cmd->flow.gen,
		.open = true,
		.owner = cmd->open.owner,
		.local_port = f->local_port,
		.address = f->address,
		.heard_by = FLOW_NONE,
		.peer = FLOW_NONE,
		.last_rx = now,
		.out_at = now,
		.fresh = true,
		.event.code_done = DP_NO_PT,
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

bool flow_remote_same(const struct rtp_flow *f, const struct dp_cmd *cmd)
{
	return f->known && memcmp(&f->remote, &cmd->remote, REMOTE_SAID) == 0;
}

// What was learned behind a NAT stays good while the NAT is the same: media goes on there until
// the new lock says otherwise. Anything else that was learned is forgotten.
static void forget_lock(struct rtp_flow *f, const struct dp_cmd *cmd)
{
	bool nat = flow_is_nat(cmd);
	bool same = f->nat == nat && memcmp(f->ip, flow_target_ip(cmd), sizeof(f->ip)) == 0;

	if (!same) {
		f->locked = false;
		f->report.port = 0;
	}
	if (!nat)
		f->send_port = cmd->remote.rtp_port;
	else if (!f->locked)
		f->send_port = 0;
	f->nat = nat;
	f->learning = true;
	f->try_port = 0;
}

void flow_remote(struct rtp_flow *f, const struct dp_cmd *cmd, uint16_t hop, uint64_t now)
{
	forget_lock(f, cmd);
	if (f->known)
		f->out_ts = flow_ts(f, now);
	f->out_at = now > f->out_at ? now : f->out_at;
	memcpy(f->ip, flow_target_ip(cmd), sizeof(f->ip));
	f->remote = cmd->remote;
	f->hop = hop;
	f->clock = cmd->remote.clock;
	f->pt_tx = cmd->remote.pt_tx;
	f->pt_rx = cmd->remote.pt_rx;
	f->dtmf_tx = cmd->remote.dtmf_tx;
	f->dtmf_rx = cmd->remote.dtmf_rx;
	f->codec = cmd->remote.codec;
	f->ptime = cmd->remote.ptime;
	f->muted = (cmd->remote.flags & DP_REMOTE_MUTE) != 0;
	f->fresh = true;
	f->known = true;
}

bool flow_may_hear(const struct rtp_flow *f, const uint8_t ip[16], uint16_t port)
{
	if (port == 0 || memcmp(f->ip, ip, sizeof(f->ip)) != 0)
		return false;
	return f->learning || port == f->lock_port;
}

bool flow_learn(struct rtp_flow *f, uint16_t port, uint16_t seq)
{
	if (!f->learning)
		return false;
	if (f->try_port != port || (uint16_t)(f->try_seq + 1) != seq) {
		f->try_port = port;
		f->try_seq = seq;
		return false;
	}
	f->lock_port = port;
	f->locked = true;
	f->learning = false;
	if (f->nat) {
		// RTCP that came before may have come through another hole of the NAT.
		f->send_port = port;
	}
	return true;
}

static void restart(struct rtp_flow *f, const struct rtp *rtp)
{
	f->books.rx_lost_old = flow_lost(f);
	f->books.rx_of_ssrc = 0;
	f->books.rx_base = rtp->seq;
	f->books.transit_known = false;
	f->report.expected = f->report.received = 0;
	f->report.heard_at = 0;
	f->in_ssrc = rtp->ssrc;
	f->in_seq = rtp->seq;
	f->in_cycles = 0;
	f->in_run++;
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
static enum flow_order place(struct rtp_flow *f, const struct rtp *rtp)
{
	uint16_t step = (uint16_t)(rtp->seq - f->in_seq);
	uint16_t back = (uint16_t)-step;

	if (!f->started || rtp->ssrc != f->in_ssrc) {
		restart(f, rtp);
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
	restart(f, rtp);
	return FLOW_IN_PLACE;
}

enum flow_order flow_account(struct rtp_flow *f, const struct rtp *rtp, uint64_t now)
{
	enum flow_order order = place(f, rtp);

	if (order != FLOW_IN_PLACE)
		return order;
	f->last_rx = now;
	f->books.rx_packets++;
	f->books.rx_bytes += rtp->payload_len;
	f->books.rx_of_ssrc++;
	return FLOW_IN_PLACE;
}

void flow_jitter(struct rtp_flow *f, uint32_t ts, uint64_t now)
{
	struct flow_books *b = &f->books;
	uint32_t transit = flow_units(f, now) - ts;
	int32_t step = (int32_t)(transit - b->transit);

	if (b->transit_known) {
		uint32_t d = step < 0 ? 0U - (uint32_t)step : (uint32_t)step;

		// A clock that was set anew is not jitter.
		if (d < f->clock)
			b->jitter += d - ((b->jitter + 8) >> 4);
	}
	b->transit = transit;
	b->transit_known = true;
}

uint32_t flow_expected(const struct rtp_flow *f)
{
	uint32_t highest = (uint32_t)f->in_cycles << 16 | f->in_seq;

	return f->started ? highest - f->books.rx_base + 1 : 0;
}

uint32_t flow_lost(const struct rtp_flow *f)
{
	uint32_t expected = flow_expected(f);
	uint32_t received = f->books.rx_of_ssrc;

	return f->books.rx_lost_old + (expected > received ? expected - received : 0);
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
	if (f->fresh)
		f->out_ts = flow_ts(f, frame->at);
	rtp_write(buf, &(struct rtp){
			       .marker = f->fresh,
			       .pt = f->pt_tx,
			       .seq = f->out_seq++,
			       .ts = f->out_ts,
			       .ssrc = f->out_ssrc,
		       });
	f->out_ts += frame->units;
	f->out_at = (frame->at > f->out_at ? frame->at : f->out_at) + frame->ns;
	f->fresh = false;
	f->books.tx_packets++;
	f->books.tx_bytes += frame->bytes;
}
