// SPDX-License-Identifier: BSD-3-Clause
//
// What one frame costs in each codec and each kernel: nanoseconds and cycles of 20 ms of audio,
// and how many channels of it a core can carry if it does nothing else. The baseline copies the
// samples of the frame, in turn with it. Each figure is the median of ROUNDS, so short that most
// of them are not interrupted on a busy machine.
#include "bench/bench.h"
#include "codecs/codec.h"
#include "codecs/conceal.h"
#include "codecs/g711_kernels.h"
#include "codecs/mix_kernels.h"
#include "codecs/resample.h"
#include "codecs/tone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRAMES = 64, // that a round goes through, again and again
	FRAME_MS = 20,
	FRAME_MAX = CODEC_RATE_MAX / 1000 * FRAME_MS,
	ROUNDS = 31,
	ROUND_NS = 200 * 1000,
	KINDS = 10, // of frames: one in so many is lost
};

struct desk {
	int16_t pcm[FRAMES][FRAME_MAX];
	int16_t out[FRAMES][FRAME_MAX];
	uint8_t wire[FRAMES][CODEC_PAYLOAD_MAX];
	size_t len[FRAMES];
	size_t n; // samples of a frame
	const struct codec *codec;
	void *encoder, *decoder;
	const struct g711_kernels *g711;
	const struct mix_kernels *mix;
	const struct resample_kernels *resample;
	struct tone_cursor tone;
	struct resample_up up;
	struct resample_down down;
	unsigned turn; // of a case that does not do the same to every frame
};

// Does its work on frame i.
typedef void (*frame_fn)(struct desk *d, unsigned i);

static void copy(struct desk *d, unsigned i)
{
	memcpy(d->out[i], d->pcm[i], d->n * sizeof(int16_t));
	__asm__ volatile("" : : "r"(d->out[i]) : "memory");
}

// Nanoseconds a frame, over so many frames.
static double measure(frame_fn run, struct desk *d, unsigned frames)
{
	uint64_t ns = bench_ns();

	for (unsigned i = 0; i < frames; i++)
		run(d, i % FRAMES);
	return (double)(bench_ns() - ns) / frames;
}

// As many frames as fit into a round, and every kind of frame at least.
static unsigned many(frame_fn run, struct desk *d)
{
	double once = measure(run, d, FRAMES);
	unsigned fit = (unsigned)(ROUND_NS / (once + 1));

	return fit > KINDS ? fit : KINDS;
}

static void bench(const char *what, struct desk *d, frame_fn run)
{
	unsigned frames = many(run, d), copies = many(copy, d);
	struct bench_span span = bench_begin(-1);
	double ours[ROUNDS], copied[ROUNDS];
	char channels[64];

	for (unsigned i = 0; i < ROUNDS; i++) {
		ours[i] = measure(run, d, frames);
		copied[i] = measure(copy, d, copies);
	}
	double value = bench_median(ours, ROUNDS);
	double baseline = bench_median(copied, ROUNDS);
	snprintf(channels, sizeof(channels), ",\"channels_per_core\":%.0f", FRAME_MS * 1e6 / value);
	bench_print(&(struct bench_line){
		.bench = "codecs",
		.what = what,
		.unit = "ns/frame",
		.value = value,
		.cycles = value * bench_hz() / 1e9,
		.baseline = baseline,
		.ratio = baseline / value,
		.steal = bench_steal(&span),
		.more = channels,
	});
}

static void encode_ulaw(struct desk *d, unsigned i)
{
	d->g711->encode_ulaw(d->wire[i], d->pcm[i], d->n);
}

static void encode_alaw(struct desk *d, unsigned i)
{
	d->g711->encode_alaw(d->wire[i], d->pcm[i], d->n);
}

static void decode_ulaw(struct desk *d, unsigned i)
{
	d->g711->decode_ulaw(d->out[i], d->wire[i], d->n);
}

static void decode_alaw(struct desk *d, unsigned i)
{
	d->g711->decode_alaw(d->out[i], d->wire[i], d->n);
}

static void translate(struct desk *d, unsigned i)
{
	d->g711->translate(i % 2 ? g711_alaw_of_ulaw : g711_ulaw_of_alaw, d->wire[i], d->n);
}

static void decode_mix_encode(struct desk *d, unsigned i)
{
	d->g711->decode_ulaw(d->out[i], d->wire[i], d->n);
	d->mix->add(d->out[i], d->pcm[i], d->n);
	d->g711->encode_ulaw(d->wire[i], d->out[i], d->n);
}

static void mix_add_frame(struct desk *d, unsigned i)
{
	d->mix->add(d->out[i], d->pcm[i], d->n);
}

static void mix_scale_frame(struct desk *d, unsigned i)
{
	d->mix->scale(d->out[i], d->pcm[i], d->n, 5000);
}

static void mix_ramp_frame(struct desk *d, unsigned i)
{
	d->mix->ramp_add(d->out[i], d->pcm[i], d->n, 0, 100000);
}

// The loops alone: from so many samples as a frame of 8 kHz has when the filter is full.
static void up_kernel(struct desk *d, unsigned i)
{
	d->resample->up(d->out[i], d->pcm[i], d->n / 2);
}

static void down_kernel(struct desk *d, unsigned i)
{
	d->resample->down(d->out[i], d->pcm[i], d->pcm[i], d->n / 2);
}

static void up(struct desk *d, unsigned i)
{
	resample_up(&d->up, d->out[i], d->pcm[i], d->n / 2);
}

static void down(struct desk *d, unsigned i)
{
	resample_down(&d->down, d->out[i], d->pcm[i], d->n / 2);
}

