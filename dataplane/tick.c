// SPDX-License-Identifier: BSD-3-Clause
//
// The engine's other source of packets, time: who is due, burst by burst, how much a turn may
// catch up after it stood still, and whether there is time for more streams at all.
#include "dataplane/node.h"

enum {
	LATE_MS = 5,       // later than this is counted
	CATCH_UP_MS = 100, // later than this is not sent any more
	BEHIND_MS = 10,    // this far behind, for this long,
	FULL_MS = 100,     // there is no time for new streams
	IDLE_MS = 1000,    // how long a worker with nothing to do may sleep
	BURST_LEAST = 512, // packets that any turn may send
	STEP_MS = 20,      // of nearly every stream
	REPORTS_PART = 2048,
};

static uint64_t step_of(const struct rtp_flow *f)
{
	return f->tx & FLOW_TYPING ? FLOW_EVENT_PTIME : f->ptime;
}

// Frames whose time passed more than CATCH_UP_MS ago are not made, nor those from before the source
// began; the stream goes on behind them as after any pause. Returns the first that is made.
static uint64_t skip(struct engine *e, struct rtp_flow *f, uint64_t due, uint64_t now)
{
	uint64_t step = step_of(f);
	uint64_t begin = f->tx & FLOW_FRESH ? to_ms(f->out_at) : 0;
	uint64_t frames = 0;

	if (now - due > CATCH_UP_MS)
		frames = (now - due - CATCH_UP_MS + step - 1) / step;
	if (due + frames * step + step <= begin)
		frames = (begin - due) / step;
	if (frames == 0)
		return due;
	if (flow_may_send(f))
		stat_add(&e->stats->skipped_packets, frames);
	f->tx |= FLOW_FRESH;
	return due + frames * step;
}

static void send_one(
	struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at, uint64_t now)
{
	if (now - at > LATE_MS && flow_may_send(f))
		stat_add(&e->stats->late_packets, 1);
	if (f->tx & FLOW_TYPING)
		node_keys(e, f, out, at * NS_PER_MS);
	else
		node_moh(e, f, out, at * NS_PER_MS);
}

// Any flow, whatever it has to send. After a long stall the wheel stands where it tells what it
// has of one bucket, and the flow may be behind that: what it missed comes at once, since a place
// of the wheel that was told does not come again. Returns how many packets' times that were.
static uint32_t pace(
	struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t due, uint64_t now)
{
	uint32_t n = 0;

	f->tx &= (uint8_t)~FLOW_PACED;
	if (!flow_is_due(f))
		return 1;

	uint64_t at = skip(e, f, due, now);
	do {
		uint64_t step = step_of(f);

		send_one(e, f, out, at, now);
		at += step;
		n++;
	} while (flow_is_due(f) && at < e->media.cursor);
	if (flow_is_due(f)) {
		pacer_add(&e->media, place_of(e, f), at);
		f->tx |= FLOW_PACED;
	}
	return n;
}

// Those who come next are on their way into the cache while these are served.
static void fetch_ahead(const struct engine *e)
{
	uint32_t place[BURST_MAX];
	uint32_t n = pacer_ahead(&e->media, place, BURST_MAX);

	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&e->flows[place[i]].out_at, 1);
}

// Flows that are due at one time. Those whose music just goes on, nearly all, are done together.
// Returns how many packets' times that were.
static uint32_t pace_burst(struct engine *e, const uint32_t *place, uint32_t n, struct burst *out,
	uint64_t due, uint64_t now)
{
	struct rtp_flow *music[BURST_MAX];
	uint32_t plain = 0, others = 0;

	fetch_ahead(e);
	for (uint32_t i = 0; i < n; i++) {
		struct rtp_flow *f = &e->flows[place[i]];

		if (now - due > CATCH_UP_MS || !music_is_plain(f)) {
			others += pace(e, f, out, due, now);
			continue;
		}
		music_fetch(e, f);
		pacer_add(&e->media, place[i], due + f->ptime);
		music[plain++] = f;
	}
	if (now - due > LATE_MS)
		stat_add(&e->stats->late_packets, plain);
	node_music(e, music, plain, out, due * NS_PER_MS);
	return plain + others;
}

static uint32_t most_of_a_turn(const struct engine *e)
{
	uint32_t most = 4 * (e->media.waiting / STEP_MS);

	if (e->burst_most != 0)
		return e->burst_most;
	return most > BURST_LEAST ? most : BURST_LEAST;
}

// Behind for a while means that there are more streams than time, not that the host stood still.
static void watch_time(struct engine *e, uint64_t ms)
{
	uint64_t behind = e->media.waiting > 0 ? ms - e->media.cursor : 0;

	if (behind <= BEHIND_MS)
		e->behind_since = 0;
	else if (e->behind_since == 0)
		e->behind_since = ms;
	else if (ms - e->behind_since >= FULL_MS)
		e->full = true;
	if (behind <= 1)
		e->full = false;
}

static void send_media(struct engine *e, struct burst *out, uint64_t ms)
{
	uint32_t place[BURST_MAX];
	uint32_t most = most_of_a_turn(e), done = 0;
	uint64_t due;

	while (done < most) {
		uint32_t room = most - done < BURST_MAX ? most - done : BURST_MAX;
		uint32_t n = pacer_take(&e->media, ms, place, room, &due);

		if (n == 0)
			break;
		done += pace_burst(e, place, n, out, due, ms);
	}
	watch_time(e, ms);
}

// Those of one tick of the wheel are sent one part after the other.
static void send_reports(struct engine *e, struct burst *out, uint64_t now)
{
	uint32_t left = BURST_MAX + e->reports.waiting / REPORTS_PART;
	uint32_t place;
	uint64_t due;

	while (left-- > 0 && pacer_take(&e->reports, now / REPORT_TICK_NS, &place, 1, &due) > 0)
		node_report(e, &e->flows[place], out, now);
}

void engine_tick(struct engine *e, struct burst *out, uint64_t now)
{
	uint32_t piece;
	uint64_t due;

	engine_begin(e, out);
	send_media(e, out, to_ms(now));
	while (pacer_take(&e->events, to_ms(now), &piece, 1, &due) > 0)
		digits_late(e, piece, now);
	while (pacer_take(&e->listens, to_ms(now), &piece, 1, &due) > 0)
		inband_late(e, piece, now);
	send_reports(e, out, now);
	node_srtp_seal(e, out);
}

uint64_t engine_next_due(const struct engine *e, uint64_t now)
{
	if (e->media.waiting > 0 && pacer_is_behind(&e->media, to_ms(now)))
		return now;
	if (e->media.waiting > 0 || e->events.waiting > 0 || e->listens.waiting > 0)
		return (to_ms(now) + 1) * NS_PER_MS;
	if (e->reports.waiting > 0 && pacer_is_behind(&e->reports, now / REPORT_TICK_NS))
		return (to_ms(now) + 1) * NS_PER_MS;
	if (e->reports.waiting > 0)
		return (now / REPORT_TICK_NS + 1) * REPORT_TICK_NS;
	return now + IDLE_MS * NS_PER_MS;
}
