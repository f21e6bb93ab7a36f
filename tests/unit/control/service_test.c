// SPDX-License-Identifier: BSD-3-Clause
#include "control/service.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(service, .init = world_start);

struct row {
	const char *account; // NULL: the trunk
	const char *dialled;
	bool trunk;
	enum service_kind kind;
};

Test(service, what_is_dialled_says_which_service_takes_it)
{
	static const struct row rows[] = {
		{ "acme", "2", true, SERVICE_SLOT },
		{ "acme", "5", true, SERVICE_NOBODY },
		{ "acme", "02", true, SERVICE_NOBODY },
		{ "acme", "2#", true, SERVICE_NOBODY },
		{ "acme", "201", true, SERVICE_USER },
		{ "acme", "100200", true, SERVICE_FLOW },
		{ "acme", "+61399990000", true, SERVICE_OUTSIDE },
		{ "acme", "+61399990000", false, SERVICE_NOBODY },
		{ "acme", "000", true, SERVICE_OUTSIDE },
		{ "acme", "+", true, SERVICE_NOBODY },
		{ "acme", "", true, SERVICE_NOBODY },
		{ "acme", "123@evil", true, SERVICE_NOBODY },
		{ "dark", "2", true, SERVICE_NOBODY },
		{ "other", "202", true, SERVICE_OUTSIDE },
		{ NULL, "100200", true, SERVICE_FLOW },
		{ NULL, "2", true, SERVICE_NOBODY },
		{ NULL, "201", true, SERVICE_NOBODY },
		{ NULL, "+61399990000", true, SERVICE_NOBODY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct accounts *all = world.x.plan.accounts;
		const struct account *a =
			rows[i].account != NULL ? accounts_by_name(all, rows[i].account) : NULL;
		struct service s = service_find(all, a, rows[i].dialled, rows[i].trunk);

		cr_expect(eq(int, s.kind, rows[i].kind), "%s dials \"%s\"",
			rows[i].account != NULL ? rows[i].account : "the trunk", rows[i].dialled);
	}
}
