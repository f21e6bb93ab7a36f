// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/g711.h"
#include "control/account/music.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void drop_file(void)
{
	unlink(path);
}

static void put32(uint8_t *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

// A WAV file of 16-bit samples; `claimed` bytes of audio are announced.
static void write_wav(
	uint32_t rate, uint16_t channels, const int16_t *audio, uint32_t bytes, uint32_t claimed)
{
	uint8_t head[44] = "RIFF....WAVEfmt ";

	put32(head + 4, 36 + claimed);
	put32(head + 16, 16);
	put32(head + 20, 1 | (uint32_t)channels << 16); // PCM
	put32(head + 24, rate);
	put32(head + 28, rate * channels * 2);
	put32(head + 32, (uint32_t)channels * 2 | 16 << 16);
	memcpy(head + 36, "data", 4);
	put32(head + 40, claimed);

	snprintf(path, sizeof(path), "layby-music-%d.wav", getpid());
	FILE *f = fopen(path, "w");
	cr_assert(f != NULL && fwrite(head, sizeof(head), 1, f) == 1);
	cr_assert(fwrite(audio, 1, bytes, f) == bytes);
	fclose(f);
}

static const int16_t ramp[] = { 0, 100, -100, 32767, -32768, 12345, -1, 1 };
enum { RAMP = sizeof(ramp) / sizeof(ramp[0]) };

TestSuite(music, .fini = drop_file);

Test(music, keeps_narrow_audio_as_it_is)
{
	struct music m;
	char error[256] = "";

	write_wav(8000, 1, ramp, sizeof(ramp), sizeof(ramp));
	cr_assert(music_load(&m, path, error, sizeof(error)), "%s", error);
	cr_expect(m.len == RAMP && m.rate == 8000 && m.hash != 0);
	cr_expect_eq(memcmp(m.audio, ramp, sizeof(ramp)), 0);
	music_clear(&m);
	cr_expect(m.audio == NULL && m.hash == 0);
}

Test(music, mixes_channels_down)
{
	static const int16_t stereo[] = { 100, 300, -32768, -32768, 32767, 32767, 1000, -1000 };
	static const int16_t mono[] = { 200, -32768, 32767, 0 };
	struct music m;
	char error[256] = "";

	write_wav(8000, 2, stereo, sizeof(stereo), sizeof(stereo));
	cr_assert(music_load(&m, path, error, sizeof(error)), "%s", error);
	cr_assert_eq(m.len, 4);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(m.audio[i], mono[i]);
	music_clear(&m);
}

static uint64_t hash_of(const int16_t *audio, uint32_t samples, uint16_t channels)
{
	struct music m;
	char error[256] = "";

	write_wav(8000, channels, audio, samples * 2, samples * 2);
	cr_assert(music_load(&m, path, error, sizeof(error)), "%s", error);
	uint64_t hash = m.hash;
	music_clear(&m);
	return hash;
}

Test(music, is_known_by_its_audio)
{
	static const int16_t twice[] = { 5, 5, -700, -700 }, once[] = { 5, -700 };
	int16_t other[RAMP];

	memcpy(other, ramp, sizeof(ramp));
	cr_expect_eq(hash_of(ramp, RAMP, 1), hash_of(other, RAMP, 1));
	cr_expect_eq(
		hash_of(twice, 4, 2), hash_of(once, 2, 1), "as it sounds, not as it is stored");
	// Both laws say the same of 12345 and 12346: the linear audio counts.
	other[5]++;
	cr_expect_eq(g711_to_ulaw(other[5]), g711_to_ulaw(ramp[5]));
	cr_expect_neq(hash_of(ramp, RAMP, 1), hash_of(other, RAMP, 1));
	// The higher byte counts as well.
	other[5] = (int16_t)(ramp[5] ^ 0x4000);
	cr_expect_neq(hash_of(ramp, RAMP, 1), hash_of(other, RAMP, 1));
	cr_expect_neq(hash_of(ramp, RAMP, 1), hash_of(ramp, RAMP - 1, 1));
	static const int16_t silence[16];
	cr_expect_neq(hash_of(silence, 16, 1), hash_of(silence, 15, 1));
}

Test(music, reads_a_file_longer_than_a_minute)
{
	enum { SAMPLES = 8000 * 61 + 7 };
	int16_t *audio = calloc(SAMPLES, sizeof(*audio));
	struct music m;
	char error[256] = "";

	for (int i = 0; i < SAMPLES; i++)
		audio[i] = (int16_t)(i * 31);
	write_wav(8000, 1, audio, SAMPLES * 2, SAMPLES * 2);
	cr_assert(music_load(&m, path, error, sizeof(error)), "%s", error);
	cr_expect_eq(m.len, SAMPLES);
	cr_expect_eq(m.audio[SAMPLES - 1], audio[SAMPLES - 1]);
	music_clear(&m);
	free(audio);
}

// What of a tone of 1 kHz, 1 s long, is not that tone: the largest difference from it.
static int worst(const struct music *m, double phase)
{
	int most = 0;

	for (uint32_t i = 0; i < m->len * (m->rate / 8000); i++) {
		double want = 10000 * sin(2 * M_PI * 1000 * i / m->rate + phase);
		int off = abs((int)(m->audio[i] - want));

		most = off > most ? off : most;
	}
	return most;
}

Test(music, brings_any_rate_to_16_khz_and_leaves_no_seam)
{
	static const uint32_t rates[] = { 11025, 16000, 22050, 44100, 48000 };

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		uint32_t n = rates[r];
		int16_t *tone = calloc(n, sizeof(*tone));
		struct music m;
		char error[256] = "";

		for (uint32_t i = 0; i < n; i++)
			tone[i] = (int16_t)lrint(10000 * sin(2 * M_PI * 1000 * i / n));
		write_wav(n, 1, tone, n * 2, n * 2);
		free(tone);
		cr_assert(music_load(&m, path, error, sizeof(error)), "%s", error);
		cr_expect(m.rate == 16000 && m.len == 8000, "%u Hz: %u", n, m.len);
		// Also where it begins and ends.
		cr_expect_leq(worst(&m, 0), 12, "%u Hz: %d", n, worst(&m, 0));
		music_clear(&m);
	}
}

