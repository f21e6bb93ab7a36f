// SPDX-License-Identifier: BSD-3-Clause
#include "control/sip/linger.h"

#include <assert.h>
#include <stdlib.h>

enum { LINGERS_PER_TRANSACTION = 4 }; // as many as may live, so many more may linger

static struct linger *of_timer(struct timer *timer)
{
	return (struct linger *)(void *)((char *)timer - offsetof(struct linger, timer));
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void send(struct linger *l)
{
	if (l->len > 0)
		sip_put(l->sip, &l->to, l->bytes, l->len);
}

static void fire(struct timer *timer, uint64_t now_ms)
{
	struct linger *l = of_timer(timer);

	if (now_ms >= l->until_ms) {
		linger_free(l);
		return;
	}
	// Timer G: doubles up to T2.
	send(l);
	l->wait_ms = (uint16_t)smaller(l->wait_ms * 2U, SIP_T2);
	clock_arm(l->sip->clock, timer, smaller(now_ms + l->wait_ms, l->until_ms));
}

static uint64_t lifetime(enum linger_kind kind)
{
	return kind == LINGER_QUIET ? SIP_T4 : SIP_64T1;
}

struct linger *linger_leave(struct sip *s, struct key key, enum linger_kind kind,
	const struct address *to, struct span bytes)
{
	uint16_t len = bytes.len <= LINGER_BYTES_MAX ? (uint16_t)bytes.len : 0;
	struct linger *old = linger_find(s, key);
	struct linger *l;

	if (old != NULL)
		linger_free(old);
	if (s->lingers.count / LINGERS_PER_TRANSACTION >= s->plan.transactions_max ||
		(l = malloc(sizeof(*l) + len)) == NULL) {
		s->stats.forgotten++;
		return NULL;
	}
	*l = (struct linger){ .sip = s, .kind = (uint16_t)kind, .len = len, .wait_ms = SIP_T1 };
	if (to != NULL)
		l->to = *to;
	if (len > 0)
		memcpy(l->bytes, bytes.at, len);
	l->until_ms = sip_now(s) + lifetime(kind);
	timer_init(&l->timer, fire);
	clock_arm(s->clock, &l->timer,
		kind == LINGER_REFUSAL && len > 0 ? sip_now(s) + SIP_T1 : l->until_ms);
	table_put(&s->lingers, &l->entry, key);
	return l;
}

struct linger *linger_find(const struct sip *s, struct key key)
{
	return (struct linger *)(void *)table_find(&s->lingers, key);
}

void linger_repeat(struct linger *l)
{
	if (l->kind == LINGER_ANSWER || l->kind == LINGER_REFUSAL || l->kind == LINGER_ACK)
		send(l);
}

void linger_acked(struct linger *l)
{
	if (l->kind != LINGER_REFUSAL)
		return;
	l->kind = LINGER_QUIET;
	l->until_ms = sip_now(l->sip) + SIP_T4;
	clock_arm(l->sip->clock, &l->timer, l->until_ms);
}

void linger_free(struct linger *l)
{
	clock_disarm(l->sip->clock, &l->timer);
	table_drop(&l->sip->lingers, &l->entry);
	free(l);
}
