// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/registration.h"

#include "control/sip/gate.h"
#include "control/sip/message.h"
#include "control/sip/reply.h"

enum { EXPIRES_DEFAULT_S = 3600 };

// Everything that one REGISTER wants.
struct wish {
	uint32_t n;
	bool all_gone; // "*"
	struct {
		char uri[REGISTRAR_URI_MAX];
		struct address to;
		bool nat;
		uint32_t expires_s;
	} contact[REGISTRAR_CONTACTS_MAX];
};

static void answer(struct arrival *a, uint16_t code, const char *extra)
{
	reply(a->t, &(struct answer){ .code = code, .extra = extra });
	a->t = NULL;
}

// Seconds, clamped to what 32 bits hold; nonsense counts as not said (RFC 3261 section 20.19).
static uint32_t seconds(struct span s, uint32_t otherwise)
{
	uint64_t n;

	return raw_number(s, UINT32_MAX, &n) ? (uint32_t)n : otherwise;
}

static uint32_t expires_of(const struct arrival *a, osip_contact_t *c)
{
	struct span header = raw_value(&a->g->raw, RAW_EXPIRES, 0);
	osip_generic_param_t *param = NULL;
	uint32_t s = EXPIRES_DEFAULT_S;

	if (header.at != NULL)
		s = seconds(header, s);
	osip_generic_param_get_byname(&c->gen_params, (char[]){ "expires" }, &param);
	if (param != NULL && param->gvalue != NULL)
		s = seconds(span_of(param->gvalue), s);
	return s < a->sip->plan.register_max_s ? s : a->sip->plan.register_max_s;
}

static bool via_differs(const struct arrival *a)
{
	uint8_t ip[16];

	return address_ip_read(ip, a->g->via.host.at, a->g->via.host.len) &&
	       !address_same_ip(ip, a->from->ip);
}

// Behind NAT, and where the Contact is a name or somebody else's address, a call goes to where
// the REGISTER came from: a registration never points us at a third party.
static bool place(const struct arrival *a, const osip_uri_t *uri, struct address *to)
{
	if (uri_address(uri, to) && address_same_ip(to->ip, a->from->ip) && !via_differs(a))
		return false;
	*to = *a->from;
	return true;
}

// A Contact without angle brackets ends at ";" or "?", and "?" is not allowed there
// (RFC 3261 section 20.10).
static bool ambiguous(struct span value)
{
	return memchr(value.at, '<', value.len) == NULL && memchr(value.at, '?', value.len) != NULL;
}

static uint16_t read_contact(const struct arrival *a, osip_contact_t *c, struct wish *wish)
{
	uint32_t n = wish->n;

	if (n == REGISTRAR_CONTACTS_MAX)
		return 503;
	if (!uri_is_sip(c->url) ||
		!uri_write(c->url, wish->contact[n].uri, sizeof(wish->contact[n].uri)))
		return 400;
	wish->contact[n].nat = place(a, c->url, &wish->contact[n].to);
	wish->contact[n].expires_s = expires_of(a, c);
	if (wish->contact[n].expires_s > 0 &&
		wish->contact[n].expires_s < a->sip->plan.register_min_s)
		return 423;
	wish->n++;
	return 0;
}

static bool is_star(const osip_contact_t *c)
{
	return c->displayname != NULL && c->displayname[0] == '*';
}

// Returns the status of a refusal, or 0.
static uint16_t read_wish(const struct arrival *a, struct wish *wish)
{
	int n = osip_list_size(&a->osip->contacts);
	struct span expires = raw_value(&a->g->raw, RAW_EXPIRES, 0);

	for (uint32_t i = 0; i < a->g->raw.count[RAW_CONTACT]; i++) {
		if (ambiguous(raw_value(&a->g->raw, RAW_CONTACT, i)))
			return 400;
	}
	for (int i = 0; i < n; i++) {
		osip_contact_t *c = osip_list_get(&a->osip->contacts, i);

		if (is_star(c) || span_is(raw_value(&a->g->raw, RAW_CONTACT, 0), "*")) {
			wish->all_gone = n == 1 && span_is(expires, "0");
			return wish->all_gone ? 0 : 400;
		}
		uint16_t code = read_contact(a, c, wish);
		if (code != 0)
			return code;
	}
	return 0;
}

