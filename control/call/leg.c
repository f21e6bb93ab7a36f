// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/leg.h"

#include "control/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FORWARDS = 70 };

static void set_text(char out[NAME_MAX_LEN], const char *text)
{
	snprintf(out, NAME_MAX_LEN, "%s", text != NULL ? text : "");
}

static struct leg *leg_new(struct tenant *t, enum leg_state state)
{
	struct media *media = t->x->plan.media;
	uint32_t workers = media_workers(media);
	struct leg *leg = calloc(1, sizeof(*leg));

	if (leg == NULL)
		return NULL;
	leg->x = t->x;
	leg->tenant = t;
	leg->state = state;
	leg->max_forwards = MAX_FORWARDS;
	leg->dtmf_rx = leg->dtmf_tx = -1;
	leg->dtmf_offered[0] = leg->dtmf_offered[1] = -1;
	arc4random_buf(&leg->session, sizeof(leg->session));
	leg->session >>= 2; // o= numbers are read into signed 64 bits by many
	leg_voice_init(leg);
	if (workers == 0 || !media_open(media, (uint16_t)(t->home % workers), leg, &leg->flow)) {
		free(leg);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&t->legs, leg, in_tenant);
	return leg;
}

void leg_free(struct leg *leg)
{
	free(leg->offer);
	free(leg);
}

// Everything the leg held is given back at once; the struct itself is freed when the line of
// happenings is empty, since somebody in it may still look at it.
static void over(struct leg *leg)
{
	struct tenant *t = leg->tenant;

	if (leg->state == LEG_OVER)
		return;
	leg->state = LEG_OVER;
	leg->dialog = NULL;
	leg->ops = NULL;
	leg_voice_stop(leg);
	media_close(leg->x->plan.media, &leg->flow);
	TAILQ_REMOVE(&t->legs, leg, in_tenant);
	TAILQ_INSERT_TAIL(&leg->x->dead_legs, leg, dead);
}

struct leg *leg_new_in(struct tenant *t, struct sip_dialog *dialog, const struct sip_call_in *call,
	const char *sdp, size_t len)
{
	struct leg *leg = leg_new(t, LEG_CALLING);

	if (leg == NULL)
		return NULL;
	leg->dialog = dialog;
	leg->max_forwards = call->max_forwards;
	set_text(leg->user, call->user);
	set_text(leg->number, call->user[0] != '\0' ? call->user : call->from);
	set_text(leg->name, call->display);
	if (sdp == NULL)
		return leg;
	leg->offer = malloc(sizeof(*leg->offer));
	if (leg->offer == NULL || sdp_read(leg->offer, sdp, len) != SDP_OK) {
		free(leg->offer);
		leg->offer = NULL;
		leg->dialog = NULL; // still the caller's to refuse
		over(leg);
		return NULL;
	}
	return leg;
}

bool leg_bad_offer(const char *sdp, size_t len)
{
	struct media_desc desc;

	return sdp_read(&desc, sdp, len) != SDP_OK;
}

static bool invite(struct leg *leg, const struct leg_target *target)
{
	char sdp[SDP_TEXT_MAX];
	char host[ADDRESS_TEXT_MAX];
	struct sip_call_out call = { .uri = target->uri,
		.to = target->to,
		.to_uri = target->to_uri,
		.from_user = target->shown_number,
		.from_domain = leg->tenant->plan->domain,
		.from_display = target->shown_name,
		.max_forwards = target->max_forwards,
		.sdp = sdp };

	if (target->user == NULL) // the world outside does not know our accounts' domains
		call.from_domain = address_ip_text(leg->x->plan.local.ip, host, sizeof(host));
	if (!leg_offer(leg, target->guest, sdp, sizeof(sdp), &call.sdp_len))
		return false;
	leg->dialog = sip_invite(leg->x->plan.sip, &call, leg);
	return leg->dialog != NULL;
}

struct leg *leg_new_out(
	struct tenant *t, const struct leg_target *target, const struct leg_ops *ops, void *owner)
{
	struct leg *leg = leg_new(t, LEG_RINGING);

	if (leg == NULL)
		return NULL;
	leg->max_forwards = target->max_forwards;
	set_text(leg->user, target->user);
	set_text(leg->number, target->user != NULL ? target->user : target->uri);
	leg_give(leg, ops, owner);
	if (invite(leg, target))
		return leg;
	leg->user[0] = '\0'; // he was never busy with it
	over(leg);
	return NULL;
}

void leg_give(struct leg *leg, const struct leg_ops *ops, void *owner)
{
	leg->ops = ops;
	leg->owner = owner;
}

void leg_ring(struct leg *leg)
{
	if (leg->state == LEG_CALLING)
		sip_ring(leg->dialog, 180);
}

