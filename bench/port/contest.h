// SPDX-License-Identifier: BSD-3-Clause
//
// One case of bench_port: who runs against whom, and what comes of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum contest_port {
	CONTEST_NULL,
	CONTEST_RING,
	CONTEST_MEMIF,
	CONTEST_AF_PACKET,
	CONTEST_AF_XDP,
	CONTEST_TAP,
	CONTEST_PORTS,
};

enum contest_kind {
	CONTEST_MUSIC,
	CONTEST_PARKED,
	CONTEST_RELAY,
	CONTEST_HOSTILE,
	CONTEST_RTCP,
	CONTEST_SCALE,
	CONTEST_KINDS,
};

struct contest {
	uint32_t cpu;
	uint32_t main_cpu; // whatever else must run
	int rounds;
	double seconds; // of a round
	bool alone;     // no baseline: to see whether every packet is right

	char name[64];
	enum contest_port port;
	enum contest_kind kind;
	uint32_t bad; // of 100
	uint32_t flows;
	bool shuffled;
};

// False: there is no such case.
[[nodiscard]] bool contest_read(struct contest *c, const char *name);

// Prints its line. Returns what the process is to exit with.
int contest_run(const struct contest *c);
