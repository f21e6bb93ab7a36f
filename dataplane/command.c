// SPDX-License-Identifier: BSD-3-Clause
//
// What each command does to its flow. Everything is checked on the caller's copy before anything
// is changed, and every way through answers once.
#include "dataplane/node.h"

#include <string.h>

typedef enum dp_refusal (*obey_fn)(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now);

void engine_close(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	engine_set_mode(e, f, FLOW_SILENT);
	voice_forget(e, f);
	keys_forget(e, f);
	digits_forget(e, f);
	flow_take_up(f, c);
	f->open = false;
	f->known = false;
	f->send_port = 0;
	f->rx = 0;
	f->tx &= FLOW_PACED | FLOW_REPORTED;
	c->closed = true;
	c->closed_at = flow_coarse(now);
	e->ops.entry(e->ops.ctx, place_of(e, f), c->gen, false, c->owner);
	stat_add(&e->stats->flows_open, UINT64_MAX);
}

// The clock of the cold part is a coarse one: never a millisecond longer than promised.
static bool rests(const struct flow_cold *c, uint64_t now)
{
	uint32_t closed = flow_coarse(now) - c->closed_at;

	return c->closed && closed < flow_coarse(DP_REST_MS * NS_PER_MS);
}

static enum dp_refusal obey_open(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	if (cmd->flow.gen == 0)
		return DP_REFUSAL_BAD_VALUE;
	if (f->open && c->gen != cmd->flow.gen)
		return DP_REFUSAL_OPEN_ALREADY;
	if (!f->open && c->gen == cmd->flow.gen)
		return DP_REFUSAL_STALE;
	if (!f->open && rests(c, now))
		return DP_REFUSAL_RESTING;

	if (!f->open) {
		uint64_t drawn = random_draw(&e->random);

		flow_open(f, c, cmd, now);
		f->out_ssrc = (uint32_t)drawn;
		f->out_ts = (uint32_t)(drawn >> 32);
		f->out_seq = (uint16_t)random_draw(&e->random);
		stat_add(&e->stats->flows_open, 1);
	}
	c->owner = cmd->open.owner;
	e->ops.entry(e->ops.ctx, cmd->flow.index, c->gen, true, c->owner);
	return DP_REFUSAL_NONE;
}

// IPv4 in its mapped form, and an address that a host can have (RFC 6890).
static bool is_host(const uint8_t ip[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, mapped, sizeof(mapped)) == 0 && ip[12] != 0 && ip[12] != 127 &&
	       ip[12] < 224;
}

static bool is_audio_pt(uint8_t pt)
{
	return pt < 128;
}

static bool is_dtmf_pt(uint8_t pt, uint8_t audio)
{
	return pt == DP_NO_PT || (pt < 128 && pt != audio);
}

static bool is_ptime(uint8_t ms)
{
	return ms == 10 || ms == 20 || ms == 30 || ms == 40 || ms == 60;
}

static bool is_clock(uint32_t clock, uint8_t codec)
{
	return dp_codec_is_g711(codec) ? clock == 8000 : clock >= 8000 && clock <= 192000;
}

static bool remote_in_range(const struct dp_cmd *cmd)
{
	return cmd->remote.rtp_port != 0 && cmd->remote.codec < DP_CODEC_OPAQUE &&
	       is_clock(cmd->remote.clock, cmd->remote.codec) && is_ptime(cmd->remote.ptime) &&
	       is_audio_pt(cmd->remote.pt_tx) && is_audio_pt(cmd->remote.pt_rx) &&
	       is_dtmf_pt(cmd->remote.dtmf_tx, cmd->remote.pt_tx) &&
	       is_dtmf_pt(cmd->remote.dtmf_rx, cmd->remote.pt_rx) &&
	       (cmd->remote.flags & ~DP_REMOTE_MUTE) == 0;
}

// Is the track there in this encoding, and does a packet of it fit?
bool engine_encoded(const struct engine *e, uint16_t track, uint8_t encoding, uint8_t ptime)
{
	return encoding < TRACK_CODECS && e->tracks.track[track]->payload[encoding] != NULL &&
	       ptime * TRACK_UNITS_PER_MS * track_unit(encoding) <= TRACK_FRAME_MAX;
}

