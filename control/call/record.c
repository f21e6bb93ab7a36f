// SPDX-License-Identifier: BSD-3-Clause
//
// A call that is recorded. The recording is the call's and nobody's else: whoever stays keeps his
// channel, whoever comes gets the one that is free, and while nobody is there it is silent.
//
//   NONE ── on ─► ASKED ── the file is there ─► ON ◄─ on, pause ─► PAUSED
//     ▲             └──────── off, the end ───────┴──► ENDING ◄──────┘
//     └──────────────────── layby-media has said so ──────┘
#include "control/call/call.h"
#include "control/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LEFT, RIGHT, CHANNELS };
enum { HZ = 8000, HZ_WIDE = 16000 };

static const char *const state_names[] = { [CALL_RECORD_NONE] = "none",
	[CALL_RECORD_ASKED] = "asked",
	[CALL_RECORD_ON] = "on",
	[CALL_RECORD_PAUSED] = "paused",
	[CALL_RECORD_ENDING] = "ending" };

const char *call_record_state(const struct call *c)
{
	return state_names[c->record.state];
}

static bool is_same_flow(struct media_flow a, struct media_flow b)
{
	return a.worker == b.worker && a.id.index == b.id.index && a.id.gen == b.id.gen;
}

// Who is on this channel now: a flow, or none.
static struct media_flow on_channel(const struct call *c, unsigned channel)
{
	const struct leg *leg = channel == c->record.guest ? c->guest : c->other;

	if (leg == NULL || (leg->state != LEG_ANSWERED && leg->state != LEG_UP))
		return (struct media_flow){ .worker = 0 };
	return leg->flow;
}

static bool has_channels(const struct call *c)
{
	return c->record.state == CALL_RECORD_ON || c->record.state == CALL_RECORD_PAUSED;
}

static void set_channel(struct call *c, unsigned channel, struct media_flow now)
{
	struct call_record *r = &c->record;
	struct media *m = c->x->plan.media;

	if (!is_same_flow(r->flow[channel], now))
		media_record_channel(m, r->flow[channel], r->id, (uint8_t)channel, DP_RECORD_OFF);
	r->flow[channel] = now;
	if (has_channels(c))
		media_record_channel(m, now, r->id, (uint8_t)channel,
			r->state == CALL_RECORD_ON ? DP_RECORD_ON : DP_RECORD_PAUSED);
}

// Wishes can be said twice: whoever is there is told what he is.
void call_record_follow(struct call *c)
{
	for (unsigned i = LEFT; i < CHANNELS && has_channels(c); i++)
		set_channel(c, i, on_channel(c, i));
}

void call_record_swap(struct call *c)
{
	c->record.guest ^= 1;
}

static bool is_wide(const struct leg *leg)
{
	// RFC 3551, 4.5.2: the clock of G.722 is not its rate.
	return leg != NULL &&
	       (leg->codec.clock >= HZ_WIDE || strcasecmp(leg->codec.name, "G722") == 0);
}

static bool begin(struct call *c)
{
	struct media_recorded what = { .id = 0 };

	arc4random_buf(&what.id, sizeof(what.id));
	what.id |= 1; // never 0
	snprintf(what.account, sizeof(what.account), "%s", c->tenant->name);
	snprintf(what.ref, sizeof(what.ref), "%s", c->ref);
	if (!media_record_begin(
		    c->x->plan.media, &what, is_wide(c->guest) || is_wide(c->other) ? HZ_WIDE : HZ))
		return false;
	c->record.id = what.id;
	c->record.state = CALL_RECORD_ASKED;
	c->record.paused = false;
	return true;
}

static void set_paused(struct call *c, bool paused)
{
	c->record.paused = paused;
	if (!has_channels(c))
		return;
	c->record.state = paused ? CALL_RECORD_PAUSED : CALL_RECORD_ON;
	call_record_follow(c);
}

void call_record_end(struct call *c)
{
	struct call_record *r = &c->record;

	if (r->state == CALL_RECORD_NONE || r->state == CALL_RECORD_ENDING)
		return;
	r->state = CALL_RECORD_ENDING;
	for (unsigned i = LEFT; i < CHANNELS; i++)
		set_channel(c, i, (struct media_flow){ .worker = 0 });
	media_record_end(c->x->plan.media, r->id);
}

bool call_record_ask(struct call *c, enum call_record_wish wish)
{
	bool recorded = c->record.state != CALL_RECORD_NONE;

	if (c->record.state == CALL_RECORD_ENDING)
		return wish == CALL_RECORD_STOP;
	if (wish == CALL_RECORD_START && !recorded)
		return begin(c);
	if (wish == CALL_RECORD_STOP)
		call_record_end(c);
	else if (recorded)
		set_paused(c, wish == CALL_RECORD_PAUSE);
	return recorded || wish == CALL_RECORD_STOP;
}

static struct call *find(struct exchange *x, uint64_t id)
{
	struct call *c;

	TAILQ_FOREACH(c, &x->calls, link)
		if (c->record.state != CALL_RECORD_NONE && c->record.id == id)
			return c;
	return NULL;
}

static const char *reason(uint16_t outcome)
{
	switch ((enum attach_outcome)outcome) {
	case ATTACH_OK:
		return "ok";
	case ATTACH_NO_MEMORY:
		return "no memory";
	case ATTACH_DISK_FULL:
		return "disk full";
	case ATTACH_DISK_ERROR:
		return "disk error";
	case ATTACH_TOO_LONG:
		return "too long";
	case ATTACH_NO_ROOM:
		return "no room";
	case ATTACH_BAD_TRACK:
	case ATTACH_IN_USE:
	case ATTACH_UNKNOWN:
		break;
	}
	return "media gone";
}

static void tell(struct exchange *x, const struct media_recorded *what)
{
	char id[REF_LEN + 1];

	snprintf(id, sizeof(id), "%016" PRIx64, what->id);
	exchange_tell(x, &(struct news){ .name = what->over ? "call.recorded" : "call.recording",
				 .account = what->account,
				 .ref = what->ref,
				 .recording = id,
				 .reason = what->over ? reason(what->outcome) : NULL,
				 .length_ms = what->ms });
}

// The call may be over by now; that its recording is is told all the same.
void exchange_recorded(struct exchange *x, const struct media_recorded *what)
{
	struct call *c = find(x, what->id);

	tell(x, what);
	if (c == NULL)
		return;
	if (what->over) {
		call_record_end(c); // its flows are no channels any more
		c->record.state = CALL_RECORD_NONE;
	} else if (c->record.state == CALL_RECORD_ASKED) {
		c->record.state = c->record.paused ? CALL_RECORD_PAUSED : CALL_RECORD_ON;
		call_record_follow(c);
	}
}
