// SPDX-License-Identifier: BSD-3-Clause
//
// Lines in, lines out; the domain is made up (tests/support/fake_office.h).
#include "control/admin/methods.h"
#include "control/admin/rpc.h"
#include "tests/support/fake_office.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct fake_office office;
static struct admin_ops ops;
static struct rpc rpc;
static struct asker asker;

static void setup(void)
{
	office = (struct fake_office){ .parked = 3, .caller = "Ann" };
	fake_office_ops(&office, &ops);
	rpc = (struct rpc){ .ops = &ops, .started_ms = 1000, .now_ms = 66500 };
	events_init(&rpc.events, 0xabc);
	asker = (struct asker){ .uid = 1000, .pid = 42 };
}

static void teardown(void)
{
	events_clear(&rpc.events);
}

TestSuite(rpc, .init = setup, .fini = teardown);

static char *say_n(const char *line, size_t len)
{
	// The exact size, so that a sanitizer sees a byte read too far.
	char *copy = malloc(len ? len : 1);
	char *out = NULL;

	memcpy(copy, line, len);
	cr_assert(rpc_answer(&rpc, &asker, copy, len, &out));
	free(copy);
	return out;
}

static char *say(const char *line)
{
	return say_n(line, strlen(line));
}

// The parsed answer to a line; must be released.
static json_t *ask(const char *line)
{
	char *text = say(line);
	json_t *o;

	cr_assert(text != NULL, "no answer to %s", line);
	cr_assert(eq(chr, text[strlen(text) - 1], '\n'));
	cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line is one answer");
	o = json_loads(text, 0, NULL);
	cr_assert(o != NULL, "not JSON: %s", text);
	free(text);
	return o;
}

static json_t *ask_method(const char *method, const char *params)
{
	char line[1024];

	snprintf(line, sizeof(line),
		"{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s,\"id\":1}", method, params);
	return ask(line);
}

static json_t *result_of(json_t *answer)
{
	json_t *result = json_object_get(answer, "result");

	cr_assert(result != NULL, "%s", json_dumps(answer, 0));
	return result;
}

// Criterion wants functions where jansson has macros.
static bool is_true(const json_t *o)
{
	return json_is_true(o);
}

static bool is_false(const json_t *o)
{
	return json_is_false(o);
}

static bool is_null(const json_t *o)
{
	return json_is_null(o);
}

static bool is_array(const json_t *o)
{
	return json_is_array(o);
}

static bool is_string(const json_t *o)
{
	return json_is_string(o);
}

static bool is_integer(const json_t *o)
{
	return json_is_integer(o);
}

static json_int_t count_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	cr_assert(is_integer(v), "%s is no integer", key);
	return json_integer_value(v);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	cr_assert(text != NULL, "%s is no text", key);
	return text;
}

struct bad {
	const char *what, *line;
	int code;
	const char *reason, *id; // id: as JSON
};

