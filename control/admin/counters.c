// SPDX-License-Identifier: BSD-3-Clause
//
// stats.get: the books of SIP, of each worker and of the control socket itself. Names and
// sentences come from the lists in which the counters are born.
#include "control/admin/methods.h"
#include "control/sip/stats.h"
#include "dataplane/stats.h"

static void set_count(json_t *o, const char *name, uint64_t n)
{
	json_object_set_new(o, name, json_integer((json_int_t)n));
}

static json_t *sip_counters(const struct sip_stats *s)
{
	json_t *o = json_object();

#define X(name, help) set_count(o, #name, s->name);
	SIP_STAT_LIST(X)
#undef X
	return o;
}

static json_t *worker_counters(const struct worker_stats *s)
{
	json_t *o = json_object();

#define X(name, help) set_count(o, #name, stat_read(&s->name));
	WORKER_STAT_LIST(X)
#undef X
	return o;
}

static json_t *control_counters(const struct admin_stats *s)
{
	json_t *o = json_object();

#define X(name, help) set_count(o, #name, s->name);
	ADMIN_STAT_LIST(X)
#undef X
	return o;
}

static json_t *workers(const struct admin_ops *ops)
{
	uint32_t n = ops->workers != NULL && ops->worker != NULL ? ops->workers(ops->ctx) : 0;
	json_t *list = json_array();

	for (uint32_t i = 0; i < n; i++) {
		const struct worker_stats *s = ops->worker(ops->ctx, i);
		json_t *o;

		if (s == NULL)
			continue;
		o = json_object();
		set_count(o, "worker", i);
		json_object_set_new(o, "counters", worker_counters(s));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *sentences(void)
{
	json_t *sip = json_object();
	json_t *worker = json_object();
	json_t *control = json_object();
	json_t *o = json_object();

#define X(name, help) json_object_set_new(sip, #name, json_string(help));
	SIP_STAT_LIST(X)
#undef X
#define X(name, help) json_object_set_new(worker, #name, json_string(help));
	WORKER_STAT_LIST(X)
#undef X
#define X(name, help) json_object_set_new(control, #name, json_string(help));
	ADMIN_STAT_LIST(X)
#undef X
	json_object_set_new(o, "sip", sip);
	json_object_set_new(o, "worker", worker);
	json_object_set_new(o, "control", control);
	return o;
}

enum rpc_error stats_get(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	const struct sip_stats *sip = ops->sip_stats != NULL ? ops->sip_stats(ops->ctx) : NULL;
	json_t *o = json_object();

	json_object_set_new(o, "sip", sip != NULL ? sip_counters(sip) : json_object());
	json_object_set_new(o, "workers", workers(ops));
	json_object_set_new(o, "control", control_counters(&q->rpc->stats));
	if (param_flag(q, "help"))
		json_object_set_new(o, "help", sentences());
	q->result = o;
	return RPC_OK;
}
