// SPDX-License-Identifier: BSD-3-Clause
//
// Comfort noise (RFC 3389): the level of a silence, on the wire and as noise. The noise is white:
// what a payload may say of its spectrum is not heard, and we say nothing of ours.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMFORT_NOISE_LEN = 1,       // bytes that we write
	COMFORT_NOISE_SILENCE = 127, // -dBov: nothing at all
	COMFORT_NOISE_LOUDEST = 30,  // -dBov that is made, whatever a payload asks for
};

// The level of a payload, 0 to 127, in -dBov. False: there is none.
[[nodiscard]] bool comfort_noise_read(uint8_t *level, const uint8_t *payload, size_t len);

// Writes COMFORT_NOISE_LEN bytes.
void comfort_noise_write(uint8_t *payload, uint8_t level);

// How loud a frame is, in -dBov: 0 is a square wave that fills 16 bits.
uint8_t comfort_noise_level(const int16_t *pcm, size_t n);

// The noise of one flow. The same seed and the same calls give the same samples.
struct comfort_noise {
	uint32_t random;
	int32_t amplitude; // Q8, of the last sample
};

void comfort_noise_init(struct comfort_noise *c, uint32_t seed);

// n samples of noise. A new level is reached at their end, in a straight line.
void comfort_noise_make(struct comfort_noise *c, uint8_t level, int16_t *pcm, size_t n);
