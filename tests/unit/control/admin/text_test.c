// SPDX-License-Identifier: BSD-3-Clause
#include "control/admin/text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#define WHAT "\xef\xbf\xbd"

struct row {
	const char *name, *in;
	size_t max;
	const char *out;
};

static const struct row rows[] = {
	{ "nothing", NULL, 10, "" },
	{ "empty", "", 10, "" },
	{ "plain", "Ann", 10, "Ann" },
	{ "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 20,
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "a lone continuation",
		"a\x80"
		"b",
		10, "a" WHAT "b" },
	{ "a first byte at the end", "a\xc3", 10, "a" WHAT },
	{ "three bytes cut to two", "\xe2\x82", 10, WHAT WHAT },
	{ "overlong slash", "\xc0\xaf", 10, WHAT WHAT },
	{ "overlong in three bytes", "\xe0\x9f\xbf", 10, WHAT WHAT WHAT },
	{ "overlong in four bytes", "\xf0\x8f\xbf\xbf", 12, WHAT WHAT WHAT WHAT },
	{ "a surrogate", "\xed\xa0\x80", 10, WHAT WHAT WHAT },
	{ "the last before the surrogates", "\xed\x9f\xbf", 10, "\xed\x9f\xbf" },
	{ "beyond U+10FFFF", "\xf4\x90\x80\x80", 12, WHAT WHAT WHAT WHAT },
	{ "U+10FFFF", "\xf4\x8f\xbf\xbf", 12, "\xf4\x8f\xbf\xbf" },
	{ "a byte that begins nothing", "\xff", 10, WHAT },
	{ "just fits", "1234\xc3\xa9", 6, "1234\xc3\xa9" },
	{ "not cut inside a character", "1234\xc3\xa9", 5, "1234" },
	{ "a replacement does not fit", "1234\xff", 6, "1234" },
};

Test(text, becomes_utf8_and_is_cut_between_characters)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *o = text_json(rows[i].in, rows[i].max);

		cr_assert_not_null(o);
		cr_expect_str_eq(json_string_value(o), rows[i].out, "%s", rows[i].name);
		json_decref(o);
	}
}
