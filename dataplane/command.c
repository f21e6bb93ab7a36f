// SPDX-License-Identifier: BSD-3-Clause
//
// What each command does to its flow. Everything is checked on the caller's copy before anything
// is changed, and every way through answers once.
#include "dataplane/command.h"

#include "dataplane/ip.h"
#include "dataplane/node.h"

#include <string.h>

void engine_close(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct flow_cold *c = cold_of(e, f);

	report_end(e, f, now);
	engine_set_mode(e, f, FLOW_SILENT);
	voice_forget(e, f);
	keys_forget(e, f);
	digits_forget(e, f);
	inband_forget(e, f);
	crypto_forget(e, f);
	record_forget(e, f, now);
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
		far_opened(e, f);
		stat_add(&e->stats->flows_open, 1);
	}
	c->owner = cmd->open.owner;
	e->ops.entry(e->ops.ctx, cmd->flow.index, c->gen, true, c->owner);
	return DP_REFUSAL_NONE;
}

// An address that a host can have (dataplane/ip.h), of the family that the flow speaks.
static bool is_host(const struct engine *e, const struct rtp_flow *f, const uint8_t ip[16])
{
	return ip_is_host(ip) && ip_same_family(ip, e->address[f->address].ip);
}

static bool is_audio_pt(uint8_t pt)
{
	return pt < 128;
}

static bool is_dtmf_pt(uint8_t pt, uint8_t audio)
{
	return pt == DP_NO_PT || (pt < 128 && pt != audio);
}

static bool is_noise_pt(const struct dp_cmd *cmd)
{
	uint8_t cn = cmd->remote.cn;

	return cn == DP_NO_PT || (cn < 128 && cn != cmd->remote.pt_tx && cn != cmd->remote.pt_rx &&
					 cn != cmd->remote.dtmf_tx && cn != cmd->remote.dtmf_rx);
}

static bool is_ptime(uint8_t ms)
{
	return ms == 10 || ms == 20 || ms == 30 || ms == 40 || ms == 60;
}

static bool is_clock(uint32_t clock, uint8_t codec)
{
	if (codec == DP_CODEC_OPAQUE)
		return clock <= 192000;
	return dp_codec_is_g711(codec) ? clock == 8000 : clock >= 8000 && clock <= 192000;
}

static bool remote_in_range(const struct dp_cmd *cmd)
{
	return cmd->remote.rtp_port != 0 && cmd->remote.codec < DP_CODEC_COUNT &&
	       is_clock(cmd->remote.clock, cmd->remote.codec) && is_ptime(cmd->remote.ptime) &&
	       is_audio_pt(cmd->remote.pt_tx) && is_audio_pt(cmd->remote.pt_rx) &&
	       is_dtmf_pt(cmd->remote.dtmf_tx, cmd->remote.pt_tx) &&
	       is_dtmf_pt(cmd->remote.dtmf_rx, cmd->remote.pt_rx) && is_noise_pt(cmd) &&
	       (cmd->remote.flags & ~DP_REMOTE_MUTE) == 0;
}

static enum dp_refusal obey_remote(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	const uint8_t *target = flow_target_ip(cmd);

	if (!remote_in_range(cmd))
		return DP_REFUSAL_BAD_VALUE;
	if (!is_host(e, f, target))
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
	keys_review(e, f);
	inband_review(e, f);
	voice_settle(e, f, now);
	engine_pace(e, f, now);
	report_begin(e, f, now);
	return DP_REFUSAL_NONE;
}

static enum dp_refusal obey_keys(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t)
{
	return node_srtp_keys(e, f, cmd);
}

static enum dp_refusal obey_silent(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *, uint64_t now)
{
	engine_set_mode(e, f, FLOW_SILENT);
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
	bool opaque = (f->rx & peer->rx & FLOW_OPAQUE) != 0;
	enum dp_refusal refusal = opaque ? DP_REFUSAL_NONE : voice_fit_relay(e, f, peer);
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
	inband_review(e, f); // there may be a detector by now
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
	if (!keys_can(f))
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

static enum dp_refusal obey_query(
	struct engine *, struct rtp_flow *, const struct dp_cmd *, uint64_t)
{
	return DP_REFUSAL_NONE; // the answer says it
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
	[DP_CMD_KEYS] = obey_keys,
	[DP_CMD_SILENT] = obey_silent,
	[DP_CMD_MUSIC] = play_music,
	[DP_CMD_PROMPT] = play_prompt,
	[DP_CMD_RELAY] = obey_relay,
	[DP_CMD_MIX] = obey_mix,
	[DP_CMD_OVERLAY] = obey_overlay,
	[DP_CMD_OVERLAY_END] = obey_overlay_end,
	[DP_CMD_GAIN] = obey_gain,
	[DP_CMD_WATCH] = obey_watch,
	[DP_CMD_DIGITS] = obey_digits,
	[DP_CMD_QUERY] = obey_query,
	[DP_CMD_RECORD] = obey_record,
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

// Would it be a flow, or a stream of one that has not sent anything yet?
static bool begins_stream(const struct rtp_flow *f, const struct dp_cmd *cmd)
{
	if (cmd->kind == DP_CMD_OPEN)
		return !f->open;
	return (cmd->kind == DP_CMD_MUSIC || cmd->kind == DP_CMD_PROMPT) && f->tx_packets == 0 &&
	       !flow_is_due(f);
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
	if (e->full && begins_stream(f, cmd)) {
		stat_add(&e->stats->streams_refused, 1);
		return DP_REFUSAL_NO_ROOM;
	}

	enum dp_refusal refusal = check_flow(f, cold_of(e, f), cmd);
	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	return obey[cmd->kind](e, f, cmd, now);
}

// What kind of event says that the command is carried out.
static uint16_t answer_of(const struct dp_cmd *cmd)
{
	switch (cmd->kind) {
	case DP_CMD_CLOSE:
		return DP_EVENT_CLOSED;
	case DP_CMD_QUERY:
		return DP_EVENT_QUALITY;
	default:
		return DP_EVENT_DONE;
	}
}

void engine_command(struct engine *e, const struct dp_cmd *cmd, uint64_t now)
{
	enum dp_refusal refusal = carry_out(e, cmd, now);
	struct rtp_flow *f = cmd->flow.index < e->flow_count ? &e->flows[cmd->flow.index] : NULL;
	struct dp_event answer = {
		.tag = cmd->tag,
		.kind = refusal == DP_REFUSAL_NONE ? answer_of(cmd) : DP_EVENT_REFUSED,
		.refusal = (uint8_t)refusal,
		.flow = cmd->flow,
	};

	stat_add(&e->stats->commands, 1);
	if (refusal != DP_REFUSAL_NONE)
		stat_add(&e->stats->refusals, 1);
	if (f != NULL && (answer.kind == DP_EVENT_CLOSED || answer.kind == DP_EVENT_QUALITY))
		report_quality(e, f, &answer.quality);
	engine_answer(e, f != NULL && cold_of(e, f)->gen == cmd->flow.gen ? f : NULL, &answer);
}
