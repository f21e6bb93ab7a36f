// SPDX-License-Identifier: BSD-3-Clause
//
// What can be typed: one table of commands and one of options, from which help, usage errors and
// completion come.
#pragma once

#include "control/ctl/client.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum exit_code { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_DAEMON = 3 };

enum { COMMAND_ARGUMENTS_MAX = 4 };

// What an argument names; how it is completed.
enum argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_ACCOUNT,
	ARGUMENT_LOT,
	ARGUMENT_LEVEL,
	ARGUMENT_METHOD,
	ARGUMENT_FILE,
	ARGUMENT_JSON,
	ARGUMENT_WORD,
};

// clang-format off
//      bit      option      short argument  what it does
#define OPTION_LIST(X)                                                                        \
	X(SOCKET,  "socket",  's', "SOCKET", "the core's control socket")                     \
	X(JSON,    "json",    'j', NULL,     "print JSON, for programs")                      \
	X(WATCH,   "watch",   'w', NULL,     "print again every 2 s")                         \
	X(FOLLOW,  "follow",  'f', NULL,     "go on with what happens from now on")           \
	X(SINCE,   "since",   'n', "NUMBER", "only events after this number")                 \
	X(HELP,    "help",    'h', NULL,     "print this")                                    \
	X(VERSION, "version", 'V', NULL,     "print the version")

enum option {
#define X(name, text, letter, argument, help) OPTION_##name,
	OPTION_LIST(X)
#undef X
	OPTION_COUNT
};
// clang-format on

struct options {
	bool given[OPTION_COUNT];
	const char *value[OPTION_COUNT];
};

struct option_row {
	const char *text;
	char letter;
	const char *argument, *help;
};
extern const struct option_row option_rows[OPTION_COUNT];

struct session {
	struct client client;
	struct options options;
};

struct command {
	const char *noun, *verb; // verb NULL: the noun alone
	const char *usage;       // its arguments
	const char *help;
	enum argument_kind argument[COMMAND_ARGUMENTS_MAX]; // in order
	int needed;                                         // how many must be there
	bool watch, follow;                                 // which options make sense
	int (*run)(struct session *s, char **argument);     // NULL ends the arguments
};
extern const struct command commands[];
extern const size_t commands_count;

// The command at the beginning of these words; *used says how many of them name it. NULL: none.
const struct command *command_find(char **words, int count, int *used);
void command_help(FILE *out);

// Prints why an outcome is not OK; returns the exit code for it.
int session_failed(struct session *s, enum client_outcome outcome);
// Prints the JSON text on one line, in ASCII.
void print_json(const json_t *o);

// lists.c
int run_slot_list(struct session *s, char **argument);
int run_call_list(struct session *s, char **argument);
int run_lot_list(struct session *s, char **argument);
int run_user_list(struct session *s, char **argument);
// report.c
int run_info(struct session *s, char **argument);
int run_stats(struct session *s, char **argument);
int run_methods(struct session *s, char **argument);
// change.c
int run_reload(struct session *s, char **argument);
int run_check(struct session *s, char **argument);
int run_log_set(struct session *s, char **argument);
int run_raw(struct session *s, char **argument);
int run_call_record(struct session *s, char **argument);
// cores.c
int run_core_plan(struct session *s, char **argument);
int run_core_move(struct session *s, char **argument);
// The plan that a file means, from layby-media itself. Returns only when that is not to be found.
int run_core_check(const struct options *options, const char *path);
// quality.c
int run_call_quality(struct session *s, char **argument);
// follow.c
int run_events(struct session *s, char **argument);
// complete.c: prints what the last of these words could become.
void complete(const char *socket, char **words, int count);
