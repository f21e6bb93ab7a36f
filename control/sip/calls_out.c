// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/calls_out.h"

#include "control/sip/linger.h"

#include <stdlib.h>

enum { FORKS_MAX = 8 }; // phones that answer too late and are hung up, of one call

static struct sip_event event_of(const struct arrival *a, enum sip_event_kind kind)
{
	bool sdp = a->g->body.len > 0 && raw_value(&a->g->raw, RAW_CONTENT_TYPE, 0).len > 0 &&
		   message_lists(a->g, RAW_CONTENT_TYPE, "application/sdp");

	return (struct sip_event){ .kind = kind,
		.code = a->g->code,
		.body = sdp ? a->g->body.at : NULL,
		.body_len = sdp ? a->g->body.len : 0 };
}

// Everything that a 2xx says about the other side.
static bool learn(struct sip_dialog *d, const struct arrival *a)
{
	d->source = *a->from;
	return text_set(&d->remote_tag, a->g->to_tag) &&
	       text_set(&d->remote, raw_value(&a->g->raw, RAW_TO, 0)) &&
	       dialog_learn(d, a->osip, true);
}

static void refused(struct sip_dialog *d, uint16_t code)
{
	dialog_gone(d);
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_REFUSED, .code = code });
}

static void answered(struct sip_dialog *d, struct transaction *t, const struct arrival *a)
{
	bool good = learn(d, a);

	// The transaction has seen its end, but 2xx of other phones may follow (RFC 6026).
	(void)linger_leave(d->sip, t->entry.key, LINGER_FORKS, a->from, (struct span){ NULL, 0 });
	request_ack(d, t, a->g->cseq);
	if (!good || d->silent || d->state != DIALOG_CALLING) {
		request_bye(d);
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_REFUSED, .code = 500 });
		d->silent = true;
		return;
	}
	dialog_confirm(d);
	dialog_happen(d, event_of(a, SIP_EV_ANSWERED));
}

static void provisional(struct sip_dialog *d, struct transaction *t, const struct arrival *a)
{
	if (d->state == DIALOG_CLOSING) {
		// Hung up before there was anything that a CANCEL may follow.
		if (!d->cancelled)
			request_cancel(d);
		else
			clock_arm(d->sip->clock, &t->limit, sip_now(d->sip) + SIP_64T1);
		return;
	}
	if (a->g->code > 100)
		dialog_happen(d, event_of(a, SIP_EV_RINGING));
}

static void never_answered(struct sip_dialog *d, struct transaction *t)
{
	if (d->state == DIALOG_CALLING && t->provisional)
		request_cancel(d);
	// Who answers now, too late, is acknowledged and hung up.
	(void)linger_leave(d->sip, t->entry.key, LINGER_FORKS, &t->peer, (struct span){ NULL, 0 });
	refused(d, 408);
}

static void call_heard(struct transaction *t, const struct arrival *a)
{
	struct sip_dialog *d = t->dialog;

	if (a == NULL)
		never_answered(d, t);
	else if (a->g->code < 200)
		provisional(d, t, a);
	else if (a->g->code < 300)
		answered(d, t, a);
	else
		refused(d, a->g->code);
}

struct sip_dialog *sip_invite(struct sip *s, const struct sip_call_out *call, void *owner)
{
	struct sip_dialog *d;

	if (s->dialogs.count >= s->plan.dialogs_max ||
		s->transactions.count >= s->plan.transactions_max) {
		s->stats.overload++;
		return NULL;
	}
	d = request_call(s, call, owner, call_heard);
	if (d != NULL)
		s->stats.calls_out++;
	return d;
}

// --- after the end of the transaction

// A dialog of its own, only to be acknowledged and hung up (RFC 3261 section 13.2.2.4).
static void hang_up_fork(struct arrival *a, struct span branch)
{
	struct sip *s = a->sip;
	char tag[TOKEN_TEXT * 2] = "";
	struct transaction invite = { .sip = s };
	struct sip_dialog *d;

	if (a->g->from_tag.len >= sizeof(tag) || branch.len >= sizeof(invite.branch))
		return;
	memcpy(tag, a->g->from_tag.at, a->g->from_tag.len);
	memcpy(invite.branch, branch.at, branch.len);
	d = dialog_new(s, a->g->call_id, tag);
	if (d == NULL)
		return;
	d->caller = true;
	d->silent = true;
	d->local_cseq = a->g->cseq;
	if (!learn(d, a) || !text_set(&d->local, raw_value(&a->g->raw, RAW_FROM, 0))) {
		dialog_free(d);
		return;
	}
	request_ack(d, &invite, a->g->cseq);
	request_bye(d);
}

bool calls_out_late(struct arrival *a, struct span branch)
{
	struct sip *s = a->sip;
	struct linger *forks = linger_find(s, transaction_client_key(s, branch, a->g->cseq_method));
	struct linger *ack = linger_find(s, request_ack_key(s, branch, a->g->to_tag));

	if (forks == NULL)
		return false;
	s->stats.responses++;
	if (forks->kind == LINGER_ACK && a->g->code >= 300)
		linger_repeat(forks);
	if (forks->kind != LINGER_FORKS || a->g->code / 100 != 2)
		return true;
	if (ack != NULL)
		linger_repeat(ack);
	else if (forks->forks++ < FORKS_MAX)
		hang_up_fork(a, branch);
	return true;
}
