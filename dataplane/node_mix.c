// SPDX-License-Identifier: BSD-3-Clause
//
// Rendering: what a flow sends that is made of samples. Blocks of 10 ms of music, of a prompt, of
// what others say or of a relay's peer, at the gain, under the overlays, encoded.
#include "codecs/comfort_noise.h"
#include "dataplane/node.h"
#include "dataplane/voice_piece.h"
#include "dataplane/voice_track.h"

#include <string.h>

enum {
	NARROW = 8000 / 1000 * VOICE_BLOCK_MS, // samples of a block at 8 kHz
	PAYLOAD_MAX = TRACK_FRAME_MAX,
	HUSH_EVERY = 10, // packets' time between two of noise
	HUSH_LEVEL = 70, // -dBov
	FILL_MOST = 4,   // packets by which the tick catches up with a peer who fell silent
};

#define SLOT_NS (VOICE_BLOCK_MS * NS_PER_MS)
#define LATE_NS (100 * NS_PER_MS) // farther behind than this is a pause

// Samples of a packet: of the flow's ptime, or as many as fit.
static size_t frame_len(const struct rtp_flow *f, const struct codec *codec)
{
	size_t n = codec->rate / 1000 * f->ptime;

	return f->codec == DP_CODEC_L16 && 2 * n > PAYLOAD_MAX ? PAYLOAD_MAX / 2 : n;
}

// All that would be heard is silence, and the far end knows how to make that itself.
static bool is_hushed(const struct rtp_flow *f, const struct voice *v)
{
	return f->cn_tx != DP_NO_PT && v->gain.at == 0 && v->gain.left == 0 &&
	       v->overlays == POOL_NONE;
}

// Says from time to time that there is noise (RFC 3389); in between nothing but time passes.
static void hush(struct engine *e, struct rtp_flow *f, struct voice *v, struct burst *out,
	const struct flow_frame *frame)
{
	if (v->hushed++ % HUSH_EVERY != 0) {
		f->out_ts += frame->units;
		f->out_at = (frame->at > f->out_at ? frame->at : f->out_at) + frame->ns;
		return;
	}

	struct pkt *p = engine_blank(e, out, f);
	if (p == NULL) {
		f->tx |= FLOW_FRESH;
		return;
	}
	flow_stamp(f, p->data, frame);
	p->data[1] = f->cn_tx;
	comfort_noise_write(p->data + RTP_FIXED_LEN, HUSH_LEVEL);
	p->len = RTP_FIXED_LEN + COMFORT_NOISE_LEN;
	f->tx |= FLOW_FRESH; // what comes after it begins to speak
	stat_add(&e->stats->rendered, 1);
}

static void send_frame(
	struct engine *e, struct rtp_flow *f, struct voice *v, struct burst *out, uint64_t at)
{
	const struct codec *codec = v->out.codec;
	uint8_t payload[PAYLOAD_MAX];
	size_t n = v->filled;

	v->filled = 0;
	if (!flow_may_send(f))
		return;

	struct flow_frame frame = { .at = at,
		.ns = n * NS_PER_SEC / codec->rate,
		.units = (uint32_t)(n * codec->clock / codec->rate),
		.bytes = COMFORT_NOISE_LEN };
	if (is_hushed(f, v)) {
		hush(e, f, v, out, &frame);
		return;
	}
	v->hushed = 0;

	size_t len = codec->encode(voice_encoder(e, v), payload, sizeof(payload), v->frame, n);
	struct pkt *p = len > 0 ? engine_blank(e, out, f) : NULL;
	if (p == NULL) {
		f->tx |= FLOW_FRESH;
		return;
	}
	frame.bytes = (uint32_t)len;
	flow_stamp(f, p->data, &frame);
	if (v->ride.mark)
		p->data[1] |= 0x80;
	v->ride.mark = false;
	memcpy(p->data + RTP_FIXED_LEN, payload, len);
	p->len = (uint16_t)(RTP_FIXED_LEN + len);
	stat_add(&e->stats->rendered, 1);
}

