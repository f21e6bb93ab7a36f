// SPDX-License-Identifier: BSD-3-Clause
//
// Opus (RFC 6716, 7587), by libopus: the door to that library. Speech of one channel and 16 kHz;
// whatever is received, stereo or 48 kHz, becomes that. libopus makes up its own losses, and its
// packets carry a copy of the one before (in-band FEC).
#include "codecs/rows.h"

#include <assert.h>
#include <opus/opus.h>
#include <string.h>

enum {
	RATE = 16000,
	MS = RATE / 1000,
	QUANTUM = RATE / 400, // samples: 2.5 ms, the grain of what libopus makes up
	BIT_RATE = 28000,     // good wideband speech, and enough that libopus sends copies
	COMPLEXITY = 5,       // of 10; below 2 there are no copies
	LOSS_PERCENT = 5,     // what the copies are made for
	FRAME_BYTES = 320,    // of 10 ms: eight times what BIT_RATE comes to
	HOLD = 60 * MS,       // samples made up that are left as libopus made them
	FADE = 40 * MS,       // samples after that until silence
};

// Each is followed, at the next multiple of 64, by what is libopus'.
struct encoder {
	size_t repacketizer_at; // bytes from here
};

struct decoder {
	uint32_t lost; // samples made up since a packet came
};

#define BESIDE 64
static_assert(sizeof(struct encoder) <= BESIDE && sizeof(struct decoder) <= BESIDE);

static size_t rounded(size_t size)
{
	return (size + 63) / 64 * 64;
}

static void *theirs(void *ours)
{
	return (char *)ours + BESIDE;
}

static OpusRepacketizer *repacketizer_of(struct encoder *e)
{
	return (void *)((char *)e + e->repacketizer_at);
}

static size_t encoder_bytes(void)
{
	return rounded((size_t)opus_encoder_get_size(1));
}

static void encoder_init(void *encoder)
{
	struct encoder *e = encoder;
	OpusEncoder *o = theirs(e);

	e->repacketizer_at = BESIDE + encoder_bytes();
	int err = opus_encoder_init(o, RATE, 1, OPUS_APPLICATION_VOIP);
	assert(err == OPUS_OK);
	opus_encoder_ctl(o, OPUS_SET_BITRATE(BIT_RATE));
	opus_encoder_ctl(o, OPUS_SET_COMPLEXITY(COMPLEXITY));
	opus_encoder_ctl(o, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
	opus_encoder_ctl(o, OPUS_SET_BANDWIDTH(OPUS_BANDWIDTH_WIDEBAND));
	opus_encoder_ctl(o, OPUS_SET_INBAND_FEC(1));
	opus_encoder_ctl(o, OPUS_SET_PACKET_LOSS_PERC(LOSS_PERCENT));
}

static void decoder_init(void *decoder)
{
	struct decoder *d = decoder;

	d->lost = 0;
	int err = opus_decoder_init(theirs(d), RATE, 1);
	assert(err == OPUS_OK);
}

// libopus has no packet of 30 ms: it is three frames of 10 ms in one.
static size_t encode_30_ms(struct encoder *e, uint8_t *payload, size_t room, const int16_t *pcm)
{
	OpusRepacketizer *r = opus_repacketizer_init(repacketizer_of(e));
	uint8_t frame[3][FRAME_BYTES];

	for (unsigned i = 0; i < 3; i++) {
		opus_int32 len = opus_encode(
			theirs(e), pcm + (size_t)i * 10 * MS, 10 * MS, frame[i], FRAME_BYTES);

		if (len <= 0 || opus_repacketizer_cat(r, frame[i], len) != OPUS_OK)
			return 0;
	}
	opus_int32 len = opus_repacketizer_out(r, payload, (opus_int32)room);
	return len > 0 ? (size_t)len : 0;
}

static size_t encode(void *encoder, uint8_t *payload, size_t room, const int16_t *pcm, size_t n)
{
	if (n < 10 * MS || n > CODEC_SAMPLES_MAX)
		return 0;
	if (room > CODEC_PAYLOAD_MAX)
		room = CODEC_PAYLOAD_MAX;
	if (n == 30 * MS)
		return encode_30_ms(encoder, payload, room, pcm);
	opus_int32 len = opus_encode(theirs(encoder), pcm, (int)n, payload, (opus_int32)room);
	return len > 0 ? (size_t)len : 0;
}

// The samples of a packet that is whole; 0: it is not.
static size_t samples_of(const uint8_t *payload, size_t len)
{
	opus_int16 sizes[48]; // RFC 6716, 3.2.5
	uint8_t toc;

	if (len == 0 || len > CODEC_PAYLOAD_MAX)
		return 0;
	if (opus_packet_parse(payload, (opus_int32)len, &toc, NULL, sizes, NULL) <= 0)
		return 0;
	int n = opus_packet_get_nb_samples(payload, (opus_int32)len, RATE);
	return n > 0 ? (size_t)n : 0;
}

static size_t decode(void *decoder, int16_t *pcm, size_t room, const uint8_t *payload, size_t len)
{
	struct decoder *d = decoder;
	size_t want = samples_of(payload, len);

	if (want == 0 || want > room)
		return 0;
	int n = opus_decode(theirs(d), payload, (opus_int32)len, pcm, (int)want, 0);
	if (n <= 0)
		return 0;
	d->lost = 0;
	return (size_t)n;
}

// libopus goes on for seconds, ever softer; we are silent sooner.
static void fade(struct decoder *d, int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int32_t left = HOLD + FADE - (int32_t)d->lost;

		if (left < FADE)
			pcm[i] = (int16_t)(pcm[i] * (left > 0 ? left : 0) / FADE);
		d->lost += left > 0;
	}
}

// A part of n that is not whole quanta is silence.
static void make_up(struct decoder *d, int16_t *pcm, size_t n, const uint8_t *payload, size_t len)
{
	size_t whole = n - n % QUANTUM;
	int made = 0;

	if (whole > 0 && d->lost < HOLD + FADE)
		made = opus_decode(
			theirs(d), payload, (opus_int32)len, pcm, (int)whole, payload != NULL);
	if (made < 0)
		made = 0;
	memset(pcm + made, 0, (n - (size_t)made) * sizeof(*pcm));
}

static void conceal(void *decoder, int16_t *pcm, size_t n)
{
	make_up(decoder, pcm, n, NULL, 0);
	fade(decoder, pcm, n);
}

static void recover(void *decoder, int16_t *pcm, size_t n, const uint8_t *payload, size_t len)
{
	struct decoder *d = decoder;

	if (samples_of(payload, len) == 0) {
		conceal(d, pcm, n);
		return;
	}
	d->lost = 0;
	make_up(d, pcm, n, payload, len);
}

static struct codec row = {
	.name = "opus",
	.clock = 48000,
	.rate = RATE,
	.encoder_init = encoder_init,
	.decoder_init = decoder_init,
	.encode = encode,
	.decode = decode,
	.conceal = conceal,
	.recover = recover,
};

__attribute__((constructor)) static void measure(void)
{
	row.encoder_size = BESIDE + encoder_bytes() + rounded((size_t)opus_repacketizer_get_size());
	row.decoder_size = BESIDE + rounded((size_t)opus_decoder_get_size(1));
}

const struct codec *const codec_opus = &row;
