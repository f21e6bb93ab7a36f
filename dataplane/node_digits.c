// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come in (RFC 4733). Packets of one press share SSRC, timestamp and code: they are
// one event, counted once, told at key-up. Key-up is the first packet with the end bit, or what
// shows that all of those were lost: the next event, audio well behind this one, or silence.
#include "codecs/telephone_event.h"
#include "dataplane/node.h"

enum {
	LOST_MS = 100, // three updates missing, and a little
	LATE_SEC = 5,  // how late a packet of an event may come
};

static bool to_withhold(struct rtp_flow *f, uint8_t code)
{
	if (!f->withholding && (f->watch >> code & 1))
		f->withholding = true;
	return f->withholding;
}

// What is to become of an event, known when its first packet comes.
static enum flow_digit decide(const struct engine *e, struct rtp_flow *f, uint8_t code)
{
	const struct rtp_flow *y = relay_target(e, f);

	if (to_withhold(f, code))
		return FLOW_DIGIT_WITHHELD;
	return y != NULL && y->keys.n > 0 ? FLOW_DIGIT_QUEUED : FLOW_DIGIT_PASSED;
}

static uint16_t duration_ms(const struct rtp_flow *f)
{
	uint64_t units = (uint64_t)f->event.units + f->event.duration;
	uint64_t ms = units * 1000 / f->clock;

	return ms > UINT16_MAX ? UINT16_MAX : (uint16_t)ms;
}

// The peer was busy giving back digits when this one was pressed: it comes after them.
static void queue(struct engine *e, struct rtp_flow *f, uint16_t ms, uint64_t now)
{
	struct rtp_flow *y = relay_target(e, f);
	uint16_t least = ms < 40 ? 40 : ms;

	if (y == NULL || y->dtmf_tx == DP_NO_PT)
		return;
	if (keys_add(y, f->event.code, least > DP_DIGIT_MS_MAX ? DP_DIGIT_MS_MAX : least))
		engine_pace(e, y, now);
}

static void key_up(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	bool withheld = f->event.verdict == FLOW_DIGIT_WITHHELD;
	struct dp_event digit = {
		.kind = DP_EVENT_DIGIT,
		.digit = { .digit = f->event.code,
			.withheld = withheld,
			.duration_ms = duration_ms(f) },
	};

	if (f->event.verdict == FLOW_DIGIT_QUEUED)
		queue(e, f, digit.digit.duration_ms, now);
	f->event.ts_done = f->event.ts;
	f->event.code_done = f->event.code;
	f->event.verdict_of = f->event.verdict;
	f->digits_run = false;
	pacer_remove(&e->events, place_of(e, f));
	stat_add(&e->stats->digits_seen, 1);
	if (withheld)
		stat_add(&e->stats->digits_withheld, 1);
	engine_tell(e, f, &digit);
}

static void key_down(struct engine *e, struct rtp_flow *f, const struct telephone_event *event,
	uint32_t ts, uint64_t now)
{
	f->event.ts = ts;
	f->event.units = 0;
	f->event.duration = 0;
	f->event.code = event->code;
	f->event.verdict = (uint8_t)decide(e, f, event->code);
	f->digits_run = true;
	pacer_set(&e->events, place_of(e, f), to_ms(now) + LOST_MS);
}

// A long press goes on in a segment of its own, with a timestamp of its own (2.5.1.3).
static bool next_segment(struct rtp_flow *f, const struct telephone_event *event, uint32_t ts)
{
	if (event->code != f->event.code || ts - f->event.ts != TELEPHONE_EVENT_MAX)
		return false;
	f->event.units += TELEPHONE_EVENT_MAX;
	f->event.duration = 0;
	f->event.ts = ts;
	return true;
}

static void update(
	struct engine *e, struct rtp_flow *f, const struct telephone_event *event, uint64_t now)
{
	f->event.seen = now;
	if (event->duration > f->event.duration)
		f->event.duration = event->duration;
	if (event->end)
		key_up(e, f, now);
}

static bool passes(uint8_t verdict)
{
	return verdict == FLOW_DIGIT_PASSED;
}

// Is this packet of the event that runs?
static bool runs(struct rtp_flow *f, const struct telephone_event *event, uint32_t ts)
{
	if (!f->digits_run)
		return false;
	return (event->code == f->event.code && ts == f->event.ts) || next_segment(f, event, ts);
}

// Older than the event that runs, or than the last one: it came late and says nothing new.
// Much older: the sender's clock was set anew.
static bool is_past(const struct rtp_flow *f, uint32_t ts)
{
	uint32_t last = f->digits_run ? f->event.ts : f->event.ts_done;
	int32_t age = (int32_t)(last - ts);

	if (!f->digits_run && f->event.code_done == DP_NO_PT)
		return false;
	return age > 0 && age < (int32_t)(LATE_SEC * f->clock);
}

// Another source: nothing of the old one can be continued.
static void change_source(struct engine *e, struct rtp_flow *f, uint32_t ssrc, uint64_t now)
{
	if (f->digits_run)
		key_up(e, f, now);
	f->event.ssrc = ssrc;
	f->event.code_done = DP_NO_PT;
}

bool node_digits(struct engine *e, struct rtp_flow *f, const struct pkt *p, uint64_t now)
{
	struct telephone_event event;
	uint32_t ts = p->rtp.ts;

	if (telephone_event_read(&event, p->data + p->rtp.payload_off, p->rtp.payload_len) !=
		TELEPHONE_EVENT_OK) {
		stat_add(&e->stats->rx_bad_event, 1);
		return false;
	}
	if (p->rtp.ssrc != f->event.ssrc)
		change_source(e, f, p->rtp.ssrc, now);
	if (runs(f, &event, ts)) {
		update(e, f, &event, now);
		return passes(f->event.verdict);
	}
	if (event.code == f->event.code_done && ts == f->event.ts_done)
		return passes(f->event.verdict_of);
	if (is_past(f, ts))
		return false;
	if (f->digits_run)
		key_up(e, f, now);
	key_down(e, f, &event, ts, now);
	update(e, f, &event, now);
	return passes(f->event.verdict);
}

void digits_audio(struct engine *e, struct rtp_flow *f, const struct rtp *rtp, uint64_t now)
{
	uint32_t margin = LOST_MS * (f->clock / 1000);
	int32_t behind = (int32_t)(rtp->ts - f->event.ts - f->event.duration);

	// Phones that send audio all through the press are not done with it yet.
	if (rtp->ssrc != f->event.ssrc || behind > (int32_t)margin)
		key_up(e, f, now);
}

void digits_late(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	uint64_t due = to_ms(f->event.seen) + LOST_MS;

	if (!f->digits_run)
		return;
	if (to_ms(now) < due)
		pacer_set(&e->events, place_of(e, f), due);
	else
		key_up(e, f, now);
}
