// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/calls_in.h"

#include "control/sip/gate.h"
#include "control/sip/linger.h"
#include "control/sip/offer.h"
#include "control/sip/reply.h"
#include "control/sip/request.h"

enum { RETRY_AFTER_S = 10 };

static bool merged(const struct arrival *a)
{
	struct key key = dialog_merge_key(a);

	return table_find(&a->sip->callers, key) != NULL || linger_find(a->sip, key) != NULL;
}

bool calls_in_body(struct arrival *a)
{
	const struct raw *r = &a->g->raw;
	bool encoded = r->count[RAW_CONTENT_ENCODING] > 0 &&
		       !message_lists(a->g, RAW_CONTENT_ENCODING, "identity");
	bool foreign =
		a->g->body.len > 0 && !message_lists(a->g, RAW_CONTENT_TYPE, "application/sdp");

	if (!encoded && !foreign)
		return true;
	a->sip->stats.bad_body++;
	reply_stranger_or(a, 415, "Accept: application/sdp\r\nAccept-Encoding: identity\r\n",
		"Accept: application/sdp\r\n");
	return false;
}

// An answer with a description would not be understood (RFC 3261 section 21.4.7).
static bool takes_sdp(const struct guarded *g)
{
	return g->raw.count[RAW_ACCEPT] == 0 || message_lists(g, RAW_ACCEPT, "application/sdp") ||
	       message_lists(g, RAW_ACCEPT, "application/*") || message_lists(g, RAW_ACCEPT, "*/*");
}

static bool presentable(struct arrival *a)
{
	if (merged(a)) {
		a->sip->stats.merged++;
		reply_stranger(a, 482, NULL);
	} else if (!takes_sdp(a->g)) {
		a->sip->stats.bad_body++;
		reply_stranger(a, 406, NULL);
	} else if (message_contact(a->osip) == NULL || a->osip->req_uri->host == NULL) {
		a->sip->stats.bad_header++;
		reply_stranger(a, 400, NULL);
	} else {
		return calls_in_body(a);
	}
	return false;
}

static bool set_parties(struct sip_dialog *d, const struct arrival *a, const struct passed *who)
{
	char to[GUARD_LINE_MAX + 32];
	struct text t;

	text_init(&t, to, sizeof(to));
	text_unfolded(&t, raw_value(&a->g->raw, RAW_TO, 0));
	text_add(&t, ";tag=%s", d->local_tag);
	if (!who->trunk && !text_set(&d->domain, span_of(who->domain)))
		return false;
	return !t.full && text_set(&d->local, span_of(to)) &&
	       text_set(&d->remote, raw_value(&a->g->raw, RAW_FROM, 0)) &&
	       text_set(&d->remote_tag, a->g->from_tag) && dialog_learn(d, a->osip, false);
}

static struct sip_dialog *begin(struct arrival *a, const struct passed *who)
{
	struct sip *s = a->sip;
	struct sip_dialog *d = dialog_new(s, a->g->call_id, a->tag);

	if (d == NULL)
		return NULL;
	d->state = DIALOG_INCOMING;
	d->source = d->next = *a->from;
	d->remote_cseq = a->g->cseq;
	if (!set_parties(d, a, who)) {
		dialog_free(d);
		return NULL;
	}
	dialog_attach(d, &d->invite, a->t);
	dialog_enter(d);
	table_put(&s->callers, &d->merge, dialog_merge_key(a));
	return d;
}

static void announce(struct sip_dialog *d, struct arrival *a, const struct passed *who)
{
	const osip_message_t *m = a->osip;
	osip_from_t *identity = who->trunk ? message_identity(a->g) : NULL;
	const osip_from_t *from = identity ? identity : m->from;
	char number[SIP_NAME_MAX];
	char user[SIP_NAME_MAX];
	char display[SIP_NAME_MAX];
	bool sdp = a->g->body.len > 0;
	struct sip_call_in call = { .trunk = who->trunk,
		.user = who->user,
		.domain = who->domain,
		.number = number,
		.host = m->req_uri->host,
		.from = user,
		.display = display,
		.call_id = d->call_id,
		.source = *a->from,
		.max_forwards = (uint8_t)(a->g->max_forwards < 0 ? 70 : a->g->max_forwards - 1) };

	user_copy(m->req_uri, a->g->raw.uri, number, sizeof(number));
	user_copy(from->url, raw_value(&a->g->raw, identity ? RAW_IDENTITY : RAW_FROM, 0), user,
		sizeof(user));
	display_copy(from->displayname, display, sizeof(display));
	if (identity != NULL)
		osip_from_free(identity);
	a->sip->stats.calls_in++;
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_INVITE,
				 .body = sdp ? a->g->body.at : NULL,
				 .body_len = a->g->body.len,
				 .call = &call });
}

static void refuse(struct arrival *a, uint16_t code, const char *extra)
{
	reply(a->t, &(struct answer){ .code = code, .extra = extra });
	a->t = NULL;
}

