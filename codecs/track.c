// SPDX-License-Identifier: BSD-3-Clause
#include "codecs/track.h"

#include <assert.h>
#include <string.h>

uint32_t track_loop(const struct track *t, unsigned codec, uint32_t at, uint8_t *dst, size_t n)
{
	assert(codec < TRACK_CODECS && t->payload[codec] != NULL && at < t->len);

	while (n > 0) {
		size_t part = track_once(t, codec, at, dst, n);

		at += (uint32_t)part;
		if (at == t->len)
			at = 0;
		dst += part;
		n -= part;
	}
	return at;
}

size_t track_once(const struct track *t, unsigned codec, uint32_t at, uint8_t *dst, size_t n)
{
	assert(codec < TRACK_CODECS && t->payload[codec] != NULL && at <= t->len);

	size_t left = t->len - at;
	if (n > left)
		n = left;
	memcpy(dst, t->payload[codec] + at, n);
	return n;
}
