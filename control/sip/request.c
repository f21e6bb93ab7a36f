// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/request.h"

#include "control/sip/calls_out.h"
#include "control/sip/linger.h"
#include "control/sip/offer.h"
#include "control/sip/unacked.h"

#include <stdlib.h>

#define COOKIE "z9hG4bK"

struct request {
	const char *method;
	uint32_t cseq;
	char branch[TOKEN_TEXT]; // without the cookie
	const char *extra;       // header lines, or NULL
	const char *body;
	size_t body_len;
};

// The last route without "lr" is a strict router: it wants to be the request URI itself
// (RFC 3261 section 12.2.1.1).
static bool loose(const char *route)
{
	return strcasestr(route, ";lr") != NULL;
}

static void put_uri_and_routes(struct text *t, const struct sip_dialog *d, const char *method)
{
	bool strict = d->routes > 0 && !loose(d->route[0]);
	uint32_t first = strict ? 1 : 0;

	if (strict)
		text_add(t, "%s %.*s SIP/2.0\r\n", method, (int)strlen(d->route[0]) - 2,
			d->route[0] + 1);
	else
		text_add(t, "%s %s SIP/2.0\r\n", method, d->target);
	for (uint32_t i = first; i < d->routes; i++)
		text_add(t, "Route: %s\r\n", d->route[i]);
	if (strict)
		text_add(t, "Route: <%s>\r\n", d->target);
}

static void put_rest(struct text *t, const struct sip_dialog *d, const struct request *r)
{
	text_add(t, "Via: SIP/2.0/UDP %s;rport;branch=" COOKIE "%s\r\n", d->sip->local, r->branch);
	text_add(t, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", d->local, d->remote,
		d->call_id, r->cseq, r->method);
	if (r->extra != NULL)
		text_add(t, "%s", r->extra);
	text_add(t, "User-Agent: layby\r\n");
	if (r->body != NULL)
		text_add(t, "Content-Type: application/sdp\r\n");
	text_add(t, "Content-Length: %zu\r\n\r\n", r->body ? r->body_len : 0);
	if (r->body != NULL)
		text_put(t, r->body, r->body_len);
}

static void put_request(struct text *t, const struct sip_dialog *d, const struct request *r)
{
	put_uri_and_routes(t, d, r->method);
	text_add(t, "Max-Forwards: 70\r\n");
	put_rest(t, d, r);
}

static struct transaction *send(struct sip_dialog *d, const struct text *t, const char *branch,
	struct transaction **as, transaction_fn heard)
{
	struct transaction *x;

	if (t->full)
		return NULL;
	x = transaction_request(d->sip, t->at, t->len, &d->next, branch, heard);
	if (x != NULL)
		dialog_attach(d, as, x);
	return x;
}

static bool send_request(
	struct sip_dialog *d, struct request *r, struct transaction **as, transaction_fn heard)
{
	char buf[TEXT_MESSAGE_MAX];
	struct text t;

	token_text(r->branch, chance_word(&d->sip->chance));
	r->cseq = ++d->local_cseq;
	text_init(&t, buf, sizeof(buf));
	put_request(&t, d, r);
	return send(d, &t, r->branch, as, heard) != NULL;
}

// --- BYE, CANCEL, OPTIONS

static void bye_heard(struct transaction *t, const struct arrival *response)
{
	if (response == NULL || response->g->code >= 200)
		dialog_gone(t->dialog);
}

static void put_reason(struct text *t, const struct sip_dialog *d)
{
	if (d->reason != NULL)
		text_add(t, "Reason: %s\r\n", d->reason);
}

void request_bye(struct sip_dialog *d)
{
	struct request r = { .method = "BYE" };
	char extra[256];
	struct text t;

	text_init(&t, extra, sizeof(extra));
	put_reason(&t, d);
	r.extra = t.full ? NULL : extra;
	clock_disarm(d->sip->clock, &d->timer);
	d->bye_owed = false;
	unacked_stop(d);
	d->state = DIALOG_CLOSING;
	dialog_hold(d);
	if (d->offer_in != NULL)
		offer_withdraw(d);
	if (!send_request(d, &r, NULL, bye_heard))
		dialog_gone(d);
	dialog_drop(d);
}

static void cancel_heard(struct transaction *, const struct arrival *)
{
	// What counts is the answer to the INVITE (RFC 3261 section 9.1).
}

void request_cancel(struct sip_dialog *d)
{
	struct transaction *invite = d->invite;
	struct request r = { .method = "CANCEL", .cseq = 1 };
	char buf[TEXT_MESSAGE_MAX];
	struct text t;

	d->cancelled = true;
	memcpy(r.branch, invite->branch, sizeof(r.branch));
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "CANCEL %s SIP/2.0\r\nMax-Forwards: 70\r\n", d->target);
	put_reason(&t, d);
	put_rest(&t, d, &r);
	(void)send(d, &t, invite->branch, NULL, cancel_heard);
	// A peer that answers the CANCEL and never the INVITE is not waited for.
	clock_arm(d->sip->clock, &invite->limit, sip_now(d->sip) + SIP_64T1);
}

static void ping_heard(struct transaction *t, const struct arrival *response)
{
	struct sip_dialog *d = t->dialog;

	if (d->state != DIALOG_UP || (response != NULL && response->g->code < 200))
		return;
	offer_verdict(d, response ? response->g->code : 408);
}

