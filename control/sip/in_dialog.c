// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/in_dialog.h"

#include "control/sip/calls_in.h"
#include "control/sip/offer.h"
#include "control/sip/reply.h"
#include "control/sip/unacked.h"

// Tags alone are no proof: the address must be the peer's too. Its port may change (NAT).
static struct sip_dialog *find(const struct arrival *a)
{
	struct sip_dialog *d = dialog_find(a->sip, a->g->call_id, a->g->to_tag);

	if (d == NULL || d->state == DIALOG_CALLING || !span_is(a->g->from_tag, d->remote_tag) ||
		!address_same_ip(a->from->ip, d->source.ip))
		return NULL;
	return d;
}

static void bye(struct sip_dialog *d, struct arrival *a)
{
	reply(a->t, &(struct answer){ .code = 200 });
	a->t = NULL;
	dialog_gone(d);
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_BYE });
}

static void answer(struct arrival *a, uint16_t code, const char *extra)
{
	reply(a->t, &(struct answer){ .code = code, .extra = extra });
	a->t = NULL;
}

static void offer(struct sip_dialog *d, struct arrival *a)
{
	if (d->state == DIALOG_CLOSING)
		answer(a, 481, NULL);
	else if (calls_in_body(a))
		offer_arrived(d, a);
}

static void obey(struct sip_dialog *d, struct arrival *a)
{
	struct span method = a->g->raw.method;

	if (span_is(method, "BYE")) {
		bye(d, a);
	} else if (span_is(method, "INVITE") || span_is(method, "UPDATE")) {
		offer(d, a);
	} else if (span_is(method, "INFO") || span_is(method, "OPTIONS")) {
		answer(a, 200, "Allow: " SIP_IN_DIALOG "\r\nAccept: application/sdp\r\n");
	} else if (span_is(method, "PRACK")) {
		// We send nothing reliably, so there is nothing it could be for.
		a->sip->stats.bad_dialog++;
		answer(a, 481, NULL);
	} else {
		a->sip->stats.bad_method++;
		answer(a, 405, "Allow: " SIP_IN_DIALOG "\r\n");
	}
}

void in_dialog_request(struct arrival *a)
{
	struct sip_dialog *d = find(a);

	if (d == NULL) {
		a->sip->stats.bad_dialog++;
		reply_stranger(a, 481, NULL);
		return;
	}
	if (a->g->cseq <= d->remote_cseq) {
		a->sip->stats.bad_header++;
		answer(a, 500, NULL);
		return;
	}
	d->remote_cseq = a->g->cseq;
	dialog_hold(d);
	dialog_heard_from(d, a->from);
	obey(d, a);
	dialog_drop(d);
}

// An ACK to a refusal of which nothing was kept: its tag is made from what it answers.
static bool to_refusal(const struct arrival *a)
{
	char tag[TOKEN_TEXT];

	token_text(tag, transaction_server_key(a, span_of("INVITE")).b);
	return span_is(a->g->to_tag, tag);
}

void in_dialog_ack(struct arrival *a)
{
	struct sip_dialog *d = find(a);

	if (d == NULL) {
		a->sip->stats.drop_ack += !to_refusal(a);
		return;
	}
	dialog_hold(d);
	unacked_ack(d, a);
	dialog_drop(d);
}
