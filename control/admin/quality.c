// SPDX-License-Identifier: BSD-3-Clause
//
// call.quality: how the legs of a call are heard. What is said is what the workers answered last;
// asking makes them answer anew, so who asks again a moment later has it fresh.
#include "control/admin/methods.h"
#include "control/admin/text.h"

#include <stdio.h>

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

// 0: not known.
static json_t *opinion(uint8_t tenths)
{
	return tenths != 0 ? json_real(tenths / 10.) : json_null();
}

static json_t *way(const struct quality_way *w)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "packets", number(w->packets), "bytes",
		number(w->bytes), "lost", number(w->lost), "jitter_us", number(w->jitter_us), "mos",
		opinion(w->mos));
}

static void take(void *arg, const struct quality_row *row)
{
	json_t *o = json_object();

	json_object_set_new(o, "leg", json_string(row->leg));
	json_object_set_new(o, "number", text_json(row->number, ADMIN_TEXT_MAX));
	json_object_set_new(o, "known", json_boolean(row->known));
	if (row->known) {
		json_object_set_new(o, "received", way(&row->received));
		json_object_set_new(o, "sent", way(&row->sent));
		json_object_set_new(o, "round_trip_us",
			row->round_trip_us != 0 ? number(row->round_trip_us) : json_null());
	}
	json_array_append_new(arg, o);
}

enum rpc_error call_quality(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	const char *ref = param_text(q, "ref");
	json_t *legs = json_array();

	if (ops->quality == NULL || !ops->quality(ops->ctx, ref, take, legs)) {
		json_decref(legs);
		snprintf(q->why, sizeof(q->why), "there is no such call");
		q->param = "ref";
		return RPC_PARAMS;
	}
	q->result = json_object();
	json_object_set_new(q->result, "legs", legs);
	return RPC_OK;
}
