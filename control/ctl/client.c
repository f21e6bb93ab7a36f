// SPDX-License-Identifier: BSD-3-Clause
//
// JSON-RPC 2.0, one text a line (docs/CONTROL.md). What comes is believed as little as what
// strangers send: we may have been pointed at another socket.
#include "control/ctl/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 4 << 20, STEP = 65536, PATIENCE_S = 10 };

__attribute__((format(printf, 3, 4))) static enum client_outcome fail(
	struct client *c, enum client_outcome outcome, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->error, sizeof(c->error), fmt, ap);
	va_end(ap);
	return outcome;
}

static void patience(struct client *c, int direction, time_t seconds)
{
	struct timeval t = { .tv_sec = seconds };

	// Without it we would only wait longer.
	(void)setsockopt(c->fd, SOL_SOCKET, direction, &t, sizeof(t));
}

static const char *advice(int problem)
{
	if (problem == ENOENT || problem == ECONNREFUSED)
		return "is layby-core running? -s names another socket";
	if (problem == EACCES)
		return "you must be of its group";
	return "-s names another socket";
}

enum client_outcome client_open(struct client *c, const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	*c = (struct client){ .fd = -1 };
	if (strlen(path) >= sizeof(name.sun_path))
		return fail(c, CLIENT_GONE, "%s: the path is too long for a socket", path);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return fail(c, CLIENT_GONE, "%s", strerrordesc_np(errno));
	patience(c, SO_RCVTIMEO, PATIENCE_S);
	patience(c, SO_SNDTIMEO, PATIENCE_S);
	if (connect(c->fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return CLIENT_OK;
	fail(c, CLIENT_GONE, "%s: %s; %s", path, strerrordesc_np(errno), advice(errno));
	client_close(c);
	return CLIENT_GONE;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->text);
	c->fd = -1;
	c->text = NULL;
}

static enum client_outcome send_all(struct client *c, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(c->fd, text, len, MSG_NOSIGNAL);

		// It may have hung up with a sentence: let client_ask() read that.
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return CLIENT_OK;
		if (n < 0)
			return fail(c, CLIENT_GONE, "layby-core does not take the request: %s",
				strerrordesc_np(errno));
		text += n;
		len -= (size_t)n;
	}
	return CLIENT_OK;
}

static enum client_outcome receive(struct client *c)
{
	ssize_t n;

	if (c->len + STEP > c->size) {
		char *more = c->size < ANSWER_MAX ? realloc(c->text, c->size + STEP) : NULL;

		if (more == NULL)
			return fail(c, CLIENT_GONE, "what comes is no answer of layby-core");
		c->text = more;
		c->size += STEP;
	}
	n = recv(c->fd, c->text + c->len, c->size - c->len, 0);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return fail(c, CLIENT_GONE, "layby-core closed the connection");
	if (n < 0 && errno == EAGAIN)
		return fail(c, CLIENT_GONE, "layby-core did not answer within %d s", PATIENCE_S);
	if (n < 0)
		return fail(c, CLIENT_GONE, "%s", strerrordesc_np(errno));
	c->len += (size_t)n;
	return CLIENT_OK;
}

static enum client_outcome next_text(struct client *c, json_t **out)
{
	char *end;
	size_t len;

	while ((end = c->len > 0 ? memchr(c->text, '\n', c->len) : NULL) == NULL) {
		enum client_outcome o = receive(c);

		if (o != CLIENT_OK)
			return o;
	}
	len = (size_t)(end - c->text);
	*out = json_loadb(c->text, len, 0, NULL);
	c->len -= len + 1;
	memmove(c->text, end + 1, c->len);
	if (*out == NULL || !json_is_object(*out)) {
		json_decref(*out);
		return fail(c, CLIENT_GONE, "what comes is no answer of layby-core");
	}
	return CLIENT_OK;
}

static enum client_outcome send_request(struct client *c, const char *method, json_t *params)
{
	json_t *o = json_object();
	enum client_outcome outcome;
	char *text;

	json_object_set_new(o, "jsonrpc", json_string("2.0"));
	json_object_set_new(o, "method", json_string(method));
	if (params != NULL)
		json_object_set_new(o, "params", params);
	json_object_set_new(o, "id", json_integer(++c->id));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text == NULL)
		return fail(c, CLIENT_GONE, "out of memory");
	outcome = send_all(c, text, strlen(text));
	if (outcome == CLIENT_OK)
		outcome = send_all(c, "\n", 1);
	free(text);
	return outcome;
}

static enum client_outcome refused(struct client *c, const json_t *error)
{
	const char *message = json_string_value(json_object_get(error, "message"));
	const json_t *data = json_object_get(error, "data");
	const char *reason = json_string_value(json_object_get(data, "reason"));

	snprintf(c->reason, sizeof(c->reason), "%s", reason != NULL ? reason : "");
	return fail(c, CLIENT_REFUSED, "%s", message != NULL ? message : "refused");
}

// Is it the answer to our last request? An error without an id is meant for us, too.
static bool ours(const struct client *c, const json_t *answer)
{
	const json_t *id = json_object_get(answer, "id");

	if (json_is_null(id))
		return json_object_get(answer, "error") != NULL;
	return json_is_integer(id) && json_integer_value(id) == c->id;
}

static enum client_outcome open_answer(struct client *c, json_t *answer, json_t **out)
{
	json_t *error = json_object_get(answer, "error");
	json_t *result = json_object_get(answer, "result");

	if (error != NULL)
		return refused(c, error);
	if (result == NULL)
		return fail(c, CLIENT_GONE, "what comes is no answer of layby-core");
	*out = json_incref(result);
	return CLIENT_OK;
}

enum client_outcome client_ask(struct client *c, const char *method, json_t *params, json_t **out)
{
	enum client_outcome o = send_request(c, method, params);
	json_t *answer = NULL;

	while (o == CLIENT_OK) {
		o = next_text(c, &answer);
		if (o != CLIENT_OK)
			return o;
		if (ours(c, answer)) {
			o = open_answer(c, answer, out);
			json_decref(answer);
			return o;
		}
		json_decref(answer);
	}
	return o;
}

enum client_outcome client_listen(struct client *c, json_t **out)
{
	patience(c, SO_RCVTIMEO, 0);
	return next_text(c, out);
}
