// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/telephone_event.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(telephone_event, is_read_or_refused_for_a_named_reason)
{
	static const struct {
		const char *what;
		uint8_t data[8];
		size_t len;
		enum telephone_event_error want;
	} rows[] = {
		{ "nothing", { 0 }, 0, TELEPHONE_EVENT_SHORT },
		{ "one byte less than an event", { 5, 10, 0 }, 3, TELEPHONE_EVENT_SHORT },
		{ "the first digit", { 0, 10, 0, 160 }, 4, TELEPHONE_EVENT_OK },
		{ "the last digit", { 15, 10, 0, 160 }, 4, TELEPHONE_EVENT_OK },
		{ "a hook flash", { 16, 10, 0, 160 }, 4, TELEPHONE_EVENT_NO_DIGIT },
		{ "two events: the first counts", { 1, 10, 0, 160, 2, 10, 0, 80 }, 8,
			TELEPHONE_EVENT_OK },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct telephone_event event = { .code = 99 };

		cr_expect(eq(int, telephone_event_read(&event, rows[i].data, rows[i].len),
				  rows[i].want),
			"%s", rows[i].what);
		cr_expect(eq(u8, event.code,
				  rows[i].want == TELEPHONE_EVENT_OK ? rows[i].data[0] : 99),
			"%s", rows[i].what);
	}
}

Test(telephone_event, every_field_survives_writing_and_reading)
{
	for (unsigned bits = 0; bits < 16 * 64 * 2; bits++) {
		struct telephone_event got, event = {
			.code = bits & 15,
			.volume = bits >> 4 & 63,
			.end = bits >> 10,
			.duration = (uint16_t)(bits * 31),
		};
		uint8_t buf[4];

		telephone_event_write(buf, &event);
		cr_assert(zero(int, telephone_event_read(&got, buf, sizeof(buf))));
		cr_assert(eq(u8, got.code, event.code));
		cr_assert(eq(u8, got.volume, event.volume));
		cr_assert(eq(int, got.end, event.end));
		cr_assert(eq(u16, got.duration, event.duration));
	}
}

Test(telephone_event, the_reserved_bit_says_nothing)
{
	struct telephone_event event;

	cr_assert(zero(int, telephone_event_read(&event, (uint8_t[]){ 3, 0x4a, 1, 2 }, 4)));
	cr_expect(eq(u8, event.volume, 10));
	cr_expect(not(event.end));
	cr_expect(eq(u16, event.duration, 0x0102));
}

Test(telephone_event, keys_and_codes_are_one_to_one)
{
	static const char keys[] = "0123456789*#ABCD";

	for (uint8_t code = 0; code < 16; code++) {
		cr_expect(eq(chr, telephone_event_key(code), keys[code]));
		cr_expect(eq(u8, telephone_event_code(keys[code]), code));
	}
	cr_expect(eq(u8, telephone_event_code('d'), 15));
	cr_expect(eq(u8, telephone_event_code('a'), 12));
	cr_expect(eq(u8, telephone_event_code('e'), TELEPHONE_EVENT_NONE));
	cr_expect(eq(u8, telephone_event_code('\0'), TELEPHONE_EVENT_NONE));
	cr_expect(eq(chr, telephone_event_key(16), '\0'));
}
