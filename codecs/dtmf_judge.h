// SPDX-License-Identifier: BSD-3-Clause
//
// What the windows of one channel say: the inside of dtmf.c.
#pragma once

#include "codecs/dtmf.h"

// The next window of a channel, and what is in it.
void dtmf_judge(struct dtmf_batch *b, struct dtmf_channel *c, const struct dtmf_spectrum *s,
	const int16_t *window);

// What was heard so far is all there is of it.
void dtmf_end(struct dtmf_batch *b, struct dtmf_channel *c);

// The tables of a batch that judging needs.
void dtmf_judge_init(struct dtmf_batch *b);
