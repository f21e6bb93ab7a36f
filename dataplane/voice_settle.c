// SPDX-License-Identifier: BSD-3-Clause
//
// Which flow needs to be heard, which to be rendered, and what that takes. Everything follows from
// what flows are told to send, so it is reckoned anew after each command and nothing is counted
// up or down but listeners.
#include "dataplane/command.h"
#include "dataplane/node.h"
#include "dataplane/voice_piece.h"
#include "dataplane/voice_track.h"

#include <string.h>

const struct codec *voice_codec_of(const struct rtp_flow *f)
{
	return f->known ? codec_find(f->codec, f->clock) : NULL;
}

struct voice_leg voice_leg(const struct rtp_flow *f)
{
	return (struct voice_leg){ .codec = f->codec, .ptime = f->ptime, .clock = f->clock };
}

// Nothing is lost when it is decoded and encoded again.
static bool is_lossless(uint8_t codec)
{
	return dp_codec_is_g711(codec) || codec == DP_CODEC_L16;
}

enum voice_way voice_way(const struct voice_leg *from, const struct voice_leg *to)
{
	bool g711 = dp_codec_is_g711(from->codec) && dp_codec_is_g711(to->codec);

	if (from->clock == to->clock && (g711 || from->codec == to->codec))
		return from->ptime != to->ptime && is_lossless(to->codec) ? VOICE_REGROUPED
									  : VOICE_PASSED;
	if (codec_find(from->codec, from->clock) == NULL ||
		codec_find(to->codec, to->clock) == NULL)
		return VOICE_NO_WAY;
	return VOICE_TURNED;
}

struct rtp_flow *voice_peer(const struct engine *e, const struct rtp_flow *f)
{
	if (f->mode != FLOW_RELAY || f->peer >= e->flow_count)
		return NULL;

	struct rtp_flow *peer = &e->flows[f->peer];
	return peer->open && relay_target(e, peer) == f ? peer : NULL;
}

static bool turns(const struct rtp_flow *from, const struct voice_leg *to)
{
	struct voice_leg leg = voice_leg(from);
	enum voice_way way = from->known ? voice_way(&leg, to) : VOICE_PASSED;

	return way == VOICE_REGROUPED || way == VOICE_TURNED;
}

// Is something at work that has to do with every mode?
static bool is_coloured(const struct voice *v)
{
	return v != NULL && (v->overlays != POOL_NONE || voice_ramp_works(&v->gain) ||
				    voice_ramp_works(&v->duck));
}

// Must what f sends be made of samples, if it were this leg?
static bool must_render(
	const struct engine *e, const struct rtp_flow *f, const struct voice_leg *leg)
{
	const struct voice *v = voice_of(e, f);
	const struct rtp_flow *peer = voice_peer(e, f);

	if (f->mode == FLOW_RELAY && f->peer == FLOW_FAR)
		return false; // it would have to be decoded by the worker that it comes from
	if (f->mode == FLOW_MIX || (v != NULL && v->overlays != POOL_NONE))
		return true;
	if (f->mode == FLOW_SILENT)
		return false;
	if (is_coloured(v))
		return true;
	if (f->mode == FLOW_MUSIC || f->mode == FLOW_PROMPT)
		return !play_can_go_on(e, f, leg);
	return peer != NULL && turns(peer, leg);
}

// The tick makes packets although the mode alone does not ask for it.
static bool is_driven(const struct rtp_flow *f, const struct voice *v)
{
	bool idle = f->mode == FLOW_SILENT || f->mode == FLOW_RELAY;

	return f->mode == FLOW_MIX || (idle && v->overlays != POOL_NONE);
}

static void give_if_empty(struct engine *e, struct rtp_flow *f)
{
	const struct voice *v = voice_of(e, f);

	if (v != NULL && v->in.codec == NULL && v->out.codec == NULL && v->line == POOL_NONE &&
		v->listeners == 0 && v->n == 0 && !v->detected && !v->typed && !is_coloured(v))
		voice_give(e, f);
}

// The peer's voice has been passed on as it came until now, unless he is silent.
static void begin_ride(
	const struct engine *e, const struct rtp_flow *f, struct voice *v, uint64_t now)
{
	const struct rtp_flow *peer = voice_peer(e, f);
	bool speaks = peer != NULL && peer->started &&
		      flow_coarse(now) - peer->last_rx < flow_coarse(VOICE_HOLD_NS);

	v->ride = (struct voice_ride){ .heard_at = speaks ? now : 0 };
	v->filled = 0;
}

// Nothing is rendered; digits may need the encoder all the same.
static void rest_out(struct engine *e, struct rtp_flow *f, struct voice *v)
{
	const struct codec *codec = v->typed ? voice_codec_of(f) : NULL;

	voice_use_out(e, v, codec != NULL && voice_reserve_out(e, f, codec) ? codec : NULL);
	give_if_empty(e, f);
}

