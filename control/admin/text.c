// SPDX-License-Identifier: BSD-3-Clause
//
// Any bytes in, valid UTF-8 out.
#include "control/admin/text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { TEXT_MAX = 1024 };

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

// The second byte has a narrower range after E0, ED, F0 and F4: RFC 3629 section 4.
static bool second_fits(unsigned char first, unsigned char second)
{
	if (first == 0xe0)
		return second >= 0xa0;
	if (first == 0xed)
		return second <= 0x9f;
	if (first == 0xf0)
		return second >= 0x90;
	if (first == 0xf4)
		return second <= 0x8f;
	return true;
}

static size_t announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t text_character(const char *s)
{
	unsigned char first = (unsigned char)s[0];
	size_t len = announced(first);

	for (size_t i = 1; i < len; i++)
		// The NUL at the end continues nothing, so this never reads beyond it.
		if (!continues((unsigned char)s[i]))
			return 0;
	if (len > 1 && !second_fits(first, (unsigned char)s[1]))
		return 0;
	return len;
}

json_t *text_json(const char *text, size_t max)
{
	static const char unknown[] = "\xef\xbf\xbd"; // U+FFFD
	char clean[TEXT_MAX];
	size_t len = 0;

	assert(max <= sizeof(clean));
	for (const char *at = text ? text : ""; *at != '\0';) {
		size_t in = text_character(at);
		const char *from = in > 0 ? at : unknown;
		size_t out = in > 0 ? in : sizeof(unknown) - 1;

		if (len + out > max)
			break;
		memcpy(clean + len, from, out);
		len += out;
		at += in > 0 ? in : 1;
	}
	return json_stringn_nocheck(clean, len);
}
