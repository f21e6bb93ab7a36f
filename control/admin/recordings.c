// SPDX-License-Identifier: BSD-3-Clause
//
// call.record: one call into a file.
#include "control/admin/methods.h"

#include <inttypes.h>
#include <stdio.h>

static enum rpc_error refuse(struct request *q, enum admin_record outcome)
{
	switch (outcome) {
	case ADMIN_RECORD_NO_CALL:
		q->param = "ref";
		return RPC_CALL;
	case ADMIN_RECORD_NO_STATE:
		snprintf(q->why, sizeof(q->why), "\"state\" must be on, pause, resume or off");
		q->param = "state";
		return RPC_PARAMS;
	case ADMIN_RECORD_NOT_THERE:
		return RPC_RECORDING;
	case ADMIN_RECORD_NO_MEDIA:
		return RPC_MEDIA;
	case ADMIN_RECORD_DONE:
		break;
	}
	return RPC_OK;
}

enum rpc_error call_record(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	struct recording_row row = { .id = 0 };
	enum admin_record outcome = ADMIN_RECORD_NO_MEDIA;
	char id[24];

	if (ops->record != NULL)
		outcome = ops->record(ops->ctx, param_text(q, "ref"), param_text(q, "state"), &row);
	if (outcome != ADMIN_RECORD_DONE)
		return refuse(q, outcome);
	snprintf(id, sizeof(id), "%016" PRIx64, row.id);
	q->result = json_object();
	json_object_set_new(q->result, "recording", row.id != 0 ? json_string(id) : json_null());
	json_object_set_new(q->result, "state", json_string(row.state));
	return RPC_OK;
}
