// SPDX-License-Identifier: BSD-3-Clause
//
// A hash of users, each with a short list of contacts, newest first. Only who has authenticated
// gets in, so the keys are provisioned names and the hash need not be keyed.
#include "control/sip/registrar.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct registrant; // a user who has contacts

struct held {
	struct held *next; // older one of the same user
	struct registrant *owner;
	struct timer expiry;
	struct address to;
	uint64_t until_ms;
	uint32_t cseq;
	bool nat;
	char *call_id; // behind uri
	char uri[];
};

struct registrant {
	struct registrant *next; // in the slot
	struct registrar *registrar;
	uint64_t hash;
	struct held *newest;
	char *domain; // behind user
	char user[];
};

struct registrar {
	struct registrar_plan plan;
	struct clock *clock;
	uint32_t contacts;
	uint64_t mask;
	struct registrant **slot;
};

// FNV-1a. The domain is a host name: without case (RFC 3261 section 19.1.4). The user is not.
static uint64_t hash_of(const char *user, const char *domain)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (; *user != '\0'; user++)
		hash = (hash ^ (unsigned char)*user) * 0x100000001b3U;
	hash = (hash ^ '@') * 0x100000001b3U;
	for (; *domain != '\0'; domain++)
		hash = (hash ^ (unsigned char)(tolower)((unsigned char)*domain)) * 0x100000001b3U;
	return hash;
}

static struct registrant **find(const struct registrar *r, const char *user, const char *domain)
{
	uint64_t hash = hash_of(user, domain);
	struct registrant **at = &r->slot[hash & r->mask];

	while (*at != NULL && ((*at)->hash != hash || strcmp((*at)->user, user) != 0 ||
				      strcasecmp((*at)->domain, domain) != 0))
		at = &(*at)->next;
	return at;
}

static struct registrant *add_user(struct registrar *r, const char *user, const char *domain)
{
	size_t user_size = strlen(user) + 1, domain_size = strlen(domain) + 1;
	struct registrant *u = calloc(1, sizeof(*u) + user_size + domain_size);

	if (u == NULL)
		return NULL;
	u->registrar = r;
	u->hash = hash_of(user, domain);
	u->domain = u->user + user_size;
	memcpy(u->user, user, user_size);
	memcpy(u->domain, domain, domain_size);
	u->next = r->slot[u->hash & r->mask];
	r->slot[u->hash & r->mask] = u;
	return u;
}

static void drop_user(struct registrant *u)
{
	struct registrant **at = &u->registrar->slot[u->hash & u->registrar->mask];

	assert(u->newest == NULL);
	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	free(u);
}

static void tell(struct registrant *u)
{
	const struct registrar_plan *plan = &u->registrar->plan;

	if (plan->changed != NULL)
		plan->changed(plan->ctx, u->user, u->domain, u->newest != NULL);
}

// Tells of the last contact's end, and forgets a user who did not come back while it was told.
static void let_go_of_user(struct registrant *u)
{
	if (u->newest != NULL)
		return;
	tell(u);
	if (u->newest == NULL)
		drop_user(u);
}

static struct held **find_held(struct registrant *u, const char *uri)
{
	struct held **at = &u->newest;

	while (*at != NULL && strcmp((*at)->uri, uri) != 0)
		at = &(*at)->next;
	return at;
}

static void drop_held(struct registrar *r, struct held **at)
{
	struct held *h = *at;

	clock_disarm(r->clock, &h->expiry);
	*at = h->next;
	free(h);
	r->contacts--;
}

static void expire(struct timer *timer, uint64_t)
{
	struct held *h = TIMER_OWNER(timer, struct held, expiry);
	struct registrant *u = h->owner;
	struct held **at = &u->newest;

	while (*at != h)
		at = &(*at)->next;
	drop_held(u->registrar, at);
	let_go_of_user(u);
}

// RFC 3261 section 10.3, step 7: a request that is overtaken by a later one changes nothing.
static bool is_stale(const struct held *h, const char *call_id, uint32_t cseq)
{
	return strcmp(h->call_id, call_id) == 0 && cseq <= h->cseq;
}

static struct held *hold(const struct binding *b)
{
	size_t uri_size = strlen(b->uri) + 1, call_id_size = strlen(b->call_id) + 1;
	struct held *h = calloc(1, sizeof(*h) + uri_size + call_id_size);

	if (h == NULL)
		return NULL;
	h->call_id = h->uri + uri_size;
	memcpy(h->uri, b->uri, uri_size);
	memcpy(h->call_id, b->call_id, call_id_size);
	h->to = b->to;
	h->nat = b->nat;
	h->cseq = b->cseq;
	timer_init(&h->expiry, expire);
	return h;
}

static uint32_t count(const struct registrant *u)
{
	uint32_t n = 0;

	for (const struct held *h = u->newest; h != NULL; h = h->next)
		n++;
	return n;
}

