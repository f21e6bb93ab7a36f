// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that we send to a far end without telephone-event: tones in its codec, of their length to
// the sample, one packet each 20 ms. G.722 and Opus have a voice's encoder for it:
//
//   packets   |‾‾‾‾|‾‾‾‾|‾‾‾‾|‾‾‾‾|____|____|____|‾‾‾‾|    a digit of 80 ms, its pause of 60, the next
#include "codecs/g711.h"
#include "codecs/tone.h"
#include "dataplane/node.h"

#include <string.h>

enum {
	PAUSE_MS = 60,
	RATE = 8000,
	SAMPLES_MAX = 2 * RATE / 1000 * FLOW_EVENT_PTIME,
	PAYLOAD_MAX = 2 * SAMPLES_MAX, // bytes: L16 is the longest
};

bool tones_can(const struct rtp_flow *f)
{
	return flow_is_plain(f) || voice_codec_of(f) != NULL;
}

uint32_t tones_rate(const struct rtp_flow *f)
{
	return flow_is_plain(f) ? f->clock : voice_codec_of(f)->rate;
}

static size_t encode(const struct engine *e, const struct rtp_flow *f, uint8_t *payload,
	const int16_t *pcm, size_t n)
{
	if (!flow_is_plain(f))
		return voice_typed(e, f, payload, PAYLOAD_MAX, pcm, n);
	if (f->codec == DP_CODEC_PCMU) {
		g711_encode_ulaw(payload, pcm, n);
		return n;
	}
	if (f->codec == DP_CODEC_PCMA) {
		g711_encode_alaw(payload, pcm, n);
		return n;
	}
	for (size_t i = 0; i < n; i++) {
		payload[2 * i] = (uint8_t)((uint16_t)pcm[i] >> 8);
		payload[2 * i + 1] = (uint8_t)pcm[i];
	}
	return 2 * n;
}

static void begin(const struct rtp_flow *f, struct flow_keys *k)
{
	tone_begin_digit(&k->tone, k->digit[0], k->ms[0], PAUSE_MS, tones_rate(f));
	k->step = 1;
}

// A frame of the digits that wait; what is left after the last one is silence.
static void render(struct engine *e, struct rtp_flow *f, int16_t *pcm, size_t n)
{
	struct flow_keys *k = keys_of(e, f);

	while (n > 0 && (f->tx & FLOW_TYPING) != 0) {
		if (k->step == 0)
			begin(f, k);

		size_t got = tone_render(&k->tone, pcm, n);
		pcm += got;
		if (got < n)
			keys_next(e, f, k);
		n -= got;
	}
	memset(pcm, 0, n * sizeof(*pcm));
}

static void send(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at,
	const int16_t *pcm, size_t n)
{
	uint8_t payload[PAYLOAD_MAX];
	uint32_t bytes = (uint32_t)encode(e, f, payload, pcm, n);
	struct pkt *p = bytes > 0 ? engine_blank(e, out, f) : NULL;

	if (p == NULL) {
		f->tx |= FLOW_FRESH;
		return;
	}
	flow_stamp(f, p->data,
		&(struct flow_frame){ .at = at,
			.ns = FLOW_EVENT_PTIME * NS_PER_MS,
			.units = (uint32_t)f->clock / 1000 * FLOW_EVENT_PTIME,
			.bytes = bytes });
	memcpy(p->data + RTP_FIXED_LEN, payload, bytes);
	p->len = (uint16_t)(RTP_FIXED_LEN + bytes);
	stat_add(&e->stats->digit_packets, 1);
}

void node_tones(struct engine *e, struct rtp_flow *f, struct burst *out, uint64_t at)
{
	size_t n = (size_t)tones_rate(f) / 1000 * FLOW_EVENT_PTIME;
	int16_t pcm[SAMPLES_MAX];
	uint8_t fresh = keys_of(e, f)->step == 0 ? FLOW_FRESH : f->tx & FLOW_FRESH;

	render(e, f, pcm, n);
	// What follows the last digit is another source; this packet still belongs to it.
	f->tx = (uint8_t)((f->tx & ~FLOW_FRESH) | fresh);
	if (flow_may_send(f))
		send(e, f, out, at, pcm, n);
	if (f->tx & FLOW_TYPING)
		return;
	f->tx |= FLOW_FRESH;
	voice_type_end(e, f);
}
