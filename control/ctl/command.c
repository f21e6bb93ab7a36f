// SPDX-License-Identifier: BSD-3-Clause
//
// The table of commands, and what can be said from it alone.
#include "control/ctl/command.h"

#include "control/ctl/text.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
const struct command commands[] = {
	{ "slot", "list", "[ACCOUNT [LOT]]", "the calls that wait in a slot",
	  { ARGUMENT_ACCOUNT, ARGUMENT_LOT }, 0, true, false, run_slot_list },
	{ "call", "list", "[ACCOUNT]", "all calls",
	  { ARGUMENT_ACCOUNT }, 0, true, false, run_call_list },
	{ "call", "quality", "REF", "how the legs of a call are heard",
	  { ARGUMENT_WORD }, 1, true, false, run_call_quality },
	{ "call", "record", "REF on|pause|resume|off", "record a call into a file of layby-media",
	  { ARGUMENT_WORD, ARGUMENT_WORD }, 2, false, false, run_call_record },
	{ "lot", "list", "[ACCOUNT]", "the lots and how full they are",
	  { ARGUMENT_ACCOUNT }, 0, true, false, run_lot_list },
	{ "user", "list", "ACCOUNT", "who can be reached, who is busy",
	  { ARGUMENT_ACCOUNT }, 1, true, false, run_user_list },
	{ "info", NULL, "", "what runs, since when, how busy it is",
	  { ARGUMENT_NONE }, 0, true, false, run_info },
	{ "stats", NULL, "", "all counters, and what they count",
	  { ARGUMENT_NONE }, 0, true, false, run_stats },
	{ "events", NULL, "", "what happened",
	  { ARGUMENT_NONE }, 0, false, true, run_events },
	{ "core", "plan", "[FILE]", "who of layby-media does what; with FILE: who would",
	  { ARGUMENT_FILE }, 0, true, false, run_core_plan },
	{ "core", "move", "PORT QUEUE WORKER", "let another worker poll a queue",
	  { ARGUMENT_WORD, ARGUMENT_WORD, ARGUMENT_WORD }, 3, false, false, run_core_move },
	{ "account", "reload", "", "take the accounts' file whole, or nothing of it",
	  { ARGUMENT_NONE }, 0, false, false, run_reload },
	{ "config", "check", "[FILE]", "is there anything wrong with the accounts' file, or with another?",
	  { ARGUMENT_FILE }, 0, false, false, run_check },
	{ "log", "set", "LEVEL", "error, warning, notice, info or debug",
	  { ARGUMENT_LEVEL }, 1, false, false, run_log_set },
	{ "methods", NULL, "", "what the core can be asked",
	  { ARGUMENT_NONE }, 0, false, false, run_methods },
	{ "call", NULL, "METHOD [JSON]", "ask as a program does",
	  { ARGUMENT_METHOD, ARGUMENT_JSON }, 1, false, false, run_raw },
};

const struct option_row option_rows[OPTION_COUNT] = {
#define X(name, text, letter, argument, help) { text, letter, argument, help },
	OPTION_LIST(X)
#undef X
};
// clang-format on

const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(char **words, int count, int *used)
{
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = &commands[i];

		*used = c->verb != NULL ? 2 : 1;
		if (count < *used || strcmp(words[0], c->noun) != 0)
			continue;
		if (c->verb == NULL || strcmp(words[1], c->verb) == 0)
			return c;
	}
	return NULL;
}

void command_help(FILE *out)
{
	fputs("usage: laybyctl [OPTIONS] COMMAND\n\ncommands:\n", out);
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = &commands[i];
		char text[64];

		snprintf(text, sizeof(text), "%s%s%s %s", c->noun, c->verb != NULL ? " " : "",
			c->verb != NULL ? c->verb : "", c->usage);
		fprintf(out, "  %-27s %s\n", text, c->help);
	}
	fputs("\noptions:\n", out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		char text[64];

		snprintf(text, sizeof(text), "-%c, --%s %s", o->letter, o->text,
			o->argument != NULL ? o->argument : "");
		fprintf(out, "  %-27s %s\n", text, o->help);
	}
	fputs("\nexit: 0 done, 1 refused, 2 wrong usage, 3 no layby-core there\n", out);
}

int session_failed(struct session *s, enum client_outcome outcome)
{
	fputs("laybyctl: ", stderr);
	text_print(stderr, s->client.error);
	fputc('\n', stderr);
	return outcome == CLIENT_REFUSED ? EXIT_REFUSED : EXIT_NO_DAEMON;
}

void print_json(const json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);

	// DEL is ASCII and JSON leaves it as it is; a terminal does not.
	for (char *at = text; at != NULL && *at != '\0'; at++)
		if (*at == 0x7f)
			*at = '?';
	if (text != NULL)
		puts(text);
	free(text);
}
