// SPDX-License-Identifier: BSD-3-Clause
//
// Whose packet is this, may he send it, and is it what was agreed? The local port says the flow:
// we chose it, so it is an index. RTCP ends here.
#include "dataplane/node.h"
#include "dataplane/rtcp.h"

enum { PT_COMFORT_NOISE = 13 }; // RFC 3551, table 4

// The place that a port of one of our addresses names, RTCP's included; FLOW_NONE if there is none.
static uint32_t place_named(const struct engine *e, const struct pkt *p)
{
	if (p->address >= e->address_count)
		return FLOW_NONE;

	const struct engine_address *a = &e->address[p->address];
	uint32_t at = (uint32_t)(p->local_port - a->port_first) / 2;

	return p->local_port < a->port_first || at >= a->flows ? FLOW_NONE : a->flow_first + at;
}

static _Atomic uint64_t *reason(struct worker_stats *s, enum rtp_error error)
{
	switch (error) {
	case RTP_SHORT:
		return &s->rx_short;
	case RTP_BAD_VERSION:
		return &s->rx_bad_version;
	case RTP_BAD_CSRC:
		return &s->rx_bad_csrc;
	case RTP_BAD_EXT:
		return &s->rx_bad_extension;
	case RTP_BAD_PAD:
		return &s->rx_bad_padding;
	case RTP_OK:
	case RTP_ERROR_COUNT:
		break;
	}
	return NULL;
}

// Was this payload type agreed? He may use the number that he has given something himself as well
// as ours (RFC 3264, 5.1): from here on it is ours.
static bool agree(const struct rtp_flow *f, struct rtp *rtp)
{
	if (rtp->pt == f->pt_rx || rtp->pt == f->dtmf_rx || rtp->pt == f->cn_rx ||
		rtp->pt == PT_COMFORT_NOISE)
		return true;
	if (rtp->pt == f->pt_tx)
		rtp->pt = f->pt_rx;
	else if (rtp->pt == f->dtmf_tx && f->dtmf_rx != DP_NO_PT)
		rtp->pt = f->dtmf_rx;
	else
		return false;
	return true;
}

void engine_locked(struct engine *e, struct rtp_flow *f, const struct pkt *p)
{
	struct dp_event event = { .kind = DP_EVENT_LOCKED, .locked.port = p->remote_port };

	for (unsigned i = 0; i < sizeof(p->ip); i++)
		event.locked.ip[i] = p->ip[i];
	engine_tell(e, f, &event);
}

// Who will send what came is on its way into the cache meanwhile.
static void fetch_target(const struct engine *e, const struct rtp_flow *f)
{
	if (f->heard_by >= FLOW_FAR)
		return;
	__builtin_prefetch(&e->flows[f->heard_by].ip);
	__builtin_prefetch(&e->flows[f->heard_by].out_at, 1);
}

// Reads an RTP packet for its flow. Returns the counter of why it goes no further, or NULL.
static _Atomic uint64_t *take(struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t now)
{
	_Atomic uint64_t *closed = f->rx & FLOW_SEALED_IN ? node_srtp_open(e, f, p, false) : NULL;
	if (closed != NULL)
		return closed;

	enum rtp_error error = rtp_read(&p->rtp, p->data, p->len);
	if (error != RTP_OK)
		return reason(e->stats, error);
	if (!agree(f, &p->rtp))
		return &e->stats->rx_bad_pt;

	switch (flow_account(f, cold_of(e, f), &p->rtp, now)) {
	case FLOW_DUPLICATE:
		return &e->stats->rx_duplicate;
	case FLOW_TOO_OLD:
		return &e->stats->rx_too_old;
	case FLOW_IN_PLACE:
		break;
	}
	if (f->learning && flow_learn(f, cold_of(e, f), p->remote_port, p->rtp.seq))
		engine_locked(e, f, p);
	fetch_target(e, f);
	return NULL;
}

static _Atomic uint64_t *classify(struct engine *e, struct pkt *p, uint64_t now)
{
	if (p->flow == FLOW_NONE || !e->flows[p->flow].open)
		return &e->stats->rx_no_flow;

	struct rtp_flow *f = &e->flows[p->flow];
	if (!f->known)
		return &e->stats->rx_no_remote;
	if (p->local_port % 2 != 0) // RTP has the even ones: the other line is not needed for that
		return node_report_in(e, f, p, now);
	if (!flow_may_hear(f, p->ip, p->remote_port))
		return &e->stats->rx_bad_source;
	if (f->rx & FLOW_OPAQUE)
		return node_opaque(e, f, p, now);
	if (rtcp_is(p->data, p->len) && cold_of(e, f)->mux)
		return node_report_in(e, f, p, now);
	return take(e, f, p, now);
}

// Finds the flows of a whole burst: they are on their way into the cache before the first is looked at.
static void find(const struct engine *e, struct burst *in)
{
	for (uint32_t i = 0; i < in->n; i++) {
		uint32_t place = place_named(e, &in->pkt[i]);

		in->pkt[i].flow = place;
		if (place != FLOW_NONE)
			__builtin_prefetch(&e->flows[place], 1);
	}
}

void node_classify(struct engine *e, struct burst *in, struct spent *drop, uint64_t now)
{
	uint32_t kept = 0;

	find(e, in);
	for (uint32_t i = 0; i < in->n; i++) {
		_Atomic uint64_t *refused = classify(e, &in->pkt[i], now);

		if (refused != NULL) {
			stat_add(refused, 1);
			spend(drop, &in->pkt[i]);
			continue;
		}
		if (kept != i)
			in->pkt[kept] = in->pkt[i];
		kept++;
	}
	in->n = kept;
}
