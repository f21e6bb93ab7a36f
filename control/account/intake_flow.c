// SPDX-License-Identifier: BSD-3-Clause
//
// The call flows of one account out of a provisioning file.
#include "control/account/intake.h"
#include "control/address.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SECONDS_MAX = 3600 };

// How long a step lasts when the file does not say.
static const uint32_t seconds_default[STEP_COUNT] = {
	[STEP_DIAL] = 30,
	[STEP_QUEUE] = 300,
	[STEP_FORWARD] = 30,
};

// sip:user@literal or sip:literal, with or without a port and nothing behind it: nobody is asked
// for a name while a caller waits. The user part is RFC 3261's without escapes.
static bool is_forward(const char *uri)
{
	static const char user_chars[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.!~*'()&=+$,/#";
	struct address a;

	if (strncasecmp(uri, "sip:", 4) != 0)
		return false;
	uri += 4;

	const char *host = strchr(uri, '@');

	if (host != NULL && (host == uri || strspn(uri, user_chars) != (size_t)(host - uri)))
		return false;
	host = host != NULL ? host + 1 : uri;

	const char *port = strrchr(host, ':');

	if (host[0] != '[' && strchr(host, ':') != port)
		return false; // an IPv6 literal needs its brackets in a URI
	if (port != NULL && port[1] == '0' && strchr(port, ']') == NULL)
		return false; // port 0, or one written strangely
	return address_read(&a, host) && !address_is_any(a.ip);
}

// Where a step of the file is, for complaints.
struct place {
	uint32_t flow, step;
};

static bool take_ring(struct intake *in, struct place at, const struct raw_step *raw,
	const struct account *a, struct step *out)
{
	const char *kind = raw->dial != NULL ? "dial" : "queue";
	char *const *name = raw->dial != NULL ? raw->dial : raw->queue;
	uint32_t count = raw->dial != NULL ? raw->dial_count : raw->queue_count;

	out->user = calloc(count, sizeof(void *));
	if (out->user == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < count; i++) {
		const struct user *user = account_user(a, name[i]);
		const char *node =
			intake_at(in, ".flows[%u].steps[%u].%s[%u]", at.flow, at.step, kind, i);

		if (user == NULL)
			return INTAKE_REFUSE(in, node, "there is no user %s", name[i]);
		for (uint32_t k = 0; k < i; k++)
			if (out->user[k] == user)
				return INTAKE_REFUSE(in, node, "user %s is here twice", name[i]);
		out->user[out->users++] = user;
	}
	return true;
}

static bool take_seconds(
	struct intake *in, struct place at, const struct raw_step *raw, struct step *out)
{
	const char *node = intake_at(in, ".flows[%u].steps[%u].seconds", at.flow, at.step);

	out->seconds = seconds_default[out->kind];
	if (raw->seconds == NULL)
		return true;
	if (out->kind == STEP_HANGUP)
		return INTAKE_REFUSE(in, node, "hanging up takes no time");
	if (*raw->seconds < 1 || *raw->seconds > SECONDS_MAX)
		return INTAKE_REFUSE(in, node, "a step takes 1-%d seconds", SECONDS_MAX);
	out->seconds = *raw->seconds;
	return true;
}

static bool take_what(struct intake *in, struct place at, const struct raw_step *raw,
	const struct account *a, struct step *out)
{
	if (raw->dial != NULL || raw->queue != NULL) {
		out->kind = raw->dial != NULL ? STEP_DIAL : STEP_QUEUE;
		return take_ring(in, at, raw, a, out);
	}
	if (raw->hangup != NULL) {
		out->kind = STEP_HANGUP;
		return *raw->hangup ||
		       INTAKE_REFUSE(in,
			       intake_at(in, ".flows[%u].steps[%u].hangup", at.flow, at.step),
			       "hangup is true, or is not said");
	}
	out->kind = STEP_FORWARD;
	if (!is_forward(raw->forward))
		return INTAKE_REFUSE(in,
			intake_at(in, ".flows[%u].steps[%u].forward", at.flow, at.step),
			"a call is forwarded to sip:user@ADDRESS or sip:user@ADDRESS:PORT, "
			"ADDRESS being an IP address");
	return intake_copy(in, &out->uri, raw->forward);
}

static bool take_step(struct intake *in, struct place at, const struct raw_step *raw,
	const struct account *a, struct step *out)
{
	int kinds = (raw->dial != NULL) + (raw->queue != NULL) + (raw->forward != NULL) +
		    (raw->hangup != NULL);

	if (kinds != 1)
		return INTAKE_REFUSE(in, intake_at(in, ".flows[%u].steps[%u]", at.flow, at.step),
			"a step is exactly one of dial, queue, forward, hangup");
	return take_what(in, at, raw, a, out) && take_seconds(in, at, raw, out);
}

static bool take_steps(struct intake *in, uint32_t flow, const struct raw_flow *raw,
	const struct account *a, struct callflow_plan *out)
{
	out->step = calloc(raw->step_count, sizeof(*out->step));
	if (out->step == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < raw->step_count; i++) {
		struct place at = { .flow = flow, .step = i };

		if (i > 0 && out->step[i - 1].kind == STEP_HANGUP)
			return INTAKE_REFUSE(in, intake_at(in, ".flows[%u].steps[%u]", flow, i),
				"nothing comes after hangup");
		out->steps++;
		if (!take_step(in, at, &raw->step[i], a, &out->step[i]))
			return false;
	}
	return true;
}

const struct callflow_plan *intake_flow(const struct account *a, const char *name)
{
	for (uint32_t i = 0; i < a->flows; i++) {
		assert(a->flow[i].name != NULL);
		if (strcmp(a->flow[i].name, name) == 0)
			return &a->flow[i];
	}
	return NULL;
}

bool intake_flows(struct intake *in, const struct raw_account *raw, struct account *out)
{
	out->flow = calloc(raw->flow_count + 1, sizeof(*out->flow));
	if (out->flow == NULL)
		return intake_no_memory(in);
	for (uint32_t i = 0; i < raw->flow_count; i++) {
		const struct raw_flow *from = &raw->flow[i];
		const char *node = intake_at(in, ".flows[%u].name", i);

		if (!intake_is_name(from->name))
			return INTAKE_REFUSE(in, node,
				"a call flow's name has letters, digits and - _ . + only");
		if (intake_flow(out, from->name) != NULL)
			return INTAKE_REFUSE(
				in, node, "there is a call flow %s already", from->name);
		// Counted with its name: a flow that is in the way of others has one.
		if (!intake_copy(in, &out->flow[i].name, from->name))
			return false;
		out->flows++;
		if (!take_steps(in, i, from, out, &out->flow[i]))
			return false;
	}
	return true;
}