static const struct bad bad_lines[] = {
	{ "nothing", "", -32700, "parse_error", "null" },
	{ "blanks", "  \r", -32700, "parse_error", "null" },
	{ "half a text", "{\"jsonrpc\":\"2.0\"", -32700, "parse_error", "null" },
	{ "two texts", "{} {}", -32700, "parse_error", "null" },
	{ "bytes that are not UTF-8", "\"\xff\xfe\"", -32700, "parse_error", "null" },
	{ "the same key twice", "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"method\":\"b\",\"id\":1}",
		-32700, "parse_error", "null" },
	{ "a NUL in a string", "{\"jsonrpc\":\"2.0\",\"method\":\"a\\u0000b\",\"id\":1}", -32700,
		"parse_error", "null" },
	{ "a number beyond all bounds", "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1e999}",
		-32700, "parse_error", "null" },
	{ "a number", "1", -32600, "invalid_request", "null" },
	{ "a string", "\"system.info\"", -32600, "invalid_request", "null" },
	{ "null", "null", -32600, "invalid_request", "null" },
	{ "an empty batch", "[]", -32600, "invalid_request", "null" },
	{ "an empty object", "{}", -32600, "invalid_request", "null" },
	{ "no version", "{\"method\":\"system.info\",\"id\":1}", -32600, "invalid_request",
		"null" },
	{ "the old version", "{\"jsonrpc\":\"1.0\",\"method\":\"system.info\",\"id\":1}", -32600,
		"invalid_request", "null" },
	{ "the version as a number", "{\"jsonrpc\":2.0,\"method\":\"system.info\",\"id\":1}",
		-32600, "invalid_request", "null" },
	{ "no method", "{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "invalid_request", "null" },
	{ "a method that is no text", "{\"jsonrpc\":\"2.0\",\"method\":7,\"id\":1}", -32600,
		"invalid_request", "null" },
	{ "an id that is a list", "{\"jsonrpc\":\"2.0\",\"method\":\"system.info\",\"id\":[]}",
		-32600, "invalid_request", "null" },
	{ "an id that is true", "{\"jsonrpc\":\"2.0\",\"method\":\"system.info\",\"id\":true}",
		-32600, "invalid_request", "null" },
	{ "params that are text",
		"{\"jsonrpc\":\"2.0\",\"method\":\"system.info\",\"params\":\"x\",\"id\":1}",
		-32600, "invalid_request", "null" },
	{ "a method that is not there", "{\"jsonrpc\":\"2.0\",\"method\":\"slot.lost\",\"id\":1}",
		-32601, "no_such_method", "1" },
	{ "a method in capitals", "{\"jsonrpc\":\"2.0\",\"method\":\"SLOT.LIST\",\"id\":1}", -32601,
		"no_such_method", "1" },
	{ "a notification of ours sent back",
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"id\":\"x\"}", -32601, "no_such_method",
		"\"x\"" },
};

static void expect_refused(const struct bad *row)
{
	uint64_t errors = rpc.stats.errors;
	json_t *answer = ask(row->line);
	const json_t *error = json_object_get(answer, "error");
	char *id = json_dumps(json_object_get(answer, "id"), JSON_ENCODE_ANY);

	cr_expect(eq(int, (int)count_of(error, "code"), row->code), "%s", row->what);
	cr_expect_str_eq(
		text_of(json_object_get(error, "data"), "reason"), row->reason, "%s", row->what);
	cr_expect_str_eq(id, row->id, "%s", row->what);
	cr_expect_str_neq(text_of(error, "message"), "");
	cr_expect(eq(u64, rpc.stats.errors, errors + 1), "%s is not counted", row->what);
	free(id);
	json_decref(answer);
}

Test(rpc, a_line_that_is_no_request_is_refused_by_name)
{
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++)
		expect_refused(&bad_lines[i]);
}

struct wrong {
	const char *method, *params;
	int code;
	const char *param; // data.param; NULL: none
};

static const struct wrong wrong_params[] = {
	{ "system.info", "{\"x\":1}", -32602, "x" },
	{ "system.info", "[1]", -32602, NULL },
	{ "slot.list", "{\"acount\":\"acme\"}", -32602, "acount" },
	{ "slot.list", "{\"account\":7}", -32602, "account" },
	{ "slot.list", "{\"account\":null}", -32602, "account" },
	{ "slot.list", "{\"account\":\"\"}", -32602, "account" },
	{ "slot.list", "{\"account\":\"nobody\"}", -32001, NULL },
	{ "slot.list", "{\"account\":\"acme\",\"lot\":\"lower\"}", -32002, NULL },
	{ "slot.list", "{\"lot\":\"main\"}", -32602, "account" },
	{ "slot.list", "{\"state\":\"LOST\"}", -32602, "state" },
	{ "slot.list", "{\"limit\":0}", -32602, "limit" },
	{ "slot.list", "{\"limit\":1001}", -32602, "limit" },
	{ "slot.list", "{\"limit\":-1}", -32602, "limit" },
	{ "slot.list", "{\"limit\":1.5}", -32602, "limit" },
	{ "slot.list", "{\"limit\":\"5\"}", -32602, "limit" },
	{ "slot.list", "{\"cursor\":5}", -32602, "cursor" },
	{ "slot.list", "{\"cursor\":\"-1\"}", -32602, "cursor" },
	{ "slot.list", "{\"cursor\":\"5x\"}", -32602, "cursor" },
	{ "slot.list", "{\"cursor\":\"\"}", -32602, "cursor" },
	{ "slot.list", "{\"cursor\":\"99999999999999999999\"}", -32602, "cursor" },
	{ "call.list", "{\"state\":\"OCCUPIED\"}", -32602, "state" },
	{ "call.list", "{\"lot\":\"main\"}", -32602, "lot" },
	{ "user.list", "{}", -32602, "account" },
	{ "user.list", "{\"account\":\"nobody\"}", -32001, NULL },
	{ "stats.get", "{\"help\":1}", -32602, "help" },
	{ "log.set", "{}", -32602, "level" },
	{ "log.set", "{\"level\":\"loud\"}", -32602, "level" },
	{ "config.check", "{\"path\":\"accounts.yaml\"}", -32004, "path" },
	{ "config.check", "{\"path\":\"/no/such/file\"}", -32004, "path" },
	{ "config.check", "{\"path\":\"/dev/zero\"}", -32004, "path" },
	{ "config.check", "{\"path\":\"/tmp\"}", -32004, "path" },
	{ "events.subscribe", "{\"since\":-1}", -32602, "since" },
	{ "events.subscribe", "{\"since\":\"0\"}", -32602, "since" },
	{ "events.list", "{\"since\":9007199254740992}", -32602, "since" },
	{ "events.list", "{\"limit\":0}", -32602, "limit" },
};

