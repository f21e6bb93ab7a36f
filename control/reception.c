// SPDX-License-Identifier: BSD-3-Clause
#include "control/reception.h"

#include "control/call/call.h"
#include "control/log.h"
#include "control/park/lot.h"
#include "control/service.h"

#include <stdio.h>

static void refuse(const struct sip_event *event, uint16_t code, const char *why)
{
	const struct sip_call_in *in = event->call;

	log_info("call from %s%s%s for %s refused: %u %s", in->trunk ? "the trunk: " : in->user,
		in->trunk ? "" : "@", in->trunk ? in->from : in->domain, in->number, code, why);
	sip_refuse(event->dialog, code, why);
}

static void retrieve(struct leg *leg, uint32_t number)
{
	struct slot *s = lots_slot(leg->tenant, number);

	if (s != NULL)
		park_retrieve(s, leg);
	else
		park_nobody(leg);
}

static void start(
	struct exchange *x, struct leg *leg, const struct service *service, const char *dialled)
{
	char uri[SIP_URI_MAX], host[ADDRESS_TEXT_MAX];
	struct call *c;

	if (service->kind == SERVICE_SLOT) {
		retrieve(leg, service->slot);
		return;
	}
	c = call_new(leg->tenant, leg);
	if (c == NULL) {
		leg_end(leg, 503, "no memory");
		return;
	}
	exchange_tell(x, &(struct news){ .name = "call.started",
				 .account = c->tenant->name,
				 .ref = c->ref,
				 .caller = call_number(c) });
	if (service->kind == SERVICE_FLOW) {
		call_start_flow(c, service->number->flow);
	} else if (service->kind == SERVICE_USER) {
		call_start_user(c, service->user);
	} else {
		snprintf(uri, sizeof(uri), "sip:%s@%s", dialled,
			address_text(&x->plan.trunk, host, sizeof(host)));
		call_start_out(c, uri);
	}
}

static void receive(struct exchange *x, const struct sip_event *event)
{
	const struct sip_call_in *in = event->call;
	const struct account *caller =
		in->trunk ? NULL : accounts_by_domain(x->plan.accounts, in->domain);
	struct service service =
		service_find(x->plan.accounts, caller, in->number, x->plan.has_trunk);
	struct tenant *t;
	struct leg *leg;

	if (service.kind == SERVICE_NOBODY) {
		refuse(event, 404, "nobody has this number");
		return;
	}
	if (!media_attached(x->plan.media)) {
		refuse(event, 503, "no media");
		return;
	}
	// Whoever picks a call up makes no new one.
	if (service.kind != SERVICE_SLOT && x->calls_alive >= x->plan.calls_max) {
		refuse(event, 503, "as many calls as we may have");
		return;
	}
	t = exchange_tenant(x, service.account);
	leg = t == NULL ? NULL : leg_new_in(t, event->dialog, in, event->body, event->body_len);
	if (leg == NULL) {
		bool bad = event->body != NULL && t != NULL &&
			   leg_bad_offer(event->body, event->body_len);
		refuse(event, bad ? 488 : 503, bad ? "no audio we can use" : "no port is free");
		return;
	}
	if (service.kind == SERVICE_FLOW && caller != service.account)
		leg->user[0] = '\0'; // another account's user is the world outside here
	sip_set_owner(event->dialog, leg);
	start(x, leg, &service, in->number);
}

void reception_invite(struct exchange *x, const struct sip_event *event)
{
	exchange_hold(x);
	receive(x, event);
	exchange_release(x);
}
