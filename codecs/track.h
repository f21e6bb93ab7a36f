// SPDX-License-Identifier: BSD-3-Clause
//
// A track: audio that is sent often, encoded once. A music loop or a prompt. Immutable while
// shown to workers, so any number of them may read it at once.
//
// Lengths and positions are in units of 125 us, the same in every encoding; a unit is a fixed
// number of bytes of each. Opus alone is made of packets of 20 ms that differ in size: it has an
// index beside its payload, and its loop is as many whole packets as come nearest to the track.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Encodings a track can be there in; the first four are those of enum dp_codec.
enum {
	TRACK_PCMU,
	TRACK_PCMA,
	TRACK_G722,
	TRACK_L16,
	TRACK_L16_WIDE,
	TRACK_OPUS,
	TRACK_CODECS,
};

enum {
	TRACK_UNITS_PER_MS = 8,
	TRACK_BLOCK = 80,       // units that are summed together: 10 ms
	TRACK_FRAME_MAX = 1280, // bytes of the longest packet: 40 ms of the widest
	TRACK_PACKET = 160,     // units of a packet of Opus: 20 ms
	TRACK_PACKET_MS = TRACK_PACKET / TRACK_UNITS_PER_MS,
};

struct track {
	uint64_t hash;                        // of the linear audio; never 0
	uint32_t len;                         // units; never 0
	const uint8_t *payload[TRACK_CODECS]; // NULL: not there in this encoding
	const uint16_t *sums[TRACK_CODECS];   // of payload, see track_sums(); NULL: not reckoned
	const uint32_t *packet_end;           // of Opus: where each packet ends in the payload
	uint32_t packets;                     // of Opus
};

// Bytes of a unit; 0 of Opus.
static inline size_t track_unit(unsigned encoding)
{
	static const uint8_t wide[] = { 2, 4, 0 };

	return encoding < TRACK_L16 ? 1 : wide[encoding - TRACK_L16];
}

// RTP clock units of a unit of time, 125 us. That of G.722 says 8000 (RFC 3551, 4.5.2).
static inline uint32_t track_clock(unsigned encoding)
{
	return encoding < TRACK_L16_WIDE ? 1 : encoding == TRACK_L16_WIDE ? 2 : 6;
}

// The byte that silence is made of.
uint8_t track_silence(unsigned encoding);

// How many blocks a track of len units has; the last may be short.
static inline uint32_t track_blocks(uint32_t len)
{
	return (len + TRACK_BLOCK - 1) / TRACK_BLOCK;
}

// Writes track_blocks(len) sums: of the 16-bit words of each block, in the order of the machine,
// one's complement (RFC 1071), not inverted. A byte that is left over is followed by a zero.
void track_sums(uint16_t *out, unsigned encoding, const uint8_t *payload, uint32_t len);

// The sum of n units from position `at`: false if it is not to be had from whole blocks.
[[nodiscard]] static inline int track_sum(
	const struct track *t, unsigned encoding, uint32_t at, size_t n, uint32_t *out)
{
	const uint16_t *sums = t->sums[encoding];

	if (sums == NULL || at % TRACK_BLOCK != 0 || n % TRACK_BLOCK != 0 || n > t->len - at)
		return 0;
	*out = 0;
	for (uint32_t b = at / TRACK_BLOCK; n > 0; b++, n -= TRACK_BLOCK)
		*out += sums[b];
	return 1;
}

// The packet of Opus that is played at position `at`, and its bytes. *next is the position that
// follows: the track's length after the last one.
const uint8_t *track_packet(const struct track *t, uint32_t at, uint32_t *len, uint32_t *next);

// Are these the ends of the packets of a track of so many units, in so many bytes?
[[nodiscard]] int track_packets_are_sound(
	const uint32_t *end, uint32_t packets, uint32_t units, uint64_t bytes);

// Copies n units from position `at` (below t->len) into dst, going round at the end.
// Returns the position that follows.
uint32_t track_loop(const struct track *t, unsigned encoding, uint32_t at, uint8_t *dst, size_t n);

// Copies at most n units from position `at` up to the end. Returns how many there were.
size_t track_once(const struct track *t, unsigned encoding, uint32_t at, uint8_t *dst, size_t n);
