// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/unacked.h"

#include "control/sip/request.h"

#include <stdlib.h>

static struct sip_dialog *of_timer(struct timer *timer)
{
	return (struct sip_dialog *)(void *)((char *)timer - offsetof(struct sip_dialog, unacked) -
					     offsetof(struct unacked, timer));
}

static void never(struct sip_dialog *d)
{
	dialog_hold(d);
	d->sip->stats.acks_lost++;
	unacked_stop(d);
	request_bye(d);
	dialog_happen(d, (struct sip_event){ .kind = SIP_EV_UNACKED });
	d->silent = true;
	dialog_drop(d);
}

static void fire(struct timer *timer, uint64_t now_ms)
{
	struct sip_dialog *d = of_timer(timer);
	struct unacked *u = &d->unacked;

	if (now_ms >= u->until_ms) {
		never(d);
		return;
	}
	sip_put(d->sip, &u->to, u->bytes, u->len);
	u->wait_ms = u->wait_ms * 2 < SIP_T2 ? u->wait_ms * 2 : SIP_T2;
	uint64_t next = now_ms + u->wait_ms;
	clock_arm(d->sip->clock, timer, next < u->until_ms ? next : u->until_ms);
}

void unacked_init(struct sip_dialog *d)
{
	timer_init(&d->unacked.timer, fire);
}

bool unacked_begin(struct sip_dialog *d, const struct transaction *t, struct span bytes)
{
	struct unacked *u = &d->unacked;
	char *copy = malloc(bytes.len);

	if (copy == NULL)
		return false;
	memcpy(copy, bytes.at, bytes.len);
	free(u->bytes);
	u->bytes = copy;
	u->len = bytes.len;
	u->to = t->peer;
	u->cseq = t->cseq;
	u->first = t == d->invite;
	u->our_offer = !t->offered;
	u->wait_ms = SIP_T1;
	u->until_ms = sip_now(d->sip) + SIP_64T1;
	clock_arm(d->sip->clock, &u->timer, sip_now(d->sip) + SIP_T1);
	return true;
}

void unacked_stop(struct sip_dialog *d)
{
	clock_disarm(d->sip->clock, &d->unacked.timer);
	free(d->unacked.bytes);
	d->unacked.bytes = NULL;
}

void unacked_ack(struct sip_dialog *d, const struct arrival *a)
{
	struct unacked *u = &d->unacked;
	bool tell = u->first || u->our_offer;
	bool sdp = a->g->body.len > 0;

	if (u->bytes == NULL || a->g->cseq != u->cseq)
		return; // a repeated one, for a 2xx that is acknowledged already
	unacked_stop(d);
	if (d->bye_owed) {
		request_bye(d);
		return;
	}
	if (d->state == DIALOG_TAKEN)
		dialog_confirm(d);
	if (tell)
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_ACKED,
					 .body = sdp ? a->g->body.at : NULL,
					 .body_len = a->g->body.len });
}
