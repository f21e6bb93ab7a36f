// SPDX-License-Identifier: BSD-3-Clause
//
// The way of a datagram: guard, memory of what was answered, parser, transaction, and then to
// whoever knows the method.
#include "control/sip/calls_in.h"
#include "control/sip/calls_out.h"
#include "control/sip/in_dialog.h"
#include "control/sip/linger.h"
#include "control/sip/registration.h"
#include "control/sip/reply.h"

#define COOKIE "z9hG4bK"

enum { OPTIONS_A_SECOND = 200 };

// --- a request

static void options(struct arrival *a)
{
	struct sip *s = a->sip;

	if (!budget_take(&s->refusals, OPTIONS_A_SECOND, sip_now(s))) {
		s->stats.quiet++;
		transaction_free(a->t);
		return;
	}
	reply_stranger_or(
		a, 200, "Allow: " SIP_ALLOW "\r\nAccept: application/sdp\r\nSupported:\r\n", NULL);
}

static bool known(struct span method)
{
	static const char *const ours[] = { "INVITE", "BYE", "OPTIONS", "UPDATE", "INFO",
		"REGISTER", "CANCEL", "PRACK" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (span_is(method, ours[i]))
			return true;
	}
	return false;
}

// What every request must meet that is not part of a dialog. False: it is answered.
static bool acceptable(struct arrival *a)
{
	struct sip *s = a->sip;

	if (!known(a->g->raw.method)) {
		s->stats.bad_method++;
		reply_stranger(a, 405, "Allow: " SIP_ALLOW "\r\n");
	} else if (!uri_is_sip(a->osip->req_uri)) {
		s->stats.bad_scheme++;
		reply_stranger(a, 416, NULL);
	} else if (!osip_list_eol(&a->osip->req_uri->url_headers, 0)) {
		s->stats.bad_header++;
		reply_stranger(a, 400, NULL);
	} else if (a->g->max_forwards == 0) {
		s->stats.bad_forwards++;
		reply_stranger(a, 483, NULL);
	} else {
		return true;
	}
	return false;
}

// We have no extension that a request could require (RFC 3261 section 8.2.2.3).
static bool requires_nothing(struct arrival *a)
{
	struct span first = raw_value(&a->g->raw, RAW_REQUIRE, 0);
	char extra[GUARD_LINE_MAX + 32];
	struct text t;

	if (first.len == 0)
		return true;
	text_init(&t, extra, sizeof(extra));
	text_add(&t, "Unsupported: ");
	text_unfolded(&t, first);
	text_add(&t, "\r\n");
	a->sip->stats.bad_extension++;
	reply_stranger(a, 420, extra);
	return false;
}

static void outside(struct arrival *a)
{
	struct span method = a->g->raw.method;

	if (!acceptable(a) || !requires_nothing(a))
		return;
	if (span_is(method, "INVITE")) {
		calls_in_invite(a);
	} else if (span_is(method, "REGISTER")) {
		registration_request(a);
	} else if (span_is(method, "OPTIONS")) {
		options(a);
	} else {
		a->sip->stats.bad_dialog++;
		reply_stranger(a, 481, NULL);
	}
}

static void dispatch(struct arrival *a)
{
	a->sip->stats.requests++;
	if (span_is(a->g->raw.method, "CANCEL"))
		calls_in_cancel(a);
	else if (a->g->to_tag.len == 0)
		outside(a);
	else if (requires_nothing(a))
		in_dialog_request(a);
}

static void ack(struct arrival *a)
{
	struct linger *l = linger_find(a->sip, transaction_server_key(a, span_of("INVITE")));

	if (l != NULL && l->kind != LINGER_TAKEN)
		linger_acked(l);
	else
		in_dialog_ack(a);
}

static void fresh(struct arrival *a, struct key key)
{
	struct sip *s = a->sip;

	if (span_is(a->g->raw.method, "CANCEL"))
		calls_in_tag(a);
	if (s->transactions.count >= s->plan.transactions_max) {
		s->stats.drop_busy++;
		osip_message_free(a->osip);
		reply_raw(a, 503, "Retry-After: 10\r\n");
	} else if (!transaction_serve(a, key)) {
		s->stats.bad_syntax++;
		reply_raw(a, 400, NULL);
	} else {
		dispatch(a);
	}
}

