// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers of which nobody who saw some can tell the next one: for SSRCs, first sequence numbers
// and timestamps (RFC 3550, section 8.1). SipHash-2-4 of a counter, under a key from the caller.
#pragma once

#include <stdint.h>

struct random {
	uint64_t key[2];
	uint64_t drawn;
};

// The SipHash of one 64-bit number.
uint64_t random_hash(const uint64_t key[2], uint64_t number);

uint64_t random_draw(struct random *r);
