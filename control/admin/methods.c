// SPDX-License-Identifier: BSD-3-Clause
//
// The table of methods, and those that concern the core itself.
#include "control/admin/methods.h"

#include "control/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { API_VERSION = 1 };

static json_t *counted(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *media_info(const struct admin_ops *ops, const struct admin_info *info)
{
	uint32_t workers = ops->workers != NULL ? ops->workers(ops->ctx) : 0;
	json_t *o = json_object();

	json_object_set_new(o, "attached", json_boolean(info->media_attached));
	json_object_set_new(o, "workers", counted(info->media_attached ? workers : 0));
	json_object_set_new(o, "flows_open", counted(info->flows_open));
	json_object_set_new(o, "flows_free", counted(info->flows_free));
	return o;
}

static enum rpc_error system_info(struct request *q)
{
	const struct rpc *r = q->rpc;
	struct admin_info info = { 0 };
	json_t *o = json_object();

	r->ops->info(r->ops->ctx, &info);
	json_object_set_new(o, "name", json_string("layby-core"));
	json_object_set_new(o, "version", json_string(LAYBY_VERSION));
	json_object_set_new(o, "api", json_integer(API_VERSION));
	json_object_set_new(o, "run", json_string(r->events.run));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "uptime_s", counted((r->now_ms - r->started_ms) / 1000));
	json_object_set_new(o, "media", media_info(r->ops, &info));
	json_object_set_new(o, "accounts", counted(info.accounts));
	json_object_set_new(o, "contacts", counted(info.contacts));
	json_object_set_new(o, "calls", counted(info.calls));
	json_object_set_new(o, "parked", counted(info.parked));
	json_object_set_new(o, "connections", counted(r->connections));
	json_object_set_new(o, "seq", counted(r->events.last));
	q->result = o;
	return RPC_OK;
}

static json_t *params_object(const struct param *param)
{
	json_t *list = json_array();

	for (; param->name != NULL; param++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(param->name));
		json_object_set_new(o, "type", json_string(param_type_name(param->type)));
		json_object_set_new(o, "required", json_boolean(param->required));
		json_object_set_new(o, "help", json_string(param->help));
		json_array_append_new(list, o);
	}
	return list;
}

static enum rpc_error rpc_methods(struct request *q)
{
	json_t *list = json_array();

	for (size_t i = 0; i < methods_count; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(methods[i].name));
		json_object_set_new(o, "help", json_string(methods[i].help));
		json_object_set_new(o, "changes", json_boolean(methods[i].changes));
		json_object_set_new(o, "params", params_object(methods[i].param));
		json_array_append_new(list, o);
	}
	q->result = json_object();
	json_object_set_new(q->result, "methods", list);
	return RPC_OK;
}

// Reading a pipe or a device would make the core wait for whoever is at its other end.
static enum rpc_error readable(struct request *q, const char *path)
{
	struct stat st;

	if (path[0] != '/')
		snprintf(q->why, sizeof(q->why),
			"\"%.255s\" is not a full path; the core has another directory than you",
			path);
	else if (stat(path, &st) < 0)
		snprintf(q->why, sizeof(q->why), "%.255s: %s", path, strerrordesc_np(errno));
	else if (!S_ISREG(st.st_mode))
		snprintf(q->why, sizeof(q->why), "%.255s is not a file", path);
	else
		return RPC_OK;
	q->param = "path";
	return RPC_FILE;
}

static enum rpc_error config_check(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	const char *path = param_text(q, "path");
	enum rpc_error error = path != NULL ? readable(q, path) : RPC_OK;

	if (error != RPC_OK)
		return error;
	if (!ops->check(ops->ctx, path, q->why, sizeof(q->why)))
		return RPC_REFUSED;
	q->result = json_object();
	json_object_set_new(q->result, "ok", json_true());
	return RPC_OK;
}

static enum rpc_error account_reload(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	struct admin_info info = { 0 };

	if (!ops->reload(ops->ctx, q->why, sizeof(q->why)))
		return RPC_REFUSED;
	ops->info(ops->ctx, &info);
	q->result = json_object();
	json_object_set_new(q->result, "accounts", counted(info.accounts));
	return RPC_OK;
}

