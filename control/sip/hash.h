// SPDX-License-Identifier: BSD-3-Clause
//
// Keys and random words of the endpoint. What strangers choose (branches, Call-IDs, tags) is
// looked up by a keyed 128-bit hash, so that nobody can aim at a bucket and two keys that are
// the same mean the same text. The hash is SipHash-2-4 (Aumasson and Bernstein, 2012).
#pragma once

#include "control/sip/span.h"

#include <stdbool.h>
#include <stdint.h>

struct key {
	uint64_t a, b;
};

static inline bool key_same(struct key x, struct key y)
{
	return x.a == y.a && x.b == y.b;
}

// Over n parts; where one part ends and the next begins counts.
struct key key_of(const uint64_t seed[2], const struct span *parts, size_t n);

struct chance {
	uint64_t seed[2];
	uint64_t drawn;
};

uint64_t chance_word(struct chance *c);
// A number from 0 to below `most`.
uint32_t chance_below(struct chance *c, uint32_t most);

enum { TOKEN_TEXT = 14 }; // 13 letters of 5 bits, and the NUL

// 64 bits as letters and digits, for tags, branches and Call-IDs.
void token_text(char out[TOKEN_TEXT], uint64_t word);
