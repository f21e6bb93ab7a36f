// SPDX-License-Identifier: BSD-3-Clause
//
// Packet loss concealment for codecs that have none of their own: what was heard last is gone on
// with, fades, and is silence after PLC_FADED_MS. Adds no delay.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	PLC_FADED_MS = 60,
	PLC_PAST_MS = 10,
};

struct plc {
	uint32_t rate;  // Hz
	uint32_t lost;  // samples made up since something was heard
	int16_t past[]; // PLC_PAST_MS
};

// Bytes of a struct plc at that rate, a multiple of 64.
#define PLC_SIZE(rate) \
	((sizeof(struct plc) + sizeof(int16_t) * ((rate) / 1000 * PLC_PAST_MS) + 63) / 64 * 64)

void plc_init(struct plc *p, uint32_t rate);

// n samples that arrived. After a loss their beginning is blended with what was made up.
void plc_heard(struct plc *p, int16_t *pcm, size_t n);

// Makes up n samples.
void plc_fill(struct plc *p, int16_t *pcm, size_t n);
