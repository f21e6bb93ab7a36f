// SPDX-License-Identifier: BSD-3-Clause
//
// One character after the other: is it to be seen, and how wide is it?
#include "control/ctl/text.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

static const char unknown[] = "\xef\xbf\xbd"; // U+FFFD, one column

// What changes the order or the look of other text without being seen itself: directions
// (Unicode Standard Annex 9), joiners, tags, line and paragraph ends.
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x1f },
	{ 0x7f, 0x9f },
	{ 0xad, 0xad },
	{ 0x61c, 0x61c },
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb },
	{ 0xe0000, 0xe0fff },
};

void text_start(void)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	// Without it only the alignment of wide characters suffers.
	if (utf8 != (locale_t)0)
		uselocale(utf8);
}

static bool is_hidden(uint32_t c)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	return false;
}

static size_t length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

// Reads a character, at most as far as the text goes. JSON has seen to it that it is UTF-8; if
// it is not, it is a byte that is replaced.
static uint32_t read_character(const char *s, size_t *len)
{
	static const unsigned char bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = length((unsigned char)s[0]);
	uint32_t c = (unsigned char)s[0] & bits[n];

	*len = 1;
	if (((unsigned char)s[0] & 0xc0) == 0x80)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}
	*len = n;
	return c;
}

// Columns of the character at s; -1: it is not to be seen.
static int columns(const char *s, size_t *len)
{
	uint32_t c = read_character(s, len);

	return is_hidden(c) ? -1 : wcwidth((wchar_t)c);
}

void text_print(FILE *out, const char *text)
{
	size_t len;

	for (; *text != '\0'; text += len) {
		bool seen = columns(text, &len) >= 0;

		fwrite(seen ? text : unknown, 1, seen ? len : sizeof(unknown) - 1, out);
	}
}

size_t text_width(const char *text)
{
	size_t width = 0;
	size_t len;

	for (; *text != '\0'; text += len) {
		int n = columns(text, &len);

		width += n >= 0 ? (size_t)n : 1;
	}
	return width;
}
