// SPDX-License-Identifier: BSD-3-Clause
//
// Hearing: a packet of a flow whose audio somebody wants is decoded once, in the order in which it
// was said, and handed to all of them: to the jitter buffer of those who mix it, and to the flow
// that relays it in another codec or under an overlay. A detector of tones in a codec that
// has to be decoded hears it first, and what it withholds nobody hears.
#include "dataplane/node.h"
#include "dataplane/voice_piece.h"

#include <string.h>

enum {
	ASTRAY = 100,      // packets: farther off than this is another stream
	CONCEALED_MS = 60, // a longer loss is a pause
};

// One packet, heard.
struct hearing {
	struct engine *e;
	struct rtp_flow *x;
	struct voice *v;
	struct rtp_flow *y; // sends what x receives, rendered; or NULL
	const struct pkt *p;
	struct burst *out;
	uint64_t now;
	int32_t gap;  // units of x's clock between what was heard last and this
	int16_t lost; // packets between; below 0: this one comes late
	bool anew;    // there was nothing before, or it means nothing
};

// What was passed on as it came until now says where y is in x's stream.
static void pick_up(const struct rtp_flow *x, struct voice_ear *ear, const struct rtp_flow *y)
{
	if (y == NULL || (y->tx & FLOW_FRESH) || x->clock != y->clock ||
		x->in_run != y->relay_run || x->in_ssrc != y->relay_ssrc)
		return;
	*ear = (struct voice_ear){ .ssrc = x->in_ssrc,
		.ts = y->out_ts - y->ts_delta,
		.seq = (uint16_t)(y->out_seq - y->seq_delta),
		.run = (uint8_t)x->in_run,
		.known = true };
}

// Where the packet stands to what was heard before.
static void place(struct hearing *h)
{
	struct voice_ear *ear = &h->v->ear;
	const struct rtp *rtp = &h->p->rtp;
	int32_t most = (int32_t)(2 * h->x->clock);

	if (!ear->known)
		pick_up(h->x, ear, h->y);
	h->lost = (int16_t)(rtp->seq - ear->seq);
	h->gap = (int32_t)(rtp->ts - ear->ts);
	h->anew = !ear->known || rtp->ssrc != ear->ssrc || h->x->in_run != ear->run ||
		  h->lost > ASTRAY || h->lost < -ASTRAY;
	if (!h->anew && (h->gap < -most || (h->gap > most && h->lost != 0)))
		h->anew = true;
	if (h->anew) {
		if (ear->known && h->v->in.codec->encoder_size > 0)
			h->v->in.codec->decoder_init(voice_decoder(h->e, h->v));
		h->gap = 0;
		h->lost = 0;
	}
}

static void move_on(struct hearing *h, uint32_t units)
{
	const struct rtp *rtp = &h->p->rtp;

	h->v->ear = (struct voice_ear){ .ssrc = rtp->ssrc,
		.ts = rtp->ts + units,
		.seq = (uint16_t)(rtp->seq + 1),
		.run = (uint8_t)h->x->in_run,
		.known = true };
}

// Makes up for y what was lost, as far as it has not made something in its place already.
static void conceal(struct hearing *h, int32_t gap)
{
	const struct codec *codec = h->v->in.codec;
	int16_t pcm[CODEC_RATE_MAX / 1000 * CONCEALED_MS];
	uint64_t n = (uint64_t)gap * codec->rate / codec->clock;
	const uint8_t *payload = h->p->data + h->p->rtp.payload_off;

	if (n == 0 || n > codec->rate / 1000 * CONCEALED_MS)
		return;
	if (codec->recover != NULL && h->lost == 1)
		codec->recover(voice_decoder(h->e, h->v), pcm, n, payload, h->p->rtp.payload_len);
	else
		codec->conceal(voice_decoder(h->e, h->v), pcm, n);
	if (inband_withholds(h->e, h->x))
		memset(pcm, 0, n * sizeof(*pcm));
	stat_add(&h->e->stats->concealed, 1);
	voice_ride(h->e, h->y, (struct voice_audio){ pcm, n, codec->rate }, h->out, h->now);
}

