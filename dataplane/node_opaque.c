// SPDX-License-Identifier: BSD-3-Clause
//
// What is not RTP, for example fax over UDPTL: it passes as it is, from one flow that is OPAQUE to
// another. There is no number in it that we could read, so two datagrams from one port lock a flow;
// and no SRTP, so a flow that has a key passes nothing.
#include "dataplane/node.h"

_Atomic uint64_t *node_opaque(struct engine *e, struct rtp_flow *f, struct pkt *p, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	if (f->rx & FLOW_SEALED_IN)
		return &e->stats->rx_bad_srtp;
	if (p->len == 0)
		return &e->stats->rx_short;
	flow_count_opaque(f, p->len, now);
	if (f->learning && flow_learn(f, c, p->remote_port, (uint16_t)(c->try_seq + 1)))
		engine_locked(e, f, p);
	return NULL;
}

_Atomic uint64_t *opaque_send(struct engine *e, struct rtp_flow *y, struct pkt *p)
{
	if ((y->rx & FLOW_OPAQUE) == 0)
		return &e->stats->relay_clash;
	if (y->tx & FLOW_SEALED_OUT)
		return &e->stats->tx_unsealed;
	if (!flow_may_send(y))
		return &e->stats->relay_muted;
	flow_sent(y, p->len);
	stat_add(&e->stats->relayed_opaque, 1);
	engine_aim(e, p, y);
	return NULL;
}
