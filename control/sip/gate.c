// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/gate.h"

#include "control/sip/message.h"
#include "control/sip/reply.h"

enum { CREDENTIALS_MAX = 4 }; // Authorization headers that are looked at

// A host that may stand in a quoted string.
static bool good_realm(const osip_uri_t *uri)
{
	return uri_is_sip(uri) && strlen(uri->host) < DIGEST_NAME_MAX &&
	       strspn(uri->host,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
		       strlen(uri->host);
}

// The domain of the account that is meant: the first of these hosts that is one. When none is,
// the challenge looks the same.
static const char *realm_of(const struct arrival *a)
{
	const osip_uri_t *hosts[] = { a->osip->from->url, a->osip->req_uri, a->osip->to->url };
	const char *first = "layby";

	for (int i = 2; i >= 0; i--) {
		if (good_realm(hosts[i]))
			first = hosts[i]->host;
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (good_realm(hosts[i]) && a->sip->ops.domain(a->sip->ops.ctx, hosts[i]->host))
			return hosts[i]->host;
	}
	return first;
}

static bool ha1(void *ctx, const char *user, const char *realm, char out[33])
{
	struct sip *s = ctx;

	return s->ops.ha1(s->ops.ctx, user, realm, out);
}

static enum digest_outcome check_one(
	const struct arrival *a, const char *realm, struct span header, struct digest_claim *claim)
{
	char method[32];
	char uri[GUARD_LINE_MAX + 1];
	char value[GUARD_LINE_MAX + 1];
	struct text t;

	text_init(&t, method, sizeof(method));
	text_put(&t, a->g->raw.method.at, a->g->raw.method.len);
	text_init(&t, uri, sizeof(uri));
	text_put(&t, a->g->raw.uri.at, a->g->raw.uri.len);
	text_init(&t, value, sizeof(value));
	text_unfolded(&t, header);
	return digest_check(a->sip->digest,
		&(struct digest_request){ .header = value,
			.method = method,
			.uri = uri,
			.realm = realm,
			.from = a->from },
		ha1, a->sip, sip_now(a->sip), claim);
}

static enum digest_outcome check(
	const struct arrival *a, const char *realm, struct digest_claim *claim)
{
	for (uint32_t i = 0; i < CREDENTIALS_MAX; i++) {
		struct span header = raw_value(&a->g->raw, RAW_AUTHORIZATION, i);

		if (header.at == NULL)
			break;
		enum digest_outcome outcome = check_one(a, realm, header, claim);
		if (outcome != DIGEST_NONE)
			return outcome;
	}
	return DIGEST_NONE;
}

static void challenge(struct arrival *a, const char *realm, bool stale)
{
	struct sip *s = a->sip;
	char value[DIGEST_TEXT_MAX];
	char extra[DIGEST_TEXT_MAX + 32];
	struct text t;

	text_init(&t, extra, sizeof(extra));
	if (digest_challenge(s->digest, value, sizeof(value), realm, a->from, stale, sip_now(s)) >
		0)
		text_add(&t, "WWW-Authenticate: %s\r\n", value);
	reply_stranger(a, 401, extra);
}

static bool judge(struct arrival *a, enum digest_outcome outcome, const char *realm)
{
	struct sip *s = a->sip;

	switch (outcome) {
	case DIGEST_OK:
		return true;
	case DIGEST_BAD_SYNTAX:
		s->stats.bad_header++;
		reply_stranger(a, 400, NULL);
		return false;
	case DIGEST_WRONG:
		s->stats.bad_credentials++;
		break;
	case DIGEST_NONE:
	case DIGEST_STALE:
		s->stats.challenges++;
		break;
	}
	challenge(a, realm, outcome == DIGEST_STALE);
	return false;
}

bool gate_pass(struct arrival *a, bool trunk, struct passed *out)
{
	struct digest_claim claim;
	const char *realm;
	struct text t;

	*out = (struct passed){ .trunk = trunk && a->sip->ops.trunk(a->sip->ops.ctx, a->from) };
	if (out->trunk)
		return true;
	realm = realm_of(a);
	if (!judge(a, check(a, realm, &claim), realm))
		return false;
	text_init(&t, out->user, sizeof(out->user));
	text_add(&t, "%s", claim.user);
	text_init(&t, out->domain, sizeof(out->domain));
	text_add(&t, "%s", realm);
	return true;
}
