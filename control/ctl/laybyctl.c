// SPDX-License-Identifier: BSD-3-Clause
//
// laybyctl: the operator's command. It knows the control socket's language (docs/CONTROL.md) and
// nothing else of layby.
#include "control/ctl/command.h"
#include "control/ctl/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 64, WATCH_S = 2 };

struct line {
	struct options options;
	char *word[WORDS_MAX + 1]; // those that are no options
	int words;
};

__attribute__((format(printf, 1, 2))) static int misused(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("laybyctl: ", stderr);
	text_print(stderr, text);
	fputs("; laybyctl --help says what there is\n", stderr);
	return EXIT_USAGE;
}

// Which option is it? *value is what stands behind its "=".
static int option_of(const char *word, char **value)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		size_t len = strlen(o->text);

		*value = NULL;
		if (word[1] == o->letter && word[2] == '\0')
			return i;
		if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, o->text, len) != 0)
			continue;
		if (word[2 + len] == '=')
			*value = strchr(word, '=') + 1;
		if (word[2 + len] == '=' || word[2 + len] == '\0')
			return i;
	}
	return -1;
}

// Takes one option, and its value from the next word if it needs one. Returns how many words
// were taken; 0: it is wrong.
static int take_option(struct line *l, char **argv)
{
	char *value;
	int o = option_of(argv[0], &value);
	int taken = 1;

	if (o < 0) {
		misused("there is no option %s", argv[0]);
		return 0;
	}
	if (option_rows[o].argument != NULL && value == NULL) {
		value = argv[1];
		taken = 2;
	}
	if ((option_rows[o].argument != NULL) != (value != NULL)) {
		misused("--%s needs %s", option_rows[o].text,
			option_rows[o].argument != NULL ? option_rows[o].argument : "no value");
		return 0;
	}
	l->options.given[o] = true;
	l->options.value[o] = value;
	return taken;
}

static int take_word(struct line *l, char *word)
{
	if (l->words < WORDS_MAX) {
		l->word[l->words++] = word;
		return 1;
	}
	misused("there are more than %d words", WORDS_MAX);
	return 0;
}

// Options may stand anywhere; after "--" nothing is one. False: it is wrong, and that was said.
static bool read_line(struct line *l, char **argv)
{
	bool options = true;

	while (*argv != NULL) {
		int taken = 1;

		if (options && strcmp(*argv, "--") == 0)
			options = false;
		else if (options && (*argv)[0] == '-' && (*argv)[1] != '\0')
			taken = take_option(l, argv);
		else
			taken = take_word(l, *argv);
		if (taken == 0)
			return false;
		argv += taken;
	}
	return true;
}

static int check_use(const struct line *l, const struct command *c, int used)
{
	int given = l->words - used;
	int most = 0;

	while (most < COMMAND_ARGUMENTS_MAX && c->argument[most] != ARGUMENT_NONE)
		most++;
	if (given < c->needed || given > most)
		return misused("usage: laybyctl %s%s%s%s%s", c->noun, c->verb != NULL ? " " : "",
			c->verb != NULL ? c->verb : "", c->usage[0] != '\0' ? " " : "", c->usage);
	if (l->options.given[OPTION_WATCH] && !c->watch)
		return misused("--watch is for lists, info and stats");
	if ((l->options.given[OPTION_FOLLOW] || l->options.given[OPTION_SINCE]) && !c->follow)
		return misused("--follow and --since are for events");
	return EXIT_DONE;
}

static int run_once(const struct command *c, struct session *s, const char *socket, char **argument)
{
	enum client_outcome o = client_open(&s->client, socket);
	int code = o == CLIENT_OK ? c->run(s, argument) : session_failed(s, o);

	client_close(&s->client);
	return code;
}

static int run(const struct command *c, struct session *s, const char *socket, char **argument)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	int code = run_once(c, s, socket, argument);

	while (code == EXIT_DONE && s->options.given[OPTION_WATCH]) {
		fflush(stdout);
		nanosleep(&(struct timespec){ .tv_sec = WATCH_S }, NULL);
		// To the top, and what was there away.
		fputs(terminal ? "\033[H\033[2J" : "\n", stdout);
		code = run_once(c, s, socket, argument);
	}
	return code;
}

static const char *socket_path(const struct options *o)
{
	const char *path = o->value[OPTION_SOCKET];

	if (path == NULL)
		path = secure_getenv("LAYBY_SOCKET");
	return path != NULL ? path : "/run/layby/control.sock";
}

static int obey(struct line *l)
{
	struct session s = { .options = l->options };
	const struct command *c;
	int code;
	int used;

	c = command_find(l->word, l->words, &used);
	if (c == NULL && l->words == 0)
		return misused("a command is missing");
	if (c == NULL)
		return misused("there is no command %s%s%s", l->word[0], l->words > 1 ? " " : "",
			l->words > 1 ? l->word[1] : "");
	code = check_use(l, c, used);
	if (code == EXIT_DONE && c->run == run_core_plan && l->words > used)
		return run_core_check(&l->options, l->word[used]);
	return code != EXIT_DONE ? code : run(c, &s, socket_path(&l->options), l->word + used);
}

int main(int argc, char **argv)
{
	struct line l = { 0 };

	text_start();
	// What the shell has typed so far may be anything, so it is not read as our own line.
	if (argc > 1 && strcmp(argv[1], "--complete") == 0) {
		complete(socket_path(&l.options), argv + 2, argc - 2);
		return EXIT_DONE;
	}
	if (!read_line(&l, argv + 1))
		return EXIT_USAGE;
	if (l.options.given[OPTION_HELP]) {
		command_help(stdout);
		return EXIT_DONE;
	}
	if (l.options.given[OPTION_VERSION]) {
		puts("laybyctl " LAYBY_VERSION);
		return EXIT_DONE;
	}
	return obey(&l);
}
