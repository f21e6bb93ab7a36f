// SPDX-License-Identifier: BSD-3-Clause
//
// What a shell offers after <Tab>: one candidate a line. The core is asked for names, and not
// complained about when it is away.
#include "control/ctl/command.h"
#include "control/ctl/text.h"

#include <string.h>

static void offer(const char *word, const char *candidate)
{
	if (candidate == NULL || strncmp(candidate, word, strlen(word)) != 0)
		return;
	text_print(stdout, candidate);
	putchar('\n');
}

static void offer_options(const char *word)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char text[32];

		snprintf(text, sizeof(text), "--%s", option_rows[i].text);
		offer(word, text);
	}
}

static bool noun_seen_before(size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(commands[i].noun, commands[at].noun) == 0)
			return true;
	return false;
}

static void offer_commands(char **words, int count)
{
	const char *word = words[count - 1];

	for (size_t i = 0; i < commands_count; i++) {
		if (count == 1 && !noun_seen_before(i))
			offer(word, commands[i].noun);
		if (count == 2 && commands[i].verb != NULL &&
			strcmp(words[0], commands[i].noun) == 0)
			offer(word, commands[i].verb);
	}
}

// The member `name` of each row, once when rows that follow each other have the same.
static void offer_rows(const char *word, const json_t *rows, const char *name)
{
	const char *before = "";

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *text =
			json_string_value(json_object_get(json_array_get(rows, i), name));

		if (text != NULL && strcmp(text, before) != 0)
			offer(word, text);
		before = text != NULL ? text : before;
	}
}

static void offer_asked(
	const char *socket, const char *word, const char *method, json_t *params, const char *name)
{
	struct client c;
	json_t *result = NULL;
	const char *key;
	json_t *rows;

	if (client_open(&c, socket) != CLIENT_OK) {
		json_decref(params);
		return;
	}
	if (client_ask(&c, method, params, &result) == CLIENT_OK)
		json_object_foreach(result, key, rows) offer_rows(word, rows, name);
	json_decref(result);
	client_close(&c);
}

static void offer_argument(
	const char *socket, enum argument_kind kind, const char *word, const char *before)
{
	static const char *const levels[] = { "error", "warning", "notice", "info", "debug" };
	json_t *params = json_object();

	if (kind == ARGUMENT_LOT)
		json_object_set_new(params, "account", json_string(before));
	if (kind == ARGUMENT_LOT || kind == ARGUMENT_ACCOUNT)
		json_object_set_new(params, "limit", json_integer(1000));
	if (kind == ARGUMENT_LOT)
		offer_asked(socket, word, "lot.list", json_incref(params), "lot");
	if (kind == ARGUMENT_ACCOUNT)
		offer_asked(socket, word, "lot.list", json_incref(params), "account");
	if (kind == ARGUMENT_METHOD)
		offer_asked(socket, word, "rpc.methods", json_incref(params), "name");
	for (size_t i = 0; kind == ARGUMENT_LEVEL && i < sizeof(levels) / sizeof(levels[0]); i++)
		offer(word, levels[i]);
	json_decref(params);
}

void complete(const char *socket, char **words, int count)
{
	const struct command *c;
	const char *word;
	int used;
	int at;

	if (count == 0)
		return;
	word = words[count - 1];
	if (word[0] == '-') {
		offer_options(word);
		return;
	}
	offer_commands(words, count);
	c = command_find(words, count - 1, &used);
	at = c != NULL ? count - 1 - used : 0;
	if (c != NULL && at < COMMAND_ARGUMENTS_MAX)
		offer_argument(socket, c->argument[at], word, at > 0 ? words[count - 2] : "");
}