static void expect_wrong(const struct wrong *row)
{
	json_t *answer = ask_method(row->method, row->params);
	const json_t *error = json_object_get(answer, "error");
	const char *param =
		json_string_value(json_object_get(json_object_get(error, "data"), "param"));

	cr_expect(eq(int, (int)count_of(error, "code"), row->code), "%s %s", row->method,
		row->params);
	if (row->param == NULL)
		cr_expect_null(param, "%s %s", row->method, row->params);
	else
		cr_expect_str_eq(param, row->param, "%s %s", row->method, row->params);
	json_decref(answer);
}

Test(rpc, a_parameter_that_does_not_fit_is_refused_by_name)
{
	for (size_t i = 0; i < sizeof(wrong_params) / sizeof(wrong_params[0]); i++)
		expect_wrong(&wrong_params[i]);
}

Test(rpc, a_text_that_is_too_long_for_a_name_is_refused)
{
	char params[400] = "{\"account\":\"";

	memset(params + strlen(params), 'a', 256);
	strcat(params, "\"}");
	json_t *answer = ask_method("slot.list", params);
	cr_expect(eq(int, (int)count_of(json_object_get(answer, "error"), "code"), -32602));
	json_decref(answer);
}

Test(rpc, a_notification_is_obeyed_and_not_answered)
{
	char *out = say("{\"jsonrpc\":\"2.0\",\"method\":\"account.reload\"}");

	cr_expect_null(out);
	cr_expect(eq(u32, office.reloads, 1));
	out = say("{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}");
	cr_expect_null(out);
	cr_expect(eq(u64, rpc.stats.requests, 2));
	cr_expect(eq(u64, rpc.stats.errors, 1));
	cr_expect(eq(u64, rpc.stats.changes, 1));
}

Test(rpc, the_id_comes_back_as_it_was)
{
	static const char *const ids[] = { "0", "-7", "1.5", "\"a\\u00e9b\"", "\"\"", "null" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			"{\"jsonrpc\":\"2.0\",\"method\":\"system.info\",\"id\":%s}", ids[i]);
		json_t *answer = ask(line);
		char *id = json_dumps(
			json_object_get(answer, "id"), JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		cr_expect_not_null(json_object_get(answer, "result"));
		// jansson writes hexadecimal digits in capitals.
		cr_expect(eq(int, strcasecmp(id, ids[i]), 0), "%s became %s", ids[i], id);
		free(id);
		json_decref(answer);
	}
}

Test(rpc, a_batch_is_answered_in_order_without_its_notifications)
{
	json_t *answer = ask("[{\"jsonrpc\":\"2.0\",\"method\":\"system.info\",\"id\":1},"
			     "{\"jsonrpc\":\"2.0\",\"method\":\"account.reload\"},"
			     "7,"
			     "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\",\"id\":2}]");

	cr_assert(eq(sz, json_array_size(answer), 3));
	cr_expect_not_null(json_object_get(json_array_get(answer, 0), "result"));
	cr_expect(
		eq(int, (int)count_of(json_object_get(json_array_get(answer, 1), "error"), "code"),
			-32600));
	cr_expect(
		eq(int, (int)count_of(json_object_get(json_array_get(answer, 2), "error"), "code"),
			-32601));
	cr_expect(eq(u32, office.reloads, 1));
	json_decref(answer);
}

Test(rpc, a_batch_of_notifications_is_answered_with_nothing)
{
	char *out = say("[{\"jsonrpc\":\"2.0\",\"method\":\"system.info\"},"
			"{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}]");

	cr_expect_null(out);
}

