// SPDX-License-Identifier: BSD-3-Clause
//
// RTCP of a flow: our reports (RFC 3550, section 6), and what we take from theirs: the time of
// their last SR, and what they say of us. A BYE ends nothing: signalling does.
#include "dataplane/node.h"
#include "dataplane/quality.h"
#include "dataplane/rtcp.h"

#include <string.h>

enum {
	INTERVAL_MS = 5000,
	CNAME_LEN = 16,
	RTT_MAX = 10 << 16, // in 2^-16 s; what comes out longer is a mistake of theirs
};

#define NTP_OF_1970 UINT64_C(2208988800)

static uint64_t to_ntp(uint64_t wall_ns)
{
	uint64_t whole = wall_ns / NS_PER_SEC + NTP_OF_1970;
	uint64_t part = (wall_ns % NS_PER_SEC << 32) / NS_PER_SEC;

	return whole << 32 | part;
}

// Half to one and a half times the interval, so that no two flows march in step (6.3.1).
static void later(struct engine *e, const struct rtp_flow *f, uint64_t now)
{
	uint64_t wait = INTERVAL_MS / 2 + random_draw(&e->random) % INTERVAL_MS;

	pacer_add(&e->reports, place_of(e, f), (now + wait * NS_PER_MS) / REPORT_TICK_NS);
}

// What the flow before has left in the wheel is of a time as random as any.
void report_begin(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	if (f->tx & FLOW_REPORTED)
		return;
	f->tx |= FLOW_REPORTED;
	later(e, f, now);
}

// 96 random bits that stay the same for this flow (RFC 7022, section 5), six to a letter.
static void name(const struct engine *e, const struct rtp_flow *f, char out[CNAME_LEN + 1])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint64_t half[2] = {
		random_hash(e->random.key, UINT64_C(1) << 63 | f->out_ssrc),
		random_hash(e->random.key, UINT64_C(3) << 62 | f->out_ssrc),
	};

	for (unsigned i = 0; i < CNAME_LEN; i++)
		out[i] = letters[half[i / 8] >> (i % 8 * 6) & 63];
	out[CNAME_LEN] = '\0';
}

static uint32_t rtp_time(const struct rtp_flow *f, uint64_t now)
{
	if (now < f->out_at)
		return f->out_ts - flow_units(f, f->out_at - now);
	return f->out_ts + flow_units(f, now - f->out_at);
}

// What was lost since the last report, in 256ths (A.3).
static uint8_t fraction(const struct rtp_flow *f, struct flow_cold *c)
{
	uint32_t expected = flow_expected(f, c) - c->told_expected;
	uint32_t received = f->rx_of_ssrc - c->told_received;

	c->told_expected = flow_expected(f, c);
	c->told_received = f->rx_of_ssrc;
	if (expected <= received)
		return 0;
	return (uint8_t)(((uint64_t)(expected - received) << 8) / (expected + 1U));
}

static int32_t lost_in_24_bits(const struct rtp_flow *f, const struct flow_cold *c)
{
	int64_t lost = (int64_t)flow_expected(f, c) - f->rx_of_ssrc;

	if (lost > 0x7fffff)
		return 0x7fffff;
	return lost < -0x800000 ? -0x800000 : (int32_t)lost;
}

// In units of 2^-16 s, as LSR and DLSR are: it goes round after 18 hours.
static uint32_t short_time(uint64_t ns)
{
	return (uint32_t)(ns / NS_PER_SEC << 16 | (ns % NS_PER_SEC << 16) / NS_PER_SEC);
}

static void fill_block(
	const struct rtp_flow *f, struct flow_cold *c, struct rtcp_block *out, uint64_t now)
{
	*out = (struct rtcp_block){
		.ssrc = f->in_ssrc,
		.fraction = fraction(f, c),
		.lost = lost_in_24_bits(f, c),
		.highest = (uint32_t)f->in_cycles << 16 | f->in_seq,
		.jitter = f->jitter >> 4,
	};
	if (c->heard_sr) {
		out->lsr = c->heard_ntp;
		out->dlsr = short_time(now) - c->heard_at;
	}
}

static uint16_t target_port(const struct rtp_flow *f, const struct flow_cold *c)
{
	if (c->mux)
		return f->send_port;
	if (!c->nat)
		return c->rtcp_port;
	return c->rtcp_from != 0 ? c->rtcp_from : (uint16_t)(f->send_port + 1);
}

static void fill(
	struct engine *e, struct rtp_flow *f, struct flow_cold *c, struct pkt *p, uint64_t now)
{
	char cname[CNAME_LEN + 1];
	struct rtcp_block block;
	struct rtcp_sender sender = {
		.ntp = to_ntp(now + (uint64_t)e->wall_offset),
		.ts = rtp_time(f, now),
		.packets = f->tx_packets,
		.octets = f->tx_bytes,
	};
	bool sent = f->tx_bytes != (uint32_t)c->tx_bytes; // since the last time

	if (f->started)
		fill_block(f, c, &block, now);
	name(e, f, cname);
	p->len = (uint16_t)rtcp_write(
		p->data, f->out_ssrc, sent ? &sender : NULL, f->started ? &block : NULL, cname);
	p->local_port = c->mux ? f->local_port : (uint16_t)(f->local_port + 1);
	p->remote_port = target_port(f, c);
}

