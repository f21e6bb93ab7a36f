// SPDX-License-Identifier: BSD-3-Clause
//
// Digest authentication as a server (RFC 3261 section 22, RFC 7616 with MD5, qop=auth), pure:
// header text in, outcome out. A nonce is bound to the source address, lives for a limited time,
// and may be used again with a rising nc. No table grows with strangers: a nonce proves itself
// (a keyed hash over time and address), and only nonces that were used rightly have a record,
// in a table of fixed size.
#pragma once

#include "control/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest;

enum {
	DIGEST_NONCE_MS = 60000,
	DIGEST_TEXT_MAX = 512,    // of a challenge
	DIGEST_HEADER_MAX = 1024, // of an Authorization header; a longer one is BAD_SYNTAX
	DIGEST_NAME_MAX = 128,
};

enum digest_outcome {
	DIGEST_OK = 0,
	DIGEST_NONE,       // no Digest credentials in it, or for another realm: challenge
	DIGEST_STALE,      // right, but the nonce is old or nc did not rise: challenge, stale=true
	DIGEST_WRONG,      // wrong user or password: challenge, counted
	DIGEST_BAD_SYNTAX, // not to be understood: 400
};

// What the check found in the header; user is to be believed after DIGEST_OK only.
struct digest_claim {
	char user[DIGEST_NAME_MAX];
	char realm[DIGEST_NAME_MAX];
};

typedef bool (*digest_ha1_fn)(void *ctx, const char *user, const char *realm, char out[33]);

[[nodiscard]] struct digest *digest_new(const uint64_t seed[2]);
struct digest *digest_free(struct digest *d); // returns NULL

// Writes the value of a WWW-Authenticate header. Returns its length, 0 if size is too small.
// NOLINTNEXTLINE(readability-function-size): each of the seven is a different thing
size_t digest_challenge(struct digest *d, char *buf, size_t size, const char *realm,
	const struct address *from, bool stale, uint64_t now_ms);

struct digest_request {
	const char *header; // value of the Authorization header: "Digest username=..."
	const char *method;
	const char *uri;   // the request URI as received: a header made for another is WRONG
	const char *realm; // the realm we challenge with
	const struct address *from;
};

// MD5(user:realm:password) in lower-case hex: what an account keeps instead of a password.
void digest_ha1(const char *user, const char *realm, const char *password, char out[33]);

// An unknown user costs the same time and gets the same outcome as a wrong password.
[[nodiscard]] enum digest_outcome digest_check(struct digest *d, const struct digest_request *req,
	digest_ha1_fn ha1, void *ctx, uint64_t now_ms, struct digest_claim *out);
