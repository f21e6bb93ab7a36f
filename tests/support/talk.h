// SPDX-License-Identifier: BSD-3-Clause
//
// Parties who say tones to the rig in any codec, and what of it is heard of a flow.
#pragma once

#include "codecs/codec.h"
#include "tests/support/ear.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdalign.h>

enum { TALK_STATE = 1 << 16, TALK_LOUD = 6000 };

struct talker {
	uint32_t flow;
	const struct codec *codec;
	uint8_t pt;
	uint32_t ptime; // ms
	double hz;
	double loud;
	struct rig_voice voice; // its numbers
	uint64_t said;          // samples
	alignas(64) uint8_t state[TALK_STATE];
};

static inline void talk_init(
	struct talker *t, uint32_t flow, enum codec_id id, uint32_t clock, double hz)
{
	*t = (struct talker){ .flow = flow,
		.codec = codec_find(id, clock),
		.pt = RIG_PCMU,
		.ptime = 20,
		.hz = hz,
		.loud = TALK_LOUD,
		.voice = { .flow = flow, .ssrc = 0x100 + flow, .ts = 5000 * flow, .seq = 65530 } };
	t->codec->encoder_init(t->state);
}

// Makes the next packet's payload. Time goes on for the party, whether it arrives or not.
static inline size_t talk_make(struct talker *t, uint8_t *payload)
{
	int16_t pcm[CODEC_SAMPLES_MAX];
	size_t n = t->ptime * t->codec->rate / 1000;

	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)lround(
			t->loud * sin(2 * M_PI * t->hz * (double)(t->said + i) / t->codec->rate));
	t->said += n;
	return t->codec->encode(t->state, payload, CODEC_PAYLOAD_MAX, pcm, n);
}

static inline struct rtp talk_header(struct talker *t)
{
	struct rtp rtp = {
		.pt = t->pt, .seq = t->voice.seq++, .ts = t->voice.ts, .ssrc = t->voice.ssrc
	};

	t->voice.ts += t->ptime * t->codec->clock / 1000;
	return rtp;
}

static inline void talk(struct rig *r, struct talker *t)
{
	uint8_t payload[CODEC_PAYLOAD_MAX];
	size_t len = talk_make(t, payload);

	rig_rtp(r, t->flow, talk_header(t), payload, len);
}

// It is said, and gets lost.
static inline void talk_lost(struct talker *t)
{
	uint8_t payload[CODEC_PAYLOAD_MAX];

	talk_make(t, payload);
	talk_header(t);
}

// ms in which nothing is said, by its clock.
static inline void talk_pause(struct talker *t, uint32_t ms)
{
	t->said += (uint64_t)ms * t->codec->rate / 1000;
	t->voice.ts += ms * t->codec->clock / 1000;
}

// What a flow sent, as one piece: where timestamps leave a hole there is silence.
struct heard {
	size_t n;
	uint32_t packets;
	uint32_t gaps;  // sequence numbers that are not the next
	uint32_t jumps; // timestamps that are not the next
	uint32_t markers;
	uint32_t worst; // ns between two packets
	int16_t pcm[1 << 18];
};

static inline void heard_of(
	struct rig *r, uint32_t flow, const struct codec *codec, uint8_t pt, struct heard *h)
{
	static alignas(64) uint8_t state[TALK_STATE];
	const struct rig_packet *last = NULL;
	uint32_t next = 0;

	assert(r->sent <= RIG_SENT_MAX);
	codec->decoder_init(state);
	*h = (struct heard){ 0 };
	for (uint32_t i = 0; i < r->sent; i++) {
		const struct rig_packet *p = &r->packet[i];

		if (p->flow != flow || p->rtcp || p->rtp.pt != pt)
			continue;
		if (last != NULL) {
			int32_t hole = (int32_t)(p->rtp.ts - next);

			h->gaps += (uint16_t)(p->rtp.seq - last->rtp.seq) != 1;
			h->jumps += hole != 0;
			if (hole > 0)
				h->n += (size_t)hole * codec->rate / codec->clock;
			if (p->at - last->at > h->worst)
				h->worst = (uint32_t)(p->at - last->at);
		}
		size_t n = codec->decode(state, h->pcm + h->n, CODEC_SAMPLES_MAX,
			p->data + RTP_FIXED_LEN, p->len - RTP_FIXED_LEN);

		assert(n > 0 && h->n + n + CODEC_SAMPLES_MAX < sizeof(h->pcm) / sizeof(h->pcm[0]));
		h->n += n;
		h->packets++;
		h->markers += p->rtp.marker;
		next = p->rtp.ts + (uint32_t)(n * codec->clock / codec->rate);
		last = p;
	}
}

// How loud a tone is in ms of what was heard, from that ms on.
static inline double heard_tone(
	const struct heard *h, const struct codec *codec, uint32_t from, uint32_t ms, double hz)
{
	size_t per = codec->rate / 1000;

	assert((from + ms) * per <= h->n);
	return ear_tone(h->pcm + from * per, ms * per, hz, codec->rate);
}

// The same where a jitter buffer lies between, which plays a little faster or slower at times.
static inline double heard_live(
	const struct heard *h, const struct codec *codec, uint32_t from, uint32_t ms, double hz)
{
	double sum = 0;
	uint32_t n = ms / 50;

	for (uint32_t i = 0; i < n; i++)
		sum += heard_tone(h, codec, from + 50 * i, 50, hz);
	return sum / n;
}
