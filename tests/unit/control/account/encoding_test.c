// SPDX-License-Identifier: BSD-3-Clause
//
// A track in each encoding: as its codec says, of the right length, and without a seam when it is
// played round and round.
#include "codecs/codec.h"
#include "codecs/g711.h"
#include "codecs/track.h"
#include "control/account/encoding.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool stop;

// A tone that ends where it begins: 450 Hz, whole periods in 20 ms.
static struct music tone(uint32_t units, uint32_t rate)
{
	struct music m = { .hash = 1, .len = units, .rate = rate };
	size_t n = (size_t)units * (rate / 8000);

	m.audio = calloc(n, sizeof(*m.audio));
	for (size_t i = 0; i < n; i++)
		m.audio[i] = (int16_t)lrint(8000 * sin(2 * M_PI * 450 * (double)i / (double)rate));
	return m;
}

Test(encoding, both_laws_of_narrow_audio_are_exact)
{
	struct music m = tone(1000, 8000);

	for (unsigned law = TRACK_PCMU; law <= TRACK_PCMA; law++) {
		struct encoding e;

		cr_assert(encoding_make(&e, &m, law, &stop));
		cr_assert_eq(e.len, 1000);
		for (int i = 0; i < 1000; i++)
			cr_expect_eq(e.bytes[i], law == TRACK_PCMU ? g711_to_ulaw(m.audio[i])
								   : g711_to_alaw(m.audio[i]));
		free(e.bytes);
	}
	music_clear(&m);
}

Test(encoding, l16_is_big_endian_and_wide_audio_stays_wide)
{
	struct music m = tone(640, 16000);
	struct encoding e;

	cr_assert(encoding_make(&e, &m, TRACK_L16_WIDE, &stop));
	cr_assert_eq(e.len, 640 * 4);
	for (int i = 0; i < 1280; i++)
		cr_expect_eq((int16_t)(e.bytes[2 * i] << 8 | e.bytes[2 * i + 1]), m.audio[i]);
	free(e.bytes);
	cr_assert(encoding_make(&e, &m, TRACK_L16, &stop));
	cr_assert_eq(e.len, 640 * 2);
	for (int i = 0; i < 640; i++) {
		int16_t got = (int16_t)(e.bytes[2 * i] << 8 | e.bytes[2 * i + 1]);

		cr_expect(abs(got - m.audio[2 * i]) < 12, "sample %d: %d", i, got);
	}
	free(e.bytes);
	music_clear(&m);
}

enum { SETTLE = 1600, ROUNDS = 3 };

// The largest step between neighbours of what was decoded, from a while after the beginning on.
static int steepest(const int16_t *pcm, size_t from, size_t to)
{
	int most = 0;

	for (size_t i = from + 1; i < to; i++) {
		int step = abs(pcm[i] - pcm[i - 1]);

		most = step > most ? step : most;
	}
	return most;
}

Test(encoding, a_loop_of_g722_is_the_same_in_every_round)
{
	struct music m = tone(8000, 16000);
	struct encoding e;
	const struct codec *codec = codec_find(CODEC_G722, 8000);
	void *decoder = aligned_alloc(64, (codec->decoder_size + 63) / 64 * 64);
	int16_t *pcm = calloc((size_t)ROUNDS * 16000, sizeof(*pcm));

	cr_assert(encoding_make(&e, &m, TRACK_G722, &stop));
	cr_assert_eq(e.len, 8000);
	codec->decoder_init(decoder);
	for (size_t at = 0; at < (size_t)ROUNDS * 8000; at += 160)
		cr_assert_eq(
			codec->decode(decoder, pcm + 2 * at, 320, e.bytes + at % 8000, 160), 320);
	// Once the decoder has found in, the seam is as smooth as all else.
	int within = steepest(pcm, SETTLE, 15000);
	int across = steepest(pcm, 15900, 16400);
	cr_expect(across <= within + within / 8, "%d at the seam, %d elsewhere", across, within);
	int off = 0;
	for (size_t i = 0; i < 16000; i++)
		off = abs(pcm[16000 + i] - pcm[32000 + i]) > off
			      ? abs(pcm[16000 + i] - pcm[32000 + i])
			      : off;
	cr_expect(off < 64, "rounds differ by %d", off);
	free(pcm);
	free(decoder);
	free(e.bytes);
	music_clear(&m);
}

static uint32_t packets_of(const struct encoding *e)
{
	uint32_t n;

	memcpy(&n, e->bytes, sizeof(n));
	return n;
}

static const uint32_t *ends_of(const struct encoding *e)
{
	return (const void *)(e->bytes + sizeof(uint32_t));
}

Test(encoding, opus_is_whole_packets_with_an_index)
{
	// A prompt is filled up; music is as many packets as come nearest.
	static const struct {
		uint32_t units, packets;
	} rows[] = { { 1, 1 }, { 160, 1 }, { 161, 2 }, { 39999, 250 }, { 40000, 250 },
		{ 40079, 250 }, { 40081, 251 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct music m = tone(rows[i].units, 8000);
		struct encoding e;

		cr_assert(encoding_make(&e, &m, TRACK_OPUS, &stop));
		uint32_t n = packets_of(&e);
		cr_assert_eq(n, rows[i].packets, "%u units: %u", rows[i].units, n);
		cr_expect(track_packets_are_sound(
			ends_of(&e), n, rows[i].units, e.len - ((size_t)n + 1) * 4));
		free(e.bytes);
		music_clear(&m);
	}
}

Test(encoding, a_loop_of_opus_has_no_seam)
{
	struct music m = tone(41600, 16000);
	struct encoding e;
	const struct codec *codec = codec_find(CODEC_OPUS, 48000);
	void *decoder = aligned_alloc(64, (codec->decoder_size + 63) / 64 * 64);

	cr_assert(encoding_make(&e, &m, TRACK_OPUS, &stop));
	uint32_t n = packets_of(&e);
	const uint32_t *end = ends_of(&e);
	const uint8_t *payload = (const uint8_t *)(end + n);
	int16_t *pcm = calloc((size_t)2 * n * 320, sizeof(*pcm));

	codec->decoder_init(decoder);
	for (uint32_t i = 0; i < 2 * n; i++) {
		uint32_t at = i % n, begin = at > 0 ? end[at - 1] : 0;

		cr_assert_eq(codec->decode(decoder, pcm + (size_t)i * 320, 320, payload + begin,
				     end[at] - begin),
			320);
	}
	int within = steepest(pcm, SETTLE, (size_t)n * 320 - SETTLE);
	int across = steepest(pcm, (size_t)n * 320 - 200, (size_t)n * 320 + 400);
	cr_expect(across <= within + within / 8, "%d at the seam, %d elsewhere", across, within);
	free(pcm);
	free(decoder);
	free(e.bytes);
	music_clear(&m);
}

Test(encoding, stops_when_it_is_told_to)
{
	struct music m = tone(8000, 8000);
	struct encoding e;

	atomic_store(&stop, true);
	cr_expect(!encoding_make(&e, &m, TRACK_OPUS, &stop));
	cr_expect(!encoding_make(&e, &m, TRACK_G722, &stop));
	cr_expect(e.bytes == NULL);
	music_clear(&m);
}
