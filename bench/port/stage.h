// SPDX-License-Identifier: BSD-3-Clause
//
// All who take part in a case: the worker (for a scale, two), what its port ends in, and testpmd
// on a port of the same kind.
#pragma once

#include "bench/port/contest.h"
#include "bench/port/drive.h"
#include "bench/port/rival.h"

struct stage {
	struct world world;
	struct crowd far[WORLD_SIDES_MAX];
	struct drive drive[WORLD_SIDES_MAX];
	struct rival rival;
	struct rival drain; // of memif
};

// Everything of ours, with all flows open.
void stage_build(struct stage *s, const struct contest *c);

// Until the first music has gone out: links take their time, and so does the kernel's ARP.
void stage_await_link(struct stage *s);

void stage_start_rival(struct stage *s, const struct contest *c);
