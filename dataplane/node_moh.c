// SPDX-License-Identifier: BSD-3-Clause
//
// Music and prompts: one packet of a flow that is due. Tracks are there in the flow's codec, so
// this is a header and a copy.
#include "codecs/g711.h"
#include "dataplane/node.h"

#include <string.h>

enum { SAMPLES_PER_MS = 8, LOCK_WAIT_MS = 1000 };

static uint32_t frame_len(const struct rtp_flow *f)
{
	return f->ptime * (uint32_t)SAMPLES_PER_MS;
}

static void send(struct rtp_flow *f, struct pkt *p, uint64_t at)
{
	uint32_t len = frame_len(f);

	flow_stamp(f, p->data,
		&(struct flow_frame){
			.at = at, .ns = f->ptime * NS_PER_MS, .units = len, .bytes = len });
	p->len = (uint16_t)(RTP_FIXED_LEN + len);
}

// Without a buffer nothing is sent and the track waits; what comes then is later by that much.
static struct pkt *next_blank(struct engine *e, struct rtp_flow *f, struct burst *out)
{
	struct pkt *p = engine_blank(e, out, f);

	if (p == NULL)
		f->fresh = true;
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
	f->track_at = track_loop(e->tracks.track[f->track], f->codec, f->track_at,
		p->data + RTP_FIXED_LEN, frame_len(f));
	stat_add(&e->stats->music_packets, 1);
}

// Fills a frame from track after track; what is left after the last one is silence.
static void read_prompt(const struct engine *e, struct rtp_flow *f, uint8_t *dst, size_t n)
{
	while (n > 0 && f->prompt.at < f->prompt.n) {
		const struct track *t = e->tracks.track[f->prompt.track[f->prompt.at]];
		size_t got = track_once(t, f->codec, f->track_at, dst, n);

		f->track_at += (uint32_t)got;
		dst += got;
		n -= got;
		if (f->track_at == t->len) {
			f->prompt.at++;
			f->track_at = 0;
		}
	}
	memset(dst, f->codec == DP_CODEC_PCMA ? G711_ALAW_SILENCE : G711_ULAW_SILENCE, n);
}

static void finish_prompt(struct engine *e, struct rtp_flow *f)
{
	struct dp_event played = { .kind = DP_EVENT_PLAYED };

	engine_set_mode(e, f, FLOW_SILENT);
	engine_tell(e, f, &played);
}

// A prompt waits a moment for the far end to be found behind its NAT. After that it runs, heard
// or not, so that PLAYED always comes.
static bool waits_for_lock(struct rtp_flow *f, uint64_t at)
{
	bool waits = !f->prompt.begun && f->nat && f->send_port == 0 &&
		     at < f->prompt.since + LOCK_WAIT_MS * NS_PER_MS;

	if (!waits)
		f->prompt.begun = true;
	return waits;
}

static void prompt(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	uint8_t unheard[60 * SAMPLES_PER_MS];
	uint8_t *dst = unheard;

	if (waits_for_lock(f, at))
		return;
	if (flow_may_send(f)) {
		struct pkt *p = next_blank(e, f, out);

		if (p == NULL)
			return;
		send(f, p, at);
		dst = p->data + RTP_FIXED_LEN;
		stat_add(&e->stats->prompt_packets, 1);
	}
	read_prompt(e, f, dst, frame_len(f));
	if (f->prompt.at == f->prompt.n)
		finish_prompt(e, f);
}

void node_moh(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	if (f->mode == FLOW_MUSIC)
		music(e, f, out, at);
	else if (f->mode == FLOW_PROMPT)
		prompt(e, f, out, at);
}
