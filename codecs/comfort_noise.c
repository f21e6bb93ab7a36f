// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/comfort_noise.h"

#include <math.h>

enum { AMPLITUDE_Q = 8, SAMPLE_Q = 15 };

bool comfort_noise_read(uint8_t *level, const uint8_t *payload, size_t len)
{
	if (len == 0)
		return false;
	*level = payload[0] & 0x7f; // the bit above it is reserved
	return true;
}

void comfort_noise_write(uint8_t *payload, uint8_t level)
{
	payload[0] = level < COMFORT_NOISE_SILENCE ? level : COMFORT_NOISE_SILENCE;
}

uint8_t comfort_noise_level(const int16_t *pcm, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pcm[i] * pcm[i];
	if (sum == 0)
		return COMFORT_NOISE_SILENCE;
	float below = -10 * log10f((float)sum / (float)n / (32768.0F * 32768.0F));
	return below < COMFORT_NOISE_SILENCE ? (uint8_t)lrintf(below) : COMFORT_NOISE_SILENCE;
}

void comfort_noise_init(struct comfort_noise *c, uint32_t seed)
{
	c->random = seed != 0 ? seed : 1;
	c->amplitude = 0;
}

// Of noise whose samples are all alike between its ends: their power is a third of the ends'.
static int32_t amplitude_of(uint8_t level)
{
	if (level >= COMFORT_NOISE_SILENCE)
		return 0;
	if (level < COMFORT_NOISE_LOUDEST)
		level = COMFORT_NOISE_LOUDEST;
	float rms = 32768 * powf(10, -(float)level / 20);
	return (int32_t)lrintf(rms * sqrtf(3) * (1 << AMPLITUDE_Q));
}

// Marsaglia's xorshift.
static int16_t any(struct comfort_noise *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 17;
	c->random ^= c->random << 5;
	return (int16_t)(c->random >> 16);
}

void comfort_noise_make(struct comfort_noise *c, uint8_t level, int16_t *pcm, size_t n)
{
	const int q = AMPLITUDE_Q + SAMPLE_Q;
	int32_t from = c->amplitude, to = amplitude_of(level);

	for (size_t i = 0; i < n; i++) {
		int64_t a = from + (int64_t)(to - from) * (int64_t)(i + 1) / (int64_t)n;

		pcm[i] = (int16_t)((any(c) * a + (1 << (q - 1))) >> q);
	}
	if (n > 0)
		c->amplitude = to;
}
