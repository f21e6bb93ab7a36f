// SPDX-License-Identifier: BSD-3-Clause
//
// What a flow receives, for all who mix it: on a grid of 10 ms that is the same for everybody,
// each slot is taken from the jitter buffer once, by whoever comes first.
#include "dataplane/node.h"
#include "dataplane/voice_piece.h"

#include <string.h>

enum { ABSENT = 50 }; // slots: nobody listened for so long that what waits is stale

#define SLOT_NS (VOICE_BLOCK_MS * NS_PER_MS)

static void convert(struct voice_line *line, unsigned at)
{
	if (line->jitter.rate == 8000)
		resample_up(&line->up, line->other[at], line->own[at], VOICE_BLOCK_MAX / 2);
	else
		resample_down(&line->down, line->other[at], line->own[at], VOICE_BLOCK_MAX / 2);
}

static void take(struct engine *e, struct voice_line *line)
{
	unsigned at = line->next % VOICE_SLOTS;
	uint64_t due = (line->next + 1) * SLOT_NS;

	line->heard[at] =
		jitter_take(&line->jitter, &e->voices.filter, line->own[at], due) != JITTER_PAUSE;
	if (line->both)
		convert(line, at);
	line->next++;
}

const int16_t *voice_slot(struct engine *e, struct rtp_flow *x, uint64_t slot, uint32_t rate)
{
	struct voice *v = voice_of(e, x);
	struct voice_line *line = v != NULL ? voice_line_of(e, v) : NULL;
	unsigned at = slot % VOICE_SLOTS;

	if (line == NULL || v->in.codec == NULL)
		return NULL;
	if (line->next == 0 || slot > line->next + ABSENT) {
		jitter_forget(&line->jitter);
		line->next = slot;
	}
	while (line->next <= slot)
		take(e, line);
	if (slot + VOICE_SLOTS < line->next || !line->heard[at])
		return NULL;
	if (rate == line->jitter.rate)
		return line->own[at];
	if (!line->both) {
		line->both = true;
		convert(line, at);
	}
	return line->other[at];
}