Test(music, says_how_to_make_a_file_fit)
{
	struct music m = { .hash = 77 };
	char error[512] = "", expected[512];

	write_wav(384000, 1, ramp, sizeof(ramp), sizeof(ramp));
	cr_expect(!music_load(&m, path, error, sizeof(error)));
	snprintf(expected, sizeof(expected),
		"%s is at 384000 Hz; convert it with: sox %s -r 16000 out.wav", path, path);
	cr_expect_str_eq(error, expected);
	cr_expect(m.hash == 77, "written though refused");

	int16_t *hour = calloc(8000 * 1801, sizeof(*hour));
	write_wav(8000, 1, hour, 8000 * 1801 * 2, 8000 * 1801 * 2);
	free(hour);
	cr_expect(!music_load(&m, path, error, sizeof(error)));
	cr_expect(strstr(error, "is longer than 1800 s; cut it with: sox ") != NULL, "%s", error);

	write_wav(8000, 9, ramp, 0, 0);
	cr_expect(!music_load(&m, path, error, sizeof(error)));
	cr_expect(strstr(error, "9 channels") != NULL, "%s", error);

	write_wav(8000, 1, ramp, 0, 0);
	cr_expect(!music_load(&m, path, error, sizeof(error)));
	cr_expect(strstr(error, "has no audio in it") != NULL, "%s", error);
}

