// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void text_init(struct text *t, char *buf, size_t size)
{
	*t = (struct text){ .at = buf, .size = size, .full = size == 0 };
	if (size > 0)
		buf[0] = '\0';
}

void text_put(struct text *t, const char *bytes, size_t len)
{
	if (t->full || len >= t->size - t->len) {
		t->full = true;
		return;
	}
	if (len > 0)
		memcpy(t->at + t->len, bytes, len);
	t->len += len;
	t->at[t->len] = '\0';
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list args;

	if (t->full)
		return;
	va_start(args, fmt);
	int n = vsnprintf(t->at + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->size - t->len) {
		t->full = true;
		t->at[t->len] = '\0';
		return;
	}
	t->len += (size_t)n;
}

void text_unfolded(struct text *t, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		// A NUL would end the text for everybody who copies it as a string.
		text_put(t, c == '\r' || c == '\n' || c == '\0' ? " " : &value.at[i], 1);
	}
}

void text_quoted(struct text *t, const char *display)
{
	text_put(t, "\"", 1);
	for (const char *c = display; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			continue;
		if (*c == '"' || *c == '\\')
			text_put(t, "\\", 1);
		text_put(t, c, 1);
	}
	text_put(t, "\"", 1);
}

void text_user(struct text *t, const char *user)
{
	for (const char *c = user; *c != '\0'; c++) {
		if (isalnum((unsigned char)*c) || strchr("-_.!~*'()&=+$,;?/", *c) != NULL)
			text_put(t, c, 1);
		else
			text_add(t, "%%%02X", (unsigned)(unsigned char)*c);
	}
}