// Whose overlay ends, and what was the longest way back from a duck.
struct ending {
	struct engine *e;
	struct rtp_flow *f;
	uint16_t ramp;
	bool any;
};

static void on_done(void *ctx, const struct overlay *o)
{
	struct ending *end = ctx;
	struct dp_event event = { .kind = DP_EVENT_OVERLAY_DONE, .overlay.id = o->id };

	end->ramp = o->ramp > end->ramp ? o->ramp : end->ramp;
	end->any = true;
	engine_tell(end->e, end->f, &event);
}

// n samples at the rate of what leaves.
static void play_over(struct engine *e, struct rtp_flow *f, struct voice *v, int16_t *pcm, size_t n)
{
	uint32_t rate = v->out.codec->rate;
	size_t narrow = rate == 8000 ? n : n / 2;
	int16_t own[NARROW] = { 0 }, wide[2 * NARROW];
	struct ending end = { e, f, 0, false };

	overlay_play(&e->voices.overlays, &v->overlays, own, narrow, on_done, &end);
	if (rate == 8000) {
		mix_add(pcm, own, narrow);
	} else {
		resample_up(&v->over, wide, own, narrow);
		mix_add(pcm, wide, 2 * narrow);
	}
	if (end.any)
		mix_ramp_to(&v->duck, overlay_duck(&e->voices.overlays, v->overlays),
			rate / 1000 * end.ramp);
}

void voice_render(struct engine *e, struct rtp_flow *f, int16_t *pcm, size_t n, struct burst *out,
	uint64_t at)
{
	struct voice *v = voice_of(e, f);
	size_t len = frame_len(f, v->out.codec);

	if (voice_ramp_works(&v->gain))
		mix_ramp_scale(&v->gain, pcm, pcm, n);
	if (voice_ramp_works(&v->duck))
		mix_ramp_scale(&v->duck, pcm, pcm, n);
	if (v->overlays != POOL_NONE)
		play_over(e, f, v, pcm, n);
	while (n > 0) {
		size_t part = len > v->filled ? len - v->filled : 0;

		part = n < part ? n : part;
		memcpy(v->frame + v->filled, pcm, part * sizeof(*pcm));
		v->filled = (uint16_t)(v->filled + part);
		pcm += part;
		n -= part;
		if (v->filled >= len)
			send_frame(e, f, v, out, at);
	}
}

void voice_flush(
	struct engine *e, struct rtp_flow *f, struct voice *v, struct burst *out, uint64_t at)
{
	size_t len = frame_len(f, v->out.codec);

	if (v->filled == 0 || v->filled > len)
		return;
	memset(v->frame + v->filled, 0, (len - v->filled) * sizeof(v->frame[0]));
	v->filled = (uint16_t)len;
	send_frame(e, f, v, out, at);
}

static void read_music(struct engine *e, struct rtp_flow *f, int16_t *pcm)
{
	const struct track *t = e->tracks.track[f->track];

	// Who is on hold, or not found yet behind his NAT, misses nothing of the track.
	if (flow_may_send(f) && voice_track_there(t))
		f->track_at = voice_track_loop(t, f->track_at, pcm, NARROW);
}

static void read_prompt(struct engine *e, struct rtp_flow *f, int16_t *pcm)
{
	struct flow_prompt *prompt = prompt_of(e, f);
	size_t n = NARROW;

	while (n > 0 && prompt->at < prompt->n) {
		const struct track *t = e->tracks.track[prompt->track[prompt->at]];
		size_t got = voice_track_there(t) ? voice_track_once(t, f->track_at, pcm, n) : 0;

		f->track_at += (uint32_t)got;
		pcm += got;
		n -= got;
		if (f->track_at == t->len || got == 0) {
			prompt->at++;
			f->track_at = 0;
		}
	}
}

