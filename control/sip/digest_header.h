// SPDX-License-Identifier: BSD-3-Clause
//
// The text of a credentials header, taken apart (RFC 3261 section 25.1, credentials). What its
// parts are worth is for digest.c.
#pragma once

#include "control/sip/digest.h"
#include "control/sip/words.h"

// clang-format off
#define DIGEST_PARAM_LIST(X)                                                               \
	X(username) X(realm) X(nonce) X(uri) X(response) X(algorithm) X(cnonce) X(opaque)  \
	X(qop) X(nc)

enum digest_param {
#define X(name) DIGEST_PARAM_##name,
	DIGEST_PARAM_LIST(X)
#undef X
	DIGEST_PARAM_COUNT,
};
// clang-format on

struct digest_header {
	// Values as they stand between the quotes, escapes and all: that is what is hashed
	// (RFC 7616 section 3.4, unq). at is NULL for what is not there.
	struct span param[DIGEST_PARAM_COUNT];
};

enum digest_scheme { DIGEST_SCHEME_OURS, DIGEST_SCHEME_OTHER, DIGEST_SCHEME_BROKEN };

// OTHER: no header, or another scheme than Digest. BROKEN: Digest, but its parameters are not
// name=value or "value" with commas between, one stands there twice, or it is longer than
// DIGEST_HEADER_MAX. *out is written only for OURS.
[[nodiscard]] enum digest_scheme digest_header_read(struct digest_header *out, const char *text);

// The value with its escapes undone. False: it does not fit.
[[nodiscard]] bool digest_header_text(char *out, size_t size, struct span value);
