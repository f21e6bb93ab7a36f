// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/reply.h"

#include "control/sip/text.h"
#include "control/sip/unacked.h"

#include <stdlib.h>

enum {
	RAW_ANSWERS_A_SECOND = 500,
	LONG_CHALLENGES_A_SECOND = 20,
	LONG_CHALLENGE_MORE = 300, // bytes that such a 401 may be longer than the request
};

static const char *reason(uint16_t code)
{
	const char *text = osip_message_get_reason(code);

	return text ? text : "Unknown";
}

struct address reply_address(const struct arrival *a)
{
	struct address to = *a->from;

	if (!a->g->via.rport)
		to.port = a->g->via.port;
	return to;
}

static bool sent_by_is_source(const struct arrival *a)
{
	struct raw_via via;
	uint8_t ip[16];

	return raw_via_read(&via, raw_value(&a->g->raw, RAW_VIA, 0)) &&
	       address_ip_read(ip, via.host.at, via.host.len) && address_same_ip(ip, a->from->ip);
}

// The topmost Via with the address it came from written into it: received whenever it differs
// (RFC 3261 section 18.2.1) or rport is asked for (RFC 3581 section 4).
static void put_top_via(struct text *t, const struct arrival *a, struct span value)
{
	struct span first = raw_element(value);
	struct span rport;
	char ip[ADDRESS_TEXT_MAX];
	size_t cut = first.len;

	bool asked = raw_param(first, "rport", &rport);
	bool fill = asked && rport.len == 0;
	if (fill)
		cut = (size_t)(rport.at - first.at);
	text_add(t, "Via: ");
	text_unfolded(t, (struct span){ first.at, cut });
	if (fill)
		text_add(t, first.at[cut - 1] == '=' ? "%u" : "=%u", a->from->port);
	text_unfolded(t, (struct span){ first.at + cut, first.len - cut });
	if (asked || !sent_by_is_source(a))
		text_add(t, ";received=%s", address_ip_text(a->from->ip, ip, sizeof(ip)));
	text_unfolded(t, (struct span){ first.at + first.len, value.len - first.len });
	text_add(t, "\r\n");
}

static void put_line(struct text *t, const char *name, struct span value)
{
	if (value.at == NULL)
		return;
	text_add(t, "%s: ", name);
	text_unfolded(t, value);
	text_add(t, "\r\n");
}

static void put_head(struct text *t, const struct arrival *a)
{
	const struct raw *r = &a->g->raw;

	put_top_via(t, a, raw_value(r, RAW_VIA, 0));
	for (uint32_t i = 1; i < r->count[RAW_VIA]; i++)
		put_line(t, "Via", raw_value(r, RAW_VIA, i));
	put_line(t, "From", raw_value(r, RAW_FROM, 0));
	struct span to = raw_value(r, RAW_TO, 0);
	struct span tag;
	if (to.at != NULL) {
		text_add(t, "To: ");
		text_unfolded(t, to);
		if (a->tag[0] != '\0' && !raw_param(to, "tag", &tag))
			text_add(t, ";tag=%s", a->tag);
		text_add(t, "\r\n");
	}
	put_line(t, "Call-ID", raw_value(r, RAW_CALL_ID, 0));
	put_line(t, "CSeq", raw_value(r, RAW_CSEQ, 0));
}

static char *copy(const struct text *t)
{
	return t->full ? NULL : strndup(t->at, t->len);
}

char *reply_head(const struct arrival *a)
{
	char buf[TEXT_MESSAGE_MAX];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	put_head(&t, a);
	return copy(&t);
}

char *reply_routes(const struct arrival *a)
{
	char buf[TEXT_MESSAGE_MAX];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	for (uint32_t i = 0; i < a->g->raw.count[RAW_RECORD_ROUTE]; i++)
		put_line(&t, "Record-Route", raw_value(&a->g->raw, RAW_RECORD_ROUTE, i));
	return copy(&t);
}

