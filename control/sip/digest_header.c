// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/digest_header.h"

static const char *const names[] = {
#define X(name) #name,
	DIGEST_PARAM_LIST(X)
#undef X
};

// The front of a quoted string up to its closing quote; rest is then behind that. False: it
// never closes.
static bool take_quoted(struct span *rest, struct span *out)
{
	size_t i = 1;

	while (i < rest->len && rest->at[i] != '"')
		i += rest->at[i] == '\\' ? 2 : 1;
	if (i >= rest->len)
		return false;
	*out = (struct span){ rest->at + 1, i - 1 };
	*rest = (struct span){ rest->at + i + 1, rest->len - i - 1 };
	return true;
}

// A token may hold more here than the grammar says: phones leave out quotes round URIs.
static bool take_bare(struct span *rest, struct span *out)
{
	size_t n = 0;

	while (n < rest->len && !is_blank(rest->at[n]) && rest->at[n] != ',' && rest->at[n] != '"')
		n++;
	*out = (struct span){ rest->at, n };
	*rest = (struct span){ rest->at + n, rest->len - n };
	return n > 0;
}

static bool take_value(struct span *rest, struct span *out)
{
	skip_blanks(rest);
	if (rest->len > 0 && rest->at[0] == '"')
		return take_quoted(rest, out);
	return take_bare(rest, out);
}

// False: it stands there twice. Parameters without a meaning to us may.
static bool keep(struct digest_header *h, struct span name, struct span value)
{
	for (int i = 0; i < DIGEST_PARAM_COUNT; i++) {
		if (!span_like(name, names[i]))
			continue;
		if (h->param[i].at != NULL)
			return false;
		h->param[i] = value;
	}
	return true;
}

static bool take_param(struct digest_header *h, struct span *rest)
{
	bool equals = memchr(rest->at, '=', rest->len) != NULL;
	struct span name = without_end_blanks(take_until(rest, "="));
	struct span value;

	return equals && is_token(name, '\0') && take_value(rest, &value) && keep(h, name, value);
}

// What comes after a parameter: nothing, or a comma and another one.
static bool take_comma(struct span *rest)
{
	skip_blanks(rest);
	if (rest->len == 0)
		return true;
	if (rest->at[0] != ',')
		return false;
	take_until(rest, ",");
	skip_blanks(rest);
	return rest->len > 0;
}

enum digest_scheme digest_header_read(struct digest_header *out, const char *text)
{
	struct digest_header h = { 0 };
	struct span rest = span_of(text);

	if (text == NULL || !span_like(take_word(&rest), "Digest"))
		return DIGEST_SCHEME_OTHER;
	if (rest.len > DIGEST_HEADER_MAX || has_controls(rest))
		return DIGEST_SCHEME_BROKEN;
	skip_blanks(&rest);
	if (rest.len == 0)
		return DIGEST_SCHEME_BROKEN;
	while (rest.len > 0)
		if (!take_param(&h, &rest) || !take_comma(&rest))
			return DIGEST_SCHEME_BROKEN;
	*out = h;
	return DIGEST_SCHEME_OURS;
}

bool digest_header_text(char *out, size_t size, struct span value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] == '\\' && i + 1 < value.len)
			i++;
		if (n + 1 >= size)
			return false;
		out[n++] = value.at[i];
	}
	out[n] = '\0';
	return true;
}
