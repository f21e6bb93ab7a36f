// SPDX-License-Identifier: BSD-3-Clause
//
// Open addressing with linear probing. What is taken out leaves no gap in a row of neighbours:
// those behind it that belong farther to the front move up.
#include "dataplane/tracks.h"

#include <assert.h>
#include <stddef.h>

static_assert((TRACKS_INDEX & (TRACKS_INDEX - 1)) == 0, "a row is found with a mask");

// Where the search for a hash begins.
static uint32_t home(uint64_t hash)
{
	return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) % TRACKS_INDEX;
}

// Where it is, or where the row ends that it would be in.
static uint32_t seek(const struct tracks *t, uint64_t hash)
{
	uint32_t at = home(hash);

	while (t->index[at] != 0 && t->hash[t->index[at] - 1] != hash)
		at = (at + 1) % TRACKS_INDEX;
	return at;
}

uint16_t tracks_find(const struct tracks *t, uint64_t hash)
{
	uint32_t at = seek(t, hash);

	return t->index[at] != 0 ? (uint16_t)(t->index[at] - 1) : TRACK_NONE;
}

static uint16_t take_slot(struct tracks *t)
{
	uint32_t slot = t->next_free;

	while (t->hash[slot] != 0)
		slot++;
	t->next_free = slot + 1;
	t->count++;
	return (uint16_t)slot;
}

bool tracks_show(struct tracks *t, const struct track *track)
{
	assert(track->hash != 0 && track->len != 0);

	uint32_t at = seek(t, track->hash);
	if (t->index[at] == 0) {
		if (t->count == TRACKS_MAX)
			return false;

		uint16_t slot = take_slot(t);
		t->index[at] = (uint16_t)(slot + 1);
		t->hash[slot] = track->hash;
	}
	t->track[t->index[at] - 1] = track;
	return true;
}

// Would a search for this one go past the gap?
static bool passes(const struct tracks *t, uint32_t at, uint32_t gap)
{
	uint32_t begin = home(t->hash[t->index[at] - 1]);

	return (at - begin) % TRACKS_INDEX >= (at - gap) % TRACKS_INDEX;
}

static void close_gap(struct tracks *t, uint32_t gap)
{
	for (uint32_t at = (gap + 1) % TRACKS_INDEX; t->index[at] != 0;
		at = (at + 1) % TRACKS_INDEX) {
		if (!passes(t, at, gap))
			continue;
		t->index[gap] = t->index[at];
		gap = at;
	}
	t->index[gap] = 0;
}

bool tracks_hide(struct tracks *t, uint64_t hash)
{
	assert(hash != 0);

	uint32_t at = seek(t, hash);
	if (t->index[at] == 0)
		return true;

	uint16_t slot = (uint16_t)(t->index[at] - 1);
	if (t->users[slot] > 0)
		return false;
	close_gap(t, at);
	t->hash[slot] = 0;
	t->track[slot] = NULL;
	t->count--;
	if (slot < t->next_free)
		t->next_free = slot;
	return true;
}
