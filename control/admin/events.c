// SPDX-License-Identifier: BSD-3-Clause
//
// The ring of events. Kept as text: it is written once and sent many times.
#include "control/admin/events.h"

#include "control/admin/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void events_init(struct events *e, uint64_t run)
{
	*e = (struct events){ 0 };
	snprintf(e->run, sizeof(e->run), "%016" PRIx64, run);
}

void events_clear(struct events *e)
{
	for (uint32_t i = 0; i < EVENTS_KEPT; i++) {
		free(e->text[i]);
		e->text[i] = NULL;
	}
}

uint64_t events_oldest(const struct events *e)
{
	return e->last < EVENTS_KEPT ? 1 : e->last - EVENTS_KEPT + 1;
}

const char *events_text(const struct events *e, uint64_t seq)
{
	if (seq > e->last || seq < events_oldest(e))
		return NULL;
	return e->text[seq % EVENTS_KEPT];
}

// RFC 3339, UTC: "2024-05-01T12:00:00.250Z".
static void set_time(json_t *o, uint64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };
	char day[32];
	char text[48];

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03" PRIu64 "Z", day, wall_ms % 1000);
	json_object_set_new(o, "time", json_string(text));
}

static void set_text(json_t *o, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(o, name, text_json(text, ADMIN_TEXT_MAX));
}

static json_t *object(const struct event_row *row, uint64_t seq, uint64_t wall_ms)
{
	json_t *o = json_object();

	json_object_set_new(o, "seq", json_integer((json_int_t)seq));
	set_time(o, wall_ms);
	set_text(o, "name", row->name);
	set_text(o, "account", row->account);
	set_text(o, "lot", row->lot);
	if (row->slot != 0)
		json_object_set_new(o, "slot", json_integer(row->slot));
	set_text(o, "ref", row->ref);
	set_text(o, "caller", row->caller);
	set_text(o, "caller_name", row->caller_name);
	set_text(o, "parker", row->parker);
	set_text(o, "retriever", row->retriever);
	set_text(o, "winner", row->winner);
	set_text(o, "reason", row->reason);
	if (row->waited || row->wait_ms != 0)
		json_object_set_new(o, "wait_ms", json_integer((json_int_t)row->wait_ms));
	set_text(o, "recording", row->recording);
	if (row->length_ms != 0)
		json_object_set_new(o, "length_ms", json_integer((json_int_t)row->length_ms));
	return o;
}

void events_add(struct events *e, const struct event_row *row, uint64_t wall_ms)
{
	json_t *o = object(row, e->last + 1, wall_ms);
	char *text = json_dumps(o, JSON_COMPACT);
	char **place;

	json_decref(o);
	e->last++;
	if (text == NULL)
		e->lost++;
	place = &e->text[e->last % EVENTS_KEPT];
	free(*place);
	*place = text;
}

void reader_start(struct reader *r, const struct events *e, uint64_t since, const char *run)
{
	bool former = since > e->last || (run != NULL && strcmp(run, e->run) != 0);

	*r = (struct reader){ .subscribed = true,
		.restarted = former,
		.next = former ? events_oldest(e) : since + 1 };
}

bool reader_is_behind(const struct reader *r, const struct events *e)
{
	return r->subscribed && (r->restarted || r->next <= e->last);
}

// What is missing before the first event that is still here.
static char *gap_line(struct reader *r, const struct events *e, uint64_t to)
{
	char *line = NULL;

	if (asprintf(&line,
		    "{\"jsonrpc\":\"2.0\",\"method\":\"events.gap\",\"params\":{\"run\":\"%s\","
		    "\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"reason\":\"%s\"}}\n",
		    e->run, r->restarted ? 1 : r->next, to,
		    r->restarted ? "restarted" : "late") < 0)
		return NULL;
	r->restarted = false;
	r->next = to + 1;
	return line;
}

char *reader_next(struct reader *r, const struct events *e, bool *gap)
{
	const char *text;
	char *line = NULL;

	*gap = r->restarted || r->next < events_oldest(e);
	if (*gap)
		return gap_line(r, e, events_oldest(e) - 1);
	if (r->next > e->last)
		return NULL;
	text = events_text(e, r->next);
	*gap = text == NULL;
	if (*gap)
		return gap_line(r, e, r->next);
	if (asprintf(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":%s}\n", text) < 0)
		return NULL;
	r->next++;
	return line;
}