static enum rpc_error log_set(struct request *q)
{
	const char *text = param_text(q, "level");
	enum log_level level;

	if (!log_level_read(&level, text)) {
		snprintf(q->why, sizeof(q->why),
			"\"level\" must be error, warning, notice, info or debug");
		q->param = "level";
		return RPC_PARAMS;
	}
	log_set_level(level);
	q->result = json_object();
	json_object_set_new(q->result, "level", json_string(text));
	return RPC_OK;
}

// clang-format off
#define SEQ_MAX  9007199254740991 // 2^53 - 1: what every JSON reader keeps exactly
#define TEXT(name, help)   { name, PARAM_TEXT, false, 0, 0, help }
#define NEEDED(name, help) { name, PARAM_TEXT, true, 0, 0, help }
#define SINCE              { "since", PARAM_COUNT, false, 0, SEQ_MAX, "events after this number" }
#define RUN                TEXT("run", "the run that number is of")
#define PAGED              { "cursor", PARAM_CURSOR, false, 0, 0, "where the page begins: \"next\" of the page before" }, \
	                   { "limit", PARAM_COUNT, false, 1, 1000, "rows at most; 100 unless said" }

const struct method methods[] = {
	{ "system.info", "what runs here, for how long, and how busy it is", false, system_info, { { 0 } } },
	{ "rpc.methods", "this list", false, rpc_methods, { { 0 } } },
	{ "lot.list", "the lots, and how many of their slots are used", false, lot_list,
	  { TEXT("account", "only of this account"), PAGED } },
	{ "slot.list", "the calls that wait in a slot, in the order of their parking", false, slot_list,
	  { TEXT("account", "only of this account"), TEXT("lot", "only of this lot of the account"),
	    TEXT("state", "only slots in this state"), PAGED } },
	{ "call.list", "the calls, in the order of their beginning", false, call_list,
	  { TEXT("account", "only of this account"), TEXT("state", "only calls in this state"), PAGED } },
	{ "call.quality", "how the legs of a call are heard; asking makes the workers answer anew", false,
	  call_quality, { NEEDED("ref", "of the call") } },
	{ "call.record", "record a call into a file of layby-media, with a pause in it if need be", true, call_record,
	  { NEEDED("ref", "of the call"), NEEDED("state", "on, pause, resume or off") } },
	{ "user.list", "the users of an account: who can be reached, who is busy", false, user_list,
	  { NEEDED("account", "of this account"), PAGED } },
	{ "stats.get", "the counters of SIP, of each worker and of the control socket", false, stats_get,
	  { { "help", PARAM_FLAG, false, 0, 0, "also say what each counter counts" } } },
	{ "core.plan", "which worker of layby-media polls which queue, and whose the addresses are", false,
	  core_plan, { { 0 } } },
	{ "core.move", "let another worker poll a queue; core.plan says what became of it", true, core_move,
	  { NEEDED("port", "by its name"), { "queue", PARAM_COUNT, true, 0, 63, "of the port" },
	    { "worker", PARAM_COUNT, true, 1, 64, "the first is 1" } } },
	{ "config.check", "read the accounts' file, say what is wrong, keep nothing", false, config_check,
	  { TEXT("path", "full path of another file") } },
	{ "account.reload", "take the accounts' file whole, or nothing of it", true, account_reload, { { 0 } } },
	{ "log.set", "how much the core logs", true, log_set,
	  { NEEDED("level", "error, warning, notice, info or debug") } },
	{ "events.subscribe", "send every event on this connection, as it happens", false, events_subscribe,
	  { SINCE, RUN } },
	{ "events.list", "the events that are still kept", false, events_list,
	  { SINCE, RUN, { "limit", PARAM_COUNT, false, 1, 1000, "events at most; 100 unless said" } } },
};
// clang-format on

const size_t methods_count = sizeof(methods) / sizeof(methods[0]);

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < methods_count; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
