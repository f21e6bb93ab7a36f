// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/queue_move.h"

#include <assert.h>

static struct order order(enum order_kind kind, const struct attach_queue *q)
{
	return (struct order){ .kind = kind,
		.queue = { .port = (uint16_t)q->port, .queue = (uint16_t)q->queue } };
}

static bool is_there(const struct config *map, const struct attach_queue *q)
{
	return q->port < map->ports && q->queue < map->port[q->port].queues &&
	       q->worker < map->workers;
}

void queue_move_begin(struct queue_move *j, struct config *map, const struct attach_message *m,
	struct orders *const workers[])
{
	assert(j->state == MOVE_NONE);
	*j = (struct queue_move){ .what = attach_queue_of(m), .answer = *m };
	j->answer.version = ATTACH_VERSION;
	j->answer.kind = ATTACH_MOVED;
	j->answer.outcome = is_there(map, &j->what) ? ATTACH_OK : ATTACH_UNKNOWN;
	if (j->answer.outcome != ATTACH_OK)
		return;

	uint32_t from = map->port[j->what.port].poller[j->what.queue];
	if (from == j->what.worker)
		return;
	j->state = MOVE_LEAVING;
	orders_give(workers[from], order(ORDER_LEAVE, &j->what));
}

bool queue_move_happen(struct queue_move *j, struct config *map, const struct report *report,
	struct orders *const workers[])
{
	const struct attach_queue *q = &j->what;

	if (j->state == MOVE_LEAVING && report->kind == REPORT_LEFT) {
		j->state = MOVE_TAKING;
		orders_give(workers[q->worker], order(ORDER_POLL, q));
		return false;
	}
	assert(j->state == MOVE_TAKING && report->kind == REPORT_POLLS);
	j->state = MOVE_NONE;
	map->port[q->port].poller[q->queue] = (uint16_t)q->worker;
	return true;
}
