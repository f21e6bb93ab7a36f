// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come as tones. All audio of a burst is heard before any of it is sent on, so that a
// packet in which a watched digit is suspected is silenced itself. What has to be decoded first is
// heard packet by packet, on its way through node_voice.c, and silenced there:
//
//   tone        ____████████████████________
//   packets    |    1    |    2    |    3    |
//   suspected             ^ 12 to 20 ms after it began
//   sent on    |___██████|_________|_________|      at most 12 ms of it leak (docs/DTMF.md)
//
// One lost packet is left out, as if the audio had been cut and spliced: a press stays one press.
// More than that is heard as silence.
#include "codecs/g711.h"
#include "dataplane/inband.h"
#include "dataplane/node.h"
#include "dataplane/silence.h"

#include <string.h>

enum {
	RATE = 8000,
	SPLICE_MS = 30,   // at most this much is left out
	SILENCE_MS = 60,  // and no more than this is made up: any press is over then
	AGAIN_MS = 2000,  // farther ahead or behind is another stream
	STOPPED_MS = 100, // without a packet: the press is over
	PIECE = 480,      // samples decoded at a time
};

static struct inband *inband_of(const struct engine *e, const struct rtp_flow *f)
{
	return pool_at(&e->detectors, cold_of(e, f)->detector);
}

// The audio must be decoded first: it comes from node_voice.c.
static bool needs_voice(const struct rtp_flow *f)
{
	return !flow_is_plain(f) && voice_codec_of(f) != NULL;
}

static bool can_hear(const struct rtp_flow *f)
{
	return flow_is_plain(f) || needs_voice(f);
}

static bool is_needed(const struct rtp_flow *f)
{
	return f->open && f->known && f->dtmf_rx == DP_NO_PT && can_hear(f);
}

// What was heard so far has nothing to do with what follows.
static void start_over(struct engine *e, struct inband *d)
{
	dtmf_reset(&e->ears, &d->ear);
	memset(&d->down, 0, sizeof(d->down));
	d->begun = false;
}

static void take(struct engine *e, struct rtp_flow *f)
{
	uint32_t piece = pool_take(&e->detectors);

	if (piece == POOL_NONE || !voice_detect(e, f, needs_voice(f))) {
		pool_give(&e->detectors, piece);
		stat_add(&e->stats->detectors_no_room, 1);
		return;
	}
	cold_of(e, f)->detector = piece;
	inband_of(e, f)->place = place_of(e, f);
	f->rx |= FLOW_LISTENED;
}

void inband_forget(struct engine *e, struct rtp_flow *f)
{
	struct inband *d;

	if ((f->rx & FLOW_LISTENED) == 0)
		return;
	d = inband_of(e, f);
	start_over(e, d);
	d->place = FLOW_NONE;
	if (!d->waits)
		pool_give(&e->detectors, cold_of(e, f)->detector);
	cold_of(e, f)->detector = POOL_NONE;
	f->rx &= (uint32_t)~FLOW_LISTENED & 0x3f;
	(void)voice_detect(e, f, false);
}

// The codec may be another one now.
static void keep(struct engine *e, struct rtp_flow *f)
{
	if (voice_detect(e, f, needs_voice(f)))
		return;
	inband_forget(e, f);
	stat_add(&e->stats->detectors_no_room, 1);
}

void inband_review(struct engine *e, struct rtp_flow *f)
{
	if (!is_needed(f))
		inband_forget(e, f);
	else if (f->rx & FLOW_LISTENED)
		keep(e, f);
	else
		take(e, f);
}

static void began(struct engine *e, struct rtp_flow *f, struct inband *d, uint8_t code)
{
	d->code = code;
	d->sure = false;
	d->spliced = 0;
	d->verdict = (uint8_t)digit_suspect(e, f, code);
	if (d->verdict != FLOW_DIGIT_PASSED)
		d->hush = true;
	if (!d->waits)
		pacer_add(&e->listens, cold_of(e, f)->detector, to_ms(d->fed) + STOPPED_MS);
	d->waits = true;
}

// What the detector says, from within dtmf_feed() and dtmf_flush().
void inband_news(void *ctx, struct dtmf_channel *ear, const struct dtmf_event *event)
{
	struct engine *e = ctx;
	struct inband *d = (struct inband *)(void *)ear;
	struct rtp_flow *f = &e->flows[d->place];

	switch ((enum dtmf_news)event->news) {
	case DTMF_BEGAN:
		began(e, f, d, event->digit);
		break;
	case DTMF_SURE:
		d->code = event->digit;
		d->sure = true;
		d->verdict = (uint8_t)digit_decide(e, f, event->digit);
		if (d->verdict != FLOW_DIGIT_PASSED)
			d->hush = true;
		break;
	case DTMF_ENDED:
		digit_up(e, f, d->code, (enum flow_digit)d->verdict,
			(uint16_t)(event->ms + d->spliced), d->fed);
		stat_add(&e->stats->digits_inband, 1);
		[[fallthrough]];
	case DTMF_DROPPED:
		d->verdict = FLOW_DIGIT_NONE;
		break;
	}
}

static void feed_silence(struct engine *e, struct inband *d, uint32_t ms)
{
	static const int16_t silence[SILENCE_MS * RATE / 1000];

	dtmf_feed(&e->ears, &d->ear, silence, ms * RATE / 1000);
}