static uint16_t status(enum registrar_outcome outcome)
{
	switch (outcome) {
	case REGISTRAR_OK:
		return 0;
	case REGISTRAR_STALE:
		return 500;
	case REGISTRAR_TOO_MANY:
	case REGISTRAR_FULL:
		return 503;
	}
	return 500;
}

static uint16_t carry_out(
	const struct arrival *a, const struct passed *who, const struct wish *wish)
{
	struct registrar *r = a->sip->registrar;
	char call_id[GUARD_LINE_MAX + 1];
	struct text t;
	uint16_t code = 0;

	text_init(&t, call_id, sizeof(call_id));
	text_unfolded(&t, a->g->call_id);
	if (wish->all_gone)
		return status(registrar_clear(r, who->user, who->domain, call_id, a->g->cseq));
	for (uint32_t i = 0; i < wish->n && code == 0; i++) {
		code = status(registrar_bind(r, who->user, who->domain,
			&(struct binding){ .uri = wish->contact[i].uri,
				.to = wish->contact[i].to,
				.nat = wish->contact[i].nat,
				.expires_s = wish->contact[i].expires_s,
				.call_id = call_id,
				.cseq = a->g->cseq },
			sip_now(a->sip)));
	}
	return code;
}

static void confirm(struct arrival *a, const struct passed *who)
{
	struct contact contact[REGISTRAR_CONTACTS_MAX];
	char extra[REGISTRAR_CONTACTS_MAX * (REGISTRAR_URI_MAX + 48)];
	uint64_t now = sip_now(a->sip);
	struct text t;
	uint32_t n = registrar_find(a->sip->registrar, who->user, who->domain, contact);

	text_init(&t, extra, sizeof(extra));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t left = contact[i].until_ms > now ? contact[i].until_ms - now : 0;
		text_add(&t, "Contact: <%s>;expires=%lu\r\n", contact[i].uri,
			(unsigned long)((left + 999) / 1000));
	}
	a->sip->stats.registers++;
	answer(a, 200, extra);
}

// The address of record must be the user's own; a scheme or a host that is not ours is nobody's.
static bool own_record(const struct arrival *a, const struct passed *who)
{
	const osip_uri_t *to = a->osip->to->url;
	char user[SIP_NAME_MAX];

	user_copy(to, raw_value(&a->g->raw, RAW_TO, 0), user, sizeof(user));
	return strcmp(user, who->user) == 0 && strcasecmp(to->host, who->domain) == 0;
}

static void refuse(struct arrival *a, uint16_t code)
{
	char extra[64];
	struct text t;

	text_init(&t, extra, sizeof(extra));
	if (code == 423)
		text_add(&t, "Min-Expires: %u\r\n", a->sip->plan.register_min_s);
	if (code == 503 || code == 500)
		text_add(&t, "Retry-After: 30\r\n");
	answer(a, code, extra);
}

void registration_request(struct arrival *a)
{
	struct wish wish = { 0 };
	struct passed who;
	uint16_t code;

	if (!uri_is_sip(a->osip->to->url) || !uri_is_sip(a->osip->from->url)) {
		a->sip->stats.bad_header++;
		reply_stranger(a, 400, NULL);
		return;
	}
	code = read_wish(a, &wish);
	if (code == 400) {
		a->sip->stats.bad_header++;
		reply_stranger(a, 400, NULL);
		return;
	}
	if (!gate_pass(a, /* trunk */ false, &who))
		return;
	if (!own_record(a, &who)) {
		answer(a, 403, NULL);
		return;
	}
	if (code == 0)
		code = carry_out(a, &who, &wish);
	if (code != 0)
		refuse(a, code);
	else
		confirm(a, &who);
}
