// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/say.h"

#include <stdarg.h>
#include <stdio.h>

void say(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fprintf(stderr, "layby-media: %s\n", line);
}
