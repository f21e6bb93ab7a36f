// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/raw.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span raw_trim(struct span s)
{
	while (s.len > 0 && blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool raw_number(struct span s, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.at[i] - '0');
		if (n > most)
			return false;
	}
	*out = n;
	return true;
}

// Walks over a header value and knows whether it is inside quotes or angle brackets.
struct walk {
	struct span value;
	size_t i;
	bool quoted, angled;
};

// The next character that is outside of both; '\0' at the end.
static char walk_next(struct walk *w)
{
	while (w->i < w->value.len) {
		char c = w->value.at[w->i++];

		if (w->quoted) {
			if (c == '\\')
				w->i++;
			w->quoted = c != '"';
		} else if (c == '"') {
			w->quoted = true;
		} else if (w->angled) {
			w->angled = c != '>';
		} else if (c == '<') {
			w->angled = true;
		} else {
			return c;
		}
	}
	return '\0';
}

struct span raw_element(struct span value)
{
	struct walk w = { .value = value };

	for (char c = walk_next(&w); c != '\0'; c = walk_next(&w)) {
		if (c == ',')
			return raw_trim((struct span){ value.at, w.i - 1 });
	}
	return value;
}

// "name", "name=value", without blanks.
static bool param_split(struct span part, const char *name, struct span *out)
{
	const char *equals = part.len > 0 ? memchr(part.at, '=', part.len) : NULL;
	struct span left = part;

	if (equals != NULL)
		left.len = (size_t)(equals - part.at);
	left = raw_trim(left);
	*out = (struct span){ left.at + left.len, 0 };
	if (equals != NULL) {
		*out = raw_trim(
			(struct span){ equals + 1, (size_t)(part.at + part.len - equals) - 1 });
		if (out->len == 0)
			out->at = equals + 1;
	}
	return span_like(left, name);
}

bool raw_param(struct span value, const char *name, struct span *out)
{
	struct span element = raw_element(value);
	struct walk w = { .value = element };
	size_t from = 0; // where the parameter begins; 0 before the first semicolon

	for (bool more = true; more;) {
		char c = walk_next(&w);

		more = c != '\0';
		if (more && c != ';')
			continue;
		size_t to = more ? w.i - 1 : element.len;
		if (from > 0 &&
			param_split((struct span){ element.at + from, to - from }, name, out))
			return true;
		from = to + 1;
	}
	return false;
}

struct span raw_value(const struct raw *r, enum raw_header_id id, uint32_t nth)
{
	if (nth >= r->count[id])
		return (struct span){ NULL, 0 };
	for (uint32_t i = 0; i < r->n; i++) {
		if (r->header[i].id == id && nth-- == 0)
			return r->header[i].value;
	}
	return (struct span){ NULL, 0 };
}

static enum raw_header_id identify(struct span name)
{
	static const struct {
		const char *name;
		char compact;
	} known[RAW_ID_COUNT] = {
#define X(id, text, letter) [RAW_##id] = { text, letter },
		RAW_HEADER_LIST(X)
#undef X
	};

	for (int id = RAW_OTHER + 1; id < RAW_ID_COUNT; id++) {
		if (span_like(name, known[id].name))
			return (enum raw_header_id)id;
		if (name.len == 1 && known[id].compact != 0 &&
			(name.at[0] | 0x20) == known[id].compact)
			return (enum raw_header_id)id;
	}
	return RAW_OTHER;
}

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!token_char(s.at[i]))
			return false;
	}
	return s.len > 0;
}

// Control characters other than tab and the line ends of folding hide things from parsers that
// take them for blanks.
static bool has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return true;
		if (c == '\r' && (i + 1 == s.len || s.at[i + 1] != '\n'))
			return true;
	}
	return false;
}

static void keep(struct raw *r, struct span line)
{
	const char *colon = line.len > 0 ? memchr(line.at, ':', line.len) : NULL;

	if (r->n == RAW_HEADERS_MAX) {
		r->crowded = true;
		return;
	}
	if (colon == NULL || has_control(line)) {
		r->bad_line = true;
		if (colon == NULL)
			return;
	}
	struct raw_header *h = &r->header[r->n];
	h->name = (struct span){ line.at, (size_t)(colon - line.at) };
	while (h->name.len > 0 &&
		(h->name.at[h->name.len - 1] == ' ' || h->name.at[h->name.len - 1] == '\t'))
		h->name.len--;
	if (!is_token(h->name)) {
		r->bad_line = true;
		return;
	}
	h->value = raw_trim((struct span){ colon + 1, line.len - (size_t)(colon - line.at) - 1 });
	h->id = identify(h->name);
	r->count[h->id]++;
	r->n++;
}

