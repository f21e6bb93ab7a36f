// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come in (RFC 4733). Packets of one press share SSRC, timestamp and code: they are
// one event, counted once, told at key-up. Key-up is the first packet with the end bit, or what
// shows that all of those were lost: the next event, audio well behind this one, or silence.
//
// What is known of them is a piece of a pool. It is given back when no event came for so long that
// nothing can belong to the last one any more.
#include "codecs/telephone_event.h"
#include "dataplane/node.h"

enum {
	LOST_MS = 100, // three updates missing, and a little
	LATE_SEC = 5,  // how late a packet of an event may come
};

static struct flow_event_in *event_of(const struct engine *e, const struct rtp_flow *f)
{
	return pool_at(&e->event, cold_of(e, f)->event);
}

static bool to_withhold(struct flow_cold *c, uint8_t code)
{
	if (!c->withholding && (c->watch >> code & 1))
		c->withholding = true;
	return c->withholding;
}

static enum flow_digit verdict_on(const struct engine *e, const struct rtp_flow *f, bool withhold)
{
	const struct rtp_flow *y = relay_target(e, f);

	if (withhold)
		return FLOW_DIGIT_WITHHELD;
	return y != NULL && (y->tx & FLOW_TYPING) ? FLOW_DIGIT_QUEUED : FLOW_DIGIT_PASSED;
}

enum flow_digit digit_decide(const struct engine *e, struct rtp_flow *f, uint8_t code)
{
	return verdict_on(e, f, to_withhold(cold_of(e, f), code));
}

enum flow_digit digit_suspect(const struct engine *e, const struct rtp_flow *f, uint8_t code)
{
	const struct flow_cold *c = cold_of(e, f);

	return verdict_on(e, f, c->withholding || (c->watch >> code & 1));
}

static uint16_t duration_ms(const struct rtp_flow *f, const struct flow_event_in *d)
{
	uint64_t units = (uint64_t)d->units + d->duration;
	uint64_t ms = units * 1000 / f->clock;

	return ms > UINT16_MAX ? UINT16_MAX : (uint16_t)ms;
}

// The peer was busy giving back digits when this one was pressed: it comes after them.
static void queue(struct engine *e, struct rtp_flow *f, uint8_t code, uint16_t ms, uint64_t now)
{
	struct rtp_flow *y = relay_target(e, f);
	uint16_t least = ms < 40 ? 40 : ms;

	if (y == NULL || !keys_can(y))
		return;
	if (keys_add(e, y, code, least > DP_DIGIT_MS_MAX ? DP_DIGIT_MS_MAX : least))
		engine_pace(e, y, now);
}

void digit_up(struct engine *e, struct rtp_flow *f, uint8_t code, enum flow_digit verdict,
	uint16_t ms, uint64_t now)
{
	bool withheld = verdict == FLOW_DIGIT_WITHHELD;
	struct dp_event digit = {
		.kind = DP_EVENT_DIGIT,
		.digit = { .digit = code, .withheld = withheld, .duration_ms = ms },
	};

	if (verdict == FLOW_DIGIT_QUEUED)
		queue(e, f, code, ms, now);
	stat_add(&e->stats->digits_seen, 1);
	if (withheld)
		stat_add(&e->stats->digits_withheld, 1);
	engine_tell(e, f, &digit);
}

static void key_up(struct engine *e, struct rtp_flow *f, struct flow_event_in *d, uint64_t now)
{
	d->ts_done = d->ts;
	d->code_done = d->code;
	d->verdict_of = d->verdict;
	f->digits_run = false;
	digit_up(e, f, d->code, (enum flow_digit)d->verdict, duration_ms(f, d), now);
}

static void key_down(struct engine *e, struct rtp_flow *f, struct flow_event_in *d,
	const struct telephone_event *event, uint32_t ts)
{
	d->ts = ts;
	d->units = 0;
	d->duration = 0;
	d->code = event->code;
	d->verdict = (uint8_t)digit_decide(e, f, event->code);
	f->digits_run = true;
}

// A long press goes on in a segment of its own, with a timestamp of its own (2.5.1.3).
static bool next_segment(struct flow_event_in *d, const struct telephone_event *event, uint32_t ts)
{
	if (event->code != d->code || ts - d->ts != TELEPHONE_EVENT_MAX)
		return false;
	d->units += TELEPHONE_EVENT_MAX;
	d->duration = 0;
	d->ts = ts;
	return true;
}

static void update(struct engine *e, struct rtp_flow *f, struct flow_event_in *d,
	const struct telephone_event *event, uint64_t now)
{
	d->seen = now;
	if (event->duration > d->duration)
		d->duration = event->duration;
	if (event->end)
		key_up(e, f, d, now);
}

static bool passes(uint8_t verdict)
{
	return verdict == FLOW_DIGIT_PASSED;
}

