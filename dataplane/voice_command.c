// SPDX-License-Identifier: BSD-3-Clause
//
// What the commands do that need a voice: MIX, OVERLAY, OVERLAY_END and GAIN.
#include "dataplane/node.h"
#include "dataplane/voice_piece.h"
#include "dataplane/voice_track.h"

#include <string.h>

static uint32_t samples_of(const struct voice *v, uint16_t ms)
{
	return v->out.codec != NULL ? v->out.codec->rate / 1000 * ms : 0;
}

static bool is_there(const struct engine *e, struct flow_id id)
{
	return id.index < e->flow_count && e->flows[id.index].open &&
	       e->cold[id.index].gen == id.gen;
}

// Can the one at place i of the list be heard?
static enum dp_refusal check_heard(const struct engine *e, const struct dp_cmd *cmd, unsigned i)
{
	const struct flow_id *heard = cmd->mix.heard;

	if (!is_there(e, heard[i]) || heard[i].index == cmd->flow.index)
		return DP_REFUSAL_BAD_PEER;
	for (unsigned k = 0; k < i; k++) {
		if (heard[k].index == heard[i].index)
			return DP_REFUSAL_BAD_VALUE;
	}

	const struct rtp_flow *x = &e->flows[heard[i].index];
	return x->known && voice_codec_of(x) == NULL ? DP_REFUSAL_CODEC_CLASH : DP_REFUSAL_NONE;
}

static enum dp_refusal check_mix(
	const struct engine *e, const struct rtp_flow *f, const struct dp_cmd *cmd)
{
	if (cmd->mix.n == 0 || cmd->mix.n > DP_MIX_MAX)
		return DP_REFUSAL_BAD_VALUE;
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (voice_codec_of(f) == NULL)
		return DP_REFUSAL_CODEC_CLASH;
	for (unsigned i = 0; i < cmd->mix.n; i++) {
		enum dp_refusal refusal = check_heard(e, cmd, i);

		if (refusal != DP_REFUSAL_NONE)
			return refusal;
	}
	return DP_REFUSAL_NONE;
}

static bool reserve_mix(struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd)
{
	if (!voice_reserve_out(e, f, voice_codec_of(f)))
		return false;
	for (unsigned i = 0; i < cmd->mix.n; i++) {
		struct rtp_flow *x = &e->flows[cmd->mix.heard[i].index];

		if (!voice_reserve_in(e, x, voice_codec_of(x)) || !voice_reserve_line(e, x))
			return false;
	}
	return true;
}

static void settle_mix(struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	for (unsigned i = 0; i < cmd->mix.n; i++)
		voice_settle_in(e, &e->flows[cmd->mix.heard[i].index]);
	voice_settle(e, f, now);
}

enum dp_refusal obey_mix(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	enum dp_refusal refusal = check_mix(e, f, cmd);

	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	if (!reserve_mix(e, f, cmd)) {
		settle_mix(e, f, cmd, now);
		return DP_REFUSAL_NO_ROOM;
	}

	struct voice *v = voice_of(e, f);
	struct flow_id old[DP_MIX_MAX];
	uint8_t olds = f->mode == FLOW_MIX ? v->n : 0;

	// Those who are heard already stay on their lines: first the new list, then the old one.
	memcpy(old, v->heard, sizeof(old));
	for (unsigned i = 0; i < cmd->mix.n; i++)
		voice_of(e, &e->flows[cmd->mix.heard[i].index])->listeners++;
	if (f->mode != FLOW_MIX)
		engine_set_mode(e, f, FLOW_MIX);
	v->n = olds;
	memcpy(v->heard, old, sizeof(old));
	if (olds > 0)
		voice_leave_mix(e, f);
	v->n = cmd->mix.n;
	memcpy(v->heard, cmd->mix.heard, sizeof(v->heard));
	voice_settle(e, f, now);
	return DP_REFUSAL_NONE;
}

static bool overlay_in_range(const struct dp_cmd *cmd)
{
	return cmd->overlay.id != 0 && cmd->overlay.gain <= DP_GAIN_MAX && cmd->overlay.duck <= 0 &&
	       cmd->overlay.ramp <= DP_RAMP_MS_MAX && (cmd->overlay.flags & ~DP_OVERLAY_LOOP) == 0;
}