// One line with the lines folded into it; *at moves behind it.
static struct span next_line(const char *data, size_t len, size_t *at)
{
	size_t from = *at;
	size_t i = from;

	for (;;) {
		const char *nl = memchr(data + i, '\n', len - i);
		if (nl == NULL) {
			i = len;
			*at = len;
			break;
		}
		i = (size_t)(nl - data);
		*at = i + 1;
		bool empty = i == from || (i == from + 1 && data[from] == '\r');
		if (empty || *at == len || (data[*at] != ' ' && data[*at] != '\t'))
			break;
		i = *at;
	}
	if (i > from && i < len && data[i - 1] == '\r')
		i--;
	return (struct span){ data + from, i - from };
}

static struct span word(struct span *rest)
{
	const char *space = rest->len > 0 ? memchr(rest->at, ' ', rest->len) : NULL;
	struct span w = *rest;

	if (space == NULL) {
		*rest = (struct span){ rest->at + rest->len, 0 };
		return w;
	}
	w.len = (size_t)(space - rest->at);
	rest->len -= w.len + 1;
	rest->at = space + 1;
	return w;
}

static bool mentions_sip(struct span s)
{
	return memmem(s.at, s.len, " SIP/", 5) != NULL;
}

static void start_line(struct raw *r)
{
	struct span rest = r->line;

	if (rest.len > 4 && memcmp(rest.at, "SIP/", 4) == 0) {
		r->start = RAW_RESPONSE;
		r->version = word(&rest);
		r->code = word(&rest);
	} else if (mentions_sip(rest)) {
		r->start = RAW_REQUEST;
		r->method = word(&rest);
		r->uri = word(&rest);
		r->version = rest;
		if (!is_token(r->method))
			r->method.len = 0;
	}
}

void raw_read(struct raw *out, const char *data, size_t len)
{
	size_t at = 0;

	// Not the whole struct: n says how much of header[] counts.
	memset(out, 0, offsetof(struct raw, header));
	out->body = (struct span){ data, 0 };
	while (at < len && (data[at] == '\r' || data[at] == '\n'))
		at++;
	if (at < len) {
		const char *nl = memchr(data + at, '\n', len - at);
		size_t end = nl ? (size_t)(nl - data) : len;

		out->line = (struct span){ data + at, end - at };
		if (out->line.len > 0 && out->line.at[out->line.len - 1] == '\r')
			out->line.len--;
		at = nl ? end + 1 : len;
		start_line(out);
	}
	while (at < len) {
		struct span line = next_line(data, len, &at);

		if (line.len == 0) {
			out->ended = true;
			out->body = (struct span){ data + at, len - at };
			return;
		}
		keep(out, line);
	}
}

static void skip(struct span *s, size_t n)
{
	s->at += n;
	s->len -= n;
	*s = raw_trim(*s);
}

// "SIP / 2.0 / UDP" and what is behind it.
static bool skip_protocol(struct span *s)
{
	for (int part = 0; part < 3; part++) {
		size_t n = 0;

		while (n < s->len && token_char(s->at[n]))
			n++;
		if (n == 0)
			return false;
		skip(s, n);
		if (part == 2)
			break;
		if (s->len == 0 || s->at[0] != '/')
			return false;
		skip(s, 1);
	}
	return true;
}

static bool sent_by(struct raw_via *out, struct span s)
{
	const char *bracket = s.len > 0 && s.at[0] == '[' ? memchr(s.at, ']', s.len) : NULL;
	size_t from = bracket ? (size_t)(bracket - s.at) : 0;
	const char *colon = s.len > 0 ? memchr(s.at + from, ':', s.len - from) : NULL;
	uint64_t port = 5060;

	out->host = s;
	if (colon != NULL) {
		out->host.len = (size_t)(colon - s.at);
		struct span digits = { colon + 1, s.len - out->host.len - 1 };
		if (!raw_number(raw_trim(digits), 65535, &port) || port == 0)
			return false;
	}
	out->host = raw_trim(out->host);
	out->port = (uint16_t)port;
	return out->host.len > 0;
}

bool raw_via_read(struct raw_via *out, struct span value)
{
	struct span s = raw_element(value);
	struct span rport;

	*out = (struct raw_via){ .port = 5060 };
	out->rport = raw_param(s, "rport", &rport);
	if (!raw_param(s, "branch", &out->branch))
		out->branch.len = 0;
	if (!skip_protocol(&s))
		return false;
	const char *semicolon = s.len > 0 ? memchr(s.at, ';', s.len) : NULL;
	if (semicolon != NULL)
		s.len = (size_t)(semicolon - s.at);
	return sent_by(out, raw_trim(s));
}
