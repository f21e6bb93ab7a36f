// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/guard.h"

#define COOKIE "z9hG4bK" // RFC 3261 section 8.1.1.7

static bool only_line_ends(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\r' && data[i] != '\n')
			return false;
	}
	return true;
}

static bool printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')
			return false;
	}
	return s.len > 0;
}

// Method SP URI SP SIP/2.0, exactly (RFC 3261 section 7.1).
static enum guard_outcome request_line(const struct raw *r)
{
	const char *colon;

	if (r->version.len >= 4 && memcmp(r->version.at, "SIP/", 4) == 0 && printable(r->version) &&
		!span_is(r->version, "SIP/2.0"))
		return GUARD_VERSION;
	if (r->method.len == 0 || !span_is(r->version, "SIP/2.0") || !printable(r->uri))
		return GUARD_SYNTAX;
	colon = memchr(r->uri.at, ':', r->uri.len);
	if (colon == NULL || colon == r->uri.at)
		return GUARD_SYNTAX;
	struct span scheme = { r->uri.at, (size_t)(colon - r->uri.at) };
	if (!span_like(scheme, "sip") && !span_like(scheme, "sips"))
		return GUARD_SCHEME;
	return GUARD_OK;
}

static enum guard_outcome status_line(struct guarded *g)
{
	uint64_t code;

	if (!span_is(g->raw.version, "SIP/2.0") || g->raw.code.len != 3 ||
		!raw_number(g->raw.code, 699, &code) || code < 100)
		return GUARD_GARBAGE;
	g->code = (uint16_t)code;
	return GUARD_OK;
}

static size_t occurrences(struct span s, char of)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == of;
	return n;
}

static bool modest(const struct raw_header *h)
{
	return h->name.len + h->value.len <= GUARD_LINE_MAX &&
	       occurrences(h->value, ';') <= GUARD_SEMICOLONS_MAX &&
	       occurrences(h->value, ',') <= GUARD_COMMAS_MAX;
}

// oSIP's cost is quadratic in headers, parameters and lists: the product is bounded here.
static enum guard_outcome limits(const struct raw *r)
{
	size_t sum[RAW_ID_COUNT] = { 0 };
	size_t vias = r->count[RAW_VIA];
	size_t elements = 0;

	if (r->crowded || r->line.len > GUARD_LINE_MAX)
		return GUARD_LIMITS;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct raw_header *h = &r->header[i];

		if (!modest(h))
			return GUARD_LIMITS;
		sum[h->id] += h->value.len;
		elements += occurrences(h->value, ',');
		vias += h->id == RAW_VIA ? occurrences(h->value, ',') : 0;
	}
	if (sum[RAW_VIA] > GUARD_SUM_MAX || sum[RAW_CONTACT] > GUARD_SUM_MAX ||
		sum[RAW_ROUTE] > GUARD_SUM_MAX || sum[RAW_RECORD_ROUTE] > GUARD_SUM_MAX)
		return GUARD_LIMITS;
	return vias > GUARD_VIAS_MAX || elements > GUARD_ELEMENTS_MAX ? GUARD_LIMITS : GUARD_OK;
}

// "314159 INVITE", the number below 2^31 (RFC 3261 section 8.1.1.5).
static bool cseq(struct guarded *g)
{
	struct span v = raw_value(&g->raw, RAW_CSEQ, 0);
	uint64_t number;
	size_t digits = 0;

	while (digits < v.len && v.at[digits] >= '0' && v.at[digits] <= '9')
		digits++;
	if (!raw_number((struct span){ v.at, digits }, INT32_MAX, &number))
		return false;
	g->cseq = (uint32_t)number;
	g->cseq_method = raw_trim((struct span){ v.at + digits, v.len - digits });
	if (g->cseq_method.len == 0 || g->cseq_method.len == v.len - digits)
		return false;
	return g->raw.start == RAW_RESPONSE || span_same(g->cseq_method, g->raw.method);
}

static bool forwards(struct guarded *g)
{
	uint64_t n;

	g->max_forwards = -1;
	if (g->raw.count[RAW_MAX_FORWARDS] == 0)
		return true;
	if (!raw_number(raw_value(&g->raw, RAW_MAX_FORWARDS, 0), 255, &n))
		return false;
	g->max_forwards = (int16_t)n;
	return true;
}

