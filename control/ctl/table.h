// SPDX-License-Identifier: BSD-3-Clause
//
// Rows of JSON objects as a table for people.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct column {
	const char *title; // with its unit
	const char *key;   // of the row's member
	bool right;        // aligned
	const char *none;  // what null and "" are shown as; NULL: "-"
	const char *zero;  // what 0 is shown as; NULL: "0"
};

enum { TABLE_COLUMNS_MAX = 16 };

void table_print(FILE *out, const struct column *column, size_t columns, const json_t *rows);
