// SPDX-License-Identifier: BSD-3-Clause
//
// What can be asked: one table from which rpc.methods, the checks of parameters and the table in
// docs/CONTROL.md come.
#pragma once

#include "control/admin/rpc.h"

enum { REQUEST_WHY_MAX = 768, METHOD_PARAMS_MAX = 6, METHOD_TEXT_MAX = 255 };

// One request under way.
struct request {
	struct rpc *rpc;
	struct asker *asker;
	json_t *params;            // an object that fits the method's list
	json_t *result;            // the method's, when it returns RPC_OK
	const char *param;         // which one was wrong, or NULL
	char why[REQUEST_WHY_MAX]; // a better sentence than the error's own; "" is none
};

enum param_type {
	PARAM_TEXT,   // a string of 1 to METHOD_TEXT_MAX bytes
	PARAM_CURSOR, // what `next` of an earlier page said
	PARAM_COUNT,  // an integer from min to max
	PARAM_FLAG,   // true or false
};

struct param {
	const char *name;
	enum param_type type;
	bool required;
	uint64_t min, max;
	const char *help;
};

typedef enum rpc_error (*method_fn)(struct request *q);

struct method {
	const char *name, *help;
	bool changes; // something: who did it is logged
	method_fn run;
	struct param param[METHOD_PARAMS_MAX + 1]; // the last one has no name
};

extern const struct method methods[];
extern const size_t methods_count;

// NULL: there is none.
const struct method *method_find(const char *name);
const char *param_type_name(enum param_type type);

// --- for the methods

// Is every parameter known, of its type, in its range, and every required one there?
enum rpc_error params_check(struct request *q, const struct param *param);
// NULL when it was not given.
const char *param_text(const struct request *q, const char *name);
uint64_t param_count(const struct request *q, const char *name, uint64_t otherwise);
uint64_t param_cursor(const struct request *q, const char *name);
bool param_flag(const struct request *q, const char *name);
// RPC_OK when `account` and `lot`, where given, exist.
enum rpc_error params_known(struct request *q);

// lists.c
enum rpc_error slot_list(struct request *q);
enum rpc_error call_list(struct request *q);
enum rpc_error lot_list(struct request *q);
enum rpc_error user_list(struct request *q);
// cores.c
enum rpc_error core_plan(struct request *q);
enum rpc_error core_move(struct request *q);
// quality.c
enum rpc_error call_quality(struct request *q);
// recordings.c
enum rpc_error call_record(struct request *q);
// counters.c
enum rpc_error stats_get(struct request *q);
// feed.c
enum rpc_error events_subscribe(struct request *q);
enum rpc_error events_list(struct request *q);
