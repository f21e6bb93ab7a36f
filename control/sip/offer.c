// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/offer.h"

#include "control/sip/linger.h"
#include "control/sip/reply.h"
#include "control/sip/request.h"

#include <stdlib.h>

static void refuse(struct sip_dialog *d, struct arrival *a, uint16_t code)
{
	char extra[32];
	struct text t;

	d->sip->stats.glare++;
	text_init(&t, extra, sizeof(extra));
	if (code == 500)
		text_add(&t, "Retry-After: %u\r\n", chance_below(&d->sip->chance, 11));
	reply(a->t, &(struct answer){ .code = code, .extra = extra });
	a->t = NULL;
}

static void deliver(struct sip_dialog *d, struct arrival *a)
{
	bool sdp = a->g->body.len > 0;
	bool update = a->t->kind == SERVER_OTHER;

	dialog_attach(d, &d->offer_in, a->t);
	dialog_retarget(d, a->osip);
	clock_arm(d->sip->clock, &a->t->limit, sip_now(d->sip) + DIALOG_OFFER_MS);
	if (update && !sdp) {
		reply(a->t, &(struct answer){ .code = 200, .dialog = true });
		return;
	}
	dialog_hold(d);
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_OFFER,
				 .body = sdp ? a->g->body.at : NULL,
				 .body_len = a->g->body.len });
	if (d->offer_in == a->t && !update)
		reply(a->t, &(struct answer){ .code = 100 });
	dialog_drop(d);
}

void offer_arrived(struct sip_dialog *d, struct arrival *a)
{
	if (d->offer_in != NULL || d->state == DIALOG_INCOMING)
		refuse(d, a, 500);
	else if (d->offer_out != NULL || d->unacked.bytes != NULL)
		refuse(d, a, 491);
	else
		deliver(d, a);
}

void offer_withdraw(struct sip_dialog *d)
{
	reply(d->offer_in, &(struct answer){ .code = 487 });
}

void sip_answer_offer(struct sip_dialog *d, const char *sdp, size_t len)
{
	if (d->offer_in == NULL)
		return;
	reply(d->offer_in, &(struct answer){ .code = 200,
				   .extra = "Allow: " SIP_IN_DIALOG "\r\n",
				   .body = sdp,
				   .body_len = len,
				   .dialog = true });
}

void sip_refuse_offer(struct sip_dialog *d, uint16_t code)
{
	if (d->offer_in == NULL)
		return;
	reply(d->offer_in, &(struct answer){ .code = code >= 300 && code <= 699 ? code : 488 });
}

// --- ours

static void forget_offer(struct sip_dialog *d)
{
	free(d->offer);
	d->offer = NULL;
}

bool sip_reoffer(struct sip_dialog *d, const char *sdp, size_t len)
{
	if (d->state != DIALOG_UP || d->offer != NULL || d->offer_in != NULL ||
		d->unacked.bytes != NULL || len == 0)
		return false;
	d->offer = malloc(len);
	if (d->offer == NULL)
		return false;
	memcpy(d->offer, sdp, len);
	d->offer_len = len;
	d->glares = 0;
	if (request_offer(d))
		return true;
	forget_offer(d);
	return false;
}

void offer_again(struct sip_dialog *d)
{
	if (d->offer_in != NULL || d->unacked.bytes != NULL) {
		clock_arm(d->sip->clock, &d->timer, sip_now(d->sip) + SIP_T1);
		return;
	}
	if (request_offer(d))
		return;
	forget_offer(d);
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_DENIED, .code = 500 });
}

// Who owns the Call-ID waits longer, so that the two do not meet again (RFC 3261 section 14.1).
static void wait_for_another_try(struct sip_dialog *d)
{
	uint32_t steps = d->caller ? 210 + chance_below(&d->sip->chance, 191)
				   : chance_below(&d->sip->chance, 201);

	d->glares++;
	d->glare = true;
	clock_arm(d->sip->clock, &d->timer, sip_now(d->sip) + (uint64_t)steps * 10);
}

static void lost(struct sip_dialog *d, uint16_t code)
{
	dialog_hold(d);
	// After 481 there is nobody to say BYE to.
	if (code == 481)
		dialog_gone(d);
	else
		request_bye(d);
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_LOST, .code = code });
	d->silent = true;
	dialog_drop(d);
}

void offer_verdict(struct sip_dialog *d, uint16_t code)
{
	if (code == 408 || code == 481)
		lost(d, code);
}

static void agreed(struct sip_dialog *d, struct transaction *t, const struct arrival *a)
{
	bool sdp = a->g->body.len > 0;

	dialog_heard_from(d, a->from);
	dialog_retarget(d, a->osip);
	(void)linger_leave(d->sip, t->entry.key, LINGER_FORKS, a->from, (struct span){ NULL, 0 });
	request_ack(d, t, a->g->cseq);
	d->offer_out = NULL;
	forget_offer(d);
	if (d->state == DIALOG_UP)
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_AGREED,
					 .code = a->g->code,
					 .body = sdp ? a->g->body.at : NULL,
					 .body_len = a->g->body.len });
}

static void denied(struct sip_dialog *d, uint16_t code)
{
	d->offer_out = NULL;
	if (d->state != DIALOG_UP)
		return;
	if (code == 491 && d->glares < DIALOG_GLARES_MAX) {
		wait_for_another_try(d);
		return;
	}
	forget_offer(d);
	if (code == 408 || code == 481)
		lost(d, code);
	else
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_DENIED, .code = code });
}

void offer_heard(struct transaction *t, const struct arrival *response)
{
	struct sip_dialog *d = t->dialog;

	if (response == NULL)
		denied(d, 408);
	else if (response->g->code >= 300)
		denied(d, response->g->code);
	else if (response->g->code >= 200)
		agreed(d, t, response);
}