Test(rpc, a_batch_that_is_too_long_is_refused_and_nothing_of_it_is_done)
{
	char line[8192] = "[";

	for (int i = 0; i <= RPC_BATCH_MAX; i++) {
		strcat(line, i == 0 ? "" : ",");
		strcat(line, "{\"jsonrpc\":\"2.0\",\"method\":\"account.reload\",\"id\":1}");
	}
	strcat(line, "]");
	json_t *answer = ask(line);
	cr_expect(eq(int, (int)count_of(json_object_get(answer, "error"), "code"), -32600));
	cr_expect(eq(u32, office.reloads, 0));
	json_decref(answer);
}

Test(rpc, a_batch_of_great_lists_is_cut_but_each_request_has_its_answer)
{
	char line[8192] = "[";
	int full = 0;
	int refused = 0;

	office.parked = 5000;
	for (int i = 0; i < RPC_BATCH_MAX; i++) {
		strcat(line, i == 0 ? "" : ",");
		strcat(line, "{\"jsonrpc\":\"2.0\",\"method\":\"slot.list\",\"id\":1,"
			     "\"params\":{\"limit\":1000}}");
	}
	strcat(line, "]");
	char *text = say(line);
	cr_expect(lt(sz, strlen(text), 1 << 20), "an answer is bounded");
	json_t *answer = json_loads(text, 0, NULL);
	free(text);
	cr_assert(eq(sz, json_array_size(answer), RPC_BATCH_MAX));
	for (size_t i = 0; i < RPC_BATCH_MAX; i++) {
		const json_t *one = json_array_get(answer, i);

		if (json_object_get(one, "result") != NULL)
			full++;
		else if (count_of(json_object_get(one, "error"), "code") == -32005)
			refused++;
		cr_expect(eq(int, (int)count_of(one, "id"), 1));
	}
	cr_expect(gt(int, full, 1));
	cr_expect(eq(int, full + refused, RPC_BATCH_MAX));
	json_decref(answer);
}

Test(rpc, a_very_deep_text_is_refused_not_followed)
{
	char line[RPC_LINE_MAX];

	memset(line, '[', sizeof(line));
	char *out = say_n(line, sizeof(line));
	cr_assert_not_null(out);
	cr_expect_not_null(strstr(out, "parse_error"));
	free(out);
}

Test(rpc, system_info_says_what_runs_and_for_how_long)
{
	json_t *answer = ask_method("system.info", "{}");
	const json_t *o = result_of(answer);
	const json_t *media = json_object_get(o, "media");

	cr_expect_str_eq(text_of(o, "name"), "layby-core");
	cr_expect_str_eq(text_of(o, "version"), LAYBY_VERSION);
	cr_expect(eq(int, (int)count_of(o, "api"), 1));
	cr_expect(eq(int, (int)count_of(o, "uptime_s"), 65));
	cr_expect(eq(int, (int)count_of(o, "calls"), 4));
	cr_expect(eq(int, (int)count_of(o, "parked"), 3));
	cr_expect(eq(int, (int)count_of(o, "contacts"), 3));
	cr_expect_str_eq(text_of(o, "run"), "0000000000000abc");
	cr_expect(is_true(json_object_get(media, "attached")));
	cr_expect(eq(int, (int)count_of(media, "workers"), 2));
	cr_expect(eq(int, (int)count_of(media, "flows_free"), 93));
	json_decref(answer);
}

Test(rpc, a_slot_is_shown_with_everything_that_is_known_of_it)
{
	json_t *answer = ask_method("slot.list", "{\"account\":\"acme\",\"lot\":\"main\"}");
	const json_t *slots = json_object_get(result_of(answer), "slots");
	const json_t *s = json_array_get(slots, 0);

	cr_assert(eq(sz, json_array_size(slots), 3));
	cr_expect_str_eq(text_of(s, "account"), "acme");
	cr_expect_str_eq(text_of(s, "lot"), "main");
	cr_expect(eq(int, (int)count_of(s, "slot"), 1));
	cr_expect_str_eq(text_of(s, "state"), "OCCUPIED");
	cr_expect_str_eq(text_of(s, "caller"), "+61355500100");
	cr_expect_str_eq(text_of(s, "caller_name"), "Ann");
	cr_expect_str_eq(text_of(s, "parker"), "201");
	cr_expect(eq(int, (int)count_of(s, "since_s"), 11));
	cr_expect(eq(int, (int)count_of(s, "remaining_s"), 109));
	cr_expect_str_eq(text_of(s, "ref"), "ref-1");
	cr_expect(is_null(json_object_get(json_array_get(slots, 1), "remaining_s")));
	json_decref(answer);
}

