// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/dialog.h"

#include "control/sip/linger.h"
#include "control/sip/offer.h"
#include "control/sip/reply.h"
#include "control/sip/request.h"
#include "control/sip/unacked.h"

#include <assert.h>
#include <stdlib.h>

bool text_set(char **at, struct span value)
{
	char *copy = malloc(value.len + 1);

	if (copy == NULL)
		return false;
	for (size_t i = 0; i < value.len; i++)
		copy[i] = (char)(value.at[i] == '\r' || value.at[i] == '\n' ? ' ' : value.at[i]);
	copy[value.len] = '\0';
	free(*at);
	*at = copy;
	return true;
}

static struct sip_dialog *of_timer(struct timer *timer)
{
	return (struct sip_dialog *)(void *)((char *)timer - offsetof(struct sip_dialog, timer));
}

static void fire(struct timer *timer, uint64_t)
{
	struct sip_dialog *d = of_timer(timer);

	switch (d->state) {
	case DIALOG_INCOMING:
		sip_ring(d, d->ring_code);
		break;
	case DIALOG_UP:
		if (d->glare)
			offer_again(d);
		else
			request_ping(d);
		break;
	case DIALOG_CLOSING:
		dialog_gone(d);
		break;
	case DIALOG_TAKEN:
	case DIALOG_CALLING:
	case DIALOG_GONE:
		break;
	}
}

struct sip_dialog *dialog_new(struct sip *s, struct span call_id, const char *tag)
{
	struct sip_dialog *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->sip = s;
	timer_init(&d->timer, fire);
	unacked_init(d);
	if (text_set(&d->call_id, call_id) && text_set(&d->local_tag, span_of(tag)) &&
		text_set(&d->remote_tag, span_of("")))
		return d;
	dialog_free(d);
	return NULL;
}

static struct key dialog_key(const struct sip *s, struct span call_id, struct span tag)
{
	return sip_key(s, call_id, tag, span_of("dialog"));
}

void dialog_enter(struct sip_dialog *d)
{
	table_put(&d->sip->dialogs, &d->entry,
		dialog_key(d->sip, span_of(d->call_id), span_of(d->local_tag)));
}

struct sip_dialog *dialog_find(const struct sip *s, struct span call_id, struct span local_tag)
{
	return (struct sip_dialog *)(void *)table_find(
		&s->dialogs, dialog_key(s, call_id, local_tag));
}

struct key dialog_merge_key(const struct arrival *a)
{
	char cseq[16];
	struct text t;

	text_init(&t, cseq, sizeof(cseq));
	text_add(&t, "%u merge", a->g->cseq);
	return sip_key(a->sip, a->g->call_id, a->g->from_tag, span_of(cseq));
}

void dialog_leave(struct sip_dialog *d)
{
	clock_disarm(d->sip->clock, &d->timer);
	unacked_stop(d);
	table_drop(&d->sip->dialogs, &d->entry);
	table_drop(&d->sip->callers, &d->merge);
}

void dialog_happen(struct sip_dialog *d, struct sip_event event)
{
	struct sip *s = d->sip;

	if (d->silent)
		return;
	event.dialog = d;
	event.owner = d->owner;
	s->ops.happen(s->ops.ctx, &event);
}

void dialog_unanswered(struct sip_dialog *d, struct transaction *t)
{
	dialog_hold(d);
	bool call = t == d->invite;
	reply(t, &(struct answer){ .code = call ? 480 : 500 });
	if (call) {
		dialog_gone(d);
		dialog_happen(d, (struct sip_event){ .kind = SIP_EV_CANCELLED });
	}
	dialog_drop(d);
}

void dialog_gone(struct sip_dialog *d)
{
	dialog_hold(d);
	if (d->merge.prev != NULL)
		(void)linger_leave(
			d->sip, d->merge.key, LINGER_MERGED, NULL, (struct span){ NULL, 0 });
	dialog_leave(d);
	d->state = DIALOG_GONE;
	if (d->invite != NULL && d->invite->kind == SERVER_INVITE)
		reply(d->invite, &(struct answer){ .code = 487 });
	if (d->offer_in != NULL)
		reply(d->offer_in, &(struct answer){ .code = 487 });
	dialog_drop(d);
}

void dialog_confirm(struct sip_dialog *d)
{
	d->state = DIALOG_UP;
	d->glare = false;
	clock_arm(d->sip->clock, &d->timer, sip_now(d->sip) + DIALOG_PING_MS);
}

// --- where to send

// A URI that a peer wrote is followed only to the address that the peer sends from; behind NAT,
// and for names, that source itself is used. So nobody makes us send to a third party.
static void aim(struct sip_dialog *d)
{
	const char *text = d->routes > 0 ? d->route[0] : d->target;
	osip_from_t *uri;
	struct address a;

	d->next = d->source;
	if (text == NULL || osip_from_init(&uri) != OSIP_SUCCESS)
		return;
	if (osip_from_parse(uri, text) == OSIP_SUCCESS && uri_address(uri->url, &a) &&
		address_same_ip(a.ip, d->source.ip))
		d->next = a;
	osip_from_free(uri);
}

void dialog_heard_from(struct sip_dialog *d, const struct address *from)
{
	d->source = *from;
	aim(d);
}

void dialog_retarget(struct sip_dialog *d, const osip_message_t *m)
{
	osip_uri_t *contact = message_contact(m);
	char uri[SIP_URI_MAX];

	if (contact != NULL && uri_write(contact, uri, sizeof(uri)))
		(void)text_set(&d->target, span_of(uri));
	aim(d);
}

static bool keep_route(struct sip_dialog *d, const osip_message_t *m, int at)
{
	osip_record_route_t *route = osip_list_get(&m->record_routes, at);
	char uri[SIP_URI_MAX];
	struct text t;
	char line[SIP_URI_MAX + 2];

	if (!uri_is_sip(route->url) || !uri_write(route->url, uri, sizeof(uri)))
		return false;
	text_init(&t, line, sizeof(line));
	text_add(&t, "<%s>", uri);
	return text_set(&d->route[d->routes], (struct span){ line, t.len }) && ++d->routes > 0;
}

bool dialog_learn(struct sip_dialog *d, const osip_message_t *m, bool reverse)
{
	int n = osip_list_size(&m->record_routes);

	if (n > DIALOG_ROUTES_MAX)
		return false;
	for (int i = 0; i < n; i++) {
		if (!keep_route(d, m, reverse ? n - 1 - i : i))
			return false;
	}
	dialog_retarget(d, m);
	return d->target != NULL;
}

// --- what is asked of a dialog

void sip_set_owner(struct sip_dialog *d, void *owner)
{
	d->owner = owner;
}

const char *sip_call_id(const struct sip_dialog *d)
{
	return d->call_id;
}

const struct address *sip_source(const struct sip_dialog *d)
{
	return &d->source;
}

bool sip_behind_nat(const struct sip_dialog *d)
{
	osip_from_t *uri;
	struct address a;
	bool nat;

	if (d->target == NULL || d->routes > 0 || osip_from_init(&uri) != OSIP_SUCCESS)
		return false;
	nat = osip_from_parse(uri, d->target) == OSIP_SUCCESS && uri_address(uri->url, &a) &&
	      !address_same_ip(a.ip, d->source.ip);
	osip_from_free(uri);
	return nat;
}
