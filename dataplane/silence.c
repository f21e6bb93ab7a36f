// SPDX-License-Identifier: BSD-3-Clause
//
// What each codec says when there is nothing to be heard. No encoder is asked: one that heard the
// tone would say how it fades away.
#include "dataplane/silence.h"

#include "codecs/g711.h"
#include "dataplane/flow.h"
#include "dataplane/pkt.h"

#include <string.h>

enum {
	G722_SILENCE = 0xfa,
	OPUS_RATE = 16000, // Hz of the samples that are counted
	OPUS_LONG = OPUS_RATE / 1000 * 20,
	OPUS_SHORT = OPUS_RATE / 1000 * 5 / 2,
	OPUS_TOC_LONG = 0xfb,  // CELT, full band, frames of 20 ms, as many as the next byte says
	OPUS_TOC_SHORT = 0xe3, // the same of 2.5 ms
	OPUS_HEAD = 2,
	OPUS_FRAME = 2, // bytes: the flag that says silence
};

// Frames of CELT with their silence flag set. A frame without bytes would be one that was lost,
// and be made up for from the tone before it.
static size_t opus_silence(uint8_t *payload, size_t room, size_t n)
{
	bool is_long = n % OPUS_LONG == 0;
	size_t frames = n / (is_long ? OPUS_LONG : OPUS_SHORT);

	if (room < OPUS_HEAD + OPUS_FRAME * frames)
		frames = (room - OPUS_HEAD) / OPUS_FRAME;
	payload[0] = is_long ? OPUS_TOC_LONG : OPUS_TOC_SHORT;
	payload[1] = (uint8_t)frames;
	for (size_t i = 0; i < frames; i++) {
		payload[OPUS_HEAD + OPUS_FRAME * i] = 0xff;
		payload[OPUS_HEAD + OPUS_FRAME * i + 1] = 0xfe;
	}
	return OPUS_HEAD + OPUS_FRAME * frames;
}

static int silence_of(const struct rtp_flow *f)
{
	switch (f->codec) {
	case DP_CODEC_PCMU:
		return G711_ULAW_SILENCE;
	case DP_CODEC_PCMA:
		return G711_ALAW_SILENCE;
	case DP_CODEC_G722:
		return G722_SILENCE;
	default:
		return 0;
	}
}

void silence_packet(const struct rtp_flow *f, struct pkt *p, size_t n)
{
	uint8_t *payload = p->data + p->rtp.payload_off;
	size_t room = p->room - p->rtp.payload_off;
	size_t samples = n > 0 ? n : OPUS_RATE / 1000 * (size_t)f->ptime;

	if (f->codec != DP_CODEC_OPUS) {
		memset(payload, silence_of(f), p->rtp.payload_len);
		return;
	}
	p->rtp.payload_len = (uint16_t)opus_silence(payload, room, samples);
	p->len = (uint16_t)(p->rtp.payload_off + p->rtp.payload_len);
}