Test(rpc, a_list_keeps_only_what_was_asked_for)
{
	static const struct {
		const char *method, *params, *key;
		size_t rows;
	} rows[] = {
		{ "slot.list", "{}", "slots", 8 },
		{ "slot.list", "{\"account\":\"empty\"}", "slots", 0 },
		{ "slot.list", "{\"account\":\"acme\",\"lot\":\"upper\"}", "slots", 4 },
		{ "slot.list", "{\"state\":\"RETRIEVING\"}", "slots", 4 },
		{ "call.list", "{}", "calls", 9 },
		{ "call.list", "{\"state\":\"TALKING\"}", "calls", 1 },
		{ "call.list", "{\"account\":\"empty\"}", "calls", 0 },
		{ "lot.list", "{}", "lots", 2 },
		{ "lot.list", "{\"account\":\"empty\"}", "lots", 0 },
		{ "user.list", "{\"account\":\"acme\"}", "users", 3 },
		{ "user.list", "{\"account\":\"empty\"}", "users", 0 },
	};

	office.parked = 8;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *answer = ask_method(rows[i].method, rows[i].params);
		const json_t *list = json_object_get(result_of(answer), rows[i].key);

		cr_expect(is_array(list));
		cr_expect(eq(sz, json_array_size(list), rows[i].rows), "%s %s", rows[i].method,
			rows[i].params);
		cr_expect(is_null(json_object_get(result_of(answer), "next")));
		json_decref(answer);
	}
}

// Walks all pages of a list of this many rows a page; returns how many rows there were.
static size_t walk(const char *method, const char *key, const char *more, int limit, int *pages)
{
	char cursor[64] = "";
	size_t rows = 0;
	bool last = false;

	for (*pages = 0; !last && *pages < 1000; ++*pages) {
		char params[256];

		snprintf(params, sizeof(params), "{\"limit\":%d%s%s}", limit, more, cursor);
		json_t *answer = ask_method(method, params);
		const json_t *next = json_object_get(result_of(answer), "next");
		rows += json_array_size(json_object_get(result_of(answer), key));
		last = json_is_null(next);
		if (!last)
			snprintf(cursor, sizeof(cursor), ",\"cursor\":\"%s\"",
				json_string_value(next));
		json_decref(answer);
	}
	return rows;
}

Test(rpc, the_pages_of_a_list_hold_every_row_once)
{
	static const struct {
		const char *method, *key, *more;
		size_t rows;
		int limit, pages;
	} rows[] = {
		{ "slot.list", "slots", "", 25, 10, 3 },
		{ "slot.list", "slots", "", 25, 5, 5 },
		{ "slot.list", "slots", "", 25, 25, 1 },
		{ "slot.list", "slots", "", 25, 24, 2 },
		{ "slot.list", "slots", "", 25, 1, 25 },
		{ "slot.list", "slots", ",\"state\":\"RETRIEVING\"", 12, 5, 3 },
		{ "call.list", "calls", "", 26, 13, 2 },
		{ "lot.list", "lots", "", 2, 1, 2 },
		{ "user.list", "users", ",\"account\":\"acme\"", 3, 2, 2 },
	};

	office.parked = 25;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int pages;
		size_t n = walk(rows[i].method, rows[i].key, rows[i].more, rows[i].limit, &pages);

		cr_expect(eq(sz, n, rows[i].rows), "row %zu", i);
		cr_expect(eq(int, pages, rows[i].pages), "row %zu", i);
	}
}

Test(rpc, a_page_goes_on_though_its_row_has_gone_meanwhile)
{
	office.parked = 6;
	json_t *answer = ask_method("slot.list", "{\"limit\":3}");
	char params[64];

	snprintf(params, sizeof(params), "{\"cursor\":\"%s\"}", text_of(result_of(answer), "next"));
	json_decref(answer);
	office.gone = 4;
	answer = ask_method("slot.list", params);
	const json_t *slots = json_object_get(result_of(answer), "slots");
	cr_expect(eq(sz, json_array_size(slots), 2));
	cr_expect(eq(int, (int)count_of(json_array_get(slots, 0), "slot"), 5));
	json_decref(answer);
}