static enum dp_refusal obey_remote(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	const uint8_t *target = flow_target_ip(cmd);

	if (!remote_in_range(cmd))
		return DP_REFUSAL_BAD_VALUE;
	if (!is_host(target))
		return DP_REFUSAL_BAD_ADDRESS;
	if (flow_remote_same(cold_of(e, f), cmd))
		return DP_REFUSAL_NONE;

	int hop = e->ops.hop(e->ops.ctx, f->address, target);
	if (hop < 0 || hop > UINT16_MAX)
		return DP_REFUSAL_BAD_ADDRESS;

	struct voice_leg leg = { cmd->remote.codec, cmd->remote.ptime, cmd->remote.clock };
	enum dp_refusal refusal = voice_fit_remote(e, f, &leg);
	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	flow_remote(f, cold_of(e, f), cmd, (uint16_t)hop, now);
	if (f->dtmf_tx == DP_NO_PT)
		keys_forget(e, f);
	voice_settle(e, f, now);
	engine_pace(e, f, now);
	report_begin(e, f, now);
	return DP_REFUSAL_NONE;
}

static enum dp_refusal obey_silent(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *, uint64_t now)
{
	engine_set_mode(e, f, FLOW_SILENT);
	voice_settle(e, f, now);
	engine_pace(e, f, now);
	return DP_REFUSAL_NONE;
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
	if (engine_encoded(e, *out, f->encoding, f->ptime))
		return DP_REFUSAL_NONE;
	return voice_fit_track(e, f, e->tracks.track[*out]);
}

