// SPDX-License-Identifier: BSD-3-Clause
#include "control/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 1024 };

static const char *const names[LOG_LEVEL_COUNT] = { "error", "warning", "notice", "info",
	"debug" };
static enum log_level threshold = LOG_NOTICE;

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_level_read(enum log_level *out, const char *text)
{
	for (int i = 0; i < LOG_LEVEL_COUNT; i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

// A stranger's text must not forge lines or move a terminal's cursor.
static void tame(char *line)
{
	for (char *p = line; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
}

void log_at(enum log_level level, const char *where, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	va_list args;

	if (level > threshold)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	tame(line);
	fprintf(stderr, "%s %s: %s\n", names[level], where, line);
}

bool log_allowed(struct log_budget *b, uint32_t burst, uint64_t now_ms)
{
	if (b->second != now_ms / 1000) {
		b->second = now_ms / 1000;
		b->used = 0;
	}
	if (b->used < burst) {
		b->used++;
		return true;
	}
	b->suppressed++;
	return false;
}
