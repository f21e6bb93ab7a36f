// SPDX-License-Identifier: BSD-3-Clause
//
// MUSIC and PROMPT: what a flow may play, and that it does.
#include "dataplane/command.h"
#include "dataplane/node.h"
#include "dataplane/voice_track.h"

#include <string.h>

// Is the track there in this encoding, and does a packet of it fit?
static bool encoded(const struct engine *e, uint16_t track, uint8_t encoding, uint8_t ptime)
{
	if (encoding == TRACK_CODECS || e->tracks.track[track]->payload[encoding] == NULL)
		return false;
	return encoding == TRACK_OPUS
		       ? ptime == TRACK_PACKET_MS
		       : ptime * TRACK_UNITS_PER_MS * track_unit(encoding) <= TRACK_FRAME_MAX;
}

bool play_can_go_on(const struct engine *e, const struct rtp_flow *f, const struct voice_leg *leg)
{
	uint8_t encoding = flow_encoding(leg->codec, leg->clock);

	if (f->mode == FLOW_MUSIC)
		return encoded(e, f->track, encoding, leg->ptime);
	if (f->mode != FLOW_PROMPT)
		return true;

	const struct flow_prompt *prompt = prompt_of(e, f);
	for (unsigned i = 0; i < prompt->n; i++) {
		if (!encoded(e, prompt->track[i], encoding, leg->ptime))
			return false;
	}
	return true;
}

bool play_is_samples(const struct engine *e, const struct rtp_flow *f)
{
	if (f->mode == FLOW_MUSIC)
		return voice_track_there(e->tracks.track[f->track]);

	const struct flow_prompt *prompt = prompt_of(e, f);
	for (unsigned i = 0; i < prompt->n; i++) {
		if (!voice_track_there(e->tracks.track[prompt->track[i]]))
			return false;
	}
	return true;
}

// The slot of a track that the flow can play.
static enum dp_refusal find_track(
	struct engine *e, struct rtp_flow *f, uint64_t hash, uint16_t *out)
{
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (hash == 0)
		return DP_REFUSAL_NO_TRACK;
	*out = tracks_find(&e->tracks, hash);
	if (*out == TRACK_NONE)
		return DP_REFUSAL_NO_TRACK;
	if (encoded(e, *out, f->encoding, f->ptime))
		return DP_REFUSAL_NONE;
	return voice_fit_track(e, f, e->tracks.track[*out]);
}

enum dp_refusal play_music(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	bool shared = (cmd->music.flags & DP_MUSIC_SHARED) != 0;
	uint16_t track;

	if ((cmd->music.flags & ~(uint32_t)DP_MUSIC_SHARED) != 0)
		return DP_REFUSAL_BAD_VALUE;

	enum dp_refusal refusal = find_track(e, f, cmd->music.track, &track);

	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	if (f->mode == FLOW_MUSIC && f->track == track && cold_of(e, f)->shared == shared) {
		// It may be there in the flow's codec since.
		voice_settle(e, f, now);
		return DP_REFUSAL_NONE;
	}

	engine_use_tracks(e, &track, 1);
	engine_set_mode(e, f, FLOW_MUSIC);
	f->track = track;
	cold_of(e, f)->shared = shared;
	voice_settle(e, f, now);
	engine_pace(e, f, now);
	return DP_REFUSAL_NONE;
}

static enum dp_refusal find_prompt(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, struct flow_prompt *out)
{
	for (; out->n < DP_PROMPT_MAX && cmd->prompt.track[out->n] != 0; out->n++) {
		enum dp_refusal refusal =
			find_track(e, f, cmd->prompt.track[out->n], &out->track[out->n]);

		if (refusal != DP_REFUSAL_NONE)
			return refusal;
	}
	return out->n == 0 ? DP_REFUSAL_BAD_VALUE : DP_REFUSAL_NONE;
}

static bool same_prompt(const struct flow_prompt *a, const struct flow_prompt *b)
{
	return a->n == b->n && memcmp(a->track, b->track, a->n * sizeof(a->track[0])) == 0;
}

enum dp_refusal play_prompt(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	struct flow_prompt prompt = { .since = now };
	enum dp_refusal refusal = find_prompt(e, f, cmd, &prompt);

	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	if (f->mode == FLOW_PROMPT && same_prompt(prompt_of(e, f), &prompt))
		return DP_REFUSAL_NONE;
	if (f->mode != FLOW_PROMPT && e->prompts.used == e->prompts.count)
		return DP_REFUSAL_NO_ROOM;

	engine_use_tracks(e, prompt.track, prompt.n);
	engine_set_mode(e, f, FLOW_PROMPT);
	cold_of(e, f)->prompt = (uint16_t)pool_take(&e->prompts);
	*prompt_of(e, f) = prompt;
	voice_settle(e, f, now);
	engine_pace(e, f, now);
	return DP_REFUSAL_NONE;
}
