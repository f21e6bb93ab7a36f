// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/worker.h"

#include "dataplane/dpdk/ask.h"
#include "dataplane/dpdk/kernel_path.h"
#include "dataplane/dpdk/receive.h"
#include "dataplane/dpdk/recorder.h"
#include "dataplane/dpdk/transmit.h"

#include <sys/prctl.h>
#include <time.h>

enum {
	NS_PER_MS = 1000000,
	SLEEP_MAX_NS = NS_PER_MS,
	SLEEP_MIN_NS = 20000, // shorter is over before the kernel has put us to bed
	REAP_PLACES = 256,    // looked at in a turn
};

// struct engine_ops, each passed to whom it concerns.
static void answer(void *ctx, const struct dp_event *event)
{
	struct worker *w = ctx;

	bridge_end_answer(&w->bridge, event);
}

static bool tell(void *ctx, const struct dp_event *event)
{
	struct worker *w = ctx;

	return bridge_end_tell(&w->bridge, event);
}

static uint32_t blank(void *ctx, struct burst *out, uint32_t n)
{
	return transmit_blank(ctx, out, n);
}

static void flush(void *ctx, struct burst *out)
{
	transmit(ctx, out);
}

static int hop(void *ctx, uint16_t address, const uint8_t ip[16])
{
	struct worker *w = ctx;
	const struct worker_address *from = &w->address[address];
	const struct station *s = &w->port[from->port].station;
	struct ip_address to = ip_from_bytes(ip);

	if (!ip_same_family(s->address[from->at].ip.b, ip) ||
		s->address[from->at].state == ADDRESS_DUPLICATE)
		return -1;
	return neighbours_towards(&w->neighbours, s, from->lan, &to, w->now);
}

static void entry(void *ctx, uint32_t flow, uint32_t gen, bool open, uint64_t owner)
{
	struct worker *w = ctx;

	bridge_end_entry(&w->bridge, flow, gen, open, owner);
}

static bool note(void *ctx, uint16_t worker, const struct far_note *note)
{
	return handoff_note(ctx, worker, note);
}

static void pass(void *ctx, uint16_t worker, const struct pkt *p, const struct far_mark *mark)
{
	handoff_pass(ctx, worker, p, mark);
}

static enum record_outcome record(void *ctx, const struct record_note *note, const uint8_t *payload)
{
	struct worker *w = ctx;

	return w->recorder != NULL ? recorder_note(w->recorder, w->number, note, payload)
				   : RECORD_UNKNOWN;
}

struct engine_ops worker_ops(struct worker *w)
{
	return (struct engine_ops){
		.ctx = w,
		.answer = answer,
		.tell = tell,
		.blank = blank,
		.flush = flush,
		.hop = hop,
		.entry = entry,
		.note = note,
		.pass = pass,
		.record = record,
	};
}

static void carry_out(struct worker *w, const struct order *o)
{
	struct report done = { 0 };

	switch (o->kind) {
	case ORDER_ADOPT:
		bridge_end_adopt(&w->bridge, o->bridge);
		done.kind = REPORT_ADOPTED;
		break;
	case ORDER_LET_GO:
		bridge_end_let_go(&w->bridge);
		done.kind = REPORT_LET_GO;
		break;
	case ORDER_SHOW:
		done.kind = REPORT_SHOWN;
		done.yes = engine_track_show(w->engine, o->track);
		break;
	case ORDER_HIDE:
		done.kind = REPORT_HIDDEN;
		done.yes = engine_track_hide(w->engine, o->hash);
		break;
	case ORDER_REAP:
		w->reap_idle_ns = o->idle_ns;
		w->reap_from = 0;
		w->reaped = 0;
		return; // reported when all places are seen
	case ORDER_WALL:
		engine_set_wall_offset(w->engine, o->wall_offset);
		return;
	case ORDER_POLL:
		port_poll(&w->port[o->queue.port], o->queue.queue);
		done.kind = REPORT_POLLS;
		break;
	case ORDER_LEAVE:
		port_leave(&w->port[o->queue.port], o->queue.queue);
		done.kind = REPORT_LEFT;
		break;
	case ORDER_ANNOUNCE:
		ask_announce(w);
		return;
	case ORDER_GATEWAY:
		ask_gateway(w, o->gateway.port, o->gateway.vlan, o->gateway.family, &o->gateway.ip);
		return;
	}
	orders_report(&w->orders, done);
}

static void take_orders(struct worker *w)
{
	struct order o;

	while (orders_take(&w->orders, &o)) {
		carry_out(w, &o);
		w->idle = false;
	}
}

static void serve_core(struct worker *w)
{
	if (bridge_end_serve(&w->bridge, w->engine, w->now) > 0 || w->bridge.describing)
		w->idle = false;
	if (!w->bridge.broken)
		return;
	w->bridge.broken = false;
	orders_report(&w->orders, (struct report){ .kind = REPORT_BROKEN });
}

static void reap(struct worker *w)
{
	if (w->reap_idle_ns == 0)
		return;
	w->reaped += engine_reap(w->engine, &w->reap_from, REAP_PLACES, w->reap_idle_ns, w->now);
	w->idle = false;
	if (w->reap_from < w->flows)
		return;
	w->reap_idle_ns = 0;
	orders_report(&w->orders, (struct report){ .kind = REPORT_REAPED, .n = w->reaped });
}

void worker_input(struct worker *w)
{
	if (w->in.n == 0)
		return;
	engine_input(w->engine, &w->in, &w->out, &w->drop, w->now);
	w->in.n = 0;
	transmit(w, &w->out);
	transmit_nothing(&w->drop);
}

// A burst from each queue of ours.
static void take_packets(struct worker *w)
{
	for (uint32_t i = 0; i < w->ports; i++) {
		for (uint16_t q = w->port[i].polls; q > 0; q--) {
			receive(w, &w->port[i]);
			worker_input(w);
		}
	}
}

static void tend_ports(struct worker *w)
{
	for (uint32_t i = 0; i < w->ports; i++)
		port_tend(&w->port[i], w->now);
}

void worker_turn(struct worker *w, uint64_t now)
{
	w->now = now;
	w->idle = true;
	take_orders(w);
	serve_core(w);
	take_packets(w);
	handoff_take(w);
	engine_tick(w->engine, &w->out, now);
	transmit(w, &w->out);
	ask_turn(w);
	tend_ports(w);
	kernel_path_turn(w);
	handoff_flush(w);
	reap(w);
	stat_add(&w->stats.turns, 1);
	if (w->idle)
		stat_add(&w->stats.turns_idle, 1);
}

// Until the next thing is due, but no longer than a packet may wait for us.
static void rest(struct worker *w)
{
	uint64_t due = engine_next_due(w->engine, w->now);
	uint64_t ns = due > w->now ? due - w->now : 0;

	if (ns < SLEEP_MIN_NS)
		return;
	if (ns > SLEEP_MAX_NS)
		ns = SLEEP_MAX_NS;
	nanosleep(&(struct timespec){ .tv_nsec = (long)ns }, NULL);
}

int worker_main(void *arg)
{
	struct worker *w = arg;

	if (w->sleep)
		prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); // else 50 us late each time
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		worker_turn(w, clock_now(&w->clock));
		if (w->sleep && w->idle)
			rest(w);
	}
	return 0;
}