static void stop_render(struct engine *e, struct rtp_flow *f)
{
	struct voice *v = voice_of(e, f);

	// What was made since the peer was heard last has numbers that his packets would have.
	if ((f->tx & FLOW_RENDERED) && f->mode == FLOW_RELAY &&
		(uint16_t)(f->seq_floor + f->seq_delta) != f->out_seq)
		f->tx |= FLOW_FRESH;
	f->tx &= (uint8_t)~FLOW_RENDERED;
	f->driven = false;
	if (v == NULL)
		return;
	// Nobody hears them change.
	mix_ramp_skip(&v->gain, v->gain.left);
	if (v->overlays == POOL_NONE)
		mix_ramp_init(&v->duck, 0);
	rest_out(e, f, v);
}

void voice_settle_out(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct voice_leg leg = voice_leg(f);
	const struct codec *codec = voice_codec_of(f);

	if (codec == NULL || !must_render(e, f, &leg) || !voice_reserve_out(e, f, codec)) {
		stop_render(e, f);
		return;
	}

	struct voice *v = voice_of(e, f);
	voice_use_out(e, v, codec);
	if ((f->tx & FLOW_RENDERED) == 0)
		begin_ride(e, f, v, now);
	f->tx |= FLOW_RENDERED;
	f->driven = is_driven(f, v);
	engine_pace(e, f, now);
}

// Does anybody hear what f receives?
static bool is_heard(const struct engine *e, const struct rtp_flow *f)
{
	const struct voice *v = voice_of(e, f);
	const struct rtp_flow *y = relay_target(e, f);

	return (v != NULL && (v->listeners > 0 || v->detected)) ||
	       (y != NULL && (y->tx & FLOW_RENDERED) != 0);
}

void voice_settle_in(struct engine *e, struct rtp_flow *f)
{
	const struct codec *codec = voice_codec_of(f);
	bool heard = is_heard(e, f);
	bool can = heard && codec != NULL && voice_reserve_in(e, f, codec);
	struct voice *v = voice_of(e, f);

	f->rx &= (uint8_t)~FLOW_HEARD & 0x3f;
	if (v == NULL)
		return;
	if (can)
		f->rx |= FLOW_HEARD;
	voice_use_in(e, v, can ? codec : NULL);
	voice_use_line(e, v, v->listeners > 0);
	give_if_empty(e, f);
}

static struct rtp_flow *heard_at(const struct engine *e, const struct voice *v, unsigned i)
{
	struct rtp_flow *x = &e->flows[v->heard[i].index];

	return x->open && cold_of(e, x)->gen == v->heard[i].gen ? x : NULL;
}

void voice_settle(struct engine *e, struct rtp_flow *f, uint64_t now)
{
	struct rtp_flow *peer = voice_peer(e, f), *y = relay_target(e, f);

	voice_settle_out(e, f, now);
	if (peer != NULL)
		voice_settle_in(e, peer);
	if (y != NULL)
		voice_settle_out(e, y, now);
	voice_settle_in(e, f);

	const struct voice *v = voice_of(e, f);
	for (unsigned i = 0; v != NULL && f->mode == FLOW_MIX && i < v->n; i++) {
		struct rtp_flow *x = heard_at(e, v, i);

		if (x != NULL)
			voice_settle_in(e, x);
	}
}

void voice_leave_mix(struct engine *e, struct rtp_flow *f)
{
	struct voice *v = voice_of(e, f);

	for (unsigned i = 0; i < v->n; i++) {
		struct rtp_flow *x = heard_at(e, v, i);

		if (x == NULL)
			continue;
		voice_of(e, x)->listeners--;
		voice_settle_in(e, x);
	}
	v->n = 0;
}

void voice_forget(struct engine *e, struct rtp_flow *f)
{
	struct voice *v = voice_of(e, f);

	if (v == NULL)
		return;
	overlay_end(&e->voices.overlays, &v->overlays, 0);
	voice_use_out(e, v, NULL);
	voice_use_in(e, v, NULL);
	voice_use_line(e, v, false);
	voice_give(e, f);
}

bool voice_detect(struct engine *e, struct rtp_flow *f, bool wanted)
{
	bool can = !wanted || voice_reserve_in(e, f, voice_codec_of(f));
	struct voice *v = voice_of(e, f);

	if (v == NULL)
		return can;
	v->detected = wanted && can;
	voice_settle_in(e, f);
	return can;
}

bool voice_type(struct engine *e, struct rtp_flow *f)
{
	bool can = voice_reserve_out(e, f, voice_codec_of(f));
	struct voice *v = voice_of(e, f);

	if (v == NULL)
		return false;
	v->typed = can;
	if ((f->tx & FLOW_RENDERED) == 0)
		rest_out(e, f, v);
	return can;
}