// The sum of those who are there.
static void read_others(struct engine *e, const struct voice *v, int16_t *pcm, uint64_t slot)
{
	uint32_t rate = v->out.codec->rate;

	for (unsigned i = 0; i < v->n; i++) {
		struct rtp_flow *x = &e->flows[v->heard[i].index];
		const int16_t *said = x->open && cold_of(e, x)->gen == v->heard[i].gen
					      ? voice_slot(e, x, slot, rate)
					      : NULL;

		if (said != NULL)
			mix_add(pcm, said, rate / 1000 * VOICE_BLOCK_MS);
	}
}

// What lies beneath: a block at the rate of what leaves.
static void read_block(
	struct engine *e, struct rtp_flow *f, struct voice *v, int16_t *pcm, uint64_t slot)
{
	int16_t own[NARROW] = { 0 };
	bool wide = v->out.codec->rate != 8000;

	memset(pcm, 0, 2 * NARROW * sizeof(*pcm));
	if (f->mode == FLOW_MIX) {
		read_others(e, v, pcm, slot);
		return;
	}
	if (f->mode == FLOW_MUSIC)
		read_music(e, f, own);
	else if (f->mode == FLOW_PROMPT)
		read_prompt(e, f, own);
	if (wide)
		resample_up(&v->up, pcm, own, NARROW);
	else
		memcpy(pcm, own, sizeof(own));
}

// A packet's time of blocks. Others are heard as far as their slots are over.
static void make(
	struct engine *e, struct rtp_flow *f, struct voice *v, struct burst *out, uint64_t at)
{
	unsigned blocks = f->ptime / VOICE_BLOCK_MS;
	int16_t pcm[2 * NARROW];

	for (unsigned i = 0; i < blocks; i++) {
		read_block(e, f, v, pcm, at / SLOT_NS - blocks + i);
		voice_render(e, f, pcm, v->out.codec->rate / 1000 * VOICE_BLOCK_MS, out, at);
	}
}

// The tick takes over from a peer who has fallen silent, where he left off.
static void fill_in(
	struct engine *e, struct rtp_flow *f, struct voice *v, struct burst *out, uint64_t at)
{
	uint64_t hold = v->ride.quiet ? 0 : VOICE_HOLD_NS;

	if (at < v->ride.heard_at + hold)
		return;
	for (unsigned i = 0; i < FILL_MOST && f->out_at <= at; i++) {
		uint32_t before = f->out_ts;
		bool pause = at - f->out_at > LATE_NS;

		if (pause)
			voice_turn(e, f);
		make(e, f, v, out, pause ? at : f->out_at);
		v->ride.covered += (int32_t)(f->out_ts - before);
		if (f->out_ts == before)
			return;
	}
}

// An overlay has ended or a loudness is where it was to go: it may be that nothing is to be
// rendered any more.
bool voice_is_over(const struct voice *v)
{
	return v->overlays == POOL_NONE && !voice_ramp_works(&v->gain) &&
	       !voice_ramp_works(&v->duck);
}

void voice_rest(struct engine *e, struct rtp_flow *f, bool was_over, uint64_t now)
{
	const struct voice *v = voice_of(e, f);

	if (v != NULL && !was_over && voice_is_over(v) && v->filled == 0)
		voice_settle(e, f, now);
}

void node_mix(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	struct voice *v = voice_of(e, f);
	bool over = voice_is_over(v);

	if (f->mode == FLOW_PROMPT && prompt_waits(e, f, at))
		return;
	if (f->mode == FLOW_MUSIC)
		music_find_place(e, f, at);
	if (f->mode == FLOW_RELAY) {
		fill_in(e, f, v, out, at);
	} else {
		make(e, f, v, out, at);
	}
	if (f->mode == FLOW_PROMPT && prompt_of(e, f)->at == prompt_of(e, f)->n)
		prompt_finish(e, f, at);
	voice_rest(e, f, over, at);
}
