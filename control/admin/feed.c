// SPDX-License-Identifier: BSD-3-Clause
//
// events.subscribe and events.list: what happened, to whoever asks. What subscribers get is
// written by reader_next().
#include "control/admin/methods.h"

#include <string.h>

enum { LIST_DEFAULT = 100, LIST_BYTES = 262144 };

static void set_count(json_t *o, const char *name, uint64_t n)
{
	json_object_set_new(o, name, json_integer((json_int_t)n));
}

static json_t *position(const struct events *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "run", json_string(e->run));
	set_count(o, "seq", e->last);
	set_count(o, "oldest", events_oldest(e));
	return o;
}

enum rpc_error events_subscribe(struct request *q)
{
	const struct events *e = &q->rpc->events;

	reader_start(&q->asker->reader, e, param_count(q, "since", e->last), param_text(q, "run"));
	q->result = position(e);
	return RPC_OK;
}

// The events from *seq on, as many as there is room for; *seq is the one that comes next.
static json_t *gather(const struct events *e, uint64_t *seq, uint64_t limit)
{
	json_t *list = json_array();
	size_t bytes = 0;

	for (; *seq <= e->last && limit > 0 && bytes < LIST_BYTES; (*seq)++) {
		const char *text = events_text(e, *seq);

		if (text == NULL)
			continue;
		json_array_append_new(list, json_loads(text, 0, NULL));
		bytes += strlen(text);
		limit--;
	}
	return list;
}

enum rpc_error events_list(struct request *q)
{
	const struct events *e = &q->rpc->events;
	struct reader r;
	uint64_t seq;
	bool gap;

	reader_start(&r, e, param_count(q, "since", 0), param_text(q, "run"));
	gap = r.restarted || r.next < events_oldest(e);
	seq = r.next < events_oldest(e) ? events_oldest(e) : r.next;
	q->result = position(e);
	json_object_set_new(
		q->result, "events", gather(e, &seq, param_count(q, "limit", LIST_DEFAULT)));
	json_object_set_new(q->result, "gap", json_boolean(gap));
	set_count(q->result, "next", seq - 1);
	return RPC_OK;
}