void voice_type_end(struct engine *e, struct rtp_flow *f)
{
	struct voice *v = voice_of(e, f);

	if (v == NULL || !v->typed)
		return;
	v->typed = false;
	if ((f->tx & FLOW_RENDERED) == 0)
		rest_out(e, f, v);
}

size_t voice_typed(const struct engine *e, const struct rtp_flow *f, uint8_t *payload, size_t room,
	const int16_t *pcm, size_t n)
{
	const struct codec *codec = voice_codec_of(f);
	struct voice *v = voice_of(e, f);

	if (v == NULL || codec == NULL || v->out.codec != codec)
		return 0;
	return codec->encode(voice_encoder(e, v), payload, room, pcm, n);
}

static void let_go(struct engine *e, struct rtp_flow *f)
{
	voice_settle_in(e, f);
	if (voice_of(e, f) != NULL)
		voice_trim(e, voice_of(e, f));
	give_if_empty(e, f);
}

// What was reserved in vain is given back. other may be NULL.
static enum dp_refusal no_room(struct engine *e, struct rtp_flow *f, struct rtp_flow *other)
{
	let_go(e, f);
	if (other != NULL)
		let_go(e, other);
	return DP_REFUSAL_NO_ROOM;
}

enum dp_refusal voice_fit_relay(struct engine *e, struct rtp_flow *f, struct rtp_flow *peer)
{
	struct voice_leg from = voice_leg(peer), to = voice_leg(f);
	enum voice_way way = peer->known ? voice_way(&from, &to) : VOICE_PASSED;
	bool needed = way == VOICE_TURNED || is_coloured(voice_of(e, f));

	if (way == VOICE_NO_WAY)
		return DP_REFUSAL_CODEC_CLASH;
	if (!needed && way == VOICE_PASSED)
		return DP_REFUSAL_NONE;
	if (voice_reserve_out(e, f, voice_codec_of(f)) &&
		voice_reserve_in(e, peer, voice_codec_of(peer)))
		return DP_REFUSAL_NONE;
	// Packets of another length than was asked for are better than none.
	no_room(e, f, peer);
	return needed ? DP_REFUSAL_NO_ROOM : DP_REFUSAL_NONE;
}

static bool fits_sent(struct engine *e, struct rtp_flow *f, const struct voice_leg *leg)
{
	const struct codec *codec = codec_find(leg->codec, leg->clock);
	struct rtp_flow *peer = voice_peer(e, f);

	if (codec == NULL || !must_render(e, f, leg))
		return true;
	return voice_reserve_out(e, f, codec) &&
	       (peer == NULL || voice_reserve_in(e, peer, voice_codec_of(peer)));
}

static bool fits_heard(struct engine *e, struct rtp_flow *f, const struct voice_leg *leg)
{
	const struct codec *codec = codec_find(leg->codec, leg->clock);
	const struct voice *v = voice_of(e, f);
	struct rtp_flow *y = relay_target(e, f);

	if (v != NULL && v->listeners > 0 && !voice_reserve_in(e, f, codec))
		return false;
	if (y == NULL)
		return true;

	struct voice_leg to = voice_leg(y);
	if (voice_way(leg, &to) != VOICE_TURNED && (y->tx & FLOW_RENDERED) == 0)
		return true;
	return voice_reserve_in(e, f, codec) && voice_reserve_out(e, y, voice_codec_of(y));
}

// What the flow plays must be there in the new codec, or as samples to make it of.
static bool can_go_on(const struct engine *e, const struct rtp_flow *f, const struct voice_leg *leg)
{
	if (f->mode != FLOW_MUSIC && f->mode != FLOW_PROMPT)
		return true;
	return play_can_go_on(e, f, leg) ||
	       (codec_find(leg->codec, leg->clock) != NULL && play_is_samples(e, f));
}

enum dp_refusal voice_fit_remote(struct engine *e, struct rtp_flow *f, const struct voice_leg *leg)
{
	if (!can_go_on(e, f, leg))
		return DP_REFUSAL_NO_ENCODING;
	if (fits_sent(e, f, leg) && fits_heard(e, f, leg))
		return DP_REFUSAL_NONE;

	struct rtp_flow *peer = voice_peer(e, f), *y = relay_target(e, f);
	no_room(e, f, peer);
	return no_room(e, f, y);
}

enum dp_refusal voice_fit_track(struct engine *e, struct rtp_flow *f, const struct track *t)
{
	const struct codec *codec = voice_codec_of(f);

	if (codec == NULL || !voice_track_there(t))
		return DP_REFUSAL_NO_ENCODING;
	if (voice_reserve_out(e, f, codec))
		return DP_REFUSAL_NONE;
	return no_room(e, f, NULL);
}
