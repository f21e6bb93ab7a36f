// SPDX-License-Identifier: BSD-3-Clause
//
// G.711: mu-law and A-law, bit exact to the rule of the ITU-T software tools (G.191): linear
// samples are 16 bits, negative ones are folded by their one's complement before they are cut
// to 14 (mu-law) or 13 bits (A-law).
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	G711_ULAW_SILENCE = 0xff,
	G711_ALAW_SILENCE = 0xd5,
};

// Indexed by the code as it is on the wire.
extern const int16_t g711_from_ulaw[256];
extern const int16_t g711_from_alaw[256];

// One law into the other without going through linear. Both laws keep the sign in bit 7, so a
// negative code is the mirror of the positive one.
extern const uint8_t g711_alaw_of_ulaw[256];
extern const uint8_t g711_ulaw_of_alaw[256];

uint8_t g711_to_ulaw(int16_t sample);
uint8_t g711_to_alaw(int16_t sample);

// By the frame: dst and src have room for n.
void g711_encode_ulaw(uint8_t *dst, const int16_t *src, size_t n);
void g711_encode_alaw(uint8_t *dst, const int16_t *src, size_t n);
void g711_decode_ulaw(int16_t *dst, const uint8_t *src, size_t n);
void g711_decode_alaw(int16_t *dst, const uint8_t *src, size_t n);

// Replaces each of n codes by what table says; table is one of the two above.
void g711_translate(const uint8_t table[256], uint8_t *codes, size_t n);
