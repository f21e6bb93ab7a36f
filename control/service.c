// SPDX-License-Identifier: BSD-3-Clause
#include "control/service.h"

#include <string.h>

// A slot number as dialled: digits only, no leading zero, nothing after it. 0: it is none.
static uint32_t slot_number(const char *dialled)
{
	uint32_t n = 0;

	if (dialled[0] == '0' || strlen(dialled) > 6)
		return 0;
	for (; *dialled != '\0'; dialled++) {
		if (*dialled < '0' || *dialled > '9')
			return 0;
		n = n * 10 + (uint32_t)(*dialled - '0');
	}
	return n;
}

// What may go out to the trunk: a telephone number and nothing that means anything in a URI.
static bool is_telephone_number(const char *dialled)
{
	size_t len = strlen(dialled);
	const char *digits = dialled[0] == '+' ? dialled + 1 : dialled;

	return len >= OUTSIDE_DIGITS_MIN && len <= OUTSIDE_DIGITS_MAX && digits[0] != '\0' &&
	       digits[strspn(digits, "0123456789")] == '\0';
}

struct service service_find(const struct accounts *accounts, const struct account *caller,
	const char *dialled, bool has_trunk)
{
	struct service s = { .kind = SERVICE_NOBODY, .account = caller };
	const struct account *owner;

	if (caller != NULL) {
		s.user = account_user(caller, dialled);
		if (s.user != NULL) {
			s.kind = SERVICE_USER;
			return s;
		}
		s.slot = slot_number(dialled);
		if (caller->parking && s.slot != 0 && account_lot(caller, s.slot) != NULL) {
			s.kind = SERVICE_SLOT;
			return s;
		}
	}
	owner = accounts_by_number(accounts, dialled, &s.number);
	if (owner != NULL) {
		s.kind = SERVICE_FLOW;
		s.account = owner;
	} else if (caller != NULL && has_trunk && is_telephone_number(dialled)) {
		s.kind = SERVICE_OUTSIDE;
	}
	return s;
}