static enum dp_refusal obey_music(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	uint16_t track;
	enum dp_refusal refusal = find_track(e, f, cmd->music.track, &track);

	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	if (f->mode == FLOW_MUSIC && f->track == track)
		return DP_REFUSAL_NONE;

	engine_use_tracks(e, &track, 1);
	engine_set_mode(e, f, FLOW_MUSIC);
	f->track = track;
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

static enum dp_refusal obey_prompt(
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

static enum dp_refusal obey_relay(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	struct flow_id id = cmd->relay.peer;

	if (far_is_elsewhere(e, cmd))
		return far_relay(e, f, cmd, now);
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (id.index >= e->flow_count || !e->flows[id.index].open ||
		e->cold[id.index].gen != id.gen)
		return DP_REFUSAL_BAD_PEER;

	struct rtp_flow *peer = &e->flows[id.index];
	enum dp_refusal refusal = voice_fit_relay(e, f, peer);
	if (refusal != DP_REFUSAL_NONE)
		return refusal;

	// The peer forgets who hears it when it is opened anew.
	bool heard = peer->heard_by == place_of(e, f);
	peer->heard_by = place_of(e, f) & FLOW_NONE;
	if (f->mode == FLOW_RELAY && f->peer == id.index && heard)
		return DP_REFUSAL_NONE;
	engine_set_mode(e, f, FLOW_RELAY);
	f->peer = id.index;
	voice_settle(e, f, now);
	engine_pace(e, f, now);
	return DP_REFUSAL_NONE;
}

static enum dp_refusal obey_watch(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t)
{
	struct flow_cold *c = cold_of(e, f);

	c->watch = cmd->watch.digits;
	c->withholding = false;
	return DP_REFUSAL_NONE;
}

static bool digits_in_range(const struct dp_cmd *cmd)
{
	if (cmd->digits.n == 0 || cmd->digits.n > DP_DIGITS_MAX)
		return false;
	for (unsigned i = 0; i < cmd->digits.n; i++) {
		if (cmd->digits.digit[i] > 15 || cmd->digits.ms[i] < 40 ||
			cmd->digits.ms[i] > DP_DIGIT_MS_MAX)
			return false;
	}
	return true;
}

static enum dp_refusal obey_digits(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	if (!digits_in_range(cmd))
		return DP_REFUSAL_BAD_VALUE;
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (f->dtmf_tx == DP_NO_PT)
		return DP_REFUSAL_NO_DTMF;
	if ((f->tx & FLOW_TYPING) && keys_of(e, f)->n + cmd->digits.n > FLOW_KEYS_MAX)
		return DP_REFUSAL_BUSY;

	for (unsigned i = 0; i < cmd->digits.n; i++) {
		if (!keys_add(e, f, cmd->digits.digit[i], cmd->digits.ms[i]))
			return DP_REFUSAL_NO_ROOM;
	}
	engine_pace(e, f, now);
	return DP_REFUSAL_NONE;
}

static enum dp_refusal obey_close(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *, uint64_t now)
{
	engine_close(e, f, now);
	return DP_REFUSAL_NONE;
}

static const obey_fn obey[DP_CMD_COUNT] = {
	[DP_CMD_OPEN] = obey_open,
	[DP_CMD_REMOTE] = obey_remote,
	[DP_CMD_SILENT] = obey_silent,
	[DP_CMD_MUSIC] = obey_music,
	[DP_CMD_PROMPT] = obey_prompt,
	[DP_CMD_RELAY] = obey_relay,
	[DP_CMD_MIX] = obey_mix,
	[DP_CMD_OVERLAY] = obey_overlay,
	[DP_CMD_OVERLAY_END] = obey_overlay_end,
	[DP_CMD_GAIN] = obey_gain,
	[DP_CMD_WATCH] = obey_watch,
	[DP_CMD_DIGITS] = obey_digits,
	[DP_CMD_CLOSE] = obey_close,
};

// Is there a flow that the command can mean?
static enum dp_refusal check_flow(
	const struct rtp_flow *f, const struct flow_cold *c, const struct dp_cmd *cmd)
{
	if (cmd->kind == DP_CMD_OPEN)
		return DP_REFUSAL_NONE;
	if (c->gen == cmd->flow.gen && f->open)
		return DP_REFUSAL_NONE;
	return f->open || (c->gen == cmd->flow.gen && c->gen != 0) ? DP_REFUSAL_STALE
								   : DP_REFUSAL_NOT_OPEN;
}

static enum dp_refusal carry_out(struct engine *e, const struct dp_cmd *cmd, uint64_t now)
{
	if (cmd->kind >= DP_CMD_COUNT)
		return DP_REFUSAL_BAD_KIND;
	if (cmd->flow.index >= e->flow_count || e->flows[cmd->flow.index].local_port == 0)
		return DP_REFUSAL_BAD_FLOW;
	if (cmd->tag == 0)
		return DP_REFUSAL_BAD_VALUE;

	struct rtp_flow *f = &e->flows[cmd->flow.index];
	enum dp_refusal refusal = check_flow(f, cold_of(e, f), cmd);
	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	return obey[cmd->kind] != NULL ? obey[cmd->kind](e, f, cmd, now) : DP_REFUSAL_BAD_KIND;
}

static void tell_counters(const struct rtp_flow *f, const struct flow_cold *c, struct dp_event *out)
{
	uint64_t jitter = f->clock == 0 ? 0 : (uint64_t)(f->jitter >> 4) * 1000000 / f->clock;

	out->kind = DP_EVENT_CLOSED;
	out->closed.rx_packets = flow_received(f, c);
	out->closed.tx_packets = f->tx_packets;
	out->closed.rx_bytes = c->rx_bytes;
	out->closed.tx_bytes = c->tx_bytes;
	out->closed.rx_lost = flow_lost(f, c);
	out->closed.jitter_us = (uint32_t)jitter;
}

void engine_command(struct engine *e, const struct dp_cmd *cmd, uint64_t now)
{
	enum dp_refusal refusal = carry_out(e, cmd, now);
	struct rtp_flow *f = cmd->flow.index < e->flow_count ? &e->flows[cmd->flow.index] : NULL;
	bool closed = refusal == DP_REFUSAL_NONE && cmd->kind == DP_CMD_CLOSE;
	struct dp_event answer = {
		.tag = cmd->tag,
		.kind = refusal == DP_REFUSAL_NONE ? DP_EVENT_DONE : DP_EVENT_REFUSED,
		.refusal = (uint8_t)refusal,
		.flow = cmd->flow,
	};

	stat_add(&e->stats->commands, 1);
	if (refusal != DP_REFUSAL_NONE)
		stat_add(&e->stats->refusals, 1);
	if (closed && f != NULL)
		tell_counters(f, cold_of(e, f), &answer);
	engine_answer(e, f != NULL && cold_of(e, f)->gen == cmd->flow.gen ? f : NULL, &answer);
}
