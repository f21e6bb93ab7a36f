// SPDX-License-Identifier: BSD-3-Clause
//
// The envelope: from a line to a method and back (https://www.jsonrpc.org/specification). Every
// byte of the line may be wrong; every way to be wrong has its error.
#include "control/admin/rpc.h"

#include "control/admin/methods.h"
#include "control/admin/text.h"
#include "control/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Answers up to this size find room even when the line's answer is full.
enum { SMALL_ANSWER = 2048 };

static const struct {
	int code;
	const char *reason, *sentence;
} errors[RPC_ERROR_COUNT] = { [RPC_OK] = { 0, "ok", "done" },
#define X(name, code, reason, sentence) [RPC_##name] = { code, reason, sentence },
	RPC_ERROR_LIST(X)
#undef X
};

int rpc_error_code(enum rpc_error error)
{
	return errors[error].code;
}

const char *rpc_error_reason(enum rpc_error error)
{
	return errors[error].reason;
}

const char *rpc_error_sentence(enum rpc_error error)
{
	return errors[error].sentence;
}

static json_t *envelope(json_t *id, const char *name, json_t *content)
{
	json_t *o = json_object();

	json_object_set_new(o, "jsonrpc", json_string("2.0"));
	json_object_set_new(o, name, content);
	// Section 5: null when the id of the request could not be known.
	json_object_set_new(o, "id", id != NULL ? json_incref(id) : json_null());
	return o;
}

static json_t *trouble(json_t *id, enum rpc_error error, const struct request *q)
{
	const char *why = q != NULL && q->why[0] != '\0' ? q->why : rpc_error_sentence(error);
	json_t *data = json_object();
	json_t *o = json_object();

	json_object_set_new(data, "reason", json_string(rpc_error_reason(error)));
	if (q != NULL && q->param != NULL)
		json_object_set_new(data, "param", text_json(q->param, ADMIN_TEXT_MAX));
	json_object_set_new(o, "code", json_integer(rpc_error_code(error)));
	json_object_set_new(o, "message", text_json(why, REQUEST_WHY_MAX));
	json_object_set_new(o, "data", data);
	return envelope(id, "error", o);
}

static void log_change(const struct request *q, const struct method *m, enum rpc_error error)
{
	q->rpc->stats.changes += error == RPC_OK;
	log_at(LOG_NOTICE, "admin", "%s by uid %u, pid %d: %s%s%s", m->name, q->asker->uid,
		q->asker->pid, rpc_error_reason(error), error != RPC_OK && q->why[0] ? ": " : "",
		error != RPC_OK ? q->why : "");
}

static enum rpc_error run(struct request *q, const char *name)
{
	const struct method *m = method_find(name);
	enum rpc_error error;

	if (m == NULL) {
		snprintf(q->why, sizeof(q->why), "there is no method \"%.64s\"; see rpc.methods",
			name);
		return RPC_METHOD;
	}
	error = params_check(q, m->param);
	if (error == RPC_OK)
		error = m->run(q);
	if (error == RPC_OK && q->result == NULL)
		error = RPC_INTERNAL;
	if (m->changes)
		log_change(q, m, error);
	return error;
}

