// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/watchdog.h"

#include <criterion/criterion.h>

static const uint64_t ms = 1000000;

static struct watchdog d;
static uint64_t now, turns;

static void set_up(void)
{
	d.limit = 100 * ms;
	now = 5000 * ms;
}

TestSuite(watchdog, .init = set_up);

// Looks every millisecond; the worker turns or not. Returns the last news that was any.
static enum watchdog_news look(uint32_t times, bool going)
{
	enum watchdog_news last = WATCHDOG_NOTHING;

	for (uint32_t i = 0; i < times; i++) {
		now += ms;
		turns += going;
		enum watchdog_news news = watchdog_look(&d, 3, turns, now);
		if (news != WATCHDOG_NOTHING) {
			cr_expect_eq(last, WATCHDOG_NOTHING, "once is enough");
			last = news;
		}
	}
	return last;
}

Test(watchdog, one_who_goes_round_is_left_in_peace)
{
	cr_expect_eq(look(1000, true), WATCHDOG_NOTHING);
}

Test(watchdog, one_who_stands_still_is_told_of_once)
{
	look(10, true);
	cr_expect_eq(look(100, false), WATCHDOG_NOTHING, "not longer than he may");
	cr_expect_eq(look(1, false), WATCHDOG_STALLED);
	cr_expect_eq(look(1000, false), WATCHDOG_NOTHING);
	cr_expect_eq(look(1, true), WATCHDOG_BACK);
	cr_expect_eq(look(101, false), WATCHDOG_STALLED, "again");
}

Test(watchdog, who_was_asleep_himself_accuses_nobody)
{
	look(10, true);
	for (int i = 0; i < 10; i++) {
		now += 500 * ms;
		cr_expect_eq(watchdog_look(&d, 3, turns, now), WATCHDOG_NOTHING);
	}
	cr_expect_eq(look(101, false), WATCHDOG_STALLED, "now that he looks");
}

Test(watchdog, one_who_never_began_is_told_of)
{
	cr_expect_eq(look(102, false), WATCHDOG_STALLED);
}
