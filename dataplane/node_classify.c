// SPDX-License-Identifier: BSD-3-Clause
//
// Whose packet is this, may he send it, and is it what was agreed? The local port says the flow:
// we chose it, so it is an index. RTCP ends here.
#include "dataplane/node.h"

enum { PT_COMFORT_NOISE = 13 }; // RFC 3551, table 4

static void put(struct burst *b, const struct pkt *p)
{
	b->pkt[b->n++] = *p;
}

// The open flow of a port, RTCP's included, or NULL.
static struct rtp_flow *flow_of(const struct engine *e, const struct pkt *p)
{
	if (p->address >= e->address_count)
		return NULL;

	const struct engine_address *a = &e->address[p->address];
	uint32_t at = (uint32_t)(p->local_port - a->port_first) / 2;
	if (p->local_port < a->port_first || at >= a->flows)
		return NULL;

	struct rtp_flow *f = &e->flows[a->flow_first + at];
	return f->open ? f : NULL;
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

static bool agreed(const struct rtp_flow *f, uint8_t pt)
{
	return pt == f->pt_rx || pt == f->dtmf_rx || pt == PT_COMFORT_NOISE || pt == f->cn_rx;
}

static void lock(struct engine *e, struct rtp_flow *f, const struct pkt *p)
{
	struct dp_event event = { .kind = DP_EVENT_LOCKED, .locked.port = p->remote_port };

	for (unsigned i = 0; i < sizeof(p->ip); i++)
		event.locked.ip[i] = p->ip[i];
	engine_tell(e, f, &event);
}

// Reads an RTP packet for its flow. Returns the counter of why it goes no further, or NULL.
static _Atomic uint64_t *take(struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t now)
{
	enum rtp_error error = rtp_read(&p->rtp, p->data, p->len);
	if (error != RTP_OK)
		return reason(e->stats, error);
	if (!agreed(f, p->rtp.pt))
		return &e->stats->rx_bad_pt;

	switch (flow_account(f, cold_of(e, f), &p->rtp, now)) {
	case FLOW_DUPLICATE:
		return &e->stats->rx_duplicate;
	case FLOW_TOO_OLD:
		return &e->stats->rx_too_old;
	case FLOW_IN_PLACE:
		break;
	}
	if (flow_learn(f, cold_of(e, f), p->remote_port, p->rtp.seq))
		lock(e, f, p);
	return NULL;
}

static _Atomic uint64_t *classify(struct engine *e, struct pkt *p, uint64_t now)
{
	struct rtp_flow *f = flow_of(e, p);

	if (f == NULL)
		return &e->stats->rx_no_flow;
	p->flow = place_of(e, f);
	if (!f->known)
		return &e->stats->rx_no_remote;
	if (p->local_port != f->local_port)
		return node_report_in(e, f, p, now);
	if (!flow_may_hear(f, p->ip, p->remote_port))
		return &e->stats->rx_bad_source;
	return take(e, f, p, now);
}

void node_classify(
	struct engine *e, struct burst *in, struct burst *taken, struct burst *drop, uint64_t now)
{
	for (uint32_t i = 0; i < in->n; i++) {
		_Atomic uint64_t *refused = classify(e, &in->pkt[i], now);

		if (refused != NULL)
			stat_add(refused, 1);
		put(refused != NULL ? drop : taken, &in->pkt[i]);
	}
	in->n = 0;
}