// Is this packet of the event that runs?
static bool runs(const struct rtp_flow *f, struct flow_event_in *d,
	const struct telephone_event *event, uint32_t ts)
{
	if (!f->digits_run)
		return false;
	return (event->code == d->code && ts == d->ts) || next_segment(d, event, ts);
}

// Older than the event that runs, or than the last one: it came late and says nothing new.
// Much older: the sender's clock was set anew.
static bool is_past(const struct rtp_flow *f, const struct flow_event_in *d, uint32_t ts)
{
	uint32_t last = f->digits_run ? d->ts : d->ts_done;
	int32_t age = (int32_t)(last - ts);

	if (!f->digits_run && d->code_done == DP_NO_PT)
		return false;
	return age > 0 && age < (int32_t)(LATE_SEC * f->clock);
}

// Another source: nothing of the old one can be continued.
static void change_source(
	struct engine *e, struct rtp_flow *f, struct flow_event_in *d, uint32_t ssrc, uint64_t now)
{
	if (f->digits_run)
		key_up(e, f, d, now);
	d->ssrc = ssrc;
	d->code_done = DP_NO_PT;
}

// The piece of a flow from which digits come, taken if need be. NULL: there is none.
static struct flow_event_in *prepare(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	if (c->event != FLOW_NO_PIECE)
		return event_of(e, f);

	uint32_t piece = pool_take(&e->event);
	if (piece == POOL_NONE)
		return NULL;
	c->event = (uint16_t)piece;
	pacer_add(&e->events, piece, to_ms(now) + LOST_MS);

	struct flow_event_in *d = event_of(e, f);
	d->place = place_of(e, f);
	d->seen = now;
	d->code_done = DP_NO_PT;
	return d;
}

// The packet says nothing new of what was.
static bool is_known(struct engine *e, struct rtp_flow *f, const struct telephone_event *event,
	const struct rtp *rtp, uint64_t now, bool *pass)
{
	struct flow_event_in *d = event_of(e, f);

	if (rtp->ssrc != d->ssrc)
		change_source(e, f, d, rtp->ssrc, now);
	if (runs(f, d, event, rtp->ts)) {
		update(e, f, d, event, now);
		*pass = passes(d->verdict);
		return true;
	}
	if (event->code == d->code_done && rtp->ts == d->ts_done) {
		*pass = passes(d->verdict_of);
		return true;
	}
	*pass = false;
	return is_past(f, d, rtp->ts);
}

bool node_digits(struct engine *e, struct rtp_flow *f, const struct pkt *p, uint64_t now)
{
	struct telephone_event event;
	bool pass;

	if (telephone_event_read(&event, p->data + p->rtp.payload_off, p->rtp.payload_len) !=
		TELEPHONE_EVENT_OK) {
		stat_add(&e->stats->rx_bad_event, 1);
		return false;
	}

	struct flow_event_in *d = prepare(e, f, now);
	if (d == NULL) {
		// Nobody hears of it; but what is watched does not get through.
		stat_add(&e->stats->events_no_room, 1);
		return cold_of(e, f)->watch == 0;
	}
	if (is_known(e, f, &event, &p->rtp, now, &pass))
		return pass;
	if (f->digits_run)
		key_up(e, f, d, now);
	key_down(e, f, d, &event, p->rtp.ts);
	update(e, f, d, &event, now);
	return passes(d->verdict);
}

void digits_audio(struct engine *e, struct rtp_flow *f, const struct rtp *rtp, uint64_t now)
{
	struct flow_event_in *d = event_of(e, f);
	uint32_t margin = LOST_MS * (uint32_t)(f->clock / 1000);
	int32_t behind = (int32_t)(rtp->ts - d->ts - d->duration);

	// Phones that send audio all through the press are not done with it yet.
	if (rtp->ssrc != d->ssrc || behind > (int32_t)margin)
		key_up(e, f, d, now);
}

// Without a flow the piece waits for its next look, and is given back then.
void digits_forget(struct engine *e, struct rtp_flow *f)
{
	struct flow_cold *c = cold_of(e, f);

	if (c->event != FLOW_NO_PIECE)
		event_of(e, f)->place = FLOW_NONE;
	c->event = FLOW_NO_PIECE;
	f->digits_run = false;
}

void digits_late(struct engine *e, uint32_t piece, uint64_t now)
{
	struct flow_event_in *d = pool_at(&e->event, piece);
	uint64_t due = to_ms(d->seen) + LOST_MS;

	if (d->place == FLOW_NONE) {
		pool_give(&e->event, piece);
		return;
	}

	struct rtp_flow *f = &e->flows[d->place];
	if (f->digits_run && to_ms(now) >= due)
		key_up(e, f, d, now);
	if (!f->digits_run && now - d->seen > LATE_SEC * NS_PER_SEC) {
		cold_of(e, f)->event = FLOW_NO_PIECE;
		pool_give(&e->event, piece);
		return;
	}
	pacer_add(&e->events, piece, to_ms(now) < due ? due : to_ms(now) + LOST_MS);
}
