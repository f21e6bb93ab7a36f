// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/words.h"

#include <ctype.h>

enum { PRINTING_FIRST = 0x20, DELETE = 0x7f };

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void drop_front(struct span *rest, size_t n)
{
	rest->at += n;
	rest->len -= n;
}

struct span take_until(struct span *rest, const char *ends)
{
	struct span piece = { rest->at, 0 };

	while (piece.len < rest->len && !is_one_of(rest->at[piece.len], ends))
		piece.len++;
	drop_front(rest, piece.len < rest->len ? piece.len + 1 : piece.len);
	return piece;
}

void skip_blanks(struct span *rest)
{
	while (rest->len > 0 && is_blank(rest->at[0]))
		drop_front(rest, 1);
}

struct span take_word(struct span *rest)
{
	skip_blanks(rest);
	return take_until(rest, " \t");
}

struct span without_end_blanks(struct span text)
{
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

bool read_number(struct span text, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!isdigit((unsigned char)text.at[i]))
			return false;
		n = n * 10 + (uint64_t)(text.at[i] - '0');
		if (n > max)
			return false;
	}
	*out = (uint32_t)n;
	return true;
}

bool is_token(struct span text, char also)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		bool word = isascii((unsigned char)c) && isalnum((unsigned char)c);

		if (!word && (c == '\0' || c != also) && !is_one_of(c, "!#$%&'*+-.^_`{|}~"))
			return false;
	}
	return text.len > 0;
}

bool has_controls(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if ((c < PRINTING_FIRST && c != '\t') || c == DELETE)
			return true;
	}
	return false;
}

bool copy_span(char *out, size_t size, struct span text)
{
	if (text.len >= size)
		return false;
	if (text.len > 0)
		memcpy(out, text.at, text.len);
	out[text.len] = '\0';
	return true;
}
