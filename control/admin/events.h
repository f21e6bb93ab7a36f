// SPDX-License-Identifier: BSD-3-Clause
//
// The last events, numbered without a hole, and how far each reader has come. Readers take from
// the ring; nothing is queued for them, so a slow one costs nothing and is told what it missed.
// Time is a parameter.
#pragma once

#include "control/admin/admin.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { EVENTS_KEPT = 4096, EVENTS_RUN_MAX = 17 };

struct events {
	uint64_t last;            // number of the newest one; 0: there was none yet
	uint64_t lost;            // not kept because there was no memory
	char run[EVENTS_RUN_MAX]; // names this life of the process: numbers begin again at 1
	char *text[EVENTS_KEPT];  // by number modulo EVENTS_KEPT: the event as a JSON object
};

void events_init(struct events *e, uint64_t run);
void events_clear(struct events *e);
// wall_ms: milliseconds since 1970, for people.
void events_add(struct events *e, const struct event_row *row, uint64_t wall_ms);
// The oldest number still kept; last + 1 when there is none.
uint64_t events_oldest(const struct events *e);
// NULL: not kept.
const char *events_text(const struct events *e, uint64_t seq);

// One who subscribed.
struct reader {
	bool subscribed;
	bool restarted; // the numbers it knows are of a former run
	uint64_t next;  // number of the event it gets next
};

// After `since` of that run; run NULL: of ours. A number we have not reached is of a former run.
void reader_start(struct reader *r, const struct events *e, uint64_t since, const char *run);
// Is there something it has not got?
bool reader_is_behind(const struct reader *r, const struct events *e);
// The next line for it: an event, or events.gap for those it can no longer get. malloc()ed, with
// its line end; NULL: it has everything. *gap says which of the two it is.
char *reader_next(struct reader *r, const struct events *e, bool *gap);
