// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/track.h"

#include <assert.h>
#include <string.h>

uint8_t track_silence(unsigned encoding)
{
	static const uint8_t silence[TRACK_CODECS] = {
		[TRACK_PCMU] = 0xff,
		[TRACK_PCMA] = 0xd5,
		[TRACK_G722] = 0xfa,
	};

	assert(encoding < TRACK_CODECS);
	return silence[encoding];
}

static uint16_t sum(const uint8_t *data, size_t len)
{
	uint32_t total = 0;

	for (size_t i = 0; i < len; i += 2) {
		uint8_t pair[2] = { data[i], i + 1 < len ? data[i + 1] : 0 };
		uint16_t word;

		memcpy(&word, pair, sizeof(word));
		total += word;
		total = (total & 0xffff) + (total >> 16);
	}
	return (uint16_t)total;
}

void track_sums(uint16_t *out, unsigned encoding, const uint8_t *payload, uint32_t len)
{
	size_t unit = track_unit(encoding);

	for (uint32_t at = 0; at < len; at += TRACK_BLOCK) {
		uint32_t n = len - at < TRACK_BLOCK ? len - at : TRACK_BLOCK;

		*out++ = sum(payload + at * unit, n * unit);
	}
}

const uint8_t *track_packet(const struct track *t, uint32_t at, uint32_t *len, uint32_t *next)
{
	assert(t->payload[TRACK_OPUS] != NULL && t->packets > 0);

	uint32_t i = at / TRACK_PACKET;
	if (i >= t->packets)
		i = t->packets - 1;
	uint32_t begin = i > 0 ? t->packet_end[i - 1] : 0;

	*len = t->packet_end[i] - begin;
	*next = i + 1 == t->packets ? t->len : (i + 1) * TRACK_PACKET;
	return t->payload[TRACK_OPUS] + begin;
}

int track_packets_are_sound(const uint32_t *end, uint32_t packets, uint32_t units, uint64_t bytes)
{
	uint64_t covered = (uint64_t)packets * TRACK_PACKET;
	uint32_t begin = 0;

	if (packets == 0 || covered >= (uint64_t)units + TRACK_PACKET ||
		covered + TRACK_PACKET <= units)
		return 0;
	for (uint32_t i = 0; i < packets; i++) {
		if (end[i] <= begin || end[i] - begin > TRACK_FRAME_MAX)
			return 0;
		begin = end[i];
	}
	return begin == bytes;
}

uint32_t track_loop(const struct track *t, unsigned encoding, uint32_t at, uint8_t *dst, size_t n)
{
	assert(encoding < TRACK_CODECS && t->payload[encoding] != NULL && at < t->len);

	while (n > 0) {
		size_t part = track_once(t, encoding, at, dst, n);

		at += (uint32_t)part;
		if (at == t->len)
			at = 0;
		dst += part * track_unit(encoding);
		n -= part;
	}
	return at;
}

size_t track_once(const struct track *t, unsigned encoding, uint32_t at, uint8_t *dst, size_t n)
{
	assert(encoding < TRACK_CODECS && t->payload[encoding] != NULL && at <= t->len);

	size_t unit = track_unit(encoding);
	size_t left = t->len - at;
	if (n > left)
		n = left;
	memcpy(dst, t->payload[encoding] + at * unit, n * unit);
	return n;
}
