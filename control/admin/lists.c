// SPDX-License-Identifier: BSD-3-Clause
//
// slot.list, call.list, lot.list, user.list: page by page, so that no list is ever long work for
// the core. A page ends at its limit of rows or of bytes; "next" is where the next one begins.
#include "control/admin/methods.h"
#include "control/admin/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_BYTES = 262144, PAGE_ROWS = 100 };

struct page {
	const char *account, *lot, *state; // NULL: any
	uint64_t after;                    // where the last page ended
	uint64_t at;                       // the row that was taken last
	uint64_t place;                    // rows without an id: how many went by
	uint64_t limit;
	size_t bytes;
	bool more, failed;
	json_t *rows;
};

static bool same(const char *wanted, const char *has)
{
	return wanted == NULL || (has != NULL && strcmp(wanted, has) == 0);
}

static void set_text(json_t *o, const char *name, const char *text)
{
	json_object_set_new(o, name, text_json(text, ADMIN_TEXT_MAX));
}

static void set_count(json_t *o, const char *name, uint64_t n)
{
	json_object_set_new(o, name, json_integer((json_int_t)n));
}

// Is there room for one more? Asked before a row is made.
static bool room(struct page *p)
{
	p->more = p->bytes >= PAGE_BYTES || json_array_size(p->rows) >= p->limit;
	return !p->more;
}

static bool take(struct page *p, uint64_t id, json_t *row)
{
	p->bytes += json_dumpb(row, NULL, 0, JSON_COMPACT);
	p->failed = row == NULL || json_array_append_new(p->rows, row) < 0;
	p->at = id;
	return !p->failed;
}

static bool take_slot(void *arg, const struct slot_row *row)
{
	struct page *p = arg;
	json_t *o;

	if (row->id <= p->after || !same(p->account, row->account) || !same(p->lot, row->lot) ||
		!same(p->state, row->state))
		return true;
	if (!room(p))
		return false;
	o = json_object();
	set_text(o, "account", row->account);
	set_text(o, "lot", row->lot);
	set_count(o, "slot", row->slot);
	set_text(o, "state", row->state);
	set_text(o, "caller", row->caller);
	set_text(o, "caller_name", row->caller_name);
	set_text(o, "parker", row->parker);
	set_count(o, "since_s", row->since_s);
	if (row->remaining_s == ADMIN_NO_TIMEOUT)
		json_object_set_new(o, "remaining_s", json_null());
	else
		set_count(o, "remaining_s", row->remaining_s);
	set_text(o, "ref", row->ref);
	return take(p, row->id, o);
}

static bool take_call(void *arg, const struct call_row *row)
{
	struct page *p = arg;
	json_t *o;

	if (row->id <= p->after || !same(p->account, row->account) || !same(p->state, row->state))
		return true;
	if (!room(p))
		return false;
	o = json_object();
	set_text(o, "ref", row->ref);
	set_text(o, "account", row->account);
	set_text(o, "state", row->state);
	set_text(o, "from", row->from);
	set_text(o, "to", row->to);
	set_text(o, "flow", row->flow);
	set_count(o, "step", row->step);
	set_text(o, "kind", row->kind);
	set_count(o, "slot", row->slot);
	set_count(o, "since_s", row->since_s);
	return take(p, row->id, o);
}

static bool take_lot(void *arg, const struct lot_row *row)
{
	struct page *p = arg;
	json_t *o;

	if (!same(p->account, row->account) || ++p->place <= p->after)
		return true;
	if (!room(p))
		return false;
	o = json_object();
	set_text(o, "account", row->account);
	set_text(o, "lot", row->lot);
	set_count(o, "first", row->first);
	set_count(o, "last", row->last);
	set_count(o, "used", row->used);
	set_count(o, "timeout_s", row->timeout_s);
	return take(p, p->place, o);
}

static bool take_user(void *arg, const struct user_row *row)
{
	struct page *p = arg;
	json_t *o;

	if (++p->place <= p->after)
		return true;
	if (!room(p))
		return false;
	o = json_object();
	set_text(o, "user", row->user);
	set_text(o, "display", row->display);
	json_object_set_new(o, "reachable", json_boolean(row->contacts > 0));
	json_object_set_new(o, "busy", json_boolean(row->busy));
	set_count(o, "contacts", row->contacts);
	set_text(o, "contact", row->contact);
	return take(p, p->place, o);
}

// states: NULL when the domain does not say which there are.
static enum rpc_error check_state(struct request *q, const char *const *states)
{
	const char *wanted = param_text(q, "state");

	if (wanted == NULL || states == NULL)
		return RPC_OK;
	for (; *states != NULL; states++)
		if (strcmp(*states, wanted) == 0)
			return RPC_OK;
	snprintf(q->why, sizeof(q->why), "there is no state \"%.255s\"", wanted);
	q->param = "state";
	return RPC_PARAMS;
}

static enum rpc_error page_open(struct request *q, struct page *p, const char *const *states)
{
	enum rpc_error error = params_known(q);

	if (error == RPC_OK)
		error = check_state(q, states);
	if (error == RPC_OK)
		*p = (struct page){ .account = param_text(q, "account"),
			.lot = param_text(q, "lot"),
			.state = param_text(q, "state"),
			.after = param_cursor(q, "cursor"),
			.limit = param_count(q, "limit", PAGE_ROWS),
			.rows = json_array() };
	return error;
}

// The page carries the number of the last event, so that whoever subscribes from there misses
// nothing and sees nothing twice.
static enum rpc_error page_close(struct request *q, struct page *p, const char *name)
{
	const struct events *e = &q->rpc->events;
	char next[24];
	json_t *o;

	if (p->failed || p->rows == NULL) {
		json_decref(p->rows);
		return RPC_INTERNAL;
	}
	snprintf(next, sizeof(next), "%" PRIu64, p->at);
	o = json_object();
	json_object_set_new(o, name, p->rows);
	json_object_set_new(o, "next", p->more ? json_string(next) : json_null());
	set_count(o, "seq", e->last);
	json_object_set_new(o, "run", json_string(e->run));
	q->result = o;
	return RPC_OK;
}

enum rpc_error slot_list(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	struct page p;
	enum rpc_error error = page_open(q, &p, ops->slot_states);

	if (error != RPC_OK)
		return error;
	ops->slots(ops->ctx,
		&(struct slot_query){
			.account = p.account, .lot = p.lot, .state = p.state, .after = p.after },
		take_slot, &p);
	return page_close(q, &p, "slots");
}

enum rpc_error call_list(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	struct page p;
	enum rpc_error error = page_open(q, &p, ops->call_states);

	if (error != RPC_OK)
		return error;
	ops->calls(ops->ctx, &(struct call_query){ .account = p.account, .after = p.after },
		take_call, &p);
	return page_close(q, &p, "calls");
}

enum rpc_error lot_list(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	struct page p;
	enum rpc_error error = page_open(q, &p, NULL);

	if (error != RPC_OK)
		return error;
	ops->lots(ops->ctx, p.account, take_lot, &p);
	return page_close(q, &p, "lots");
}

enum rpc_error user_list(struct request *q)
{
	const struct admin_ops *ops = q->rpc->ops;
	struct page p;
	enum rpc_error error = page_open(q, &p, NULL);

	if (error != RPC_OK)
		return error;
	ops->users(ops->ctx, p.account, take_user, &p);
	return page_close(q, &p, "users");
}
