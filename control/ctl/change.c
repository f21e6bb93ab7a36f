// SPDX-License-Identifier: BSD-3-Clause
//
// What changes something, or asks raw.
#include "control/ctl/command.h"
#include "control/ctl/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Asks, and leaves it to the caller to say so when it went well (*out is his then).
static int ask(struct session *s, const char *method, json_t *params, json_t **out)
{
	enum client_outcome o = client_ask(&s->client, method, params, out);

	if (o != CLIENT_OK)
		return session_failed(s, o);
	if (s->options.given[OPTION_JSON])
		print_json(*out);
	return EXIT_DONE;
}

int run_reload(struct session *s, char **)
{
	json_t *result = NULL;
	int code = ask(s, "account.reload", NULL, &result);

	if (code == EXIT_DONE && !s->options.given[OPTION_JSON])
		printf("taken: %" JSON_INTEGER_FORMAT " accounts\n",
			json_integer_value(json_object_get(result, "accounts")));
	json_decref(result);
	return code;
}

int run_check(struct session *s, char **argument)
{
	json_t *params = json_object();
	json_t *result = NULL;
	char *path = NULL;
	int code;

	if (argument[0] != NULL) {
		path = realpath(argument[0], NULL);
		if (path == NULL) {
			fputs("laybyctl: ", stderr);
			text_print(stderr, argument[0]);
			fprintf(stderr, ": %s\n", strerrordesc_np(errno));
			json_decref(params);
			return EXIT_REFUSED;
		}
		json_object_set_new(params, "path", json_string(path));
		free(path);
	}
	code = ask(s, "config.check", params, &result);
	if (code == EXIT_DONE && !s->options.given[OPTION_JSON])
		puts("nothing is wrong with it");
	json_decref(result);
	return code;
}

int run_log_set(struct session *s, char **argument)
{
	json_t *params = json_object();
	json_t *result = NULL;
	int code;

	json_object_set_new(params, "level", json_string(argument[0]));
	code = ask(s, "log.set", params, &result);
	if (code == EXIT_DONE && !s->options.given[OPTION_JSON])
		printf("the core logs at level %s\n", argument[0]);
	json_decref(result);
	return code;
}

int run_call_record(struct session *s, char **argument)
{
	json_t *params = json_object();
	json_t *result = NULL;
	int code;

	json_object_set_new(params, "ref", json_string(argument[0]));
	json_object_set_new(params, "state", json_string(argument[1]));
	code = ask(s, "call.record", params, &result);
	if (code == EXIT_DONE && !s->options.given[OPTION_JSON]) {
		const char *id = json_string_value(json_object_get(result, "recording"));
		const char *state = json_string_value(json_object_get(result, "state"));

		printf("recording %s: ", id != NULL ? id : "-");
		text_print(stdout, state != NULL ? state : "-");
		putchar('\n');
	}
	json_decref(result);
	return code;
}

int run_raw(struct session *s, char **argument)
{
	json_error_t e;
	json_t *params = NULL;
	json_t *result = NULL;
	enum client_outcome o;

	if (argument[1] != NULL) {
		params = json_loads(argument[1], 0, &e);
		if (params == NULL) {
			fprintf(stderr,
				"laybyctl: the parameters are not JSON, at byte %d: ", e.position);
			text_print(stderr, e.text);
			fputc('\n', stderr);
			return EXIT_USAGE;
		}
	}
	o = client_ask(&s->client, argument[0], params, &result);
	if (o != CLIENT_OK)
		return session_failed(s, o);
	print_json(result);
	json_decref(result);
	return EXIT_DONE;
}
