// SPDX-License-Identifier: BSD-3-Clause
//
// Taking text apart: words, numbers and tokens off the front of a span. Every byte is looked at
// once, a NUL is a byte like any other, and the text is never changed.
#pragma once

#include "control/sip/span.h"

#include <stdbool.h>
#include <stdint.h>

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

// Takes what stands before the first of `ends`, and that one byte, off the front of rest.
struct span take_until(struct span *rest, const char *ends);
void skip_blanks(struct span *rest);
// Takes the next word; any number of blanks may stand round it. Empty: there is none.
struct span take_word(struct span *rest);
struct span without_end_blanks(struct span text);

// Digits and nothing else, not above max. *out is written only on true.
bool read_number(struct span text, uint32_t max, uint32_t *out);
// Only what may stand in a token (RFC 8866 section 9), and `also`.
bool is_token(struct span text, char also);
// A control character other than a tab.
bool has_controls(struct span text);
// With a NUL. False: it does not fit, and nothing is written.
bool copy_span(char *out, size_t size, struct span text);
