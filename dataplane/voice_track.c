// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/voice_track.h"

#include "codecs/g711.h"

bool voice_track_there(const struct track *t)
{
	return t->payload[TRACK_PCMU] != NULL || t->payload[TRACK_PCMA] != NULL ||
	       t->payload[TRACK_L16] != NULL;
}

static void read_l16(const uint8_t *from, int16_t *dst, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = (int16_t)(from[2 * i] << 8 | from[2 * i + 1]);
}

static void read_track(const struct track *t, uint32_t at, int16_t *dst, size_t n)
{
	if (t->payload[TRACK_L16] != NULL)
		read_l16(t->payload[TRACK_L16] + (size_t)at * 2, dst, n);
	else if (t->payload[TRACK_PCMU] != NULL)
		g711_decode_ulaw(dst, t->payload[TRACK_PCMU] + at, n);
	else
		g711_decode_alaw(dst, t->payload[TRACK_PCMA] + at, n);
}

size_t voice_track_once(const struct track *t, uint32_t at, int16_t *dst, size_t n)
{
	size_t got = n < t->len - at ? n : t->len - at;

	read_track(t, at, dst, got);
	return got;
}

uint32_t voice_track_loop(const struct track *t, uint32_t at, int16_t *dst, size_t n)
{
	while (n > 0) {
		size_t got = voice_track_once(t, at, dst, n);

		dst += got;
		n -= got;
		at += (uint32_t)got;
		if (at == t->len)
			at = 0;
	}
	return at;
}
