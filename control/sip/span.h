// SPDX-License-Identifier: BSD-3-Clause
//
// A piece of somebody else's text, without a NUL: what the raw scanner hands out. It lives as
// long as the datagram it points into.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *at; // NULL: there is none
	size_t len;
};

static inline struct span span_of(const char *text)
{
	return (struct span){ text, text ? strlen(text) : 0 };
}

static inline bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && (s.len == 0 || memcmp(s.at, text, s.len) == 0);
}

// Without regard to case.
static inline bool span_like(struct span s, const char *text)
{
	return s.len == strlen(text) && (s.len == 0 || strncasecmp(s.at, text, s.len) == 0);
}

static inline bool span_same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