static enum dp_refusal find_overlay(
	const struct engine *e, const struct rtp_flow *f, const struct dp_cmd *cmd, uint16_t *track)
{
	if (!overlay_in_range(cmd))
		return DP_REFUSAL_BAD_VALUE;
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	*track = cmd->overlay.track == 0 ? TRACK_NONE : tracks_find(&e->tracks, cmd->overlay.track);
	if (*track == TRACK_NONE)
		return DP_REFUSAL_NO_TRACK;
	return DP_REFUSAL_NONE;
}

// What a flow needs that is rendered from now on, whatever it sends.
static enum dp_refusal reserve_colour(struct engine *e, struct rtp_flow *f)
{
	struct rtp_flow *peer = voice_peer(e, f);

	if (voice_codec_of(f) == NULL)
		return DP_REFUSAL_NO_ENCODING;
	if (f->mode == FLOW_RELAY && f->peer == FLOW_FAR)
		return DP_REFUSAL_BAD_PEER;
	if (!voice_reserve_out(e, f, voice_codec_of(f)))
		return DP_REFUSAL_NO_ROOM;
	if (peer != NULL && !voice_reserve_in(e, peer, voice_codec_of(peer)))
		return DP_REFUSAL_NO_ROOM;
	return DP_REFUSAL_NONE;
}

enum dp_refusal obey_overlay(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	struct overlay_wish wish = { .id = cmd->overlay.id,
		.gain = cmd->overlay.gain,
		.duck = cmd->overlay.duck,
		.ramp = cmd->overlay.ramp,
		.loop = (cmd->overlay.flags & DP_OVERLAY_LOOP) != 0 };
	enum dp_refusal refusal = find_overlay(e, f, cmd, &wish.track);

	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	if (!voice_track_there(e->tracks.track[wish.track]))
		return DP_REFUSAL_NO_ENCODING;
	refusal = reserve_colour(e, f);
	if (refusal == DP_REFUSAL_NONE &&
		!overlay_put(&e->voices.overlays, &voice_of(e, f)->overlays, &wish))
		refusal = DP_REFUSAL_NO_ROOM;
	voice_settle(e, f, now);
	if (refusal != DP_REFUSAL_NONE)
		return refusal;

	struct voice *v = voice_of(e, f);
	mix_ramp_to(
		&v->duck, overlay_duck(&e->voices.overlays, v->overlays), samples_of(v, wish.ramp));
	return DP_REFUSAL_NONE;
}

enum dp_refusal obey_overlay_end(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	struct voice *v = voice_of(e, f);

	if (cmd->overlay_end.ramp > DP_RAMP_MS_MAX)
		return DP_REFUSAL_BAD_VALUE;
	if (v == NULL)
		return DP_REFUSAL_NONE;
	overlay_end(&e->voices.overlays, &v->overlays, cmd->overlay_end.id);
	mix_ramp_to(&v->duck, overlay_duck(&e->voices.overlays, v->overlays),
		f->mode == FLOW_SILENT ? 0 : samples_of(v, cmd->overlay_end.ramp));
	voice_settle(e, f, now);
	return DP_REFUSAL_NONE;
}

enum dp_refusal obey_gain(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	if (cmd->gain.gain > DP_GAIN_MAX || cmd->gain.ramp > DP_RAMP_MS_MAX)
		return DP_REFUSAL_BAD_VALUE;
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (cmd->gain.gain == 0 && voice_of(e, f) == NULL)
		return DP_REFUSAL_NONE;

	bool now_or_never = cmd->gain.gain == 0 && (f->tx & FLOW_RENDERED) == 0;
	enum dp_refusal refusal = now_or_never ? DP_REFUSAL_NONE : reserve_colour(e, f);
	if (refusal != DP_REFUSAL_NONE) {
		voice_settle(e, f, now);
		return refusal;
	}

	struct voice *v = voice_of(e, f);
	bool at_once = now_or_never || f->mode == FLOW_SILENT;
	mix_ramp_to(&v->gain, cmd->gain.gain,
		at_once ? 0 : voice_codec_of(f)->rate / 1000 * cmd->gain.ramp);
	voice_settle(e, f, now);
	return DP_REFUSAL_NONE;
}
