// SPDX-License-Identifier: BSD-3-Clause
//
// A relay whose packets are made: they ride on the peer's. Our clock goes on as the peer's does,
// gaps included. While he is silent and something is to be played over it, the tick makes the
// packets (node_mix.c): that time is covered, and when he goes on, what of his speech has the same
// time is not sent again. So there are never two packets for one time, and never a time without.
#include "dataplane/node.h"
#include "dataplane/voice_piece.h"

#include <string.h>

enum { BRIDGE_MS = 100 }; // so much the tick leaves us to do

// Our clock goes on by so many units of a time of which nothing is sent.
static void leap(struct rtp_flow *y, struct voice *v, uint32_t units, uint64_t now)
{
	v->filled = 0;
	y->out_ts += units;
	if (now > y->out_at)
		y->out_at = now;
}

// The peer's timestamps say that much more or less time has passed than has: they jumped.
static bool is_astray(const struct rtp_flow *y, int32_t gap, uint64_t now)
{
	int32_t early = (int32_t)(y->out_ts + (uint32_t)gap - flow_ts(y, now));
	int32_t most = (int32_t)(2 * y->clock);

	return early > most || early < -most;
}

// So many units of silence, with what plays over it. False: it is too long, that is a pause.
static bool bridge(struct engine *e, struct rtp_flow *y, struct voice *v, int32_t units,
	struct burst *out, uint64_t now)
{
	static const int16_t silence[CODEC_RATE_MAX / 1000 * BRIDGE_MS];
	uint32_t rate = v->out.codec->rate;
	uint64_t n = (uint64_t)units * rate / y->clock;

	if (!y->driven || n > rate / 1000 * BRIDGE_MS)
		return false;
	voice_ride(e, y, (struct voice_audio){ silence, n, rate }, out, now);
	return true;
}

void voice_ride_on(struct engine *e, struct rtp_flow *y, int32_t gap, bool anew, struct burst *out,
	uint64_t now)
{
	struct voice *v = voice_of(e, y);
	struct voice_ride *ride = &v->ride;

	if (anew || is_astray(y, gap, now) || ((y->tx & FLOW_FRESH) && v->filled == 0)) {
		ride->covered = ride->lead = 0;
		leap(y, v, flow_ts(y, now) - y->out_ts, now);
		return;
	}

	ride->lead += ride->covered - gap;
	ride->covered = 0;
	if (ride->lead < 0) {
		if (!bridge(e, y, v, -ride->lead, out, now))
			leap(y, v, (uint32_t)-ride->lead, now);
		ride->lead = 0;
	}
}

// From 8 kHz to 16, or back, or not at all. Returns how many samples.
static size_t convert(struct voice *v, int16_t *dst, const int16_t *src, size_t n, uint32_t rate)
{
	uint32_t own = v->out.codec->rate;

	if (own == rate) {
		memcpy(dst, src, n * sizeof(*dst));
		return n;
	}
	if (own > rate) {
		resample_up(&v->up, dst, src, n);
		return 2 * n;
	}
	resample_down(&v->down, dst, src, n / 2);
	return n / 2;
}

void voice_ride(struct engine *e, struct rtp_flow *y, struct voice_audio said, struct burst *out,
	uint64_t now)
{
	struct voice *v = voice_of(e, y);
	int16_t block[2 * VOICE_BLOCK_MAX];

	while (said.n > 0) {
		size_t most = said.rate / 1000 * VOICE_BLOCK_MS;
		size_t part = said.n < most ? said.n : most;
		size_t got = convert(v, block, said.pcm, part, said.rate);

		voice_render(e, y, block, got, out, now);
		said.pcm += part;
		said.n -= part;
	}
}

void voice_ride_off(const struct rtp_flow *x, struct rtp_flow *y, const struct voice_ear *ear)
{
	if (x->clock != y->clock || (y->tx & FLOW_FRESH))
		return;
	y->relay_ssrc = ear->ssrc;
	y->relay_run = ear->run;
	y->seq_delta = (uint16_t)(y->out_seq - ear->seq);
	y->ts_delta = y->out_ts - ear->ts;
	y->seq_floor = ear->seq;
}

void voice_ride_noise(struct engine *e, struct rtp_flow *y, const struct pkt *p, struct burst *out)
{
	struct voice *v = voice_of(e, y);

	v->ride.quiet = true;
	if (y->cn_tx == DP_NO_PT || y->driven || p->rtp.payload_len > CN_MAX)
		return;

	struct pkt *noise = engine_blank(e, out, y);
	if (noise == NULL)
		return;
	rtp_write(noise->data, &(struct rtp){ .pt = y->cn_tx,
				       .seq = y->out_seq++,
				       .ts = y->out_ts,
				       .ssrc = y->out_ssrc });
	memcpy(noise->data + RTP_FIXED_LEN, p->data + p->rtp.payload_off, p->rtp.payload_len);
	noise->len = (uint16_t)(RTP_FIXED_LEN + p->rtp.payload_len);
	flow_sent(y, p->rtp.payload_len);
	stat_add(&e->stats->rendered, 1);
}

static uint16_t scaled(const uint8_t *payload, uint32_t from, uint32_t to)
{
	uint64_t units = (uint64_t)(payload[2] << 8 | payload[3]) * to / from;

	return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

void voice_ride_event(
	struct engine *e, const struct rtp_flow *x, struct rtp_flow *y, struct pkt *p, uint64_t now)
{
	struct voice_ride *ride = &voice_of(e, y)->ride;
	uint8_t *payload = p->data + RTP_FIXED_LEN;

	if (!ride->event_known || ride->event_in != p->rtp.ts) {
		ride->event_in = p->rtp.ts;
		ride->event_out = flow_ts(y, now);
		ride->event_known = true;
	}
	if (p->rtp.payload_off != RTP_FIXED_LEN)
		memmove(payload, p->data + p->rtp.payload_off, p->rtp.payload_len);

	uint16_t units = scaled(payload, x->clock, y->clock);
	uint32_t end = ride->event_out + units;
	payload[2] = (uint8_t)(units >> 8);
	payload[3] = (uint8_t)units;
	rtp_write(p->data, &(struct rtp){ .marker = p->rtp.marker,
				   .pt = y->dtmf_tx,
				   .seq = y->out_seq++,
				   .ts = ride->event_out,
				   .ssrc = y->out_ssrc });
	p->len = (uint16_t)(RTP_FIXED_LEN + p->rtp.payload_len);
	if ((int32_t)(end - y->out_ts) > 0) {
		ride->covered += (int32_t)(end - y->out_ts);
		y->out_ts = end;
		y->out_at = now > y->out_at ? now : y->out_at;
	}
	flow_sent(y, p->rtp.payload_len);
	engine_aim(e, p, y);
}
