// SPDX-License-Identifier: BSD-3-Clause
//
// Text under construction in a buffer of fixed size. What does not fit sets `full`; nobody
// sends a text that is full.
#pragma once

#include "control/sip/span.h"

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_MESSAGE_MAX = 8192 }; // the largest message we write

struct text {
	char *at;
	size_t size;
	size_t len;
	bool full;
};

void text_init(struct text *t, char *buf, size_t size);
__attribute__((format(printf, 2, 3))) void text_add(struct text *t, const char *fmt, ...);
void text_put(struct text *t, const char *bytes, size_t len);
// A header value: line ends inside it (folding, RFC 3261 section 7.3.1) become blanks.
void text_unfolded(struct text *t, struct span value);
// A display name as a quoted string: quotes and backslashes escaped, controls left out.
void text_quoted(struct text *t, const char *display);
// The user part of a URI: what it may not hold as it is becomes %XX (RFC 3261 section 25.1).
void text_user(struct text *t, const char *user);
