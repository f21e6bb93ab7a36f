// SPDX-License-Identifier: BSD-3-Clause
//
// Text that strangers wrote, on its way into JSON. A caller's name may be any bytes; JSON must be
// UTF-8. Control characters stay: JSON escapes them, and the terminal is laybyctl's business.
#pragma once

#include <jansson.h>
#include <stddef.h>

// Bytes of the character at s by RFC 3629 (no overlong forms, no surrogates), 1-4, or 0: none.
size_t text_character(const char *s);

// What is not UTF-8 becomes U+FFFD; what does not fit into max bytes is cut between characters.
// NULL is "".
json_t *text_json(const char *text, size_t max);
