// SPDX-License-Identifier: BSD-3-Clause
//
// core.plan and core.move: who of layby-media polls which queue, and another who shall. The plan
// is layby-media's own text; here it is only read.
#include "control/admin/methods.h"

#include <stdio.h>
#include <string.h>

static enum rpc_error load_plan(struct request *q, json_t **out)
{
	const struct admin_ops *ops = q->rpc->ops;
	const char *text = ops->plan != NULL ? ops->plan(ops->ctx) : NULL;

	*out = text != NULL ? json_loads(text, 0, NULL) : NULL;
	return *out != NULL ? RPC_OK : RPC_MEDIA;
}

enum rpc_error core_plan(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	json_t *plan;
	enum rpc_error error = load_plan(q, &plan);

	if (error != RPC_OK)
		return error;
	json_object_set_new(plan, "move", json_string(ops->moved(ops->ctx)));
	q->result = plan;
	return RPC_OK;
}

static uint64_t number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

// The line of the plan for this queue, or NULL.
static const json_t *find_queue(const json_t *plan, const char *port, uint64_t queue)
{
	const json_t *queues = json_object_get(plan, "queues");

	for (size_t i = 0; i < json_array_size(queues); i++) {
		const json_t *line = json_array_get(queues, i);
		const char *name = json_string_value(json_object_get(line, "port"));

		if (name != NULL && strcmp(name, port) == 0 && number(line, "queue") == queue)
			return line;
	}
	return NULL;
}

static enum rpc_error move(struct request *q, const json_t *plan)
{
	const struct admin_ops *ops = q->rpc->ops;
	const char *port = param_text(q, "port");
	uint64_t queue = param_count(q, "queue", 0);
	uint64_t worker = param_count(q, "worker", 0);
	const json_t *line = find_queue(plan, port, queue);

	if (line == NULL) {
		snprintf(q->why, sizeof(q->why), "there is no queue %u of a port \"%.255s\"",
			(unsigned)queue, port);
		q->param = "queue";
		return RPC_QUEUE;
	}
	if (worker > number(plan, "workers")) {
		snprintf(q->why, sizeof(q->why), "there is no worker %u: there are %u",
			(unsigned)worker, (unsigned)number(plan, "workers"));
		q->param = "worker";
		return RPC_QUEUE;
	}
	if (!ops->move(ops->ctx, (uint32_t)number(line, "number"), (uint32_t)queue,
		    (uint32_t)worker - 1))
		return RPC_MEDIA;
	q->result = json_object();
	json_object_set_new(q->result, "move", json_string(ops->moved(ops->ctx)));
	return RPC_OK;
}

enum rpc_error core_move(struct request *q)
{
	json_t *plan;
	enum rpc_error error = load_plan(q, &plan);

	if (error == RPC_OK)
		error = move(q, plan);
	json_decref(plan);
	return error;
}
