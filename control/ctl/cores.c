// SPDX-License-Identifier: BSD-3-Clause
//
// Who of layby-media does what: the plan as it is, the plan that a file means, and another worker
// for a queue.
#include "control/ctl/command.h"
#include "control/ctl/table.h"
#include "control/ctl/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOVE_LOOKS = 100, MOVE_LOOK_MS = 20, NUMBER_BASE = 10 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct column queue_columns[] = {
	{ "PORT", "port", false, NULL, NULL },
	{ "QUEUE", "queue", true, NULL, NULL },
	{ "WORKER", "worker", true, NULL, NULL },
	{ "CPU", "cpu", true, NULL, NULL },
	{ "PORT'S NODE", "port_node", true, NULL, NULL },
	{ "WORKER'S NODE", "worker_node", true, NULL, NULL },
	{ "FLOWS", "flows", true, NULL, NULL },
	{ "RX", "rx", true, NULL, NULL },
	{ "TX", "tx", true, NULL, NULL },
	{ "STEERING", "steering", false, NULL, NULL },
};

static const struct column address_columns[] = {
	{ "ADDRESS", "address", false, NULL, NULL },
	{ "PORT", "port", false, NULL, NULL },
	{ "WORKER", "worker", true, NULL, NULL },
	{ "CPU", "cpu", true, NULL, NULL },
	{ "FLOWS", "flows", true, NULL, NULL },
	{ "FIRST UDP", "first", true, NULL, NULL },
	{ "LAST UDP", "last", true, NULL, NULL },
};

static const struct column node_columns[] = {
	{ "NODE", "node", true, NULL, NULL },
	{ "PACKET BUFFERS", "mbufs", true, NULL, NULL },
	{ "MAY BE HELD", "needed", true, NULL, NULL },
};

static void show_plan(const json_t *o)
{
	const json_t *warnings = json_object_get(o, "warnings");

	table_print(stdout, queue_columns, COUNT(queue_columns), json_object_get(o, "queues"));
	putchar('\n');
	table_print(
		stdout, address_columns, COUNT(address_columns), json_object_get(o, "addresses"));
	putchar('\n');
	table_print(stdout, node_columns, COUNT(node_columns), json_object_get(o, "nodes"));
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const char *text = json_string_value(json_array_get(warnings, i));

		fputs("warning: ", stdout);
		text_print(stdout, text != NULL ? text : "");
		putchar('\n');
	}
}

int run_core_plan(struct session *s, char **)
{
	json_t *result = NULL;
	enum client_outcome o = client_ask(&s->client, "core.plan", NULL, &result);

	if (o != CLIENT_OK)
		return session_failed(s, o);
	if (s->options.given[OPTION_JSON])
		print_json(result);
	else
		show_plan(result);
	json_decref(result);
	return EXIT_DONE;
}

// layby-media knows what its file means; no core is needed, and nothing is started.
int run_core_check(const struct options *options, const char *path)
{
	const char *media = secure_getenv("LAYBY_MEDIA");
	const char *json = options->given[OPTION_JSON] ? "--json" : NULL;

	media = media != NULL ? media : "layby-media";
	fflush(stdout);
	execlp(media, media, "--config", path, "--check", json, (char *)NULL);
	fputs("laybyctl: ", stderr);
	text_print(stderr, media);
	fprintf(stderr, ": %s\n", strerrordesc_np(errno));
	return EXIT_REFUSED;
}

static json_t *number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, NUMBER_BASE);

	return *text >= '0' && *text <= '9' && *end == '\0' ? json_integer((json_int_t)n) : NULL;
}

// What became of the move: its own text is the state that core.plan tells.
static enum client_outcome await_move(struct session *s, json_t **out)
{
	const struct timespec pause = { .tv_nsec = MOVE_LOOK_MS * 1000000L };
	enum client_outcome o = CLIENT_OK;

	for (int i = 0; i < MOVE_LOOKS; i++) {
		json_t *plan = NULL;

		o = client_ask(&s->client, "core.plan", NULL, &plan);
		// Between the move and the new plan there is none.
		if (o == CLIENT_OK) {
			json_decref(*out);
			*out = json_incref(json_object_get(plan, "move"));
			json_decref(plan);
			if (strcmp(json_string_value(*out), "asked") != 0)
				return o;
		}
		nanosleep(&pause, NULL);
	}
	return o;
}

static int tell_move(struct session *s, char **argument, const json_t *state)
{
	const char *text = json_string_value(state);
	bool done = text != NULL && strcmp(text, "done") == 0;

	if (s->options.given[OPTION_JSON]) {
		print_json(state);
	} else if (done) {
		printf("queue %s of ", argument[1]);
		text_print(stdout, argument[0]);
		printf(" is polled by worker %s\n", argument[2]);
	} else {
		fputs("laybyctl: the queue has not moved: layby-media says ", stderr);
		text_print(stderr, text != NULL ? text : "nothing");
		fputc('\n', stderr);
	}
	return done ? EXIT_DONE : EXIT_REFUSED;
}

int run_core_move(struct session *s, char **argument)
{
	json_t *params = json_object();
	json_t *queue = number(argument[1]);
	json_t *worker = number(argument[2]);
	json_t *state = NULL;
	json_t *result = NULL;
	enum client_outcome o;
	int code;

	json_object_set_new(params, "port", json_string(argument[0]));
	json_object_set_new(params, "queue", queue != NULL ? queue : json_string(argument[1]));
	json_object_set_new(params, "worker", worker != NULL ? worker : json_string(argument[2]));
	o = client_ask(&s->client, "core.move", params, &result);
	json_decref(result);
	if (o == CLIENT_OK)
		o = await_move(s, &state);
	code = o == CLIENT_OK ? tell_move(s, argument, state) : session_failed(s, o);
	json_decref(state);
	return code;
}
