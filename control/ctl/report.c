// SPDX-License-Identifier: BSD-3-Clause
//
// What the core says of itself.
#include "control/ctl/command.h"
#include "control/ctl/table.h"
#include "control/ctl/text.h"

#include <inttypes.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int64_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "-";
}

static void show_info(const json_t *o)
{
	const json_t *media = json_object_get(o, "media");
	int64_t up = number(o, "uptime_s");

	fputs("version     ", stdout);
	text_print(stdout, text(o, "version"));
	putchar('\n');
	printf("api         %" PRId64 "\n", number(o, "api"));
	printf("pid         %" PRId64 "\n", number(o, "pid"));
	printf("up          %" PRId64 " d %02" PRId64 ":%02" PRId64 ":%02" PRId64 "\n", up / 86400,
		up / 3600 % 24, up / 60 % 60, up % 60);
	if (json_is_true(json_object_get(media, "attached")))
		printf("media       attached, %" PRId64 " workers, %" PRId64 " flows open, %" PRId64
		       " free\n",
			number(media, "workers"), number(media, "flows_open"),
			number(media, "flows_free"));
	else
		puts("media       not attached: calls have no sound; is layby-media running?");
	printf("accounts    %" PRId64 "\n", number(o, "accounts"));
	printf("contacts    %" PRId64 "\n", number(o, "contacts"));
	printf("calls       %" PRId64 ", %" PRId64 " of them parked\n", number(o, "calls"),
		number(o, "parked"));
	printf("events      %" PRId64 "\n", number(o, "seq"));
	printf("connections %" PRId64 "\n", number(o, "connections"));
}

// Asks without parameters and prints the result, unless show does.
static int report(
	struct session *s, const char *method, json_t *params, void (*show)(const json_t *result))
{
	json_t *result = NULL;
	enum client_outcome o = client_ask(&s->client, method, params, &result);

	if (o != CLIENT_OK)
		return session_failed(s, o);
	if (s->options.given[OPTION_JSON])
		print_json(result);
	else
		show(result);
	json_decref(result);
	return EXIT_DONE;
}

int run_info(struct session *s, char **)
{
	return report(s, "system.info", NULL, show_info);
}

static void show_counters(json_t *counters, const json_t *help)
{
	static const struct column columns[] = {
		{ "COUNTER", "name", false, NULL, NULL },
		{ "VALUE", "value", true, NULL, NULL },
		{ "COUNTS", "help", false, NULL, NULL },
	};
	json_t *rows = json_array();
	const char *name;
	json_t *value;

	json_object_foreach(counters, name, value)
	{
		json_t *row = json_object();

		json_object_set_new(row, "name", json_string(name));
		json_object_set(row, "value", value);
		json_object_set(row, "help", json_object_get(help, name));
		json_array_append_new(rows, row);
	}
	table_print(stdout, columns, COUNT(columns), rows);
	json_decref(rows);
}

static void show_stats(const json_t *o)
{
	const json_t *help = json_object_get(o, "help");
	const json_t *workers = json_object_get(o, "workers");

	puts("SIP");
	show_counters(json_object_get(o, "sip"), json_object_get(help, "sip"));
	for (size_t i = 0; i < json_array_size(workers); i++) {
		const json_t *w = json_array_get(workers, i);

		printf("\nMEDIA WORKER %" PRId64 "\n", number(w, "worker"));
		show_counters(json_object_get(w, "counters"), json_object_get(help, "worker"));
	}
	if (json_array_size(workers) == 0)
		puts("\nno media worker is attached");
	puts("\nCONTROL SOCKET");
	show_counters(json_object_get(o, "control"), json_object_get(help, "control"));
}

int run_stats(struct session *s, char **)
{
	json_t *params = json_object();

	json_object_set_new(params, "help", json_true());
	return report(s, "stats.get", params, show_stats);
}

static void show_param(const json_t *p)
{
	fputs("    ", stdout);
	text_print(stdout, text(p, "name"));
	fputs(" (", stdout);
	text_print(stdout, text(p, "type"));
	fputs(json_is_true(json_object_get(p, "required")) ? ", needed): " : "): ", stdout);
	text_print(stdout, text(p, "help"));
	putchar('\n');
}

static void show_methods(const json_t *o)
{
	const json_t *methods = json_object_get(o, "methods");

	for (size_t i = 0; i < json_array_size(methods); i++) {
		const json_t *m = json_array_get(methods, i);
		const json_t *params = json_object_get(m, "params");

		text_print(stdout, text(m, "name"));
		fputs("\n    ", stdout);
		text_print(stdout, text(m, "help"));
		putchar('\n');
		for (size_t p = 0; p < json_array_size(params); p++)
			show_param(json_array_get(params, p));
	}
}

int run_methods(struct session *s, char **)
{
	return report(s, "rpc.methods", NULL, show_methods);
}