void calls_in_invite(struct arrival *a)
{
	struct passed who;
	struct sip_dialog *d;

	if (!presentable(a) || !gate_pass(a, /* trunk */ true, &who))
		return;
	if (a->sip->dialogs.count >= a->sip->plan.dialogs_max) {
		a->sip->stats.overload++;
		refuse(a, 503, "Retry-After: 10\r\n");
		return;
	}
	d = begin(a, &who);
	if (d == NULL) {
		a->sip->stats.bad_header++;
		refuse(a, 400, NULL);
		return;
	}
	dialog_hold(d);
	announce(d, a, &who);
	if (d->state == DIALOG_INCOMING && d->invite != NULL && d->ring_code == 0)
		reply(d->invite, &(struct answer){ .code = 100 });
	dialog_drop(d);
}

// --- CANCEL

static void cancel(struct transaction *invite)
{
	struct sip_dialog *d = invite->dialog;

	if (d == NULL)
		return;
	dialog_hold(d);
	if (d->invite == invite) {
		dialog_gone(d); // says 487
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_CANCELLED });
	} else if (d->offer_in == invite) {
		offer_withdraw(d);
	}
	dialog_drop(d);
}

// The live INVITE that a CANCEL is for. Whoever cancels it must be at the address that sent it.
static struct transaction *cancelled(const struct arrival *a)
{
	struct key key = transaction_server_key(a, span_of("INVITE"));
	struct entry *e = table_find(&a->sip->transactions, key);
	struct transaction *t = (struct transaction *)(void *)e;

	if (t == NULL || t->kind != SERVER_INVITE || !address_same_ip(t->peer.ip, a->from->ip))
		return NULL;
	return t;
}

void calls_in_tag(struct arrival *a)
{
	const struct transaction *t = cancelled(a);

	if (t != NULL)
		memcpy(a->tag, t->tag, sizeof(a->tag));
}

void calls_in_cancel(struct arrival *a)
{
	struct transaction *t = cancelled(a);

	if (t != NULL) {
		reply(a->t, &(struct answer){ .code = 200 });
		cancel(t);
		return;
	}
	bool late = linger_find(a->sip, transaction_server_key(a, span_of("INVITE"))) != NULL;
	if (!late)
		a->sip->stats.bad_dialog++;
	reply_stranger(a, late ? 200 : 481, NULL);
}

// --- what the call layer answers

void sip_ring(struct sip_dialog *d, uint16_t code)
{
	if (d->state != DIALOG_INCOMING || d->invite == NULL || code <= 100 || code >= 200)
		return;
	d->ring_code = code;
	clock_arm(d->sip->clock, &d->timer, sip_now(d->sip) + DIALOG_RING_MS);
	reply(d->invite, &(struct answer){ .code = code, .dialog = true });
}

void sip_accept(struct sip_dialog *d, const char *sdp, size_t len, const char *shown)
{
	char extra[SIP_URI_MAX + SIP_NAME_MAX * 3];
	struct text t;

	if (d->state != DIALOG_INCOMING || d->invite == NULL)
		return;
	text_init(&t, extra, sizeof(extra));
	text_add(&t, "Allow: " SIP_IN_DIALOG "\r\n");
	if (shown != NULL) {
		text_add(&t, "P-Asserted-Identity: <sip:");
		text_user(&t, shown);
		text_add(&t, "@%s>\r\n", d->domain ? d->domain : d->sip->local);
	}
	clock_disarm(d->sip->clock, &d->timer);
	d->state = DIALOG_TAKEN;
	dialog_hold(d);
	if (reply(d->invite, &(struct answer){ .code = 200,
				     .extra = t.full ? NULL : extra,
				     .body = sdp,
				     .body_len = len,
				     .dialog = true }) != 200) {
		dialog_gone(d);
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_UNACKED });
	}
	dialog_drop(d);
}

void sip_refuse(struct sip_dialog *d, uint16_t code, const char *warning)
{
	char extra[256];
	struct text t;

	if (d->state != DIALOG_INCOMING || d->invite == NULL)
		return;
	text_init(&t, extra, sizeof(extra));
	if (code == 503) // else a trunk may hold us for dead (RFC 3261 section 21.5.4)
		text_add(&t, "Retry-After: %d\r\n", RETRY_AFTER_S);
	if (warning != NULL) {
		text_add(&t, "Warning: 399 layby ");
		text_quoted(&t, warning);
		text_add(&t, "\r\n");
	}
	dialog_hold(d);
	reply(d->invite, &(struct answer){ .code = code >= 300 && code <= 699 ? code : 480,
				 .extra = t.full ? NULL : extra });
	dialog_gone(d);
	dialog_drop(d);
}

void sip_hangup(struct sip_dialog *d, uint16_t code, const char *reason)
{
	d->silent = true;
	if (reason != NULL && strpbrk(reason, "\r\n") == NULL)
		(void)text_set(&d->reason, span_of(reason));
	switch (d->state) {
	case DIALOG_INCOMING:
		sip_refuse(d, code, NULL);
		break;
	case DIALOG_TAKEN:
		// No BYE before the ACK (RFC 3261 section 15).
		d->bye_owed = true;
		break;
	case DIALOG_CALLING:
		d->state = DIALOG_CLOSING;
		if (d->invite->provisional)
			request_cancel(d);
		break;
	case DIALOG_UP:
		request_bye(d);
		break;
	case DIALOG_CLOSING:
	case DIALOG_GONE:
		break;
	}
}
