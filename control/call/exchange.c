// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/exchange.h"

#include "control/call/call.h"
#include "control/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_FIRST_SIZE = 64, TENANT_BUCKETS = 1024 };

static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261U; // FNV-1a

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 16777619U;
	return h;
}

void exchange_init(struct exchange *x, const struct exchange_plan *plan)
{
	*x = (struct exchange){ .plan = *plan, .line_size = LINE_FIRST_SIZE };
	for (int i = 0; i < TENANT_BUCKETS; i++)
		TAILQ_INIT(&x->tenants[i]);
	TAILQ_INIT(&x->calls);
	TAILQ_INIT(&x->stays);
	TAILQ_INIT(&x->dead_legs);
	TAILQ_INIT(&x->dead_calls);
	x->line = calloc(x->line_size, sizeof(*x->line));
	assert(x->line != NULL);
}

static void bury_leg(struct exchange *x, struct leg *leg)
{
	struct tenant *t = leg->tenant;
	bool user = leg->user[0] != '\0';

	TAILQ_REMOVE(&x->dead_legs, leg, dead);
	leg_free(leg);
	if (user) // he is free for the queues
		queue_serve_all(t);
}

static void bury(struct exchange *x)
{
	if (x->happening || x->holds > 0)
		return;
	while (!TAILQ_EMPTY(&x->dead_legs))
		bury_leg(x, TAILQ_FIRST(&x->dead_legs));
	while (!TAILQ_EMPTY(&x->dead_calls)) {
		struct call *call = TAILQ_FIRST(&x->dead_calls);

		TAILQ_REMOVE(&x->dead_calls, call, link);
		call_free(call);
	}
}

static void tenant_free(struct tenant *t)
{
	queue_free_all(t);
	if (t->x->park != NULL)
		t->x->park->lots_free(t);
	media_track_release(t->x->plan.media, t->music);
	accounts_unref(t->accounts);
	free(t->name);
	free(t);
}

static void tenants_free(struct tenant *t)
{
	while (t != NULL) {
		struct tenant *next = TAILQ_NEXT(t, link);

		tenant_free(t);
		t = next;
	}
}

void exchange_clear(struct exchange *x)
{
	bury(x);
	for (int i = 0; i < TENANT_BUCKETS; i++)
		tenants_free(TAILQ_FIRST(&x->tenants[i]));
	accounts_unref(x->plan.accounts);
	free(x->line);
	x->line = NULL;
}

uint64_t exchange_now(const struct exchange *x)
{
	return x->plan.clock->now_ms;
}

static void line_grow(struct exchange *x)
{
	uint32_t size = x->line_size * 2;
	struct happening *line = calloc(size, sizeof(*line));

	assert(line != NULL); // the line is as long as one step's consequences
	for (uint32_t i = 0; i < x->line_n; i++)
		line[i] = x->line[(x->line_first + i) % x->line_size];
	free(x->line);
	x->line = line;
	x->line_size = size;
	x->line_first = 0;
}

void exchange_post(struct exchange *x, void (*happen)(void *, int), void *what, int event)
{
	if (x->line_n == x->line_size)
		line_grow(x);
	x->line[(x->line_first + x->line_n++) % x->line_size] =
		(struct happening){ .happen = happen, .what = what, .event = event };
	if (x->happening)
		return;
	x->happening = true;
	while (x->line_n > 0) {
		struct happening h = x->line[x->line_first];

		x->line_first = (x->line_first + 1) % x->line_size;
		x->line_n--;
		h.happen(h.what, h.event);
	}
	x->happening = false;
	bury(x);
}

void exchange_hold(struct exchange *x)
{
	x->holds++;
}

void exchange_release(struct exchange *x)
{
	assert(x->holds > 0);
	x->holds--;
	bury(x);
}

void exchange_settle(struct exchange *x)
{
	bury(x);
}

void exchange_tell(struct exchange *x, const struct news *news)
{
	if (x->plan.news != NULL)
		x->plan.news(x->plan.ctx, news);
}

