// SPDX-License-Identifier: BSD-3-Clause
//
// What it costs to listen for digits: nanoseconds per channel and frame of 20 ms, beside spandsp's
// dtmf_rx on the same frames. Every frame is what the case says it is; nothing is left out for
// silence. Thousands of channels, each at a place of its own, so that none is in the first cache.
//
// Cases: variant/material from linear samples, and variant/material/ulaw with the decoding.
#include "bench/bench.h"
#include "codecs/dtmf.h"
#include "codecs/g711.h"

#include <spandsp.h>

#include <math.h>
#include <stdbool.h>

enum {
	CHANNELS = 4096,
	FRAME = 160,
	ROUNDS_OF = 8, // frames of each channel in one run
	MATERIAL = 8000 * 60,
};

static int16_t material[MATERIAL];
static uint8_t codes[MATERIAL];
static struct dtmf_channel channel[CHANNELS];
static dtmf_rx_state_t *judge[CHANNELS];
static struct dtmf_batch batch;
static bool from_codes;
static uint64_t told;

static void tell(void *ctx, struct dtmf_channel *c, const struct dtmf_event *event)
{
	(void)ctx;
	(void)c;
	told += event->news;
}

static const int16_t *frame_of(unsigned c, unsigned round, int16_t *room)
{
	size_t at = ((size_t)c * 7919 + round) * FRAME % (MATERIAL - FRAME);

	if (!from_codes)
		return material + at;
	g711_decode_ulaw(room, codes + at, FRAME);
	return room;
}

static void ours(void *ctx)
{
	static unsigned round;
	int16_t room[FRAME];

	(void)ctx;
	for (unsigned end = round + ROUNDS_OF; round < end; round++) {
		for (unsigned c = 0; c < CHANNELS; c++)
			dtmf_feed(&batch, &channel[c], frame_of(c, round, room), FRAME);
	}
	dtmf_flush(&batch);
}

static void theirs(void *ctx)
{
	static unsigned round;
	int16_t room[FRAME];

	(void)ctx;
	for (unsigned end = round + ROUNDS_OF; round < end; round++) {
		for (unsigned c = 0; c < CHANNELS; c++)
			dtmf_rx(judge[c], frame_of(c, round, room), FRAME);
	}
}

static void race(const char *variant, const char *what)
{
	const double items = (double)CHANNELS * ROUNDS_OF;
	double us[BENCH_ROUNDS], they[BENCH_ROUNDS];
	char name[64], more[64];

	snprintf(name, sizeof(name), "%s/%s%s", variant, what, from_codes ? "/ulaw" : "");
	ours(NULL);
	theirs(NULL);
	struct bench_span span = bench_begin(sched_getcpu());
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		us[i] = bench_time(ours, NULL) / items;
		they[i] = bench_time(theirs, NULL) / items;
	}
	double value = bench_median(us, BENCH_ROUNDS), baseline = bench_median(they, BENCH_ROUNDS);
	snprintf(more, sizeof(more), ",\"channels_per_core\":%.0f", 20e6 / value);
	bench_print(&(struct bench_line){ .bench = "dtmf",
		.what = name,
		.unit = "ns/frame",
		.value = value,
		.cycles = value * bench_hz() / 1e9,
		.baseline = baseline,
		.ratio = baseline / value,
		.steal = bench_steal(&span),
		.more = more });
}

static void every_variant(const char *what)
{
	for (int i = 0; i < MATERIAL; i++)
		codes[i] = g711_to_ulaw(material[i]);
	for (enum cpu_level level = CPU_PLAIN; level < CPU_LEVELS; level++) {
		const struct dtmf_bank *bank = dtmf_bank_find(level);

		if (bank == NULL)
			continue;
		memset(channel, 0, sizeof(channel));
		dtmf_batch_init(&batch, bank, tell, NULL);
		from_codes = false;
		race(bank->name, what);
		from_codes = true;
		race(bank->name, what);
	}
}

// A WAV file of 8 kHz, round and round. False: it is not there.
static bool read_wav(const char *path)
{
	enum { HEADER = 44 };
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	if (f == NULL)
		return false;
	if (fseek(f, HEADER, SEEK_SET) == 0)
		n = fread(material, sizeof(*material), MATERIAL, f);
	fclose(f);
	for (size_t i = n; n > 0 && i < MATERIAL; i++)
		material[i] = material[i - n];
	return n > 0;
}

static void file_case(const char *what, const char *path)
{
	if (read_wav(path))
		every_variant(what);
	else
		fprintf(stderr, "dtmf: no %s: %s is not there\n", what, path);
}

// Digits of 80 ms with 20 ms between.
static void tones(void)
{
	for (int i = 0; i < MATERIAL; i++) {
		int digit = i / 800 % 16;
		double low = dtmf_hz[digit / 4], high = dtmf_hz[4 + digit % 4];

		material[i] = (int16_t)(6000 * sin(2 * M_PI * low * i / 8000) +
					6000 * sin(2 * M_PI * high * i / 8000));
		if (i % 800 >= 640)
			material[i] = 0;
	}
}

static void digit(void *ctx, const char *digits, int n)
{
	(void)ctx;
	(void)digits;
	told += (uint64_t)n;
}

int main(void)
{
	for (unsigned c = 0; c < CHANNELS; c++) {
		judge[c] = dtmf_rx_init(NULL, digit, NULL);
		if (judge[c] == NULL)
			return 1;
	}
	file_case("speech", "/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.wav");
	file_case("music", "/usr/share/asterisk/moh/macroform-cold_day.wav");
	tones();
	every_variant("tone");
	memset(material, 0, sizeof(material));
	every_variant("silence");
	return told == UINT64_MAX;
}