Test(rpc, a_page_ends_at_its_bytes_and_the_walk_is_not_longer_than_the_page)
{
	char name[256];

	memset(name, 0x01, sizeof(name) - 1); // six bytes each, in JSON
	name[sizeof(name) - 1] = '\0';
	office.caller = name;
	office.parked = 5000;
	json_t *answer = ask_method("slot.list", "{\"limit\":1000}");
	char *text = json_dumps(answer, JSON_COMPACT);
	cr_expect(lt(sz, strlen(text), 270000));
	cr_expect(gt(sz, strlen(text), 200000));
	cr_expect(lt(u32, office.asked, 300));
	cr_expect(is_string(json_object_get(result_of(answer), "next")));
	free(text);
	json_decref(answer);
}

Test(rpc, a_name_of_a_stranger_is_cut_and_made_utf8)
{
	char name[400];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(name,
		"A\xff"
		"B\xc3\xa9\x1b[2J",
		9);
	office.caller = name;
	json_t *answer = ask_method("slot.list", "{\"limit\":1}");
	const char *shown = text_of(
		json_array_get(json_object_get(result_of(answer), "slots"), 0), "caller_name");
	cr_expect(eq(int,
		strncmp(shown,
			"A\xef\xbf\xbd"
			"B\xc3\xa9\x1b[2J",
			11),
		0));
	cr_expect(eq(sz, strlen(shown), ADMIN_TEXT_MAX));
	json_decref(answer);
}

Test(rpc, counters_come_with_their_sentences_when_asked)
{
	json_t *answer = ask_method("stats.get", "{}");
	const json_t *o = result_of(answer);
	const json_t *workers = json_object_get(o, "workers");

	cr_expect(eq(int, (int)count_of(json_object_get(o, "sip"), "datagrams"), 42));
	cr_assert(eq(sz, json_array_size(workers), 1), "a worker that has gone has no counters");
	cr_expect(eq(int, (int)count_of(json_array_get(workers, 0), "worker"), 0));
	cr_expect(eq(int,
		(int)count_of(json_object_get(json_array_get(workers, 0), "counters"), "turns"),
		17));
	cr_expect(eq(int, (int)count_of(json_object_get(o, "control"), "requests"), 1));
	cr_expect_null(json_object_get(o, "help"));
	json_decref(answer);

	answer = ask_method("stats.get", "{\"help\":true}");
	o = result_of(answer);
	const char *group[] = { "sip", "control" };
	for (size_t i = 0; i < 2; i++)
		cr_expect(eq(sz, json_object_size(json_object_get(o, group[i])),
			json_object_size(json_object_get(json_object_get(o, "help"), group[i]))));
	cr_expect(eq(sz,
		json_object_size(json_object_get(
			json_array_get(json_object_get(o, "workers"), 0), "counters")),
		json_object_size(json_object_get(json_object_get(o, "help"), "worker"))));
	json_decref(answer);
}

Test(rpc, a_core_without_counters_still_answers)
{
	ops.sip_stats = NULL;
	ops.workers = NULL;
	json_t *answer = ask_method("stats.get", "{\"help\":true}");
	cr_expect(eq(sz, json_object_size(json_object_get(result_of(answer), "sip")), 0));
	json_decref(answer);
	answer = ask_method("system.info", "{}");
	cr_expect_not_null(result_of(answer));
	json_decref(answer);
}

Test(rpc, a_broken_file_is_refused_with_its_sentence)
{
	office.broken = true;
	for (int i = 0; i < 2; i++) {
		json_t *answer = ask_method(i == 0 ? "account.reload" : "config.check", "{}");
		const json_t *error = json_object_get(answer, "error");

		cr_expect(eq(int, (int)count_of(error, "code"), -32003));
		cr_expect_str_eq(text_of(error, "message"),
			"accounts.yaml: line 3, column 5: \xef\xbf\xbd is no number");
		json_decref(answer);
	}
	cr_expect(eq(u32, office.reloads, 0));
	cr_expect(eq(u64, rpc.stats.changes, 0));
}

Test(rpc, a_good_file_is_taken)
{
	json_t *answer = ask_method("account.reload", "{}");

	cr_expect(eq(int, (int)count_of(result_of(answer), "accounts"), 2));
	cr_expect(eq(u32, office.reloads, 1));
	json_decref(answer);
	answer = ask_method("config.check", "{}");
	cr_expect(is_true(json_object_get(result_of(answer), "ok")));
	cr_expect_str_eq(office.checked_text, "");
	json_decref(answer);
	answer = ask_method("config.check", "{\"path\":\"/proc/self/status\"}");
	cr_expect_not_null(result_of(answer));
	cr_expect_str_eq(office.checked_text, "/proc/self/status");
	json_decref(answer);
}

