// SPDX-License-Identifier: BSD-3-Clause
//
// A relay between two workers. The worker of x does with its packets all that concerns x, then
// passes them; the worker of y does all that concerns y. Neither looks at the other's flow: what
// y must know of x comes with each packet. A hearer that has gone is told of by whoever meets
// its name first, so nothing dangles for longer than a packet takes.
#include "codecs/telephone_event.h"
#include "dataplane/node.h"

static bool same(struct flow_id a, struct flow_id b)
{
	return a.index == b.index && a.gen == b.gen;
}

static struct flow_id id_of(const struct engine *e, const struct rtp_flow *f)
{
	return (struct flow_id){ .index = place_of(e, f), .gen = cold_of(e, f)->gen };
}

static struct rtp_flow *find(const struct engine *e, struct flow_id id)
{
	if (id.index >= e->flow_count)
		return NULL;

	struct rtp_flow *f = &e->flows[id.index];
	return f->open && cold_of(e, f)->gen == id.gen ? f : NULL;
}

static bool tell(
	struct engine *e, uint16_t worker, enum far_kind kind, struct flow_id x, struct flow_id y)
{
	return e->ops.note(e->ops.ctx, worker,
		&(struct far_note){ .kind = (uint16_t)kind, .worker = e->worker, .x = x, .y = y });
}

bool far_is_elsewhere(const struct engine *e, const struct dp_cmd *cmd)
{
	return cmd->relay.worker != e->worker;
}

enum dp_refusal far_relay(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (e->far == NULL || cmd->relay.worker >= e->workers || cmd->relay.peer.gen == 0)
		return DP_REFUSAL_BAD_PEER;

	struct far_place *far = &e->far[place_of(e, f)];
	if (!tell(e, cmd->relay.worker, FAR_HEAR, cmd->relay.peer, id_of(e, f)))
		return DP_REFUSAL_NO_ROOM;
	if (f->mode == FLOW_RELAY && f->peer == FLOW_FAR &&
		far->heard_worker == cmd->relay.worker && same(far->heard, cmd->relay.peer))
		return DP_REFUSAL_NONE;

	engine_set_mode(e, f, FLOW_RELAY);
	f->peer = FLOW_FAR;
	far->heard = cmd->relay.peer;
	far->heard_worker = cmd->relay.worker;
	far->queued = false;
	engine_pace(e, f, now);
	return DP_REFUSAL_NONE;
}

void far_let_go(struct engine *e, struct rtp_flow *f)
{
	const struct far_place *far = &e->far[place_of(e, f)];

	f->peer = FLOW_NONE;
	// Without room for it the next packet that comes is answered with it.
	(void)tell(e, far->heard_worker, FAR_UNHEAR, far->heard, id_of(e, f));
}

static void hear(struct engine *e, const struct far_note *note)
{
	struct rtp_flow *x = &e->flows[note->x.index];
	struct far_place *far = &e->far[note->x.index];
	bool now = x->open && cold_of(e, x)->gen == note->x.gen;

	// Who is heard already is not put off for one who may never come.
	if (!now && x->open && x->heard_by == FLOW_FAR)
		return;
	far->hearer = note->y;
	far->hearer_worker = note->worker;
	far->hearer_of = note->x.gen;
	if (now)
		x->heard_by = FLOW_FAR;
}

static void unhear(struct engine *e, const struct far_note *note)
{
	struct rtp_flow *x = &e->flows[note->x.index];
	struct far_place *far = &e->far[note->x.index];

	if (far->hearer_of != note->x.gen || far->hearer_worker != note->worker ||
		!same(far->hearer, note->y))
		return;
	far->hearer_of = 0;
	if (x->heard_by == FLOW_FAR)
		x->heard_by = FLOW_NONE;
}

void engine_far_note(struct engine *e, const struct far_note *note)
{
	if (note->x.index >= e->flow_count || note->x.gen == 0)
		return; // the core has named a flow that cannot be
	if (note->kind == FAR_HEAR)
		hear(e, note);
	else
		unhear(e, note);
}

// The core's words go to two workers by two ways: RELAY to the one may be faster than OPEN to the
// other.
void far_opened(struct engine *e, struct rtp_flow *f)
{
	if (e->far != NULL && e->far[place_of(e, f)].hearer_of == cold_of(e, f)->gen)
		f->heard_by = FLOW_FAR;
}

