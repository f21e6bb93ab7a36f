// SPDX-License-Identifier: BSD-3-Clause
//
// What workers say: answers find who asked, the rest finds the flow's owner. What comes too late
// for its flow goes nowhere; what no honest worker says is counted.
#include "control/call/media_inside.h"
#include "control/loop.h"

enum {
	EVENTS_A_TURN = 256, // of each worker; then others have their turn
	COMPLAINTS = 5,      // a second
	DIGIT_MAX = 15,      // RFC 4733: 0-9 * # A-D
};

static void complain(struct media *m, const char *what, uint32_t worker, const struct dp_event *e)
{
	m->strange++;
	if (log_allowed(&m->complaints, COMPLAINTS, loop_now(m->loop)))
		log_warning("worker %u: %s: event %u, tag %u, flow %u.%u", worker, what, e->kind,
			e->tag, e->flow.index, e->flow.gen);
}

static void tell(struct media *m, const struct place *place, const struct media_event *event)
{
	if (m->state == MEDIA_ATTACHED && place->owner != NULL)
		m->ops.happen(m->ops.ctx, event);
}

// A worker is done with a place that we close: it has closed it, or knows nothing of it.
static void closed(struct media *m, uint32_t worker, struct flow_id flow)
{
	struct media_ports *ports = &m->workers[worker].ports;

	if (ports->place[flow.index].state == PLACE_CLOSING &&
		ports->place[flow.index].gen == flow.gen)
		media_ports_rest(ports, flow.index, loop_now(m->loop));
}

// Of the music that was wished for, its owner hears once; of a stand-in, that music plays, but not
// that it does not.
static bool is_news(struct place *place, const struct dp_event *e)
{
	bool told = place->heard;

	if (place->musics > 0)
		place->musics--;
	if (e->kind == DP_EVENT_REFUSED)
		return !place->waits && place->musics == 0;
	place->heard = place->waits;
	return !told;
}

// The last that is known of a flow, for who looks for the reason of a complaint.
static void log_quality(uint32_t worker, const struct dp_event *e)
{
	const struct dp_quality *q = &e->closed;

	if (q->rx_packets + q->tx_packets == 0)
		return;
	log_info("flow=%u.%u.%u received=%u lost=%u jitter=%uus mos=%u.%u sent=%u remote_lost=%u "
		 "remote_jitter=%uus remote_mos=%u.%u round_trip=%uus",
		worker, e->flow.index, e->flow.gen, q->rx_packets, q->rx_lost, q->jitter_us,
		q->mos / 10U, q->mos % 10U, q->tx_packets, q->remote_lost, q->remote_jitter_us,
		q->remote_mos / 10U, q->remote_mos % 10U, q->rtt_us);
}

static int kind_of(const struct dp_event *e)
{
	if (e->kind == DP_EVENT_QUALITY)
		return MEDIA_QUALITY;
	return e->kind == DP_EVENT_DONE ? MEDIA_DONE : MEDIA_FAILED;
}

static void answered(struct media *m, uint32_t worker, const struct dp_event *e)
{
	struct unanswered asked;

	if (!media_worker_answered(&m->workers[worker], e->tag, &asked)) {
		complain(m, "an answer to nothing", worker, e);
		return;
	}
	m->refusals += e->kind == DP_EVENT_REFUSED;
	if (asked.kind == DP_CMD_CLOSE) {
		if (e->kind == DP_EVENT_CLOSED)
			log_quality(worker, e);
		closed(m, worker, asked.flow);
		return;
	}

	struct place *place = media_ports_find(&m->workers[worker].ports, asked.flow);

	if (place == NULL)
		return; // closed meanwhile
	if (asked.kind == DP_CMD_MUSIC && !is_news(place, e))
		return;
	struct media_event event = { .kind = kind_of(e),
		.owner = place->owner,
		.cmd = (uint8_t)asked.kind,
		.refusal = e->refusal,
		.raw = e };

	tell(m, place, &event);
}

// The worker itself has closed a flow: its owner hears of it and has none any more.
static void closed_unasked(
	struct media *m, uint32_t worker, struct place *place, struct media_event *event)
{
	struct media_ports *ports = &m->workers[worker].ports;
	uint32_t index = event->raw->flow.index;

	event->kind = MEDIA_CLOSED;
	media_ports_closing(place);
	media_ports_rest(ports, index, loop_now(m->loop));
	if (event->owner != NULL)
		m->ops.happen(m->ops.ctx, event);
}

static void noticed(struct media *m, uint32_t worker, const struct dp_event *e)
{
	struct place *place = media_ports_find(&m->workers[worker].ports, e->flow);

	if (place == NULL)
		return; // of a flow that we have closed, or of its predecessor
	struct media_event event = { .owner = place->owner, .raw = e };

	switch ((enum dp_event_kind)e->kind) {
	case DP_EVENT_DIGIT:
		event.kind = MEDIA_DIGIT;
		event.digit = e->digit.digit;
		event.withheld = e->digit.withheld != 0;
		event.duration_ms = e->digit.duration_ms;
		if (event.digit > DIGIT_MAX)
			complain(m, "no such digit", worker, e);
		else
			tell(m, place, &event);
		break;
	case DP_EVENT_PLAYED:
		event.kind = MEDIA_PLAYED;
		tell(m, place, &event);
		break;
	case DP_EVENT_LOCKED:
		event.kind = MEDIA_LOCKED;
		tell(m, place, &event);
		break;
	case DP_EVENT_CLOSED:
		closed_unasked(m, worker, place, &event);
		break;
	case DP_EVENT_DONE:
	case DP_EVENT_REFUSED:
	case DP_EVENT_QUALITY:
	case DP_EVENT_OVERLAY_DONE: // no overlay was asked for
	case DP_EVENT_COUNT:
		complain(m, "an answer without a tag", worker, e);
		break;
	}
}

static void take(struct media *m, uint32_t worker, const struct dp_event *e)
{
	if (e->kind >= DP_EVENT_COUNT || e->flow.index >= m->workers[worker].ports.n) {
		complain(m, "nonsense", worker, e);
		return;
	}
	if (e->lost != 0 && log_allowed(&m->complaints, COMPLAINTS, loop_now(m->loop)))
		log_warning(
			"worker %u has lost events of flow %u: nobody was attached, or we were too slow",
			worker, e->flow.index);
	if (e->tag != 0)
		answered(m, worker, e);
	else
		noticed(m, worker, e);
}

bool media_hear(struct media *m, uint32_t worker)
{
	struct dp_event e;

	for (int i = 0; i < EVENTS_A_TURN; i++) {
		if (!media_worker_hear(&m->workers[worker], &e))
			return false;
		take(m, worker, &e);
	}
	return true;
}
