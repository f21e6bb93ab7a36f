// SPDX-License-Identifier: BSD-3-Clause
//
// The phones that ring for a call: one branch for each contact of each user, all together; the
// first one answered wins.
#include "control/call/call.h"
#include "control/log.h"
#include "control/sip/registrar.h"

#include <stdio.h>
#include <string.h>

enum { SIP_PORT = 5060 };

static void branch_ringing(struct leg *leg)
{
	struct call *c = leg->owner;

	if (c->guest != NULL)
		leg_ring(c->guest);
}

static void branch_answered(struct leg *leg)
{
	struct call *c = leg->owner;

	if (c->winner != NULL || (c->state != FLOW_RINGING && c->state != FLOW_QUEUED)) {
		TAILQ_REMOVE(&c->branches, leg, in_call);
		leg_end(leg, 0, "Call completed elsewhere");
		return;
	}
	c->winner = leg;
	call_happen(c, FLOW_EV_ANSWERED);
}

static void branch_out(struct leg *leg, uint16_t code)
{
	struct call *c = leg->owner;

	TAILQ_REMOVE(&c->branches, leg, in_call);
	if (c->winner == leg)
		c->winner = NULL;
	if (code != 0)
		c->last_code = code;
	if (c->queue != NULL)
		queue_refused(c);
	if (TAILQ_EMPTY(&c->branches) && c->winner == NULL)
		call_happen(c, FLOW_EV_NOBODY);
}

// Answered and gone again before anybody could talk.
static void branch_gone(struct leg *leg)
{
	branch_out(leg, 480);
}

static const struct leg_ops branch_ops = {
	.ringing = branch_ringing,
	.answered = branch_answered,
	.refused = branch_out,
	.gone = branch_gone,
};

static bool branch_add(struct call *c, struct leg_target *target)
{
	struct leg *leg;

	target->guest = c->guest;
	target->shown_number = c->number;
	target->shown_name = c->name;
	// As it is: 0 is for a phone's ears alone, and ends a call that goes round in circles.
	target->max_forwards = c->guest->max_forwards;
	leg = leg_new_out(c->tenant, target, &branch_ops, c);
	if (leg == NULL) {
		c->last_code = 503;
		return false;
	}
	TAILQ_INSERT_TAIL(&c->branches, leg, in_call);
	return true;
}

bool ring_may(const struct call *c, const struct user *user)
{
	return strcmp(user->name, c->parker) != 0 && strcmp(user->name, c->guest->user) != 0;
}

bool ring_user(struct call *c, const struct user *user)
{
	struct contact contacts[REGISTRAR_CONTACTS_MAX];
	const char *domain = c->tenant->plan->domain;
	char to_uri[SIP_URI_MAX];
	uint32_t n = registrar_find(sip_registrar(c->x->plan.sip), user->name, domain, contacts);
	bool rings = false;

	if (!ring_may(c, user))
		return false;
	snprintf(to_uri, sizeof(to_uri), "sip:%s@%s", user->name, domain);
	for (uint32_t i = 0; i < n; i++) {
		struct leg_target target = { .uri = contacts[i].uri,
			.to = contacts[i].to,
			.user = user->name,
			.to_uri = to_uri };

		rings = branch_add(c, &target) || rings;
	}
	return rings;
}

// "sip:user@192.0.2.1:5070;x=y" → 192.0.2.1:5070. Names are not resolved: provisioning accepts
// literal addresses only.
static bool uri_address(const char *uri, struct address *out)
{
	char host[ADDRESS_TEXT_MAX];
	const char *at = strchr(uri, '@');
	const char *from = at != NULL ? at + 1 : uri + strlen("sip:");
	size_t len = strcspn(from, ";?>");

	if (strncmp(uri, "sip:", 4) != 0 || len >= sizeof(host))
		return false;
	memcpy(host, from, len);
	host[len] = '\0';
	if (!address_read(out, host))
		return false;
	if (out->port == 0)
		out->port = SIP_PORT;
	return true;
}

static void ring_address(struct call *c)
{
	struct leg_target target = { .uri = c->step->uri };

	if (uri_address(c->step->uri, &target.to))
		branch_add(c, &target);
	else
		log_warning("call %s: cannot call %s", c->ref, c->step->uri);
}

void ring_step(struct call *c)
{
	if (c->guest == NULL)
		return; // the news is in line
	c->last_code = 480;
	if (c->step->kind == STEP_FORWARD)
		ring_address(c);
	for (uint32_t i = 0; c->step->kind == STEP_DIAL && i < c->step->users; i++)
		ring_user(c, c->step->user[i]);
	if (TAILQ_EMPTY(&c->branches))
		call_happen(c, FLOW_EV_NOBODY);
}

void ring_stop(struct call *c, const struct leg *but)
{
	struct leg *leg, *next;

	for (leg = TAILQ_FIRST(&c->branches); leg != NULL; leg = next) {
		next = TAILQ_NEXT(leg, in_call);
		TAILQ_REMOVE(&c->branches, leg, in_call);
		if (leg != but)
			leg_end(leg, 0, but != NULL ? "Call completed elsewhere" : NULL);
	}
}
