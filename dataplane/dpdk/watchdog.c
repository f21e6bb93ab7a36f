// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/watchdog.h"

enum watchdog_news watchdog_look(struct watchdog *d, uint32_t worker, uint64_t turns, uint64_t now)
{
	typeof(d->worker[0]) *w = &d->worker[worker];
	bool blind = w->looked == 0 || now - w->looked > d->limit / 2;
	bool stalled = w->stalled;

	w->looked = now;
	if (turns != w->turns) {
		w->turns = turns;
		w->since = now;
		w->stalled = false;
		return stalled ? WATCHDOG_BACK : WATCHDOG_NOTHING;
	}
	if (blind && !stalled)
		w->since = now;
	if (stalled || now - w->since <= d->limit)
		return WATCHDOG_NOTHING;
	w->stalled = true;
	return WATCHDOG_STALLED;
}