Test(rpc, the_list_of_methods_names_every_method_and_its_parameters)
{
	json_t *answer = ask_method("rpc.methods", "[]");
	const json_t *list = json_object_get(result_of(answer), "methods");

	cr_assert(eq(sz, json_array_size(list), methods_count));
	for (size_t i = 0; i < methods_count; i++) {
		const json_t *m = json_array_get(list, i);
		size_t params = 0;

		while (methods[i].param[params].name != NULL)
			params++;
		cr_expect_str_eq(text_of(m, "name"), methods[i].name);
		cr_expect(eq(sz, json_array_size(json_object_get(m, "params")), params));
		cr_expect(method_find(methods[i].name) == &methods[i], "two methods are called %s",
			methods[i].name);
	}
	json_decref(answer);
}

static void happen(int n)
{
	for (int i = 0; i < n; i++)
		events_add(&rpc.events,
			&(struct event_row){ .name = "park.parked", .account = "acme", .slot = 1 },
			1714564800250);
}

Test(rpc, events_are_listed_page_by_page)
{
	happen(5);
	json_t *answer = ask_method("events.list", "{\"since\":1,\"limit\":3}");
	const json_t *o = result_of(answer);
	const json_t *list = json_object_get(o, "events");

	cr_assert(eq(sz, json_array_size(list), 3));
	cr_expect(eq(int, (int)count_of(json_array_get(list, 0), "seq"), 2));
	cr_expect(eq(int, (int)count_of(o, "next"), 4));
	cr_expect(eq(int, (int)count_of(o, "seq"), 5));
	cr_expect(is_false(json_object_get(o, "gap")));
	json_decref(answer);
	answer = ask_method("events.list", "{\"since\":5}");
	o = result_of(answer);
	cr_expect(eq(sz, json_array_size(json_object_get(o, "events")), 0));
	cr_expect(eq(int, (int)count_of(o, "next"), 5));
	json_decref(answer);
}

Test(rpc, a_list_of_events_says_when_some_are_missing)
{
	happen(EVENTS_KEPT + 10);
	json_t *answer = ask_method("events.list", "{\"since\":3,\"limit\":1}");
	const json_t *o = result_of(answer);

	cr_expect(is_true(json_object_get(o, "gap")));
	cr_expect(
		eq(int, (int)count_of(json_array_get(json_object_get(o, "events"), 0), "seq"), 11));
	json_decref(answer);
	answer = ask_method("events.list", "{\"since\":10,\"limit\":1}");
	cr_expect(is_false(json_object_get(result_of(answer), "gap")));
	json_decref(answer);
	answer = ask_method("events.list", "{\"since\":3000,\"run\":\"other\",\"limit\":1}");
	cr_expect(is_true(json_object_get(result_of(answer), "gap")));
	json_decref(answer);
}

Test(rpc, whoever_subscribes_gets_what_comes_after)
{
	happen(3);
	json_t *answer = ask_method("events.subscribe", "{}");
	cr_expect(eq(int, (int)count_of(result_of(answer), "seq"), 3));
	cr_expect(asker.reader.subscribed);
	cr_expect(eq(u64, asker.reader.next, 4));
	json_decref(answer);
	answer = ask_method("events.subscribe", "{\"since\":1}");
	cr_expect(eq(u64, asker.reader.next, 2));
	json_decref(answer);
}

Test(rpc, a_list_says_from_which_event_on_to_follow)
{
	happen(4);
	json_t *answer = ask_method("slot.list", "{}");
	cr_expect(eq(int, (int)count_of(result_of(answer), "seq"), 4));
	cr_expect_str_eq(text_of(result_of(answer), "run"), "0000000000000abc");
	json_decref(answer);
}

Test(rpc, a_trouble_of_the_connection_is_a_line_like_any_error)
{
	char *line = rpc_trouble(RPC_CONNECTIONS);

	cr_expect_str_eq(line,
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32007,\"message\":"
		"\"32 are connected already\",\"data\":{\"reason\":\"too_many_connections\"}},"
		"\"id\":null}\n");
	free(line);
}
