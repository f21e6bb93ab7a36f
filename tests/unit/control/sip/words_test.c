// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/words.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static void is(struct span got, const char *expected)
{
	cr_expect(
		span_is(got, expected), "got \"%.*s\", not \"%s\"", (int)got.len, got.at, expected);
}

Test(words, are_taken_one_after_the_other)
{
	struct span rest = span_of("  one\ttwo   three  ");

	is(take_word(&rest), "one");
	is(take_word(&rest), "two");
	is(take_word(&rest), "three");
	is(take_word(&rest), "");
	is(take_word(&rest), "");
}

Test(words, a_piece_ends_before_the_first_of_the_ends)
{
	struct span rest = span_of("a;b,c;");

	is(take_until(&rest, ";,"), "a");
	is(take_until(&rest, ";,"), "b");
	is(take_until(&rest, ";,"), "c");
	cr_expect(eq(sz, rest.len, 0));
	is(take_until(&rest, ";,"), "");
}

Test(words, a_nul_ends_nothing)
{
	struct span rest = { "a\0b c", 5 };
	struct span word = take_word(&rest);

	cr_expect(eq(sz, word.len, 3));
	is(take_word(&rest), "c");
	cr_expect(not(is_token((struct span){ "a\0b", 3 }, '\0')));
	cr_expect(has_controls((struct span){ "a\0b", 3 }));
}

Test(words, blanks_at_the_end_are_cut_off)
{
	is(without_end_blanks(span_of("a b \t ")), "a b");
	is(without_end_blanks(span_of(" \t ")), "");
}

Test(words, numbers_are_digits_and_not_too_high)
{
	static const struct {
		const char *text;
		uint32_t max;
		bool good;
		uint32_t number;
	} rows[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "007", 7, true, 7 },
		{ "4294967295", UINT32_MAX, true, UINT32_MAX },
		{ "4294967296", UINT32_MAX, false, 0 },
		{ "18446744073709551617", UINT32_MAX, false, 0 }, // 1 in 64 bits
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "1a", 9, false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t n = 0;

		cr_expect(
			eq(int, read_number(span_of(rows[i].text), rows[i].max, &n), rows[i].good),
			"\"%s\"", rows[i].text);
		cr_expect(eq(u32, n, rows[i].number), "\"%s\"", rows[i].text);
	}
}

Test(words, tokens_hold_no_separators)
{
	cr_expect(is_token(span_of("telephone-event"), '\0'));
	cr_expect(is_token(span_of("RTP/AVP"), '/'));
	cr_expect(not(is_token(span_of("RTP/AVP"), '\0')));
	cr_expect(not(is_token(span_of(""), '\0')));
	for (const char *c = " \t\"(),/:;<=>?@[\\]\x7f\xe9"; *c != '\0'; c++)
		cr_expect(not(is_token((struct span){ c, 1 }, '\0')), "%02x", (unsigned char)*c);
}

Test(words, a_copy_that_does_not_fit_is_none)
{
	char out[4] = "xyz";

	cr_expect(not(copy_span(out, sizeof(out), span_of("four"))));
	cr_expect_str_eq(out, "xyz");
	cr_expect(copy_span(out, sizeof(out), span_of("abc")));
	cr_expect_str_eq(out, "abc");
}
