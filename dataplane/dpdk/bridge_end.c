// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dpdk/bridge_end.h"

#include "dataplane/engine.h"

#include <assert.h>
#include <string.h>

void bridge_end_init(struct bridge_end *b, uint32_t flows)
{
	*b = (struct bridge_end){ .flows = flows };
}

void bridge_end_adopt(struct bridge_end *b, const struct bridge_worker *to)
{
	bridge_end_init(b, b->flows);
	b->attached = true;
	b->describing = true;
	b->to = *to;
	lane_reader_init(&b->down, to->down, BRIDGE_LANE_SIZE);
	lane_writer_init(&b->up, to->up, BRIDGE_LANE_SIZE);
}

void bridge_end_let_go(struct bridge_end *b)
{
	bridge_end_init(b, b->flows);
}

static void describe(struct bridge_end *b, struct engine *e)
{
	b->described = engine_describe(e, b->described, BRIDGE_END_PLACES);
	if (b->described < b->flows)
		return;
	b->describing = false;
	atomic_store_explicit(b->to.directory_done, 1, memory_order_release);
}

// A command is taken only while its answer has room.
static bool take(struct bridge_end *b, struct dp_cmd *out)
{
	uint32_t at;

	if (lane_room(&b->up) == 0 || !lane_peek(&b->down, &at))
		return false;
	*out = b->to.cmds[at];
	if (out->kind == DP_CMD_KEYS) // no key stays in the lane
		explicit_bzero(&b->to.cmds[at].keys, sizeof(b->to.cmds[at].keys));
	lane_release(&b->down);
	return true;
}

uint32_t bridge_end_serve(struct bridge_end *b, struct engine *e, uint64_t now)
{
	struct dp_cmd cmd;
	uint32_t n = 0;

	if (!b->attached)
		return 0;
	if (b->describing)
		describe(b, e);
	while (n < BRIDGE_END_COMMANDS && take(b, &cmd)) {
		engine_command(e, &cmd, now);
		if (cmd.kind == DP_CMD_KEYS)
			explicit_bzero(&cmd, sizeof(cmd));
		n++;
	}
	if (b->down.broken || b->up.broken) {
		bridge_end_let_go(b);
		b->broken = true;
	}
	return n;
}

static void put(struct bridge_end *b, const struct dp_event *event)
{
	uint32_t at;

	if (!lane_reserve(&b->up, &at))
		return; // broken since the command was taken: noticed at the end of the turn
	b->to.events[at] = *event;
	lane_commit(&b->up);
}

void bridge_end_answer(struct bridge_end *b, const struct dp_event *event)
{
	assert(b->attached); // who else has asked?
	put(b, event);
}

bool bridge_end_tell(struct bridge_end *b, const struct dp_event *event)
{
	if (!b->attached || lane_room(&b->up) <= BRIDGE_END_MARGIN)
		return false;
	put(b, event);
	return true;
}

void bridge_end_entry(struct bridge_end *b, uint32_t flow, uint32_t gen, bool open, uint64_t owner)
{
	if (!b->attached)
		return;

	struct bridge_entry *entry = &b->to.directory[flow];
	atomic_store_explicit(&entry->owner, owner, memory_order_relaxed);
	atomic_store_explicit(&entry->gen, gen, memory_order_relaxed);
	atomic_store_explicit(&entry->open, open, memory_order_release);
}