// y's clock goes on by what passed in x's since the packet before.
static void approach(struct hearing *h)
{
	int64_t gap = (int64_t)h->gap * h->y->clock / h->x->clock;
	struct voice_ride *ride = &voice_of(h->e, h->y)->ride;

	if (h->lost > 0 && h->gap > 0 && gap > ride->covered) {
		int64_t rest = gap - ride->covered;
		uint32_t before = h->y->out_ts;

		conceal(h, (int32_t)(rest * h->x->clock / h->y->clock));
		gap -= (int32_t)(h->y->out_ts - before);
	}
	voice_ride_on(h->e, h->y, (int32_t)gap, h->anew, h->out, h->now);
}

static void to_line(struct hearing *h, const int16_t *pcm, size_t n)
{
	struct voice_line *line = voice_line_of(h->e, h->v);

	if (line != NULL && n <= JITTER_PACKET_MAX)
		jitter_put(&line->jitter, h->p->rtp.ssrc, h->p->rtp.ts, pcm, n, h->now);
}

static void to_ride(struct hearing *h, const int16_t *pcm, size_t n)
{
	const struct codec *codec = h->v->in.codec;
	struct voice *y = voice_of(h->e, h->y);
	int32_t units = (int32_t)((uint64_t)n * h->y->clock / codec->rate);

	if (h->p->rtp.marker)
		y->ride.mark = true;
	y->ride.heard_at = h->now;
	y->ride.quiet = false;
	// What the tick has made in its place has its time.
	if (y->ride.lead >= units) {
		y->ride.lead -= units;
		stat_add(&h->e->stats->rx_too_old, 1);
		return;
	}

	voice_ride(h->e, h->y, (struct voice_audio){ pcm, n, codec->rate }, h->out, h->now);
	voice_ride_off(h->x, h->y, &h->v->ear);
}

static _Atomic uint64_t *late(struct hearing *h)
{
	const struct codec *codec = h->v->in.codec;
	int16_t pcm[CODEC_SAMPLES_MAX];

	// A codec that remembers what was before would be led astray.
	if (codec->encoder_size == 0 && h->v->line != POOL_NONE) {
		size_t n = codec->decode(voice_decoder(h->e, h->v), pcm, CODEC_SAMPLES_MAX,
			h->p->data + h->p->rtp.payload_off, h->p->rtp.payload_len);
		if (n > 0)
			to_line(h, pcm, n);
	}
	return &h->e->stats->rx_too_old;
}

_Atomic uint64_t *node_voice(struct engine *e, struct rtp_flow *x, struct rtp_flow *y,
	struct pkt *p, struct burst *out, uint64_t now)
{
	struct hearing h = { e, x, voice_of(e, x), y, p, out, now, 0, 0, false };
	const struct codec *codec = h.v->in.codec;
	int16_t pcm[CODEC_SAMPLES_MAX];

	place(&h);
	if (h.lost < 0) {
		inband_hear(e, x, p, pcm, 0, now);
		return late(&h);
	}

	bool over = y == NULL || voice_is_over(voice_of(e, y));
	if (y != NULL)
		approach(&h);

	size_t n = codec->decode(voice_decoder(e, h.v), pcm, CODEC_SAMPLES_MAX,
		p->data + p->rtp.payload_off, p->rtp.payload_len);
	inband_hear(e, x, p, pcm, n, now);
	if (n == 0)
		return &e->stats->rx_bad_payload;
	move_on(&h, (uint32_t)((uint64_t)n * codec->clock / codec->rate));
	to_line(&h, pcm, n);
	if (y != NULL) {
		to_ride(&h, pcm, n);
		voice_rest(e, y, over, now);
	}
	return &e->stats->heard;
}

void node_voice_noise(struct engine *e, struct rtp_flow *x, struct rtp_flow *y, const struct pkt *p,
	struct burst *out, uint64_t now)
{
	struct hearing h = { e, x, voice_of(e, x), y, p, out, now, 0, 0, false };
	struct voice_line *line = voice_line_of(e, h.v);

	place(&h);
	if (h.lost < 0)
		return;
	if (line != NULL)
		jitter_pause(&line->jitter);
	if (y != NULL) {
		int64_t gap = (int64_t)h.gap * y->clock / x->clock;

		voice_flush(e, y, voice_of(e, y), out, now);
		voice_ride_on(e, y, (int32_t)gap, h.anew, out, now);
		voice_ride_noise(e, y, p, out);
	}
	move_on(&h, 0);
}
