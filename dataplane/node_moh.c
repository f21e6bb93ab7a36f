// SPDX-License-Identifier: BSD-3-Clause
//
// Music and prompts: one packet of a flow that is due. Tracks are there in the flow's codec, so
// this is a header and a copy.
#include "dataplane/node.h"

#include <string.h>

enum { LOCK_WAIT_MS = 1000 };

// The units of a track in a packet.
static uint32_t frame_units(const struct rtp_flow *f)
{
	return f->ptime * (uint32_t)TRACK_UNITS_PER_MS;
}

static void send(struct rtp_flow *f, struct pkt *p, uint64_t at)
{
	uint32_t len = frame_units(f) * (uint32_t)track_unit(f->encoding);

	flow_stamp(f, p->data,
		&(struct flow_frame){ .at = at,
			.ns = f->ptime * NS_PER_MS,
			.units = frame_units(f) * track_clock(f->encoding),
			.bytes = len });
	p->len = (uint16_t)(RTP_FIXED_LEN + len);
}

// Without a buffer nothing is sent and the track waits; what comes then is later by that much.
static struct pkt *next_blank(struct engine *e, struct rtp_flow *f, struct burst *out)
{
	struct pkt *p = engine_blank(e, out, f);

	if (p == NULL)
		f->tx |= FLOW_FRESH;
	return p;
}

static void music(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	// Who is on hold, or not found yet behind his NAT, misses nothing of the track.
	if (!flow_may_send(f))
		return;

	struct pkt *p = next_blank(e, f, out);
	if (p == NULL)
		return;
	send(f, p, at);
	f->track_at = track_loop(e->tracks.track[f->track], f->encoding, f->track_at,
		p->data + RTP_FIXED_LEN, frame_units(f));
	stat_add(&e->stats->music_packets, 1);
}

// Fills a frame from track after track; what is left after the last one is silence.
static void read_prompt(const struct engine *e, struct rtp_flow *f, struct flow_prompt *prompt,
	uint8_t *dst, size_t n)
{
	size_t unit = track_unit(f->encoding);

	while (n > 0 && prompt->at < prompt->n) {
		const struct track *t = e->tracks.track[prompt->track[prompt->at]];
		size_t got = track_once(t, f->encoding, f->track_at, dst, n);

		f->track_at += (uint32_t)got;
		dst += got * unit;
		n -= got;
		if (f->track_at == t->len) {
			prompt->at++;
			f->track_at = 0;
		}
	}
	memset(dst, track_silence(f->encoding), n * unit);
}

void prompt_finish(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct dp_event played = { .kind = DP_EVENT_PLAYED };

	engine_set_mode(e, f, FLOW_SILENT);
	voice_settle(e, f, now);
	engine_tell(e, f, &played);
}

// A prompt waits a moment for the far end to be found behind its NAT. After that it runs, heard
// or not, so that PLAYED always comes.
bool prompt_waits(const struct engine *e, const struct rtp_flow *f, uint64_t at)
{
	struct flow_prompt *prompt = prompt_of(e, f);
	bool waits = !prompt->begun && cold_of(e, f)->nat && f->send_port == 0 &&
		     at < prompt->since + LOCK_WAIT_MS * NS_PER_MS;

	if (!waits)
		prompt->begun = true;
	return waits;
}

static void play_prompt(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	struct flow_prompt *prompt = prompt_of(e, f);
	uint8_t unheard[TRACK_FRAME_MAX];
	uint8_t *dst = unheard;

	if (prompt_waits(e, f, at))
		return;
	if (flow_may_send(f)) {
		struct pkt *p = next_blank(e, f, out);

		if (p == NULL)
			return;
		send(f, p, at);
		dst = p->data + RTP_FIXED_LEN;
		stat_add(&e->stats->prompt_packets, 1);
	}
	read_prompt(e, f, prompt, dst, frame_units(f));
	if (prompt->at == prompt->n)
		prompt_finish(e, f, at);
}

void node_moh(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	if (f->tx & FLOW_RENDERED)
		node_mix(e, f, out, at);
	else if (f->mode == FLOW_MUSIC)
		music(e, f, out, at);
	else if (f->mode == FLOW_PROMPT)
		play_prompt(e, f, out, at);
}