static void put_answer(struct text *t, const struct transaction *of, const struct answer *answer)
{
	text_add(t, "SIP/2.0 %u %s\r\n%s", answer->code, reason(answer->code), of->head);
	if (answer->dialog)
		text_add(t, "%sContact: <sip:%s>\r\n", of->routes, of->sip->local);
	if (answer->extra != NULL)
		text_add(t, "%s", answer->extra);
	if (answer->code > 100)
		text_add(t, "Server: layby\r\n");
	if (answer->body != NULL)
		text_add(t, "Content-Type: application/sdp\r\n");
	text_add(t, "Content-Length: %zu\r\n\r\n", answer->body ? answer->body_len : 0);
	if (answer->body != NULL)
		text_put(t, answer->body, answer->body_len);
}

static bool is_taken(const struct transaction *t, const struct answer *answer)
{
	return t->kind == SERVER_INVITE && answer->code / 100 == 2 && t->dialog != NULL;
}

uint16_t reply(struct transaction *t, const struct answer *answer)
{
	struct answer cut = { .code = 500 };
	char buf[TEXT_MESSAGE_MAX];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	put_answer(&text, t, answer);
	if (text.full || (is_taken(t, answer) &&
				 !unacked_begin(t->dialog, t, (struct span){ buf, text.len }))) {
		text_init(&text, buf, sizeof(buf));
		put_answer(&text, t, &cut);
		answer = &cut;
	}
	transaction_answer(t, answer->code, buf, text.len, REMEMBER);
	return answer->code;
}

static bool brief_enough(struct arrival *a, uint16_t code, size_t len)
{
	struct sip *s = a->sip;

	if (len <= a->len)
		return true;
	// A challenge must reach small phones too; what it adds is worth nothing to a reflector.
	return code == 401 && len <= a->len + LONG_CHALLENGE_MORE &&
	       budget_take(&s->challenges, LONG_CHALLENGES_A_SECOND, sip_now(s));
}

// A reason phrase and, over UDP, Content-Length may be left out (RFC 3261 sections 7.2, 20.14).
static void put_plain(
	struct text *t, uint16_t code, const char *head, const char *extra, bool brief)
{
	text_add(t, "SIP/2.0 %u %s\r\n%s%s%s\r\n", code, brief ? "" : reason(code), head,
		extra ? extra : "", brief ? "" : "Content-Length: 0\r\n");
}

void reply_stranger_or(struct arrival *a, uint16_t code, const char *extra, const char *brief)
{
	const struct {
		const char *extra;
		bool brief;
	} forms[] = { { extra, false }, { brief, false }, { brief, true } };
	char buf[TEXT_MESSAGE_MAX];
	struct text t;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		text_init(&t, buf, sizeof(buf));
		put_plain(&t, code, a->t->head, forms[i].extra, forms[i].brief);
		if (!t.full && t.len <= a->len)
			break;
	}
	if (t.full || !brief_enough(a, code, t.len)) {
		a->sip->stats.quiet++;
		transaction_free(a->t);
	} else {
		transaction_answer(a->t, code, buf, t.len, FORGET);
	}
	a->t = NULL;
}

void reply_stranger(struct arrival *a, uint16_t code, const char *extra)
{
	reply_stranger_or(a, code, extra, extra);
}

void reply_raw(struct arrival *a, uint16_t code, const char *extra)
{
	struct sip *s = a->sip;
	struct raw_via via;
	char head[TEXT_MESSAGE_MAX];
	char buf[TEXT_MESSAGE_MAX];
	struct address to = *a->from;
	struct text t;

	if (a->g->raw.count[RAW_VIA] == 0) {
		s->stats.quiet++;
		return;
	}
	if (a->tag[0] == '\0')
		token_text(a->tag, sip_key(s, raw_value(&a->g->raw, RAW_CALL_ID, 0),
					   raw_value(&a->g->raw, RAW_VIA, 0), a->g->raw.uri)
					   .b);
	if (raw_via_read(&via, raw_value(&a->g->raw, RAW_VIA, 0)) && !via.rport)
		to.port = via.port;
	text_init(&t, head, sizeof(head));
	put_head(&t, a);
	bool full = t.full;
	for (int brief = 0; brief <= 1; brief++) {
		text_init(&t, buf, sizeof(buf));
		put_plain(&t, code, head, extra, brief);
		if (!t.full && t.len <= a->len)
			break;
	}
	if (full || t.full || t.len > a->len ||
		!budget_take(&s->refusals, RAW_ANSWERS_A_SECOND, sip_now(s))) {
		s->stats.quiet++;
		return;
	}
	sip_put(s, &to, buf, t.len);
}
