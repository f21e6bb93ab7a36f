// SPDX-License-Identifier: BSD-3-Clause
//
// Does every worker still go round? Looked at by the main thread, from what the workers count
// anyway. Pure: counts and the time come in, news comes out, once for each change.
#pragma once

#include "dataplane/bridge.h"

#include <stdbool.h>
#include <stdint.h>

enum watchdog_news {
	WATCHDOG_NOTHING,
	WATCHDOG_STALLED, // no turn for longer than the limit
	WATCHDOG_BACK,    // it goes round again
};

struct watchdog {
	uint64_t limit; // ns
	struct {
		uint64_t turns;  // as seen last
		uint64_t since;  // ns, when they grew
		uint64_t looked; // ns
		bool stalled;
	} worker[BRIDGE_WORKERS_MAX];
};

// Who looks too seldom himself accuses nobody: a look later than half the limit after the one
// before begins anew.
enum watchdog_news watchdog_look(struct watchdog *d, uint32_t worker, uint64_t turns, uint64_t now);