Test(music, says_what_is_no_audio_file)
{
	struct music m;
	char error[512] = "";

	cr_expect(!music_load(&m, "/nowhere/x.wav", error, sizeof(error)));
	cr_expect(strncmp(error, "/nowhere/x.wav: ", 16) == 0 && strchr(error, '\n') == NULL, "%s",
		error);
	cr_expect(!music_load(&m, ".", error, sizeof(error)));
	cr_expect_str_eq(error, ". is not a file");
	snprintf(path, sizeof(path), "layby-music-%d.wav", getpid());
	FILE *f = fopen(path, "w");
	fputs("this is no music\n", f);
	fclose(f);
	cr_expect(!music_load(&m, path, error, sizeof(error)));
}

Test(music, does_not_wait_at_a_pipe, .timeout = 5)
{
	struct music m;
	char error[512] = "";

	snprintf(path, sizeof(path), "layby-music-%d.wav", getpid());
	cr_assert(mkfifo(path, 0600) == 0);
	cr_expect(!music_load(&m, path, error, sizeof(error)));
	cr_expect(strstr(error, "is not a file") != NULL);
}

Test(music, takes_what_is_there_of_a_file_cut_short)
{
	struct music m;
	char error[512] = "";

	write_wav(8000, 1, ramp, sizeof(ramp), 100000);
	if (music_load(&m, path, error, sizeof(error))) {
		cr_expect_eq(m.len, RAMP);
		music_clear(&m);
	}
}

static char directory[64];

static void add_file(const char *name, uint32_t rate, const int16_t *audio, uint32_t n)
{
	char to[128];

	write_wav(rate, 1, audio, n * 2, n * 2);
	snprintf(to, sizeof(to), "%s/%s", directory, name);
	cr_assert(rename(path, to) == 0);
}

static void drop_directory(void)
{
	static const char *const names[] = { "1", "2", "3", ".hidden" };
	char file[128];

	for (int i = 0; i < 4; i++) {
		snprintf(file, sizeof(file), "%s/%s", directory, names[i]);
		unlink(file);
	}
	rmdir(directory);
}

Test(playlist, plays_the_files_of_a_directory_in_the_order_of_their_names, .fini = drop_directory)
{
	static const int16_t a[] = { 1, 2, 3 }, b[] = { 4, 5 }, wide[160] = { 0 };
	struct music m, one;
	char error[256] = "";

	snprintf(directory, sizeof(directory), "layby-music-%d.d", getpid());
	cr_assert(mkdir(directory, 0700) == 0);
	cr_expect(!playlist_load(&m, directory, error, sizeof(error)));
	cr_expect(strstr(error, "has no audio files in it") != NULL, "%s", error);

	add_file("2", 8000, b, 2);
	add_file("1", 8000, a, 3);
	add_file(".hidden", 8000, b, 2);
	cr_assert(playlist_load(&m, directory, error, sizeof(error)), "%s", error);
	cr_assert(m.len == 5 && m.rate == 8000);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(m.audio[i], i + 1);
	one = m;

	add_file("3", 16000, wide, 160);
	cr_assert(playlist_load(&m, directory, error, sizeof(error)), "%s", error);
	cr_expect(m.len == 85 && m.rate == 16000, "all at the widest rate");
	cr_expect_neq(m.hash, one.hash);
	music_clear(&m);
	music_clear(&one);
}

Test(playlist, one_bad_file_is_named, .fini = drop_directory)
{
	static const int16_t a[] = { 1, 2, 3 };
	struct music m = { .hash = 77 };
	char error[256] = "";

	snprintf(directory, sizeof(directory), "layby-music-%d.d", getpid());
	cr_assert(mkdir(directory, 0700) == 0);
	add_file("1", 8000, a, 3);
	add_file("2", 384000, a, 3);
	cr_expect(!playlist_load(&m, directory, error, sizeof(error)));
	cr_expect(strstr(error, ".d/2 is at 384000 Hz") != NULL, "%s", error);
	cr_expect_eq(m.hash, 77);
}
