// SPDX-License-Identifier: BSD-3-Clause
//
// JSON-RPC 2.0 without a socket: one line in, at most one line out. Requests, notifications and
// batches; what a method does is in methods.h. Time is a parameter.
#pragma once

#include "control/admin/admin.h"
#include "control/admin/events.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// clang-format off
#define RPC_ERROR_LIST(X)                                                                       \
	X(PARSE,       -32700, "parse_error",          "the line is not one JSON text")         \
	X(REQUEST,     -32600, "invalid_request",      "this is not a JSON-RPC 2.0 request")    \
	X(METHOD,      -32601, "no_such_method",       "there is no such method")               \
	X(PARAMS,      -32602, "invalid_params",       "these are not the method's parameters") \
	X(INTERNAL,    -32603, "internal",             "the core is out of memory")             \
	X(ACCOUNT,     -32001, "no_such_account",      "there is no such account")              \
	X(LOT,         -32002, "no_such_lot",          "the account has no such lot")           \
	X(REFUSED,     -32003, "refused",              "the file was refused whole")            \
	X(FILE,        -32004, "no_such_file",         "the file is not there to be read")      \
	X(LARGE,       -32005, "answer_too_large",     "the answer would be too large")         \
	X(LINE,        -32006, "line_too_long",        "a line may have 65536 bytes at most")   \
	X(CONNECTIONS, -32007, "too_many_connections", "32 are connected already")              \
	X(MEDIA,       -32008, "no_media",             "layby-media is not there, or is busy with the last order") \
	X(QUEUE,       -32009, "no_such_queue",        "there is no such queue or worker")     \
	X(CALL,        -32010, "no_such_call",         "there is no such call")                \
	X(RECORDING,   -32011, "not_recorded",         "the call is not recorded")

enum rpc_error {
	RPC_OK,
#define X(name, code, reason, sentence) RPC_##name,
	RPC_ERROR_LIST(X)
#undef X
	RPC_ERROR_COUNT
};

// The books of the control socket.
#define ADMIN_STAT_LIST(X)                                                                      \
	X(connections,         "connections accepted")                                          \
	X(connections_refused, "connections refused: too many")                                 \
	X(accept_failures,     "connections that could not be accepted")                        \
	X(requests,            "requests and notifications")                                    \
	X(errors,              "requests answered with an error")                               \
	X(changes,             "requests that changed something")                               \
	X(long_lines,          "connections closed: a line was too long")                       \
	X(slow_readers,        "connections closed: their answers were not read")               \
	X(broken,              "connections closed: reading or writing failed")                 \
	X(no_memory,           "connections closed: no memory"               )              \
	X(events,              "events sent to subscribers")                                    \
	X(gaps,                "times a subscriber was told that events are missing")

struct admin_stats {
#define X(name, help) uint64_t name;
	ADMIN_STAT_LIST(X)
#undef X
};
// clang-format on

enum {
	RPC_LINE_MAX = 65536,   // bytes of a line, without its end
	RPC_BATCH_MAX = 32,     // requests in one line
	RPC_ANSWER_MAX = 786432 // bytes of an answer, errors at its end apart
};

struct rpc {
	const struct admin_ops *ops;
	uint64_t started_ms, now_ms; // of the loop
	uint32_t connections;        // open now
	struct events events;
	struct admin_stats stats;
};

// Who sent the line.
struct asker {
	uint32_t uid;
	int32_t pid;
	struct reader reader;
};

// *out is the answer with its line end, malloc()ed, or NULL when nothing is to be said. False:
// out of memory, the answer is lost (and counted).
[[nodiscard]] bool rpc_answer(
	struct rpc *r, struct asker *a, const char *line, size_t len, char **out);
// The line for a trouble that belongs to no request.
char *rpc_trouble(enum rpc_error error);

int rpc_error_code(enum rpc_error error);
const char *rpc_error_reason(enum rpc_error error);
const char *rpc_error_sentence(enum rpc_error error);
