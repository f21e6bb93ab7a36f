// SPDX-License-Identifier: BSD-3-Clause
//
// Nonces that prove themselves, and the few that have been used. A nonce is a number that rises
// with time, and a keyed hash over it and the source: nothing is kept for one who only asks. For
// one used rightly its last nc is kept, in a table of fixed size.
#pragma once

#include "control/address.h"
#include "control/sip/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	NONCE_TEXT = 48, // 16 hex digits of number, 32 of hash
	NONCE_SETS = 4096,
	NONCE_WAYS = 4,
};

struct nonce_record {
	uint64_t number; // 0: free
	uint32_t nc;     // the last one
};

// When a fifth live record comes to a set, the oldest goes, and with it every nonce of the set
// that is as old and has no record: it might be the one whose nc was forgotten.
struct nonce_set {
	struct nonce_record way[NONCE_WAYS];
	uint64_t forgotten; // the highest number that had to go
};

struct nonces {
	uint64_t seed[2];
	uint64_t last; // the number given out last
	struct nonce_set set[NONCE_SETS];
};

// Writes NONCE_TEXT characters and a NUL.
void nonce_issue(
	struct nonces *n, char out[NONCE_TEXT + 1], const struct address *from, uint64_t now_ms);

// Uses up nc, and all below it, of this nonce. False: the nonce is not one of ours for this
// source, or is too old, or nc has been used.
[[nodiscard]] bool nonce_use(struct nonces *n, struct span text, const struct address *from,
	uint32_t nc, uint64_t now_ms);