// What is behind the length that was said is not ours (RFC 3261 section 18.3).
static bool body(struct guarded *g, const char *data)
{
	uint64_t n = g->raw.body.len;

	g->body = g->raw.body;
	if (g->raw.count[RAW_CONTENT_LENGTH] > 0 &&
		!raw_number(raw_value(&g->raw, RAW_CONTENT_LENGTH, 0), g->raw.body.len, &n))
		return false;
	g->body.len = (size_t)n;
	g->used = (size_t)(g->body.at - data) + g->body.len;
	return true;
}

static bool once_each(const struct raw *r)
{
	return r->count[RAW_VIA] > 0 && r->count[RAW_FROM] == 1 && r->count[RAW_TO] == 1 &&
	       r->count[RAW_CALL_ID] == 1 && r->count[RAW_CSEQ] == 1 &&
	       r->count[RAW_MAX_FORWARDS] <= 1 && r->count[RAW_CONTENT_LENGTH] <= 1 &&
	       r->count[RAW_CONTENT_TYPE] <= 1;
}

// None at all is RFC 2543's way, and harmless: our keys are hashes of the Call-ID and CSeq too.
// The bare cookie promises what it does not keep.
static bool branch(const struct raw_via *via)
{
	return !span_like(via->branch, COOKIE);
}

static struct span tag_of(struct span party)
{
	struct span tag;

	return raw_param(party, "tag", &tag) ? tag : (struct span){ "", 0 };
}

static bool identity(struct guarded *g)
{
	g->call_id = raw_value(&g->raw, RAW_CALL_ID, 0);
	g->from_tag = tag_of(raw_value(&g->raw, RAW_FROM, 0));
	g->to_tag = tag_of(raw_value(&g->raw, RAW_TO, 0));
	return g->call_id.len > 0 && printable((struct span){ g->call_id.at, 1 }) &&
	       memchr(g->call_id.at, ' ', g->call_id.len) == NULL;
}

static bool headers(struct guarded *g, const char *data)
{
	if (!once_each(&g->raw) || !raw_via_read(&g->via, raw_value(&g->raw, RAW_VIA, 0)))
		return false;
	return branch(&g->via) && identity(g) && cseq(g) && forwards(g) && body(g, data);
}

static bool multipart(const struct raw *r)
{
	struct span type = raw_value(r, RAW_CONTENT_TYPE, 0);

	return type.len >= 9 && strncasecmp(type.at, "multipart", 9) == 0;
}

static enum guard_outcome judge(struct guarded *g, const char *data)
{
	enum guard_outcome outcome =
		g->raw.start == RAW_REQUEST ? request_line(&g->raw) : status_line(g);

	if (outcome == GUARD_OK)
		outcome = limits(&g->raw);
	if (outcome != GUARD_OK)
		return outcome;
	if (g->raw.bad_line || !g->raw.ended)
		return GUARD_SYNTAX;
	if (!headers(g, data))
		return GUARD_HEADER;
	return multipart(&g->raw) ? GUARD_MULTIPART : GUARD_OK;
}

enum guard_outcome guard_read(struct guarded *out, const char *data, size_t len)
{
	enum guard_outcome outcome;

	memset((char *)out + sizeof(struct raw), 0, sizeof(*out) - sizeof(struct raw));
	raw_read(&out->raw, data, len < GUARD_BYTES_MAX ? len : GUARD_BYTES_MAX);
	if (only_line_ends(data, len))
		return GUARD_KEEPALIVE;
	if (len < GUARD_BYTES_MIN)
		return GUARD_TINY;
	if (out->raw.start == RAW_STRANGE)
		return GUARD_GARBAGE;
	outcome = len > GUARD_BYTES_MAX ? GUARD_TOO_BIG : judge(out, data);
	// A response is never answered.
	if (out->raw.start == RAW_RESPONSE && outcome != GUARD_OK)
		return GUARD_GARBAGE;
	return outcome;
}

uint16_t guard_status(enum guard_outcome outcome)
{
	static const uint16_t status[GUARD_OUTCOME_COUNT] = {
#define X(name, code, counter, help) [GUARD_##name] = (code),
		GUARD_LIST(X)
#undef X
	};

	return status[outcome];
}
