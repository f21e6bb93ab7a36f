// SPDX-License-Identifier: BSD-3-Clause
//
// A flow that is one channel of a recording: each of its audio packets is shown to whoever writes
// it down, opened, agreed to, and otherwise as it came. Digits are not among them: an event is no
// audio, and a tone that is withheld was silenced before.
#include "dataplane/node.h"
#include "dataplane/record.h"

enum { SOURCE_WORKER_SHIFT = FLOW_PLACE_BITS };

// Only of a flow that has one.
static struct record_channel *channel_of(const struct engine *e, const struct rtp_flow *f)
{
	return pool_at(&e->records, cold_of(e, f)->record);
}

static bool is_channel(const struct engine *e, const struct rtp_flow *f)
{
	return cold_of(e, f)->record != FLOW_NO_PIECE;
}

static struct record_note note_of(const struct engine *e, const struct rtp_flow *f,
	const struct record_channel *c, enum record_kind kind, uint64_t now)
{
	return (struct record_note){
		.recording = c->recording,
		.at = now,
		.source = (uint32_t)e->worker << SOURCE_WORKER_SHIFT | place_of(e, f),
		.clock = f->clock,
		.codec = f->codec,
		.channel = c->channel,
		.kind = (uint8_t)kind,
	};
}

static enum record_outcome say(const struct engine *e, const struct rtp_flow *f,
	const struct record_channel *c, enum record_kind kind, uint64_t now)
{
	struct record_note note = note_of(e, f, c, kind, now);

	return e->ops.record(e->ops.ctx, &note, NULL);
}

void node_record(struct engine *e, const struct rtp_flow *f, const struct pkt *p, uint64_t now)
{
	const struct record_channel *c = channel_of(e, f);
	struct record_note note = note_of(e, f, c, RECORD_AUDIO, now);
	enum record_outcome outcome;

	note.ts = p->rtp.ts;
	note.ssrc = p->rtp.ssrc;
	note.seq = p->rtp.seq;
	note.len = p->rtp.payload_len;
	note.run = (uint8_t)f->in_run;
	outcome = e->ops.record(e->ops.ctx, &note, p->data + p->rtp.payload_off);
	stat_add(outcome == RECORD_TAKEN ? &e->stats->recorded : &e->stats->record_full, 1);
}

static void set_recorded(struct rtp_flow *f, bool on)
{
	f->rx = (on ? f->rx | FLOW_RECORDED : f->rx & (uint32_t)~FLOW_RECORDED) & 0x3f;
}

// That it ends may find no room: then who writes it down hears of it when the recording ends.
void record_forget(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct flow_cold *cold = cold_of(e, f);

	if (!is_channel(e, f))
		return;
	(void)say(e, f, channel_of(e, f), RECORD_OFF, now);
	pool_give(&e->records, cold->record);
	cold->record = FLOW_NO_PIECE;
	set_recorded(f, false);
}

static bool in_range(const struct dp_cmd *cmd)
{
	return cmd->record.channel <= 1 && cmd->record.state <= DP_RECORD_PAUSED;
}

static bool is_same(const struct engine *e, const struct rtp_flow *f, const struct dp_cmd *cmd)
{
	return is_channel(e, f) && channel_of(e, f)->recording == cmd->record.recording &&
	       channel_of(e, f)->channel == cmd->record.channel;
}

// Says so first: what was not taken has not happened, and the flow is what it was.
static enum dp_refusal announce(
	struct engine *e, struct rtp_flow *f, const struct record_channel *wanted, uint64_t now)
{
	bool on = wanted->state == DP_RECORD_ON;

	switch (say(e, f, wanted, on ? RECORD_ON : RECORD_PAUSED, now)) {
	case RECORD_TAKEN:
		break;
	case RECORD_FULL:
		return DP_REFUSAL_NO_ROOM;
	case RECORD_UNKNOWN:
		return DP_REFUSAL_NO_RECORDING;
	}
	return DP_REFUSAL_NONE;
}

// Not a channel yet, or one of another recording, or the other one of this.
static enum dp_refusal begin(
	struct engine *e, struct rtp_flow *f, const struct record_channel *wanted, uint64_t now)
{
	struct flow_cold *cold = cold_of(e, f);
	bool fresh = cold->record == FLOW_NO_PIECE;
	uint32_t piece = fresh ? pool_take(&e->records) : cold->record;
	enum dp_refusal refusal = DP_REFUSAL_NO_ROOM;

	if (piece != POOL_NONE)
		refusal = announce(e, f, wanted, now);
	if (refusal != DP_REFUSAL_NONE) {
		if (fresh)
			pool_give(&e->records, piece);
		return refusal;
	}
	if (!fresh)
		(void)say(e, f, channel_of(e, f), RECORD_OFF, now);
	cold->record = (uint16_t)piece;
	*(struct record_channel *)pool_at(&e->records, piece) = *wanted;
	return DP_REFUSAL_NONE;
}

static enum dp_refusal check(
	const struct engine *e, const struct rtp_flow *f, const struct dp_cmd *cmd)
{
	if (!in_range(cmd))
		return DP_REFUSAL_BAD_VALUE;
	if (cmd->record.state == DP_RECORD_OFF)
		return DP_REFUSAL_NONE;
	if (!f->known)
		return DP_REFUSAL_NO_REMOTE;
	if (voice_codec_of(f) == NULL)
		return DP_REFUSAL_CODEC_CLASH;
	return e->ops.record != NULL ? DP_REFUSAL_NONE : DP_REFUSAL_NO_RECORDING;
}

enum dp_refusal obey_record(
	struct engine *e, struct rtp_flow *f, const struct dp_cmd *cmd, uint64_t now)
{
	struct record_channel wanted = { .recording = cmd->record.recording,
		.channel = cmd->record.channel,
		.state = cmd->record.state };
	enum dp_refusal refusal = check(e, f, cmd);
	bool same = refusal == DP_REFUSAL_NONE && is_same(e, f, cmd);

	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	if (wanted.state == DP_RECORD_OFF) {
		record_forget(e, f, now);
		return DP_REFUSAL_NONE;
	}
	if (same && channel_of(e, f)->state == wanted.state)
		return DP_REFUSAL_NONE;
	refusal = same ? announce(e, f, &wanted, now) : begin(e, f, &wanted, now);
	if (refusal != DP_REFUSAL_NONE)
		return refusal;
	channel_of(e, f)->state = wanted.state;
	set_recorded(f, wanted.state == DP_RECORD_ON);
	return DP_REFUSAL_NONE;
}
