// SPDX-License-Identifier: BSD-3-Clause
//
// What a listener would think of a stream: the E-model of ITU-T G.107, reduced to what can be
// known of a flow. That is loss and delay; echo, loudness and noise have the model's defaults.
// Pure, and never called for a packet.
#pragma once

#include <stdint.h>

// A direction, as its receiver has it.
struct quality_stream {
	uint8_t codec;     // enum dp_codec
	uint32_t received; // packets
	uint32_t lost;
	uint32_t delay_us; // from mouth to ear
};

// The rating factor R, 0-93.2; below 0: of a codec that no impairment is known of.
double quality_rating(const struct quality_stream *s);

// G.107, Annex B.
double quality_opinion(double rating);

// The mean opinion score times 10; 0: nothing is known.
uint8_t quality_mos(const struct quality_stream *s);