static uint64_t tenant_track(struct exchange *x, const struct account *a)
{
	char error[256];
	uint64_t track = 0;

	if (a->music != NULL) {
		track = media_track(x->plan.media, a->music, error, sizeof(error));
		if (track == 0)
			log_warning("account %s: %s; the house's music plays", a->name, error);
	}
	return track;
}

static void tenant_update(struct tenant *t, struct accounts *accounts, const struct account *a)
{
	struct accounts *old = t->accounts;
	uint64_t music = t->music;

	t->accounts = accounts_ref(accounts);
	t->plan = a;
	t->music = tenant_track(t->x, a);
	media_track_release(t->x->plan.media, music);
	if (t->x->park != NULL)
		t->x->park->lots_update(t);
	if (old != NULL)
		accounts_unref(old);
}

static struct tenant *tenant_find(struct exchange *x, const char *name)
{
	struct tenant *t;

	TAILQ_FOREACH(t, &x->tenants[hash(name) % TENANT_BUCKETS], link)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

struct tenant *exchange_tenant(struct exchange *x, const struct account *a)
{
	if (a == NULL)
		return NULL;

	struct tenant *t = tenant_find(x, a->name);

	if (t != NULL)
		return t;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->x = x;
	t->name = strdup(a->name);
	assert(t->name != NULL);
	t->home = hash(a->name);
	TAILQ_INIT(&t->legs);
	TAILQ_INIT(&t->lots);
	TAILQ_INIT(&t->queues);
	TAILQ_INSERT_TAIL(&x->tenants[hash(a->name) % TENANT_BUCKETS], t, link);
	tenant_update(t, x->plan.accounts, a);
	return t;
}

// An account that is gone keeps its last plan until its calls are over; what is left of it goes
// with the next provisioning.
static void tenant_reload(struct tenant *t, struct accounts *accounts)
{
	const struct account *a = accounts_by_name(accounts, t->name);

	if (a != NULL) {
		tenant_update(t, accounts, a);
	} else if (t->calls == 0 && TAILQ_EMPTY(&t->legs)) {
		TAILQ_REMOVE(&t->x->tenants[hash(t->name) % TENANT_BUCKETS], t, link);
		tenant_free(t);
	}
}

void exchange_reload(struct exchange *x, struct accounts *accounts)
{
	struct accounts *old = x->plan.accounts;

	x->plan.accounts = accounts;
	for (int i = 0; i < TENANT_BUCKETS; i++) {
		struct tenant *t, *next;

		for (t = TAILQ_FIRST(&x->tenants[i]); t != NULL; t = next) {
			next = TAILQ_NEXT(t, link);
			tenant_reload(t, accounts);
		}
	}
	accounts_unref(old);
}

bool tenant_user_busy(const struct tenant *t, const char *user)
{
	const struct leg *leg;

	TAILQ_FOREACH(leg, &t->legs, in_tenant)
		if (leg->state != LEG_OVER && strcmp(leg->user, user) == 0)
			return true;
	return false;
}

// The legs of a tenant may grow fewer while we walk, but only by moving to the dead.
static void tenant_end_all(struct tenant *t)
{
	struct leg *leg, *next;

	for (leg = TAILQ_FIRST(&t->legs); leg != NULL; leg = next) {
		next = TAILQ_NEXT(leg, in_tenant);
		leg_drop(leg);
	}
}

static void end_all(void *what, int)
{
	struct exchange *x = what;

	for (int i = 0; i < TENANT_BUCKETS; i++) {
		struct tenant *t;

		TAILQ_FOREACH(t, &x->tenants[i], link)
			tenant_end_all(t);
	}
}

void exchange_end_all(struct exchange *x)
{
	exchange_post(x, end_all, x, 0);
}

void ref_make(char out[REF_LEN + 1])
{
	uint64_t bits;

	arc4random_buf(&bits, sizeof(bits));
	snprintf(out, REF_LEN + 1, "%016llx", (unsigned long long)bits);
}
