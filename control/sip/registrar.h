// SPDX-License-Identifier: BSD-3-Clause
//
// Where users can be reached: the contacts they registered (RFC 3261 section 10), kept by
// user@domain. Time is a parameter; contacts run out on the clock.
#pragma once

#include "control/address.h"
#include "control/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum { REGISTRAR_CONTACTS_MAX = 8, REGISTRAR_URI_MAX = 256 }; // contacts of one user

struct registrar;

struct contact {
	char uri[REGISTRAR_URI_MAX]; // the request URI for a call to it
	// where to send: the Contact's address, or behind NAT the source of the REGISTER
	struct address to;
	bool nat;
	uint64_t until_ms;
};

// The contacts of a user that have not run out, newest first. Returns how many were written.
uint32_t registrar_find(const struct registrar *r, const char *user, const char *domain,
	struct contact out[REGISTRAR_CONTACTS_MAX]);
bool registrar_reachable(const struct registrar *r, const char *user, const char *domain);
uint32_t registrar_count(const struct registrar *r); // contacts in all

// --- for the endpoint (sip.c), which has read and authenticated the REGISTER

struct registrar_plan {
	uint32_t contacts_max;
	void *ctx;
	// Reachable or not any more, or reachable at one more contact. May look, not bind.
	void (*changed)(void *ctx, const char *user, const char *domain, bool reachable);
};

enum registrar_outcome {
	REGISTRAR_OK = 0,
	REGISTRAR_STALE,    // same Call-ID, CSeq not higher: nothing done (RFC 3261 10.3, 500)
	REGISTRAR_TOO_MANY, // contacts of this user: 503
	REGISTRAR_FULL,     // contacts in all, or too long a URI to keep: 503
};

[[nodiscard]] struct registrar *registrar_new(
	const struct registrar_plan *plan, struct clock *clock);
struct registrar *registrar_free(struct registrar *r); // returns NULL

struct binding {
	const char *uri; // of the Contact
	struct address to;
	bool nat;
	uint32_t expires_s; // 0 removes it
	const char *call_id;
	uint32_t cseq;
};
[[nodiscard]] enum registrar_outcome registrar_bind(struct registrar *r, const char *user,
	const char *domain, const struct binding *b, uint64_t now_ms);
// "Contact: *" with Expires: 0.
[[nodiscard]] enum registrar_outcome registrar_clear(struct registrar *r, const char *user,
	const char *domain, const char *call_id, uint32_t cseq);
