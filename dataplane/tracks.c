// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tracks.h"

#include <assert.h>
#include <stddef.h>

uint16_t tracks_find(const struct tracks *t, uint64_t hash)
{
	for (uint32_t i = 0; i < TRACKS_MAX; i++) {
		if (t->hash[i] == hash)
			return (uint16_t)i;
	}
	return TRACK_NONE;
}

bool tracks_show(struct tracks *t, const struct track *track)
{
	assert(track->hash != 0 && track->len != 0);

	uint16_t slot = tracks_find(t, track->hash);
	if (slot == TRACK_NONE)
		slot = tracks_find(t, 0);
	if (slot == TRACK_NONE)
		return false;
	t->hash[slot] = track->hash;
	t->track[slot] = track;
	return true;
}

bool tracks_hide(struct tracks *t, uint64_t hash)
{
	assert(hash != 0);

	uint16_t slot = tracks_find(t, hash);
	if (slot == TRACK_NONE)
		return true;
	if (t->users[slot] > 0)
		return false;
	t->hash[slot] = 0;
	t->track[slot] = NULL;
	return true;
}
