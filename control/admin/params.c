// SPDX-License-Identifier: BSD-3-Clause
//
// Parameters are given by name and checked against the method's list before it runs: what is
// misspelt is refused, not passed over.
#include "control/admin/methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
	[PARAM_TEXT] = "text",
	[PARAM_CURSOR] = "cursor",
	[PARAM_COUNT] = "integer",
	[PARAM_FLAG] = "true or false",
};

const char *param_type_name(enum param_type type)
{
	return type_names[type];
}

static const struct param *spec_of(const struct param *param, const char *name)
{
	for (; param->name != NULL; param++)
		if (strcmp(param->name, name) == 0)
			return param;
	return NULL;
}

__attribute__((format(printf, 3, 4))) static enum rpc_error refuse(
	struct request *q, const char *param, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(q->why, sizeof(q->why), fmt, ap);
	va_end(ap);
	q->param = param;
	return RPC_PARAMS;
}

static bool is_cursor(const json_t *v)
{
	size_t len = json_string_length(v);
	const char *s = json_string_value(v);

	return s != NULL && len > 0 && len < 20 && strspn(s, "0123456789") == len;
}

static enum rpc_error check_text(struct request *q, const struct param *p, const json_t *v)
{
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return refuse(q, p->name, "\"%s\" must be a string", p->name);
	if (len == 0 || len > METHOD_TEXT_MAX)
		return refuse(
			q, p->name, "\"%s\" must have 1 to %d bytes", p->name, METHOD_TEXT_MAX);
	return RPC_OK;
}

static enum rpc_error check_count(struct request *q, const struct param *p, const json_t *v)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || (uint64_t)n < p->min || (uint64_t)n > p->max)
		return refuse(q, p->name, "\"%s\" must be an integer from %" PRIu64 " to %" PRIu64,
			p->name, p->min, p->max);
	return RPC_OK;
}

static enum rpc_error check_one(struct request *q, const struct param *p, const json_t *v)
{
	switch (p->type) {
	case PARAM_TEXT:
		return check_text(q, p, v);
	case PARAM_COUNT:
		return check_count(q, p, v);
	case PARAM_CURSOR:
		if (is_cursor(v))
			return RPC_OK;
		return refuse(q, p->name, "\"%s\" must be what \"next\" said", p->name);
	case PARAM_FLAG:
		if (json_is_boolean(v))
			return RPC_OK;
		return refuse(q, p->name, "\"%s\" must be true or false", p->name);
	}
	abort();
}

static enum rpc_error check_given(struct request *q, const struct param *param)
{
	const char *name;
	json_t *v;

	json_object_foreach(q->params, name, v)
	{
		const struct param *p = spec_of(param, name);
		enum rpc_error error;

		if (p == NULL)
			return refuse(q, name, "there is no parameter \"%.64s\" here", name);
		error = check_one(q, p, v);
		if (error != RPC_OK)
			return error;
	}
	return RPC_OK;
}

enum rpc_error params_check(struct request *q, const struct param *param)
{
	enum rpc_error error;

	// An empty list is as good as none (section 4.2).
	if (json_is_array(q->params) && json_array_size(q->params) > 0)
		return refuse(
			q, NULL, "parameters are given by name: \"params\" must be an object");
	error = check_given(q, param);
	for (; error == RPC_OK && param->name != NULL; param++)
		if (param->required && json_object_get(q->params, param->name) == NULL)
			error = refuse(q, param->name, "\"%s\" is missing", param->name);
	return error;
}

const char *param_text(const struct request *q, const char *name)
{
	return json_string_value(json_object_get(q->params, name));
}

uint64_t param_count(const struct request *q, const char *name, uint64_t otherwise)
{
	const json_t *v = json_object_get(q->params, name);

	return v != NULL ? (uint64_t)json_integer_value(v) : otherwise;
}

uint64_t param_cursor(const struct request *q, const char *name)
{
	const char *text = param_text(q, name);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

bool param_flag(const struct request *q, const char *name)
{
	return json_is_true(json_object_get(q->params, name));
}

enum rpc_error params_known(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	const char *account = param_text(q, "account");
	const char *lot = param_text(q, "lot");

	if (lot != NULL && account == NULL)
		return refuse(q, "account", "\"lot\" needs \"account\": lots belong to accounts");
	if (account == NULL)
		return RPC_OK;
	if (!ops->known(ops->ctx, account, NULL)) {
		snprintf(q->why, sizeof(q->why), "there is no account \"%.255s\"", account);
		return RPC_ACCOUNT;
	}
	if (lot != NULL && !ops->known(ops->ctx, account, lot)) {
		snprintf(q->why, sizeof(q->why), "account \"%.255s\" has no lot \"%.255s\"",
			account, lot);
		return RPC_LOT;
	}
	return RPC_OK;
}
