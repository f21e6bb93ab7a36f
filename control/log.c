// SPDX-License-Identifier: BSD-3-Clause
//
// Lines to stderr, each in one write, so that lines of two processes do not mix. No files, no
// rotation, no time: whoever keeps the lines (journald, a terminal) does that better.
#include "control/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1024, SECOND_MS = 1000 };

static const char *const names[LOG_LEVEL_COUNT] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static enum log_level loudest = LOG_INFO;

void log_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void log_set_level(enum log_level level)
{
	loudest = level;
}

bool log_level_read(enum log_level *out, const char *text)
{
	for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++)
		if (strcmp(names[i], text) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

// A stranger's text must not forge a line or move somebody's cursor.
static void make_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
			text[i] = '?';
}

void log_at(enum log_level level, const char *where, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	size_t most = sizeof(line) - 1; // the line's end
	va_list args;

	if (level > loudest)
		return;

	size_t len = (size_t)snprintf(line, most, "%s %s: ", names[level], where);

	if (len < most) {
		va_start(args, fmt);
		int n = vsnprintf(line + len, most - len, fmt, args);
		va_end(args);
		len += n > 0 ? (size_t)n : 0;
	}
	if (len >= most)
		len = most - 1;
	make_printable(line, len);
	line[len++] = '\n';
	// Nobody is left to tell when telling fails.
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written;
}

bool log_allowed(struct log_budget *b, uint32_t burst, uint64_t now_ms)
{
	uint64_t second = now_ms / SECOND_MS;

	if (b->second != second) {
		if (b->suppressed > 0)
			log_notice("%u more lines of the next kind were held back", b->suppressed);
		*b = (struct log_budget){ .second = second };
	}
	if (b->used < burst) {
		b->used++;
		return true;
	}
	b->suppressed++;
	return false;
}
