// SPDX-License-Identifier: BSD-3-Clause
//
// The endpoint: birth, death, and what its files share. The way of a datagram through it is in
// receive.c.
#include "control/sip/sip.h"

#include "control/sip/dialog.h"
#include "control/sip/linger.h"

#include <stdlib.h>

const char *sip_event_name(enum sip_event_kind kind)
{
	static const char *const names[SIP_EVENT_COUNT] = {
#define X(name, help) [SIP_EV_##name] = #name,
		SIP_EVENT_LIST(X)
#undef X
	};

	return kind < SIP_EVENT_COUNT ? names[kind] : "?";
}

// --- what the other files of this folder share

uint64_t sip_now(const struct sip *s)
{
	return s->now_ms > s->clock->now_ms ? s->now_ms : s->clock->now_ms;
}

void sip_put(struct sip *s, const struct address *to, const char *bytes, size_t len)
{
	if (s->ops.send(s->ops.ctx, to, bytes, len))
		s->stats.sent++;
	else
		s->stats.unsent++;
}

bool budget_take(struct budget *b, uint32_t most, uint64_t now_ms)
{
	if (b->second != now_ms / 1000) {
		b->second = now_ms / 1000;
		b->used = 0;
	}
	if (b->used >= most)
		return false;
	b->used++;
	return true;
}

struct key sip_key(const struct sip *s, struct span a, struct span b, struct span c)
{
	struct span parts[] = { a, b, c };

	return key_of(s->plan.seed, parts, 3);
}

// --- birth and death

// oSIP prints parse errors to stdout unless it is given a function: strangers must not be able
// to fill a log.
static void no_trace(const char *, int, osip_trace_level_t, const char *, va_list)
{
}

static void changed(void *ctx, const char *user, const char *domain, bool reachable)
{
	struct sip *s = ctx;

	if (s->ops.registered != NULL)
		s->ops.registered(s->ops.ctx, user, domain, reachable);
}

static bool make_parts(struct sip *s)
{
	struct registrar_plan plan = {
		.contacts_max = s->plan.contacts_max, .ctx = s, .changed = changed
	};

	if (table_init(&s->transactions, s->plan.transactions_max) != 0 ||
		table_init(&s->lingers, s->plan.transactions_max) != 0 ||
		table_init(&s->dialogs, s->plan.dialogs_max) != 0 ||
		table_init(&s->callers, s->plan.dialogs_max) != 0)
		return false;
	osip_trace_initialize_func(OSIP_BUG, no_trace);
	if (osip_init(&s->osip) != OSIP_SUCCESS) {
		s->osip = NULL;
		return false;
	}
	osip_set_cb_send_message(s->osip, transaction_send_message);
	s->registrar = registrar_new(&plan, s->clock);
	s->digest = digest_new(s->plan.seed);
	return s->registrar != NULL && s->digest != NULL;
}

struct sip *sip_new(const struct sip_plan *plan, const struct sip_ops *ops, struct clock *clock)
{
	struct sip *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->plan = *plan;
	s->ops = *ops;
	s->clock = clock;
	s->chance = (struct chance){ .seed = { plan->seed[1], plan->seed[0] ^ 0x6368616e6365U } };
	address_text(&plan->local, s->local, sizeof(s->local));
	if (make_parts(s))
		return s;
	return sip_free(s);
}

static void empty(struct sip *s)
{
	struct entry *e;

	while ((e = table_any(&s->transactions)) != NULL)
		transaction_free((struct transaction *)(void *)e);
	while ((e = table_any(&s->dialogs)) != NULL)
		dialog_free((struct sip_dialog *)(void *)e);
	while ((e = table_any(&s->lingers)) != NULL)
		linger_free((struct linger *)(void *)e);
}

struct sip *sip_free(struct sip *s)
{
	if (s == NULL)
		return NULL;
	empty(s);
	if (s->registrar != NULL)
		registrar_free(s->registrar);
	if (s->digest != NULL)
		digest_free(s->digest);
	if (s->osip != NULL)
		osip_release(s->osip);
	table_free(&s->transactions);
	table_free(&s->lingers);
	table_free(&s->dialogs);
	table_free(&s->callers);
	free(s);
	return NULL;
}

struct registrar *sip_registrar(struct sip *s)
{
	return s->registrar;
}

const struct sip_stats *sip_stats(const struct sip *s)
{
	return &s->stats;
}

uint32_t sip_dialogs(const struct sip *s)
{
	return s->dialogs.count;
}

uint32_t sip_transactions(const struct sip *s)
{
	return s->transactions.count;
}
