// SPDX-License-Identifier: BSD-3-Clause
//
// Packet loss concealment for codecs that have none of their own, after ITU-T G.711 Appendix I:
// the last period of the voice goes on, after 10 ms two of them, after 20 ms three; it fades from
// 10 ms on and is silence at CONCEAL_FADED_MS. Unlike the Appendix it adds no delay: what was played
// already cannot be blended into what is made up, so what is made up bends to meet it.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CONCEAL_FADED_MS = 60 };

struct conceal {
	uint32_t rate;    // Hz
	uint32_t lost;    // samples since something was heard, at most those of CONCEAL_FADED_MS
	uint32_t pitch;   // samples of a period; of use while lost > 0
	int16_t sample[]; // CONCEAL_PAST that were heard, then those that were made up since
};

// Samples: three periods of 15 ms and a quarter of one, as in the Appendix.
#define CONCEAL_PAST(rate) ((rate) / 1000 * 195 / 4)

// Bytes of a struct conceal at that rate, a multiple of 64.
#define CONCEAL_SIZE(rate)                                                                         \
	((sizeof(struct conceal) +                                                                 \
		 sizeof(int16_t) * (CONCEAL_PAST(rate) + (rate) / 1000 * CONCEAL_FADED_MS) + 63) / \
		64 * 64)

void conceal_init(struct conceal *p, uint32_t rate);

// n samples that arrived. After a loss their beginning is blended with what was made up.
void conceal_heard(struct conceal *p, int16_t *pcm, size_t n);

// Makes up n samples.
void conceal_fill(struct conceal *p, int16_t *pcm, size_t n);