static void encode(struct desk *d, unsigned i)
{
	d->len[i] = d->codec->encode(d->encoder, d->wire[i], CODEC_PAYLOAD_MAX, d->pcm[i], d->n);
	if (d->len[i] == 0)
		abort();
}

static void decode(struct desk *d, unsigned i)
{
	if (d->codec->decode(d->decoder, d->out[i], FRAME_MAX, d->wire[i], d->len[i]) != d->n)
		abort();
}

// One frame in ten is lost.
static void decode_and_conceal(struct desk *d, unsigned i)
{
	if (d->turn++ % KINDS == KINDS - 1)
		d->codec->conceal(d->decoder, d->out[i], d->n);
	else
		decode(d, i);
}

// A frame that arrived, and one that did not: what the second costs is all but nothing of the
// first.
static void hear_and_conceal(struct desk *d, unsigned i)
{
	conceal_heard(d->decoder, d->out[i], d->n);
	conceal_fill(d->decoder, d->out[i], d->n);
}

static void hear(struct desk *d, unsigned i)
{
	conceal_heard(d->decoder, d->pcm[i], d->n);
}

static void ring(struct desk *d, unsigned i)
{
	tone_render(&d->tone, d->out[i], d->n);
}

// A voice, more or less: a buzz of many harmonics that swells and ebbs.
static void sing(struct desk *d, uint32_t rate)
{
	d->n = rate / 1000 * FRAME_MS;
	for (size_t i = 0; i < FRAMES * d->n; i++) {
		double t = (double)i / rate, sum = 0;

		for (int k = 1; k < 20; k++)
			sum += sin(2 * M_PI * k * (120 + 20 * sin(7 * t)) * t) / k;
		d->pcm[i / d->n][i % d->n] = (int16_t)(5000 * sum * (1 + sin(11 * t)) / 2);
	}
}

static void bench_kernels(struct desk *d)
{
	static const char *const name[CPU_LEVELS] = { "plain", "avx2", "avx512" };
	static const struct {
		const char *what;
		frame_fn run;
	} cases[] = {
		{ "g711/ulaw-encode", encode_ulaw },
		{ "g711/alaw-encode", encode_alaw },
		{ "g711/ulaw-decode", decode_ulaw },
		{ "g711/alaw-decode", decode_alaw },
		{ "g711/translate", translate },
		{ "g711/ulaw-decode-mix-encode", decode_mix_encode },
		{ "mix/add", mix_add_frame },
		{ "mix/gain", mix_scale_frame },
		{ "mix/ramp-add", mix_ramp_frame },
	};
	char what[64];

	sing(d, 8000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned level = 0; level < CPU_LEVELS; level++) {
			d->g711 = g711_kernels(level);
			d->mix = mix_kernels(level);
			if (d->g711 == NULL)
				continue;
			snprintf(what, sizeof(what), "%s/%s", cases[i].what, name[level]);
			bench(what, d, cases[i].run);
		}
}

static void *state(size_t size)
{
	void *memory = aligned_alloc(64, size == 0 ? 64 : size);

	if (memory == NULL)
		abort();
	return memory;
}

static void bench_conceal(struct desk *d, const char *as, uint32_t rate)
{
	char what[64];

	sing(d, rate);
	memcpy(d->out, d->pcm, sizeof(d->out));
	d->decoder = state(CONCEAL_SIZE(rate));
	conceal_init(d->decoder, rate);
	snprintf(what, sizeof(what), "conceal/%s-heard", as);
	bench(what, d, hear);
	snprintf(what, sizeof(what), "conceal/%s-heard-and-lost", as);
	bench(what, d, hear_and_conceal);
	free(d->decoder);
}

static void bench_codec(struct desk *d, const char *as, unsigned id, uint32_t clock)
{
	char what[64];

	d->codec = codec_find(id, clock);
	if (d->codec == NULL)
		return;
	sing(d, d->codec->rate);
	d->encoder = state(d->codec->encoder_size);
	d->decoder = state(d->codec->decoder_size);
	d->codec->encoder_init(d->encoder);
	d->codec->decoder_init(d->decoder);
	snprintf(what, sizeof(what), "%s/encode", as);
	bench(what, d, encode);
	snprintf(what, sizeof(what), "%s/decode", as);
	bench(what, d, decode);
	snprintf(what, sizeof(what), "%s/decode-one-in-ten-lost", as);
	bench(what, d, decode_and_conceal);
	free(d->encoder);
	free(d->decoder);
}

int main(void)
{
	struct desk *d = state((sizeof(*d) + 63) / 64 * 64);

	memset(d, 0, sizeof(*d));
	bench_kernels(d);
	sing(d, 16000);
	for (unsigned level = 0; level <= CPU_AVX2; level++) {
		d->resample = resample_kernels(level);
		if (d->resample == NULL)
			continue;
		bench(level == CPU_PLAIN ? "resample/up/plain" : "resample/up/avx2", d, up_kernel);
		bench(level == CPU_PLAIN ? "resample/down/plain" : "resample/down/avx2", d,
			down_kernel);
	}
	bench("resample/8-to-16", d, up);
	bench("resample/16-to-8", d, down);
	tone_begin(&d->tone, tone_find("us", TONE_BUSY), 16000);
	bench("tone/16k", d, ring);
	bench_conceal(d, "8k", 8000);
	bench_conceal(d, "16k", 16000);
	bench_codec(d, "pcmu", CODEC_PCMU, 8000);
	bench_codec(d, "l16-16k", CODEC_L16, 16000);
	bench_codec(d, "g722", CODEC_G722, 8000);
	bench_codec(d, "opus", CODEC_OPUS, 48000);
	free(d);
	return 0;
}