void request_ping(struct sip_dialog *d)
{
	struct request r = { .method = "OPTIONS", .extra = "Accept: application/sdp\r\n" };

	clock_arm(d->sip->clock, &d->timer, sip_now(d->sip) + DIALOG_PING_MS);
	(void)send_request(d, &r, NULL, ping_heard);
}

// --- INVITE and ACK

bool request_offer(struct sip_dialog *d)
{
	struct request r = { .method = "INVITE", .body = d->offer, .body_len = d->offer_len };
	char extra[256];
	struct text t;

	text_init(&t, extra, sizeof(extra));
	text_add(&t, "Contact: <sip:%s>\r\nAllow: " SIP_IN_DIALOG "\r\n", d->sip->local);
	r.extra = extra;
	d->glare = false;
	clock_arm(d->sip->clock, &d->timer, sip_now(d->sip) + DIALOG_PING_MS);
	return send_request(d, &r, &d->offer_out, offer_heard);
}

struct key request_ack_key(const struct sip *s, struct span branch, struct span remote_tag)
{
	return sip_key(s, branch, remote_tag, span_of("ack"));
}

void request_ack(struct sip_dialog *d, const struct transaction *invite, uint32_t cseq)
{
	struct request r = { .method = "ACK", .cseq = cseq };
	char buf[TEXT_MESSAGE_MAX];
	struct text t;

	token_text(r.branch, chance_word(&d->sip->chance));
	text_init(&t, buf, sizeof(buf));
	put_request(&t, d, &r);
	if (t.full)
		return;
	sip_put(d->sip, &d->next, buf, t.len);
	(void)linger_leave(d->sip,
		request_ack_key(d->sip, span_of(invite->branch), span_of(d->remote_tag)),
		LINGER_ACK, &d->next, (struct span){ buf, t.len });
}

static void put_party(struct text *t, const struct sip_call_out *call)
{
	if (call->from_display != NULL && call->from_display[0] != '\0') {
		text_quoted(t, call->from_display);
		text_add(t, " ");
	}
	text_add(t, "<sip:");
	if (call->from_user != NULL && call->from_user[0] != '\0') {
		text_user(t, call->from_user);
		text_add(t, "@");
	}
	text_add(t, "%s>", call->from_domain);
}

// oSIP reads it, it is sip: or sips:, and it cannot break out of the line it is put into.
static bool good_uri(const char *text, char *out, size_t size)
{
	osip_uri_t *uri;
	bool good;

	if (text == NULL || osip_uri_init(&uri) != OSIP_SUCCESS)
		return false;
	good = osip_uri_parse(uri, text) == OSIP_SUCCESS && uri_is_sip(uri) &&
	       uri_write(uri, out, size);
	osip_uri_free(uri);
	return good;
}

static bool set_parties(struct sip_dialog *d, const struct sip_call_out *call)
{
	char uri[SIP_URI_MAX];
	char line[SIP_URI_MAX + 2 * SIP_NAME_MAX + 64];
	struct text t;

	if (!good_uri(call->uri, uri, sizeof(uri)) || !text_set(&d->target, span_of(uri)))
		return false;
	if (call->to_uri != NULL && !good_uri(call->to_uri, uri, sizeof(uri)))
		return false;
	text_init(&t, line, sizeof(line));
	text_add(&t, "<%s>", uri);
	if (!text_set(&d->remote, span_of(line)))
		return false;
	text_init(&t, line, sizeof(line));
	put_party(&t, call);
	text_add(&t, ";tag=%s", d->local_tag);
	return !t.full && text_set(&d->local, span_of(line));
}

static bool send_invite(struct sip_dialog *d, const struct sip_call_out *call, transaction_fn heard)
{
	struct request r = { .method = "INVITE", .body = call->sdp, .body_len = call->sdp_len };
	char buf[TEXT_MESSAGE_MAX];
	char extra[1024];
	struct text t;
	struct text more;

	token_text(r.branch, chance_word(&d->sip->chance));
	r.cseq = d->local_cseq = 1;
	text_init(&more, extra, sizeof(extra));
	text_add(&more, "Contact: <sip:%s>\r\nP-Asserted-Identity: ", d->sip->local);
	put_party(&more, call);
	text_add(&more, "\r\nAllow: " SIP_IN_DIALOG "\r\n");
	r.extra = extra;
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "INVITE %s SIP/2.0\r\nMax-Forwards: %u\r\n", d->target, call->max_forwards);
	put_rest(&t, d, &r);
	return !more.full && send(d, &t, r.branch, &d->invite, heard) != NULL;
}

struct sip_dialog *request_call(
	struct sip *s, const struct sip_call_out *call, void *owner, transaction_fn heard)
{
	char call_id[2 * TOKEN_TEXT];
	char tag[TOKEN_TEXT];
	struct sip_dialog *d;

	token_text(call_id, chance_word(&s->chance));
	token_text(call_id + TOKEN_TEXT - 1, chance_word(&s->chance));
	token_text(tag, chance_word(&s->chance));
	d = dialog_new(s, span_of(call_id), tag);
	if (d == NULL)
		return NULL;
	d->caller = true;
	d->owner = owner;
	d->state = DIALOG_CALLING;
	d->source = d->next = call->to;
	if (!set_parties(d, call)) {
		dialog_free(d);
		return NULL;
	}
	dialog_enter(d);
	if (send_invite(d, call, heard))
		return d;
	dialog_free(d);
	return NULL;
}
