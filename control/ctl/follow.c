// SPDX-License-Identifier: BSD-3-Clause
//
// Events: those that are kept, and those that come.
#include "control/ctl/command.h"
#include "control/ctl/table.h"
#include "control/ctl/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_EVENTS = 1000 };

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void say_gap(const struct session *s)
{
	if (!s->options.given[OPTION_JSON])
		fputs("laybyctl: some events are no longer kept and are missing here\n", stderr);
}

// One event a line: the columns everybody wants, then whatever else it carries.
static void show_event(const struct session *s, const json_t *e)
{
	static const char *const more[] = { "caller", "caller_name", "parker", "retriever",
		"winner", "recording", "reason", "ref" };
	const json_t *wait = json_object_get(e, "wait_ms");
	const json_t *length = json_object_get(e, "length_ms");
	const char *name = text_of(e, "name");

	if (s->options.given[OPTION_JSON]) {
		print_json(e);
		return;
	}
	printf("%6" JSON_INTEGER_FORMAT "  ", json_integer_value(json_object_get(e, "seq")));
	text_print(stdout, text_of(e, "time") != NULL ? text_of(e, "time") : "-");
	fputs("  ", stdout);
	text_print(stdout, name != NULL ? name : "-");
	for (size_t n = text_width(name != NULL ? name : "-"); n < 19; n++)
		putchar(' ');
	text_print(stdout, text_of(e, "account") != NULL ? text_of(e, "account") : "-");
	if (json_object_get(e, "slot") != NULL)
		printf(" slot %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(e, "slot")));
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (text_of(e, more[i]) == NULL)
			continue;
		printf("  %s=", more[i]);
		text_print(stdout, text_of(e, more[i]));
	}
	if (wait != NULL)
		printf("  waited %.1f s", (double)json_integer_value(wait) / 1000.0);
	if (length != NULL)
		printf("  of %.1f s", (double)json_integer_value(length) / 1000.0);
	putchar('\n');
}

// Prints a page. Returns where the next one begins, or NULL: it was the last.
static json_t *show_page(const struct session *s, json_t *page)
{
	const json_t *events = json_object_get(page, "events");
	json_t *next = json_object_get(page, "next");

	if (json_is_true(json_object_get(page, "gap")))
		say_gap(s);
	for (size_t i = 0; i < json_array_size(events); i++)
		show_event(s, json_array_get(events, i));
	if (json_array_size(events) == 0 || !json_is_integer(next))
		return NULL;
	return json_incref(next);
}

static int show_kept(struct session *s, json_t *since)
{
	bool first = true;

	for (;; first = false) {
		json_t *params = json_object();
		json_t *page = NULL;
		enum client_outcome o;

		json_object_set_new(params, "limit", json_integer(PAGE_EVENTS));
		if (since != NULL)
			json_object_set_new(params, "since", since);
		o = client_ask(&s->client, "events.list", params, &page);
		if (o != CLIENT_OK)
			return session_failed(s, o);
		since = show_page(s, page);
		json_decref(page);
		if (since == NULL && first && !s->options.given[OPTION_JSON])
			puts("nothing has happened");
		if (since == NULL)
			return EXIT_DONE;
	}
}

static void show_notification(const struct session *s, const json_t *o)
{
	const char *method = text_of(o, "method");
	const json_t *params = json_object_get(o, "params");

	if (method != NULL && strcmp(method, "event") == 0)
		show_event(s, params);
	else if (method != NULL && strcmp(method, "events.gap") == 0)
		say_gap(s);
	// Others may come with a later version; they are not for us.
}

static int follow(struct session *s, json_t *since)
{
	json_t *params = json_object();
	json_t *o = NULL;
	enum client_outcome outcome;

	if (since != NULL)
		json_object_set_new(params, "since", since);
	outcome = client_ask(&s->client, "events.subscribe", params, &o);
	while (outcome == CLIENT_OK) {
		json_decref(o);
		o = NULL;
		fflush(stdout);
		outcome = client_listen(&s->client, &o);
		if (outcome == CLIENT_OK)
			show_notification(s, o);
	}
	return session_failed(s, outcome);
}

int run_events(struct session *s, char **)
{
	const char *text = s->options.value[OPTION_SINCE];
	json_t *since = NULL;

	if (text != NULL) {
		char *end;

		errno = 0;
		since = json_integer(strtoll(text, &end, 10));
		if (errno != 0 || end == text || *end != '\0') {
			fputs("laybyctl: --since needs a number\n", stderr);
			json_decref(since);
			return EXIT_USAGE;
		}
	}
	return s->options.given[OPTION_FOLLOW] ? follow(s, since) : show_kept(s, since);
}
