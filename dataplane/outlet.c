// SPDX-License-Identifier: BSD-3-Clause
//
// The ways out of the engine, for packets and for events.
#include "dataplane/node.h"
#include "dataplane/rtcp.h"
#include "dataplane/srtp.h"

#include <assert.h>
#include <string.h>

// Or a report, which is shorter; and what sealing adds to it.
enum { PACKET_ROOM = RTP_FIXED_LEN + TRACK_FRAME_MAX + SRTCP_GROWTH };
static_assert((int)RTCP_WRITE_MAX + (int)SRTCP_GROWTH <= (int)PACKET_ROOM);

static void make_room(struct engine *e, struct burst *out, uint32_t n)
{
	if (out->n + n > BURST_MAX) {
		node_srtp_seal(e, out);
		e->ops.flush(e->ops.ctx, out);
		e->sealed = 0;
	}
	assert(out->n + n <= BURST_MAX);
}

void engine_put(struct engine *e, struct burst *out, const struct pkt *p)
{
	make_room(e, out, 1);
	out->pkt[out->n++] = *p;
}

void engine_aim(const struct engine *e, struct pkt *p, const struct rtp_flow *f)
{
	assert(f->send_port != 0);
	memcpy(p->ip, f->ip, sizeof(p->ip));
	p->flow = place_of(e, f);
	p->local_port = f->local_port;
	p->remote_port = f->send_port;
	p->address = f->address;
	p->hop = f->hop;
}

uint32_t engine_blanks(struct engine *e, struct burst *out, uint32_t n, uint32_t *first)
{
	make_room(e, out, n);
	*first = out->n;

	uint32_t got = e->ops.blank(e->ops.ctx, out, n);
	assert(got <= n && (got == 0 || out->pkt[*first].room >= PACKET_ROOM));
	if (got < n)
		stat_add(&e->stats->tx_no_buffer, n - got);
	return got;
}

struct pkt *engine_blank(struct engine *e, struct burst *out, const struct rtp_flow *f)
{
	make_room(e, out, 1);
	if (e->ops.blank(e->ops.ctx, out, 1) == 0) {
		stat_add(&e->stats->tx_no_buffer, 1);
		return NULL;
	}

	struct pkt *p = &out->pkt[out->n - 1];
	assert(p->room >= PACKET_ROOM);
	engine_aim(e, p, f);
	return p;
}

void engine_answer(struct engine *e, struct rtp_flow *f, struct dp_event *event)
{
	if (f != NULL) {
		struct flow_cold *c = cold_of(e, f);

		event->lost = c->lost_event;
		c->lost_event = false;
	}
	e->ops.answer(e->ops.ctx, event);
}

void engine_tell(struct engine *e, struct rtp_flow *f, struct dp_event *event)
{
	struct flow_cold *c = cold_of(e, f);

	event->flow = (struct flow_id){ .index = place_of(e, f), .gen = c->gen };
	event->lost = c->lost_event;
	if (e->ops.tell(e->ops.ctx, event)) {
		c->lost_event = false;
		return;
	}
	c->lost_event = true;
	stat_add(&e->stats->events_lost, 1);
}