// Puts what was lost before this packet right. False: the packet is late, and says nothing.
static bool follow(struct engine *e, struct rtp_flow *f, struct inband *d, const struct rtp *rtp)
{
	int32_t ahead = (int32_t)(rtp->ts - d->next_ts);
	int32_t ms = ahead / (int32_t)(f->clock / 1000);

	if (!d->begun || d->run != f->in_run || ms > AGAIN_MS || ms < -AGAIN_MS) {
		start_over(e, d);
		d->begun = true;
		d->run = (uint8_t)f->in_run;
		return true;
	}
	if (ahead < 0)
		return false;
	if (ms > SPLICE_MS)
		feed_silence(e, d, ms < SILENCE_MS ? (uint32_t)ms : SILENCE_MS);
	else if (d->verdict != FLOW_DIGIT_NONE)
		d->spliced = (uint16_t)(d->spliced + ms);
	return true;
}

// Up to PIECE samples of a payload. Returns how many bytes of it that was.
static size_t decode(
	const struct rtp_flow *f, int16_t *pcm, const uint8_t *payload, size_t len, size_t *n)
{
	size_t bytes = len < PIECE ? len : PIECE;

	*n = bytes;
	if (f->codec == DP_CODEC_PCMU) {
		g711_decode_ulaw(pcm, payload, bytes);
	} else if (f->codec == DP_CODEC_PCMA) {
		g711_decode_alaw(pcm, payload, bytes);
	} else {
		*n = bytes / 2;
		for (size_t i = 0; i < *n; i++)
			pcm[i] = (int16_t)(payload[2 * i] << 8 | payload[2 * i + 1]);
	}
	return bytes;
}

static void feed(struct engine *e, struct inband *d, const int16_t *pcm, size_t n, uint32_t rate)
{
	int16_t slow[PIECE];

	if (rate == RATE) {
		dtmf_feed(&e->ears, &d->ear, pcm, n);
		return;
	}
	resample_down(&d->down, slow, pcm, n / 2);
	dtmf_feed(&e->ears, &d->ear, slow, n / 2);
}

static void hear(struct engine *e, struct rtp_flow *f, const struct pkt *p, uint64_t now)
{
	struct inband *d = inband_of(e, f);
	const uint8_t *payload = p->data + p->rtp.payload_off;
	size_t left = p->rtp.payload_len;
	uint32_t samples = 0;

	d->fed = now;
	if (!follow(e, f, d, &p->rtp))
		return;
	while (left > 0) {
		int16_t pcm[PIECE];
		size_t n, bytes = decode(f, pcm, payload, left, &n);

		feed(e, d, pcm, n, f->clock);
		payload += bytes;
		left -= bytes;
		samples += (uint32_t)n;
	}
	d->next_ts = p->rtp.ts + samples;
}

static bool is_audio(const struct rtp_flow *f, const struct pkt *p)
{
	return (f->rx & FLOW_LISTENED) != 0 && p->rtp.pt == f->pt_rx && flow_is_plain(f);
}

static bool is_kept(const struct inband *d)
{
	return d->verdict == FLOW_DIGIT_WITHHELD || d->verdict == FLOW_DIGIT_QUEUED;
}

// A press that has begun in an earlier burst and is withheld still is; what began in this one
// stays so to its end, although its end may be in it as well.
static void hush_begin(struct inband *d)
{
	d->hush = is_kept(d);
}

void node_inband(struct engine *e, struct burst *taken, uint64_t now)
{
	uint32_t heard = 0; // a bit for each packet

	for (uint32_t i = 0; i < taken->n; i++) {
		const struct rtp_flow *f = &e->flows[taken->pkt[i].flow];

		if (!is_audio(f, &taken->pkt[i]))
			continue;
		hush_begin(inband_of(e, f));
		heard |= UINT32_C(1) << i;
	}
	for (uint32_t i = 0; i < taken->n; i++) {
		if (heard >> i & 1)
			hear(e, &e->flows[taken->pkt[i].flow], &taken->pkt[i], now);
	}
	if (heard == 0)
		return;
	dtmf_flush(&e->ears);
	for (uint32_t i = 0; i < taken->n; i++) {
		const struct rtp_flow *f = &e->flows[taken->pkt[i].flow];

		if ((heard >> i & 1) == 0 || !inband_of(e, f)->hush)
			continue;
		silence_packet(f, &taken->pkt[i], 0);
		stat_add(&e->stats->inband_silenced, 1);
	}
}

static bool hears_decoded(const struct rtp_flow *f)
{
	return (f->rx & FLOW_LISTENED) != 0 && !flow_is_plain(f);
}

bool inband_withholds(const struct engine *e, const struct rtp_flow *f)
{
	return hears_decoded(f) && is_kept(inband_of(e, f));
}

void inband_hear(
	struct engine *e, struct rtp_flow *f, struct pkt *p, int16_t *pcm, size_t n, uint64_t now)
{
	if (!hears_decoded(f))
		return;

	struct inband *d = inband_of(e, f);
	const struct codec *codec = voice_codec_of(f);

	hush_begin(d);
	d->fed = now;
	if (n > 0 && follow(e, f, d, &p->rtp)) {
		feed(e, d, pcm, n, codec->rate);
		d->next_ts = p->rtp.ts + (uint32_t)((uint64_t)n * codec->clock / codec->rate);
		dtmf_flush(&e->ears);
	}
	if (!d->hush)
		return;
	silence_packet(f, p, n);
	memset(pcm, 0, n * sizeof(*pcm));
	stat_add(&e->stats->inband_silenced, 1);
}

void inband_late(struct engine *e, uint32_t piece, uint64_t now)
{
	struct inband *d = pool_at(&e->detectors, piece);
	uint64_t due = to_ms(d->fed) + STOPPED_MS;

	d->waits = false;
	if (d->place == FLOW_NONE) {
		pool_give(&e->detectors, piece);
		return;
	}
	if (d->verdict == FLOW_DIGIT_NONE)
		return;
	if (to_ms(now) >= due) {
		start_over(e, d);
		return;
	}
	pacer_add(&e->listens, piece, due);
	d->waits = true;
}
