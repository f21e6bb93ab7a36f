// SPDX-License-Identifier: BSD-3-Clause
//
// Text of strangers on its way to a terminal. A caller chooses his name; he must not choose what
// the operator's terminal does with it.
#pragma once

#include <stddef.h>
#include <stdio.h>

// Before the others: characters are as wide as in a UTF-8 terminal.
void text_start(void);
// Writes UTF-8 with everything that a terminal would obey or hide replaced by U+FFFD.
void text_print(FILE *out, const char *text);
// How many columns text_print() fills.
size_t text_width(const char *text);