// What keeps it from being a request, or NULL.
static const char *misshapen(const json_t *request)
{
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const json_t *id = json_object_get(request, "id");
	const json_t *params = json_object_get(request, "params");

	if (!json_is_object(request))
		return "a request is a JSON object";
	if (version == NULL || strcmp(version, "2.0") != 0)
		return "\"jsonrpc\" must be \"2.0\"";
	if (!json_is_string(json_object_get(request, "method")))
		return "\"method\" must be a string";
	if (id != NULL && !json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return "\"id\" must be a string, a number or null";
	if (params != NULL && !json_is_object(params) && !json_is_array(params))
		return "\"params\" must be an object";
	return NULL;
}

// One request; NULL when nothing is to be said.
static json_t *answer_one(struct rpc *r, struct asker *a, const json_t *request)
{
	struct request q = { .rpc = r, .asker = a, .params = json_object_get(request, "params") };
	const char *shape = misshapen(request);
	json_t *id = json_object_get(request, "id");
	enum rpc_error error = RPC_REQUEST;
	json_t *answer;

	r->stats.requests++;
	if (shape != NULL)
		snprintf(q.why, sizeof(q.why), "%s", shape);
	else
		error = run(&q, json_string_value(json_object_get(request, "method")));
	r->stats.errors += error != RPC_OK;
	// Section 4.1: a notification has no id and gets no answer, not even an error.
	if (shape == NULL && id == NULL)
		answer = NULL;
	else if (error == RPC_OK)
		answer = envelope(id, "result", json_incref(q.result));
	else
		answer = trouble(shape == NULL ? id : NULL, error, &q);
	json_decref(q.result);
	return answer;
}

// The line that is growing.
struct sheet {
	char *text;
	size_t len;
	bool failed;
};

static void sheet_add(struct sheet *s, const char *text, size_t len)
{
	char *more = s->failed ? NULL : realloc(s->text, s->len + len + 1);

	s->failed = more == NULL;
	if (s->failed)
		return;
	memcpy(more + s->len, text, len);
	more[s->len + len] = '\0';
	s->text = more;
	s->len += len;
}

static void sheet_add_json(struct sheet *s, const json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	if (text == NULL)
		s->failed = true;
	else
		sheet_add(s, text, strlen(text));
	free(text);
}

// Takes the answer over. What does not fit is replaced by an error, so that every request has
// its answer whatever its neighbours said.
static void sheet_put(struct sheet *s, json_t *answer)
{
	size_t size = json_dumpb(answer, NULL, 0, JSON_COMPACT);

	if (size > SMALL_ANSWER && s->len + size > RPC_ANSWER_MAX) {
		json_t *shorter = trouble(json_object_get(answer, "id"), RPC_LARGE, NULL);

		json_decref(answer);
		answer = shorter;
	}
	sheet_add_json(s, answer);
	json_decref(answer);
}

// Hands the text over with its line end; an empty sheet is NULL.
static bool sheet_close(struct sheet *s, char **out)
{
	if (s->len > 0)
		sheet_add(s, "\n", 1);
	if (s->failed) {
		free(s->text);
		s->text = NULL;
	}
	*out = s->text;
	return !s->failed;
}

static void answer_batch(struct rpc *r, struct asker *a, const json_t *batch, struct sheet *s)
{
	for (size_t i = 0; i < json_array_size(batch); i++) {
		json_t *answer = answer_one(r, a, json_array_get(batch, i));

		if (answer == NULL)
			continue;
		sheet_add(s, s->len == 0 ? "[" : ",", 1);
		sheet_put(s, answer);
	}
	if (s->len > 0)
		sheet_add(s, "]", 1);
}

// Section 6: an empty batch is one invalid request.
static json_t *batch_trouble(const json_t *batch)
{
	struct request q = { 0 };

	if (json_array_size(batch) == 0)
		snprintf(q.why, sizeof(q.why), "the batch is empty");
	else if (json_array_size(batch) > RPC_BATCH_MAX)
		snprintf(q.why, sizeof(q.why), "a batch may have %d requests at most",
			RPC_BATCH_MAX);
	else
		return NULL;
	return trouble(NULL, RPC_REQUEST, &q);
}

static json_t *parse_trouble(const json_error_t *e)
{
	struct request q = { 0 };

	snprintf(q.why, sizeof(q.why), "the line is not one JSON text: %.160s, at byte %d", e->text,
		e->position);
	return trouble(NULL, RPC_PARSE, &q);
}

bool rpc_answer(struct rpc *r, struct asker *a, const char *line, size_t len, char **out)
{
	json_error_t e = { 0 };
	json_t *text = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	struct sheet s = { 0 };
	json_t *answer;

	if (text == NULL) {
		r->stats.requests++;
		answer = parse_trouble(&e);
		r->stats.errors++;
	} else if (!json_is_array(text)) {
		answer = answer_one(r, a, text);
	} else {
		answer = batch_trouble(text);
		r->stats.errors += answer != NULL;
	}
	if (answer != NULL)
		sheet_put(&s, answer);
	else if (json_is_array(text))
		answer_batch(r, a, text, &s);
	json_decref(text);
	if (sheet_close(&s, out))
		return true;
	r->stats.no_memory++;
	return false;
}

char *rpc_trouble(enum rpc_error error)
{
	struct sheet s = { 0 };
	char *line;

	sheet_put(&s, trouble(NULL, error, NULL));
	return sheet_close(&s, &line) ? line : NULL;
}
