// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/digits.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

enum { HASH = 11, GAP = 1000 };

// Presses each digit 100 ms after the other; what comes back goes to `back`, codes become 'C'.
static void press_all(const char *keys, char *back)
{
	struct digits d;
	struct digits_list list;
	uint64_t now = 5000;

	digits_init(&d, "#0", GAP);
	for (; *keys != '\0'; keys++, now += 100) {
		uint8_t code = *keys == '#' ? HASH : (uint8_t)(*keys - '0');
		// The worker withholds from a first digit of the mask on.
		bool withheld = d.held_len > 0 || (digits_watch_mask(&d) >> code & 1);
		enum digits_outcome o =
			digits_press(&d, code, (uint16_t)(50 + code), withheld, now, &list);

		for (uint32_t i = 0; i < list.n; i++) {
			cr_expect(eq(u16, list.ms[i], 50 + list.digit[i]), "its own duration");
			*back++ = list.digit[i] == HASH ? '#' : (char)('0' + list.digit[i]);
		}
		if (o == DIGITS_PASS)
			*back++ = *keys;
		if (o == DIGITS_MATCH)
			*back++ = 'C';
		cr_expect(eq(int, o == DIGITS_WAIT, digits_deadline(&d) != 0),
			"a timer runs exactly while something waits");
	}
	digits_expire(&d, now + GAP, &list);
	for (uint32_t i = 0; i < list.n; i++)
		*back++ = list.digit[i] == HASH ? '#' : (char)('0' + list.digit[i]);
	*back = '\0';
}

// What a person would say must come of it: the code wherever it stands, the rest as dialled.
static void expected(const char *keys, char *out)
{
	while (*keys != '\0') {
		if (strncmp(keys, "#0", 2) == 0) {
			*out++ = 'C';
			keys += 2;
		} else {
			*out++ = *keys++;
		}
	}
	*out = '\0';
}

Test(digits, D12_every_digit_is_given_back_once_in_order_or_is_part_of_the_code)
{
	static const char keys[] = "#01";

	for (int len = 1; len <= 6; len++) {
		int all = 1;

		for (int i = 0; i < len; i++)
			all *= 3;
		for (int n = 0; n < all; n++) {
			char dialled[8] = { 0 }, want[16], got[16];

			for (int i = 0, rest = n; i < len; i++, rest /= 3)
				dialled[i] = keys[rest % 3];
			expected(dialled, want);
			press_all(dialled, got);
			cr_expect(eq(str, got, want), "dialled %s", dialled);
		}
	}
}

Test(digits, PK03_what_waited_too_long_is_given_back_and_not_a_moment_earlier)
{
	struct digits d;
	struct digits_list list = { .n = 0 };

	digits_init(&d, "#0", GAP);
	cr_expect(eq(int, digits_press(&d, HASH, 180, true, 100, &list), DIGITS_WAIT));
	digits_expire(&d, 100 + GAP - 1, &list);
	cr_expect(eq(u32, list.n, 0));
	digits_expire(&d, 100 + GAP, &list);
	cr_expect(eq(u32, list.n, 1));
	cr_expect(eq(u8, list.digit[0], HASH));
	cr_expect(eq(u16, list.ms[0], 180));
	cr_expect(eq(u64, digits_deadline(&d), 0));
}

Test(digits, a_code_of_eight_digits_is_found)
{
	struct digits d;
	struct digits_list list;
	enum digits_outcome o = DIGITS_PASS;

	digits_init(&d, "*1234567", GAP);
	for (uint8_t i = 0; i < 8; i++)
		o = digits_press(&d, i == 0 ? 10 : i, 100, true, i, &list);
	cr_expect(eq(int, o, DIGITS_MATCH));
}