// What a packet is. *kept is NULL, or the counter of why nobody is to hear it.
static enum far_what find_out(
	struct engine *e, struct rtp_flow *x, struct pkt *p, _Atomic uint64_t **kept, uint64_t now)
{
	*kept = NULL;
	if (x->rx & FLOW_OPAQUE)
		return FAR_IS_OPAQUE;
	*kept = relay_keep(e, x, NULL, p, now);
	relay_overhear(e, x, p, *kept, now);
	if (*kept == NULL)
		return p->rtp.pt == x->dtmf_rx ? FAR_IS_EVENT : FAR_IS_AUDIO;
	if (*kept != &e->stats->rx_comfort_noise)
		return FAR_IS_KEPT;
	*kept = NULL; // whether it is to be heard is for y to say
	return FAR_IS_NOISE;
}

bool far_pass(struct engine *e, struct pkt *p, uint64_t now)
{
	struct rtp_flow *x = &e->flows[p->flow];

	if (x->heard_by != FLOW_FAR)
		return false;

	const struct far_place *far = &e->far[p->flow];
	_Atomic uint64_t *kept;
	enum far_what what = find_out(e, x, p, &kept, now);
	struct far_mark mark = {
		.x = id_of(e, x),
		.y = far->hearer,
		.clock = x->clock,
		.run = x->in_run,
		.worker = e->worker,
		.codec = x->codec,
		.what = (uint8_t)what,
	};
	stat_add(kept != NULL ? kept : &e->stats->relayed_over, 1);
	e->ops.pass(e->ops.ctx, far->hearer_worker, p, &mark);
	return true;
}

// The flow that sends what this packet's flow receives, or NULL.
static struct rtp_flow *hearer(const struct engine *e, const struct far_mark *mark)
{
	struct rtp_flow *y = find(e, mark->y);

	if (y == NULL || y->mode != FLOW_RELAY || y->peer != FLOW_FAR)
		return NULL;

	const struct far_place *far = &e->far[place_of(e, y)];
	return far->heard_worker == mark->worker && same(far->heard, mark->x) ? y : NULL;
}

// A digit that came while others are being given back waits behind them. Returns whether this
// packet is of such a one.
static bool queue_digit(struct engine *e, struct rtp_flow *y, const struct pkt *p,
	const struct far_mark *mark, uint64_t now)
{
	struct far_place *far = &e->far[place_of(e, y)];
	struct telephone_event event;

	if (far->queued && far->queued_ts == p->rtp.ts)
		return true;
	if (!(y->tx & FLOW_TYPING) || y->dtmf_tx == DP_NO_PT ||
		telephone_event_read(&event, p->data + p->rtp.payload_off, p->rtp.payload_len) !=
			TELEPHONE_EVENT_OK ||
		!event.end)
		return false;

	uint32_t ms = event.duration * UINT32_C(1000) / mark->clock;
	ms = ms < 40 ? 40 : ms > DP_DIGIT_MS_MAX ? DP_DIGIT_MS_MAX : ms;
	if (!keys_add(e, y, event.code, (uint16_t)ms))
		return false;
	far->queued = true;
	far->queued_ts = p->rtp.ts;
	engine_pace(e, y, now);
	return true;
}

// Why the packet ends here, or NULL: it may leave.
static _Atomic uint64_t *take(
	struct engine *e, struct pkt *p, const struct far_mark *mark, uint64_t now)
{
	struct rtp_flow *y = hearer(e, mark);
	struct rtp_flow *x = &e->far_peer;

	if (y == NULL) {
		(void)tell(e, mark->worker, FAR_UNHEAR, mark->x, mark->y);
		return &e->stats->relay_stale;
	}
	x->clock = mark->clock & FLOW_CLOCK_MASK;
	x->in_run = mark->run;
	x->codec = mark->codec & 0xfU;
	if (mark->what == FAR_IS_OPAQUE)
		return opaque_send(e, y, p);
	if (mark->what == FAR_IS_NOISE)
		return relay_noise(e, x, y, p, now);
	if (mark->what == FAR_IS_KEPT) {
		relay_close_gap(x, y, &p->rtp);
		return &e->stats->relay_over_kept;
	}
	if (mark->what == FAR_IS_EVENT && queue_digit(e, y, p, mark, now))
		return &e->stats->events_kept;
	if (mark->what == FAR_IS_EVENT && y->dtmf_tx == DP_NO_PT) {
		relay_close_gap(x, y, &p->rtp);
		return &e->stats->events_kept;
	}
	return relay_send(e, x, y, p, mark->what == FAR_IS_EVENT ? RELAY_EVENT : RELAY_AUDIO, now);
}

void engine_far_packet(struct engine *e, struct pkt *p, const struct far_mark *mark,
	struct burst *out, struct spent *drop, uint64_t now)
{
	_Atomic uint64_t *kept = take(e, p, mark, now);

	if (kept != NULL) {
		stat_add(kept, 1);
		spend(drop, p);
		return;
	}
	stat_add(&e->stats->relayed, 1);
	engine_begin(e, out);
	engine_put(e, out, p);
	node_srtp_seal(e, out);
}
