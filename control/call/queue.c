// SPDX-License-Identifier: BSD-3-Clause
//
// Queues: first in, first out. For the first call that anybody may be rung for every free user of
// the step rings; who becomes free or registers meanwhile rings too. Each call keeps its own
// time-out.
#include "control/call/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 5000, KEY_MAX = 160 };

struct queue {
	TAILQ_ENTRY(queue) link;
	struct tenant *tenant;
	char key[KEY_MAX]; // call flow and step: the same queue across a reload
	TAILQ_HEAD(, call) calls;
	struct timer retry; // a phone was refused: ring again after a pause
};

static bool has_somebody(const struct call *c)
{
	for (uint32_t i = 0; i < c->step->users; i++)
		if (ring_may(c, c->step->user[i]))
			return true;
	return false;
}

// Whom nobody of the step may be rung for (the only one has parked him) does not keep the others
// waiting.
static struct call *first(const struct queue *q)
{
	struct call *c;

	TAILQ_FOREACH(c, &q->calls, in_queue)
		if (c->guest == NULL || has_somebody(c))
			return c;
	return NULL;
}

static void serve(struct queue *q)
{
	struct call *head = first(q);

	if (head == NULL || head->guest == NULL || head->winner != NULL || timer_armed(&q->retry))
		return;
	for (uint32_t i = 0; i < head->step->users; i++)
		if (!tenant_user_busy(q->tenant, head->step->user[i]->name))
			ring_user(head, head->step->user[i]);
}

static void retry(struct timer *timer, uint64_t)
{
	struct queue *q = TIMER_OWNER(timer, struct queue, retry);

	serve(q);
	exchange_settle(q->tenant->x);
}

static struct queue *queue_of(struct call *c)
{
	char key[KEY_MAX];
	struct queue *q;

	snprintf(key, sizeof(key), "%s/%u", c->plan->name, c->at);
	TAILQ_FOREACH(q, &c->tenant->queues, link)
		if (strcmp(q->key, key) == 0)
			return q;
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return NULL;
	q->tenant = c->tenant;
	memcpy(q->key, key, sizeof(key));
	TAILQ_INIT(&q->calls);
	timer_init(&q->retry, retry);
	TAILQ_INSERT_TAIL(&c->tenant->queues, q, link);
	return q;
}

void queue_enter(struct call *c)
{
	struct queue *q;

	if (c->guest == NULL)
		return;
	q = queue_of(c);
	if (q == NULL)
		return; // his time-out takes him further
	c->winner = NULL;
	c->queue = q;
	TAILQ_INSERT_TAIL(&q->calls, c, in_queue);
	serve(q);
}

static void serve_later(void *what, int)
{
	serve(what);
}

void queue_leave(struct call *c)
{
	struct queue *q = c->queue;

	if (q == NULL)
		return;
	c->queue = NULL;
	TAILQ_REMOVE(&q->calls, c, in_queue);
	exchange_post(c->x, serve_later, q, 0);
}

void queue_refused(struct call *c)
{
	clock_arm(c->x->plan.clock, &c->queue->retry, exchange_now(c->x) + RETRY_MS);
}

void queue_serve_all(struct tenant *t)
{
	struct queue *q;

	TAILQ_FOREACH(q, &t->queues, link)
		serve(q);
}

void queue_free_all(struct tenant *t)
{
	struct queue *q = TAILQ_FIRST(&t->queues);

	while (q != NULL) {
		struct queue *next = TAILQ_NEXT(q, link);

		clock_disarm(t->x->plan.clock, &q->retry);
		free(q);
		q = next;
	}
	TAILQ_INIT(&t->queues);
}
