// SPDX-License-Identifier: BSD-3-Clause
//
// A SIP message as a list of lines: the tiny scanner that runs before oSIP sees a byte. It finds
// where things are, judges nothing (that is guard.h), and never fails: what it could not find is
// missing. Everything it hands out points into the datagram.
#pragma once

#include "control/sip/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { RAW_HEADERS_MAX = 128 };

// clang-format off
//           id                 name                   compact form
#define RAW_HEADER_LIST(X)                                         \
	X(VIA,              "Via",                 'v')            \
	X(FROM,             "From",                'f')            \
	X(TO,               "To",                  't')            \
	X(CALL_ID,          "Call-ID",             'i')            \
	X(CSEQ,             "CSeq",                0)              \
	X(MAX_FORWARDS,     "Max-Forwards",        0)              \
	X(CONTENT_LENGTH,   "Content-Length",      'l')            \
	X(CONTENT_TYPE,     "Content-Type",        'c')            \
	X(CONTENT_ENCODING, "Content-Encoding",    'e')            \
	X(CONTACT,          "Contact",             'm')            \
	X(RECORD_ROUTE,     "Record-Route",        0)              \
	X(ROUTE,            "Route",               0)              \
	X(REQUIRE,          "Require",             0)              \
	X(AUTHORIZATION,    "Authorization",       0)              \
	X(ACCEPT,           "Accept",              0)              \
	X(EXPIRES,          "Expires",             0)              \
	X(IDENTITY,         "P-Asserted-Identity", 0)              \
	X(RETRY_AFTER,      "Retry-After",         0)

enum raw_header_id {
	RAW_OTHER,
#define X(id, name, compact) RAW_##id,
	RAW_HEADER_LIST(X)
#undef X
	RAW_ID_COUNT,
};
// clang-format on

struct raw_header {
	enum raw_header_id id;
	struct span name, value; // value without the blanks around it; may hold folded lines
};

enum raw_start {
	RAW_STRANGE, // the first line has nothing of SIP
	RAW_REQUEST,
	RAW_RESPONSE,
};

struct raw {
	enum raw_start start;
	struct span line; // the first one, without its end
	struct span method, uri, version;
	struct span code;
	uint32_t n;    // headers kept
	bool crowded;  // there were more than RAW_HEADERS_MAX
	bool bad_line; // a header line is no "name: value", or has control characters
	bool ended;    // the empty line was there
	uint16_t count[RAW_ID_COUNT];
	struct raw_header header[RAW_HEADERS_MAX];
	struct span body; // up to the end of the datagram
};

void raw_read(struct raw *out, const char *data, size_t len);
// The value of the nth header of this kind; at is NULL when there is none.
struct span raw_value(const struct raw *r, enum raw_header_id id, uint32_t nth);

// A parameter of the first element of a header value. True when it is there; *out then is its
// value, empty and right behind the name when it has none. *out is scratch when it is not.
bool raw_param(struct span value, const char *name, struct span *out);
// The first element of a value with commas in it.
struct span raw_element(struct span value);
struct span raw_trim(struct span s);
// 1*DIGIT not above `most`.
bool raw_number(struct span s, uint64_t most, uint64_t *out);

struct raw_via {
	struct span host;
	uint16_t port; // 5060 when not said
	struct span branch;
	bool rport; // asked for (RFC 3581)
};

// Reads the topmost Via. False: it cannot be made out.
bool raw_via_read(struct raw_via *out, struct span value);
