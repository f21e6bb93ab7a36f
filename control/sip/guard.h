// SPDX-License-Identifier: BSD-3-Clause
//
// What bytes may reach oSIP at all: limits and plain rules, checked on the raw text, pure. Each
// refusal has a name; what is answered, and with which status, stands in one list.
#pragma once

#include "control/sip/raw.h"

enum {
	GUARD_BYTES_MIN = 16,
	GUARD_BYTES_MAX = 8192, // a datagram; RFC 4475's long request has 3.5 KB
	GUARD_LINE_MAX = 1024,  // a header, unfolded
	GUARD_SUM_MAX = 2048,   // all Via, all Route, all Contact together, each
	GUARD_SEMICOLONS_MAX = 48,
	GUARD_COMMAS_MAX = 64,
	GUARD_ELEMENTS_MAX = 256, // commas in all headers together
	GUARD_VIAS_MAX = 40,
};

// clang-format off
//           name       status  counter       what it means
#define GUARD_LIST(X)                                                                        \
	X(OK,        0,   datagrams,     "fit for the parser")                               \
	X(KEEPALIVE, 0,   keepalives,    "line ends only")                                   \
	X(TINY,      0,   drop_tiny,     "shorter than any message")                         \
	X(GARBAGE,   0,   drop_garbage,  "not SIP, or a response that breaks a rule")        \
	X(TOO_BIG,   513, bad_limits,    "more bytes than we read")                          \
	X(LIMITS,    400, bad_limits,    "too many lines, too long, too many parameters")    \
	X(SYNTAX,    400, bad_syntax,    "the first line or a header line cannot be read")   \
	X(VERSION,   505, bad_version,   "not SIP/2.0")                                      \
	X(SCHEME,    416, bad_scheme,    "a request URI that is neither sip: nor sips:")     \
	X(HEADER,    400, bad_header,    "a mandatory header is missing, doubled or wrong")  \
	X(MULTIPART, 415, bad_body,      "a body of several parts")

enum guard_outcome {
#define X(name, status, counter, help) GUARD_##name,
	GUARD_LIST(X)
#undef X
	GUARD_OUTCOME_COUNT,
};
// clang-format on

// What the guard has read on its way and others need again. Valid after GUARD_OK.
struct guarded {
	struct raw raw;
	struct raw_via via; // the topmost
	struct span call_id, from_tag, to_tag;
	struct span cseq_method;
	uint32_t cseq;
	uint16_t code;        // of a response
	int16_t max_forwards; // -1 when not said
	struct span body;     // as long as Content-Length says
	size_t used;          // bytes of the datagram up to the end of the body
};

// Reads into out->raw whatever the outcome: a refusal is written from it.
[[nodiscard]] enum guard_outcome guard_read(struct guarded *out, const char *data, size_t len);
uint16_t guard_status(enum guard_outcome outcome); // 0: drop without a word
