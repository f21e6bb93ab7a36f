// SPDX-License-Identifier: BSD-3-Clause
//
// Who names which track: what is registered, kept ready, and let go of.
#include "control/call/media_inside.h"

#include <assert.h>

uint64_t media_track(struct media *m, const char *path, char *error, uint32_t error_size)
{
	const struct known_track *track = media_tracks_load(&m->tracks, path, error, error_size);

	return track != NULL ? track->music.hash : 0;
}

void media_track_release(struct media *m, uint64_t hash)
{
	struct known_track *track = hash != 0 ? media_tracks_find(&m->tracks, hash) : NULL;

	if (track == NULL)
		return;
	assert(track->names > 0);
	if (--track->names == 0)
		media_hand_over(m);
}

void media_track_prepare(struct media *m, uint64_t hash)
{
	struct known_track *track = media_tracks_find(&m->tracks, hash);

	if (track == NULL)
		return;
	track->house = true;
	if (m->state >= MEDIA_PREPARING)
		media_tracks_prepare(&m->tracks);
}

void media_house_music(struct media *m, uint64_t track)
{
	m->house_music = track;
}

uint32_t media_track_ms(const struct media *m, uint64_t track)
{
	const struct known_track *known = media_tracks_find(&m->tracks, track);

	return known != NULL ? known->music.len / TRACK_UNITS_PER_MS : 0;
}
