// SPDX-License-Identifier: BSD-3-Clause
//
// Which service takes a new call: pure. Then reception.c lets it in.
#pragma once

#include "control/account/account.h"

#include <stdbool.h>
#include <stdint.h>

// clang-format off
#define SERVICE_LIST(X)                                                                    \
	X(NOBODY,   "nobody has this number: 404")                                         \
	X(SLOT,     "the number of a slot: take the call out of it")                       \
	X(USER,     "a user of the caller's account")                                      \
	X(FLOW,     "a number of an account: its call flow")                               \
	X(OUTSIDE,  "the trunk")

enum service_kind {
#define X(name, help) SERVICE_##name,
	SERVICE_LIST(X)
#undef X
	SERVICE_COUNT,
};
// clang-format on

struct service {
	enum service_kind kind;
	const struct account *account; // whose call it is
	uint32_t slot;                 // SLOT
	const struct user *user;       // USER
	const struct number *number;   // FLOW
};

enum { OUTSIDE_DIGITS_MIN = 3, OUTSIDE_DIGITS_MAX = 32 };

// caller: the account of the user who calls, or NULL for a call from the trunk.
struct service service_find(const struct accounts *accounts, const struct account *caller,
	const char *dialled, bool has_trunk);