// Whether a contact that is not there yet may come. u is NULL for a user without any.
static enum registrar_outcome room_for(
	const struct registrar *r, const struct registrant *u, const struct binding *b)
{
	if (u != NULL && count(u) >= REGISTRAR_CONTACTS_MAX)
		return REGISTRAR_TOO_MANY;
	if (r->contacts >= r->plan.contacts_max || strlen(b->uri) >= REGISTRAR_URI_MAX)
		return REGISTRAR_FULL;
	return REGISTRAR_OK;
}

// Puts a fresh contact before the others. False: no memory, and nothing changed.
static bool put(struct registrar *r, struct registrant *u, const struct binding *b, uint64_t now_ms)
{
	struct held *h = hold(b);

	if (h == NULL)
		return false;
	h->owner = u;
	h->until_ms = now_ms + b->expires_s * UINT64_C(1000);
	h->next = u->newest;
	u->newest = h;
	r->contacts++;
	clock_arm(r->clock, &h->expiry, h->until_ms);
	return true;
}

static enum registrar_outcome add(struct registrar *r, struct registrant *u, const char *user,
	const char *domain, const struct binding *b, uint64_t now_ms)
{
	enum registrar_outcome outcome = room_for(r, u, b);

	if (outcome != REGISTRAR_OK)
		return outcome;
	if (u == NULL)
		u = add_user(r, user, domain);
	if (u == NULL)
		return REGISTRAR_FULL;
	if (!put(r, u, b, now_ms)) {
		if (u->newest == NULL)
			drop_user(u);
		return REGISTRAR_FULL;
	}
	tell(u);
	return REGISTRAR_OK;
}

enum registrar_outcome registrar_bind(struct registrar *r, const char *user, const char *domain,
	const struct binding *b, uint64_t now_ms)
{
	struct registrant *u = *find(r, user, domain);
	struct held **at = u != NULL ? find_held(u, b->uri) : NULL;

	if (at == NULL || *at == NULL)
		return b->expires_s == 0 ? REGISTRAR_OK : add(r, u, user, domain, b, now_ms);
	if (is_stale(*at, b->call_id, b->cseq))
		return REGISTRAR_STALE;
	if (b->expires_s != 0 && !put(r, u, b, now_ms))
		return REGISTRAR_FULL;
	// The old one is behind what was put before it: found again, but never the new one.
	at = b->expires_s != 0 ? &u->newest->next : &u->newest;
	while (strcmp((*at)->uri, b->uri) != 0)
		at = &(*at)->next;
	drop_held(r, at);
	let_go_of_user(u);
	return REGISTRAR_OK;
}

enum registrar_outcome registrar_clear(struct registrar *r, const char *user, const char *domain,
	const char *call_id, uint32_t cseq)
{
	struct registrant *u = *find(r, user, domain);

	if (u == NULL)
		return REGISTRAR_OK;
	for (const struct held *h = u->newest; h != NULL; h = h->next)
		if (is_stale(h, call_id, cseq))
			return REGISTRAR_STALE;
	while (u->newest != NULL)
		drop_held(r, &u->newest);
	let_go_of_user(u);
	return REGISTRAR_OK;
}

static bool is_alive(const struct registrar *r, const struct held *h)
{
	return h->until_ms > r->clock->now_ms;
}

uint32_t registrar_find(const struct registrar *r, const char *user, const char *domain,
	struct contact out[REGISTRAR_CONTACTS_MAX])
{
	const struct registrant *u = *find(r, user, domain);
	uint32_t n = 0;

	for (const struct held *h = u != NULL ? u->newest : NULL; h != NULL; h = h->next) {
		if (!is_alive(r, h))
			continue;
		assert(n < REGISTRAR_CONTACTS_MAX);
		struct contact *c = &out[n++];

		memcpy(c->uri, h->uri, strlen(h->uri) + 1);
		c->to = h->to;
		c->nat = h->nat;
		c->until_ms = h->until_ms;
	}
	return n;
}

bool registrar_reachable(const struct registrar *r, const char *user, const char *domain)
{
	const struct registrant *u = *find(r, user, domain);

	for (const struct held *h = u != NULL ? u->newest : NULL; h != NULL; h = h->next)
		if (is_alive(r, h))
			return true;
	return false;
}

uint32_t registrar_count(const struct registrar *r)
{
	return r->contacts;
}

struct registrar *registrar_new(const struct registrar_plan *plan, struct clock *clock)
{
	struct registrar *r = calloc(1, sizeof(*r));
	uint64_t slots = 16;

	if (r == NULL)
		return NULL;
	while (slots < plan->contacts_max)
		slots *= 2;
	*r = (struct registrar){ .plan = *plan,
		.clock = clock,
		.mask = slots - 1,
		.slot = calloc(slots, sizeof(struct registrant *)) };
	return r->slot != NULL ? r : registrar_free(r);
}

static void free_chain(struct registrar *r, struct registrant *u)
{
	while (u != NULL) {
		struct registrant *next = u->next;

		while (u->newest != NULL)
			drop_held(r, &u->newest);
		free(u);
		u = next;
	}
}

struct registrar *registrar_free(struct registrar *r)
{
	if (r == NULL)
		return NULL;
	for (uint64_t i = 0; r->slot != NULL && i <= r->mask; i++)
		free_chain(r, r->slot[i]);
	free(r->slot);
	free(r);
	return NULL;
}
