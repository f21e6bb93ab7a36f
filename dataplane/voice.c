// SPDX-License-Identifier: BSD-3-Clause
//
// The pools, and one voice's pieces of them. Which flow needs what is voice_settle.c's.
#include "dataplane/voice.h"

#include "dataplane/node.h"
#include "dataplane/voice_piece.h"

#include <assert.h>

enum { LINE = 64 };

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

// The largest state there is.
static size_t large_size(void)
{
	const struct codec *opus = codec_find(CODEC_OPUS, 48000);

	return opus == NULL ? LINE : larger(opus->encoder_size, opus->decoder_size);
}

static uint32_t large_count(const struct engine_capacity *capacity)
{
	return 2 * capacity->opus; // both ways
}

size_t voices_size(const struct engine_capacity *c)
{
	return pool_size(sizeof(struct voice), c->voices) +
	       pool_size(sizeof(struct voice_line), c->jitters) +
	       pool_size(sizeof(struct overlay), c->overlays) +
	       pool_size(large_size(), large_count(c));
}

static uint8_t *lay(struct pool *p, uint8_t *memory, size_t size, uint32_t n)
{
	pool_init(p, memory, size, n);
	return memory + pool_size(size, n);
}

void voices_init(
	struct voices *all, void *memory, const struct engine_capacity *c, struct tracks *tracks)
{
	uint8_t *rest = memory;

	rest = lay(&all->voice, rest, sizeof(struct voice), c->voices);
	rest = lay(&all->line, rest, sizeof(struct voice_line), c->jitters);
	rest = lay(&all->overlays.pool, rest, sizeof(struct overlay), c->overlays);
	lay(&all->large, rest, large_size(), large_count(c));
	all->overlays.tracks = tracks;
	jitter_filter_init(&all->filter);
}

struct voice *voice_of(const struct engine *e, const struct rtp_flow *f)
{
	uint32_t piece = cold_of(e, f)->voice;

	return piece == POOL_NONE ? NULL : pool_at(&e->voices.voice, piece);
}

bool voice_reserve(struct engine *e, struct rtp_flow *f)
{
	struct flow_cold *c = cold_of(e, f);

	if (c->voice != POOL_NONE)
		return true;
	c->voice = pool_take(&e->voices.voice);
	if (c->voice == POOL_NONE)
		return false;

	struct voice *v = voice_of(e, f);
	v->line = v->in.piece = v->out.piece = v->overlays = POOL_NONE;
	mix_ramp_init(&v->gain, 0);
	mix_ramp_init(&v->duck, 0);
	return true;
}

static bool has_large_decoder(const struct codec *codec)
{
	return codec != NULL && codec->decoder_size > VOICE_DECODER;
}

static bool has_large_encoder(const struct codec *codec)
{
	return codec != NULL && codec->encoder_size > VOICE_ENCODER;
}

static bool reserve_state(struct engine *e, struct voice_codec *c, bool is_large)
{
	if (!is_large || c->piece != POOL_NONE)
		return true;
	c->piece = pool_take(&e->voices.large);
	return c->piece != POOL_NONE;
}

bool voice_reserve_in(struct engine *e, struct rtp_flow *f, const struct codec *codec)
{
	return voice_reserve(e, f) &&
	       reserve_state(e, &voice_of(e, f)->in, has_large_decoder(codec));
}

bool voice_reserve_out(struct engine *e, struct rtp_flow *f, const struct codec *codec)
{
	return voice_reserve(e, f) &&
	       reserve_state(e, &voice_of(e, f)->out, has_large_encoder(codec));
}

bool voice_reserve_line(struct engine *e, struct rtp_flow *f)
{
	if (!voice_reserve(e, f))
		return false;

	struct voice *v = voice_of(e, f);
	if (v->line == POOL_NONE)
		v->line = pool_take(&e->voices.line);
	return v->line != POOL_NONE;
}

void voice_turn(const struct engine *e, struct rtp_flow *f)
{
	struct voice *v = voice_of(e, f);

	f->tx |= FLOW_FRESH;
	if (v != NULL)
		v->filled = 0;
}

void *voice_decoder(const struct engine *e, struct voice *v)
{
	return has_large_decoder(v->in.codec) ? pool_at(&e->voices.large, v->in.piece) : v->decoder;
}

void *voice_encoder(const struct engine *e, struct voice *v)
{
	return has_large_encoder(v->out.codec) ? pool_at(&e->voices.large, v->out.piece)
					       : v->encoder;
}

static void drop_codec(struct engine *e, struct voice_codec *c)
{
	pool_give(&e->voices.large, c->piece);
	*c = (struct voice_codec){ .piece = POOL_NONE };
}

static void drop_piece(struct engine *e, struct voice_codec *c, bool is_large)
{
	if (is_large)
		return;
	pool_give(&e->voices.large, c->piece);
	c->piece = POOL_NONE;
}

void voice_use_in(struct engine *e, struct voice *v, const struct codec *codec)
{
	if (codec == NULL) {
		drop_codec(e, &v->in);
		v->ear.known = false;
		return;
	}
	drop_piece(e, &v->in, has_large_decoder(codec));
	if (v->in.codec == codec)
		return;
	assert(!has_large_decoder(codec) || v->in.piece != POOL_NONE);
	v->in.codec = codec;
	v->ear.known = false;
	codec->decoder_init(voice_decoder(e, v));
}

void voice_use_out(struct engine *e, struct voice *v, const struct codec *codec)
{
	if (codec == NULL) {
		drop_codec(e, &v->out);
		v->filled = 0;
		return;
	}
	drop_piece(e, &v->out, has_large_encoder(codec));
	if (v->out.codec == codec)
		return;
	assert(!has_large_encoder(codec) || v->out.piece != POOL_NONE);
	v->out.codec = codec;
	v->filled = 0;
	v->up = v->over = (struct resample_up){ 0 };
	v->down = (struct resample_down){ 0 };
	codec->encoder_init(voice_encoder(e, v));
}

struct voice_line *voice_line_of(const struct engine *e, const struct voice *v)
{
	return v->line == POOL_NONE ? NULL : pool_at(&e->voices.line, v->line);
}

void voice_use_line(struct engine *e, struct voice *v, bool used)
{
	struct voice_line *line = voice_line_of(e, v);

	if (line == NULL)
		return;
	if (!used) {
		pool_give(&e->voices.line, v->line);
		v->line = POOL_NONE;
		return;
	}
	if (v->in.codec == NULL)
		return;
	if (line->jitter.rate == v->in.codec->rate && line->jitter.clock == v->in.codec->clock)
		return;
	jitter_init(&line->jitter, v->in.codec->rate, v->in.codec->clock);
	line->next = 0;
}

void voice_trim(struct engine *e, struct voice *v)
{
	drop_piece(e, &v->in, has_large_decoder(v->in.codec));
	drop_piece(e, &v->out, has_large_encoder(v->out.codec));
}

void voice_give(struct engine *e, struct rtp_flow *f)
{
	voice_trim(e, voice_of(e, f));
	pool_give(&e->voices.voice, cold_of(e, f)->voice);
	cold_of(e, f)->voice = POOL_NONE;
}
