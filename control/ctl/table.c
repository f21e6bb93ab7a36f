// SPDX-License-Identifier: BSD-3-Clause
//
// Two walks over the rows: how wide, then print. The last column has no padding.
#include "control/ctl/table.h"

#include "control/ctl/text.h"

#include <assert.h>
#include <stdint.h>

enum { CELL_MAX = 32, GAP = 2 };

static const char *number(const struct column *c, json_int_t n, char buf[CELL_MAX])
{
	if (n == 0 && c->zero != NULL)
		return c->zero;
	snprintf(buf, CELL_MAX, "%jd", (intmax_t)n);
	return buf;
}

// The text of a cell: the row's own, or written into buf.
static const char *cell(const struct column *c, const json_t *row, char buf[CELL_MAX])
{
	const json_t *v = json_object_get(row, c->key);
	const char *none = c->none != NULL ? c->none : "-";

	if (json_is_string(v))
		return json_string_length(v) > 0 ? json_string_value(v) : none;
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	return json_is_integer(v) ? number(c, json_integer_value(v), buf) : none;
}

static void pad(FILE *out, size_t n)
{
	while (n-- > 0)
		fputc(' ', out);
}

static void print_cell(FILE *out, const struct column *c, const char *text, size_t width, bool last)
{
	size_t missing = width - text_width(text);

	if (c->right)
		pad(out, missing);
	text_print(out, text);
	if (last)
		fputc('\n', out);
	else
		pad(out, GAP + (c->right ? 0 : missing));
}

void table_print(FILE *out, const struct column *column, size_t columns, const json_t *rows)
{
	size_t width[TABLE_COLUMNS_MAX];
	char buf[CELL_MAX];

	assert(columns <= TABLE_COLUMNS_MAX);
	for (size_t c = 0; c < columns; c++) {
		width[c] = text_width(column[c].title);
		for (size_t r = 0; r < json_array_size(rows); r++) {
			size_t w = text_width(cell(&column[c], json_array_get(rows, r), buf));

			width[c] = w > width[c] ? w : width[c];
		}
	}
	for (size_t c = 0; c < columns; c++)
		print_cell(out, &column[c], column[c].title, width[c], c + 1 == columns);
	for (size_t r = 0; r < json_array_size(rows); r++)
		for (size_t c = 0; c < columns; c++)
			print_cell(out, &column[c], cell(&column[c], json_array_get(rows, r), buf),
				width[c], c + 1 == columns);
}