static void request(struct arrival *a)
{
	struct sip *s = a->sip;

	if (span_is(a->g->raw.method, "ACK")) {
		ack(a);
		return;
	}
	struct key key = transaction_server_key(a, a->g->raw.method);
	struct linger *l = linger_find(s, key);
	if (l != NULL) {
		s->stats.repeats++;
		linger_repeat(l);
		return;
	}
	a->osip = message_parse(a->g);
	if (a->osip == NULL || a->osip->sip_method == NULL) {
		osip_message_free(a->osip);
		s->stats.bad_syntax++;
		reply_raw(a, 400, NULL);
		return;
	}
	struct transaction *t = (struct transaction *)(void *)table_find(&s->transactions, key);
	if (t != NULL)
		transaction_repeat(t, a->osip);
	else
		fresh(a, key);
}

// --- a response

// Of a request of ours: the topmost Via is the one we wrote (RFC 3261 section 18.1.2).
static bool ours(const struct arrival *a, struct span *branch)
{
	const struct raw_via *via = &a->g->via;
	size_t cookie = strlen(COOKIE);
	uint8_t ip[16];

	if (via->branch.len <= cookie || memcmp(via->branch.at, COOKIE, cookie) != 0)
		return false;
	*branch = (struct span){ via->branch.at + cookie, via->branch.len - cookie };
	return address_ip_read(ip, via->host.at, via->host.len) &&
	       address_same_ip(ip, a->sip->plan.local.ip) && via->port == a->sip->plan.local.port;
}

static bool expected(struct arrival *a, struct span branch)
{
	struct sip *s = a->sip;
	struct transaction *t = (struct transaction *)(void *)table_find(
		&s->transactions, transaction_client_key(s, branch, a->g->cseq_method));
	bool late = t == NULL &&
		    linger_find(s, transaction_client_key(s, branch, a->g->cseq_method)) != NULL;

	if (t == NULL && !late)
		return false;
	a->osip = message_parse(a->g);
	if (a->osip == NULL)
		return false;
	if (t != NULL && transaction_respond(t, a))
		return true;
	(void)calls_out_late(a, branch);
	osip_message_free(a->osip);
	return true;
}

static void response(struct arrival *a)
{
	struct span branch;

	if (a->g->raw.count[RAW_VIA] != 1 || !ours(a, &branch) || !expected(a, branch))
		a->sip->stats.drop_response++;
}

// --- a datagram

static void count(struct sip *s, enum guard_outcome outcome)
{
	static const size_t counters[GUARD_OUTCOME_COUNT] = {
#define X(name, status, counter, help) [GUARD_##name] = offsetof(struct sip_stats, counter),
		GUARD_LIST(X)
#undef X
	};

	(*(uint64_t *)(void *)((char *)&s->stats + counters[outcome]))++;
}

static void refuse(struct arrival *a, enum guard_outcome outcome)
{
	uint16_t code = guard_status(outcome);

	count(a->sip, outcome);
	if (code == 0 || span_is(a->g->raw.method, "ACK"))
		return;
	reply_raw(a, code, code == 415 ? "Accept: application/sdp\r\n" : NULL);
}

void sip_receive(
	struct sip *s, const char *data, size_t len, const struct address *from, uint64_t now_ms)
{
	struct guarded g;
	struct arrival a = { .sip = s, .g = &g, .from = from, .len = len };

	if (now_ms > s->now_ms)
		s->now_ms = now_ms;
	enum guard_outcome outcome = guard_read(&g, data, len);
	if (outcome != GUARD_OK) {
		s->stats.datagrams++;
		refuse(&a, outcome);
		return;
	}
	count(s, outcome);
	if (g.raw.start == RAW_REQUEST)
		request(&a);
	else
		response(&a);
}
