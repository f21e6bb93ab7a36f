// SPDX-License-Identifier: BSD-3-Clause
//
// Accounts as they were provisioned: users, numbers, lots, call flows. Read-only once loaded; a
// new set replaces the old one whole, and calls that began under the old one keep it (refcount).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct account;

enum { ACCOUNT_NAME_MAX = 63, ACCOUNT_DOMAIN_MAX = 253 }; // bytes; users, lots and flows as well

struct user {
	char *name;    // "201": what is dialled, and the user part of his address
	char *display; // may be empty
	char ha1[33];  // MD5(name:domain:password)
};

enum step_kind { STEP_DIAL, STEP_QUEUE, STEP_FORWARD, STEP_HANGUP, STEP_COUNT };

// One step of a call flow. The next one is taken when this one did not answer the caller.
struct step {
	enum step_kind kind;
	uint32_t seconds;         // DIAL, QUEUE, FORWARD: give up after, 1-3600
	uint32_t users;           // DIAL, QUEUE
	const struct user **user; // who rings, together
	char *uri;                // FORWARD: "sip:voicemail@192.0.2.1:5080"
};

struct callflow_plan {
	char *name;
	uint32_t steps; // at least 1
	struct step *step;
};

struct number {
	char *number; // as the trunk dials it: "+61355500100"
	const struct callflow_plan *flow;
};

// A set of slots. Lots of one account do not overlap.
struct lot_plan {
	char *name;
	uint32_t first, last; // slot numbers as dialled, 1-999999; at most 10,000 in a lot
	uint32_t timeout_s;   // 0: never; else 10-86400
	char *music;          // file of a track; NULL: the account's
};

struct account {
	char *name;
	char *domain;                         // in lower case
	char *music;                          // file of a track; NULL: the house's default
	bool music_shared;                    // all who hear it are at one place of it
	bool parking;                         // off unless said
	char park_code[9];                    // digits 0-9 * #, at most 8; "#0"
	const struct callflow_plan *fallback; // for a call without a call flow; NULL: hang up
	uint32_t users, numbers, lots, flows;
	struct user *user; // in order of name
	struct number *number;
	struct lot_plan *lot; // the first one takes parks by code
	struct callflow_plan *flow;
};

// All accounts of one file.
struct accounts {
	uint32_t refs;
	uint32_t count;
	struct account *account;
	struct accounts_index *index; // by domain, by number
};

struct accounts *accounts_ref(struct accounts *a);
// Returns NULL; frees when it was the last reference.
struct accounts *accounts_unref(struct accounts *a);

const struct account *accounts_by_domain(const struct accounts *a, const char *domain);
const struct account *accounts_by_name(const struct accounts *a, const char *name);
// Whose number it is, and which of them; NULL: nobody's, and *out is untouched.
const struct account *accounts_by_number(
	const struct accounts *a, const char *number, const struct number **out);
const struct user *account_user(const struct account *a, const char *name);
// The lot that has this slot number, or NULL.
const struct lot_plan *account_lot(const struct account *a, uint32_t slot);

// Reads a provisioning file. NULL: refused whole, and error says what, where (line, column) and
// what to do.
[[nodiscard]] struct accounts *accounts_load(const char *path, char *error, uint32_t error_size);