bool leg_answer(struct leg *leg, const struct leg *peer)
{
	char sdp[SDP_TEXT_MAX];
	size_t len;

	if (leg->state != LEG_CALLING)
		return leg->state != LEG_OVER;
	if (!leg_write_answer(leg, peer, sdp, sizeof(sdp), &len))
		return false;
	leg->state = LEG_ANSWERED;
	free(leg->offer);
	leg->offer = NULL;
	sip_accept(leg->dialog, sdp, len, peer != NULL ? peer->number : NULL);
	return true;
}

void leg_end(struct leg *leg, uint16_t code, const char *reason)
{
	if (leg->state == LEG_OVER)
		return;
	if (leg->dialog != NULL)
		sip_hangup(leg->dialog, code, reason);
	over(leg);
}

// --- the endpoint's news

static void dialog_gone(struct leg *leg, uint16_t code)
{
	const struct leg_ops *ops = leg->ops;
	bool refused = leg->state == LEG_RINGING;

	over(leg);
	if (ops == NULL)
		return;
	if (refused && ops->refused != NULL)
		ops->refused(leg, code);
	if (!refused && ops->gone != NULL)
		ops->gone(leg);
}

void leg_drop(struct leg *leg)
{
	if (leg->state == LEG_OVER)
		return;
	if (leg->dialog != NULL)
		sip_hangup(leg->dialog, 503, "service ends");
	dialog_gone(leg, 503);
}

static void answered(struct leg *leg, const struct sip_event *event)
{
	const struct leg_ops *ops = leg->ops;

	if (leg_take_answer(leg, event->body, event->body_len)) {
		leg->state = LEG_UP;
		if (ops->answered != NULL)
			ops->answered(leg);
		return;
	}
	log_notice("%s answered with nothing we can speak", leg->number);
	sip_hangup(leg->dialog, 488, "no common codec");
	over(leg);
	if (ops->refused != NULL)
		ops->refused(leg, 488);
}

static void acked(struct leg *leg, const struct sip_event *event)
{
	if (leg->state != LEG_ANSWERED)
		return;
	// The answer to a late offer comes with the ACK; without it there is no call.
	if (leg->codec.name[0] == '\0' && !leg_take_answer(leg, event->body, event->body_len)) {
		sip_hangup(leg->dialog, 488, "no common codec");
		dialog_gone(leg, 488);
		return;
	}
	leg->state = LEG_UP;
	if (leg->ops != NULL && leg->ops->acked != NULL)
		leg->ops->acked(leg);
}

static void offered(struct leg *leg, const struct sip_event *event)
{
	char sdp[SDP_TEXT_MAX];
	size_t len;
	bool was = leg->held;
	bool ok = event->body == NULL
			  ? leg_reoffer(leg, sdp, sizeof(sdp), &len)
			  : leg_reanswer(leg, event->body, event->body_len, sdp, sizeof(sdp), &len);

	if (!ok) {
		sip_refuse_offer(leg->dialog, 488);
		return;
	}
	sip_answer_offer(leg->dialog, sdp, len);
	if (was != leg->held && leg->ops != NULL && leg->ops->held != NULL)
		leg->ops->held(leg);
}

// The answer to an offer that we made in our 200 to a re-INVITE comes in its ACK, or to a
// re-INVITE of ours.
static void agreed(struct leg *leg, const struct sip_event *event)
{
	bool was = leg->held;

	if (event->body == NULL || !leg_take_answer(leg, event->body, event->body_len))
		return; // what was agreed before still holds
	if (was != leg->held && leg->ops != NULL && leg->ops->held != NULL)
		leg->ops->held(leg);
}

static void hear(struct leg *leg, const struct sip_event *event)
{
	switch (event->kind) {
	case SIP_EV_RINGING:
		if (leg->ops != NULL && leg->ops->ringing != NULL)
			leg->ops->ringing(leg);
		break;
	case SIP_EV_ANSWERED:
		answered(leg, event);
		break;
	case SIP_EV_ACKED:
		if (leg->state == LEG_UP)
			agreed(leg, event);
		else
			acked(leg, event);
		break;
	case SIP_EV_AGREED:
		agreed(leg, event);
		break;
	case SIP_EV_OFFER:
		offered(leg, event);
		break;
	case SIP_EV_REFUSED:
	case SIP_EV_CANCELLED:
	case SIP_EV_UNACKED:
	case SIP_EV_BYE:
	case SIP_EV_LOST:
		dialog_gone(leg, event->code);
		break;
	case SIP_EV_INVITE:
	case SIP_EV_DENIED:
	case SIP_EVENT_COUNT:
		break;
	}
}

void leg_sip(struct leg *leg, const struct sip_event *event)
{
	struct exchange *x = leg->x;

	exchange_hold(x);
	hear(leg, event);
	exchange_release(x);
}
