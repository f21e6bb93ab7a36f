// SPDX-License-Identifier: BSD-3-Clause
//
// Lists, fetched page by page and shown whole.
#include "control/ctl/command.h"
#include "control/ctl/table.h"
#include "control/ctl/text.h"

enum { PAGE_ROWS = 1000 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct list {
	const char *method, *key;
	const char *empty; // the sentence when there is nothing
	const struct column *column;
	size_t columns;
};

static const struct column slot_columns[] = {
	{ "ACCOUNT", "account", false, NULL, NULL },
	{ "LOT", "lot", false, NULL, NULL },
	{ "SLOT", "slot", true, NULL, NULL },
	{ "STATE", "state", false, NULL, NULL },
	{ "CALLER", "caller", false, NULL, NULL },
	{ "NAME", "caller_name", false, NULL, NULL },
	{ "PARKED BY", "parker", false, NULL, NULL },
	{ "WAITED (s)", "since_s", true, NULL, NULL },
	{ "LEFT (s)", "remaining_s", true, "never", NULL },
	{ "REF", "ref", false, NULL, NULL },
};

static const struct column call_columns[] = {
	{ "ACCOUNT", "account", false, NULL, NULL },
	{ "STATE", "state", false, NULL, NULL },
	{ "FROM", "from", false, NULL, NULL },
	{ "TO", "to", false, NULL, NULL },
	{ "CALL FLOW", "flow", false, NULL, NULL },
	{ "STEP", "step", true, NULL, "-" },
	{ "KIND", "kind", false, NULL, NULL },
	{ "SLOT", "slot", true, NULL, "-" },
	{ "SINCE (s)", "since_s", true, NULL, NULL },
	{ "REF", "ref", false, NULL, NULL },
};

static const struct column lot_columns[] = {
	{ "ACCOUNT", "account", false, NULL, NULL },
	{ "LOT", "lot", false, NULL, NULL },
	{ "FIRST", "first", true, NULL, NULL },
	{ "LAST", "last", true, NULL, NULL },
	{ "USED", "used", true, NULL, NULL },
	{ "TIMEOUT (s)", "timeout_s", true, NULL, "never" },
};

static const struct column user_columns[] = {
	{ "USER", "user", false, NULL, NULL },
	{ "NAME", "display", false, NULL, NULL },
	{ "REACHABLE", "reachable", false, NULL, NULL },
	{ "BUSY", "busy", false, NULL, NULL },
	{ "CONTACTS", "contacts", true, NULL, NULL },
	{ "NEWEST CONTACT", "contact", false, NULL, NULL },
};

static const struct list slot_list = { "slot.list", "slots", "no call is parked", slot_columns,
	COUNT(slot_columns) };
static const struct list call_list = { "call.list", "calls", "there is no call", call_columns,
	COUNT(call_columns) };
static const struct list lot_list = { "lot.list", "lots", "there is no lot", lot_columns,
	COUNT(lot_columns) };
static const struct list user_list = { "user.list", "users", "there is no user", user_columns,
	COUNT(user_columns) };

// Adds the rows of a page. Returns the cursor of the next one, or NULL: it was the last.
static json_t *add_page(json_t *rows, const struct list *l, json_t *page)
{
	json_t *next = json_object_get(page, "next");

	json_array_extend(rows, json_object_get(page, l->key));
	return json_is_string(next) ? json_incref(next) : NULL;
}

// params is the asker's; what is asked of each page is added to a copy of it.
static enum client_outcome fetch(
	struct session *s, const struct list *l, json_t *params, json_t *rows)
{
	json_t *cursor = NULL;

	do {
		json_t *asked = json_copy(params);
		json_t *page = NULL;
		enum client_outcome o;

		json_object_set_new(asked, "limit", json_integer(PAGE_ROWS));
		if (cursor != NULL)
			json_object_set_new(asked, "cursor", cursor);
		o = client_ask(&s->client, l->method, asked, &page);
		if (o != CLIENT_OK)
			return o;
		cursor = add_page(rows, l, page);
		json_decref(page);
	} while (cursor != NULL);
	return CLIENT_OK;
}

static void show(const struct session *s, const struct list *l, json_t *rows, const char *account)
{
	if (s->options.given[OPTION_JSON]) {
		json_t *o = json_object();

		json_object_set(o, l->key, rows);
		print_json(o);
		json_decref(o);
	} else if (json_array_size(rows) > 0) {
		table_print(stdout, l->column, l->columns, rows);
	} else {
		fputs(l->empty, stdout);
		fputs(account != NULL ? " in account " : "", stdout);
		text_print(stdout, account != NULL ? account : "");
		fputc('\n', stdout);
	}
}

static int run_list(struct session *s, const struct list *l, char **argument)
{
	json_t *params = json_object();
	json_t *rows = json_array();
	enum client_outcome o;

	if (argument[0] != NULL)
		json_object_set_new(params, "account", json_string(argument[0]));
	if (argument[0] != NULL && argument[1] != NULL)
		json_object_set_new(params, "lot", json_string(argument[1]));
	o = fetch(s, l, params, rows);
	if (o == CLIENT_OK)
		show(s, l, rows, argument[0]);
	json_decref(params);
	json_decref(rows);
	return o == CLIENT_OK ? EXIT_DONE : session_failed(s, o);
}

int run_slot_list(struct session *s, char **argument)
{
	return run_list(s, &slot_list, argument);
}

int run_call_list(struct session *s, char **argument)
{
	return run_list(s, &call_list, argument);
}

int run_lot_list(struct session *s, char **argument)
{
	return run_list(s, &lot_list, argument);
}

int run_user_list(struct session *s, char **argument)
{
	return run_list(s, &user_list, argument);
}