static bool may_report(const struct rtp_flow *f, const struct flow_cold *c)
{
	return f->known && (f->rx & FLOW_OPAQUE) == 0 && flow_may_report(f) &&
	       target_port(f, c) != 0;
}

void node_report(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	if (!f->known) {
		f->tx &= (uint8_t)~FLOW_REPORTED;
		return;
	}
	later(e, f, now);
	if (may_report(f, c)) {
		struct pkt *p = engine_blank(e, out, f);

		if (p == NULL)
			return;
		fill(e, f, c, p, now);
		c->reported = true;
		stat_add(&e->stats->rtcp_packets, 1);
	}
	flow_take_up(f, c);
}

// Who has said nothing at all takes no leave (6.3.7).
void report_end(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);
	struct burst out;

	if (!may_report(f, c) || (f->tx_packets == 0 && !c->reported))
		return;
	out.n = 0;
	engine_begin(e, &out);

	struct pkt *p = engine_blank(e, &out, f);
	if (p == NULL)
		return;
	fill(e, f, c, p, now);
	p->len = (uint16_t)(p->len + rtcp_write_bye(p->data + p->len, f->out_ssrc));
	stat_add(&e->stats->rtcp_packets, 1);
	node_srtp_seal(e, &out);
	e->ops.flush(e->ops.ctx, &out);
}

static uint32_t in_us(uint64_t units, uint32_t clock)
{
	uint64_t us = clock == 0 ? 0 : units * 1000000 / clock;

	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static uint8_t opinion_here(const struct rtp_flow *f, const struct dp_quality *q)
{
	return quality_mos(&(struct quality_stream){ .codec = f->codec,
		.received = q->rx_packets,
		.lost = q->rx_lost,
		.delay_us = q->rtt_us / 2 + q->jitter_us + f->ptime * 1000U });
}

static uint8_t opinion_there(const struct rtp_flow *f, const struct dp_quality *q)
{
	uint32_t lost = q->remote_lost < q->tx_packets ? q->remote_lost : q->tx_packets;

	return quality_mos(&(struct quality_stream){ .codec = f->codec,
		.received = q->tx_packets - lost,
		.lost = lost,
		.delay_us = q->rtt_us / 2 + q->remote_jitter_us + f->ptime * 1000U });
}

void report_quality(const struct engine *e, const struct rtp_flow *f, struct dp_quality *out)
{
	const struct flow_cold *c = cold_of(e, f);

	*out = (struct dp_quality){
		.rx_packets = flow_received(f, c),
		.tx_packets = f->tx_packets,
		.rx_bytes = c->rx_bytes + (f->rx_bytes - (uint32_t)c->rx_bytes),
		.tx_bytes = c->tx_bytes + (f->tx_bytes - (uint32_t)c->tx_bytes),
		.rx_lost = flow_lost(f, c),
		.jitter_us = in_us(f->jitter >> 4, f->clock),
		.remote_lost = c->remote_lost,
		.remote_jitter_us = in_us(c->remote_jitter, f->clock),
		.rtt_us = (uint32_t)((uint64_t)c->rtt * 1000000 >> 16),
	};
	out->mos = opinion_here(f, out);
	out->remote_mos = c->judged ? opinion_there(f, out) : 0;
}

// How long the way there and back takes: since we sent the report that they name, less the time
// that they had it (6.4.1).
static void take_round_trip(
	const struct engine *e, struct flow_cold *c, const struct rtcp_block *about, uint64_t now)
{
	uint32_t ntp = (uint32_t)(to_ntp(now + (uint64_t)e->wall_offset) >> 16);
	uint32_t rtt = ntp - about->lsr - about->dlsr;

	if (about->lsr != 0 && rtt < RTT_MAX)
		c->rtt = rtt > 0 ? rtt : 1;
}

static void take_block(const struct engine *e, const struct rtp_flow *f,
	const struct rtcp_block *about, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	c->judged = true;
	c->remote_lost = about->lost > 0 ? (uint32_t)about->lost : 0;
	c->remote_jitter = about->jitter < UINT16_MAX ? (uint16_t)about->jitter : UINT16_MAX;
	take_round_trip(e, c, about, now);
}

_Atomic uint64_t *node_report_in(struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);
	struct rtcp report;

	// The address is what the source rule names; RTCP's port is nobody's promise.
	if (p->remote_port == 0 || memcmp(f->ip, p->ip, sizeof(f->ip)) != 0)
		return &e->stats->rx_bad_source;
	_Atomic uint64_t *closed = f->rx & FLOW_SEALED_IN ? node_srtp_open(e, f, p, true) : NULL;
	if (closed != NULL)
		return closed;
	if ((f->rx & FLOW_OPAQUE) || rtcp_read(&report, p->data, p->len, f->out_ssrc) != RTCP_OK)
		return &e->stats->rx_bad_rtcp;
	if (f->started && report.ssrc != f->in_ssrc)
		return &e->stats->rx_rtcp_foreign;

	if (p->local_port != f->local_port)
		c->rtcp_from = p->remote_port;
	if (report.blocks > 0 && report.about.ssrc == f->out_ssrc)
		take_block(e, f, &report.about, now);
	if (report.sent && f->started) {
		c->heard_sr = true;
		c->heard_at = short_time(now);
		c->heard_ntp = (uint32_t)(report.sender.ntp >> 16);
	}
	return &e->stats->rx_rtcp;
}
