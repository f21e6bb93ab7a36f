// SPDX-License-Identifier: BSD-3-Clause
//
// Time for a worker that is to show what it can do: not the clock's but what its packets say. It
// goes on as far as there is work, so that there is always some, and never farther.
#pragma once

#include "bench/port/crowd.h"
#include "bench/port/world.h"

#include <stdint.h>

struct drive {
	struct side *side;
	double seconds;     // of the worker's work, in one round
	uint64_t packet_ns; // 0: it has nothing to take in. Else time goes on by this for each
			    // packet of all callers taken together, times 2^8
	uint64_t began;     // ns, and what far had said by then
	uint64_t sent_before;
	bool quiet;         // nobody on this port answers ARP: we put it into the worker's table
	uint64_t next_news; // ns, when we do so again

	// of the last round
	uint64_t cycles;
	uint64_t in, out;
};

// From now on callers speak, each every `interval` ns.
void drive_speech(struct drive *d, enum crowd_speech speech, uint64_t interval);

// One round.
void drive_round(struct drive *d);

// Every packet under way has arrived.
void drive_settle(struct drive *d);
