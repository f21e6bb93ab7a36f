// SPDX-License-Identifier: BSD-3-Clause
//
// What is left of a finished transaction (at most 1 KB): a key, bytes, a deadline. It does what
// timers D, G, H, I, J and K of RFC 3261 are for, and the Accepted states of RFC 6026.
#pragma once

#include "control/sip/endpoint.h"

#include <assert.h>

enum { LINGER_BYTES_MAX = 900 };

enum linger_kind {
	LINGER_ANSWER,  // server, not INVITE: a repeated request gets the answer again (J)
	LINGER_REFUSAL, // server INVITE, 300-699: the answer again by itself until ACK (G, H)
	LINGER_QUIET,   // swallows for T4: ACKs (I), responses (K)
	LINGER_TAKEN,   // server INVITE after our 2xx: swallows repeated INVITEs (L)
	LINGER_ACK,     // client INVITE: a repeated final response gets the ACK again (D, M)
	LINGER_FORKS,   // client INVITE after a 2xx: others may come, from other phones (M)
	LINGER_MERGED,  // a finished INVITE: the same one by another way is merged (482)
};

struct linger {
	struct entry entry; // first: found in sip->lingers
	struct sip *sip;
	struct timer timer;
	uint64_t until_ms;
	struct address to;
	uint16_t kind;
	uint16_t wait_ms; // REFUSAL: until the next one
	uint16_t forks;   // FORKS: phones hung up so far
	uint16_t len;
	char bytes[];
};
static_assert(sizeof(struct linger) + LINGER_BYTES_MAX <= 1024, "at most 1 KB each");

// Bytes that are too many are not kept: the record then only swallows. NULL: no room.
struct linger *linger_leave(struct sip *s, struct key key, enum linger_kind kind,
	const struct address *to, struct span bytes);
struct linger *linger_find(const struct sip *s, struct key key);
// The same request or response once more.
void linger_repeat(struct linger *l);
// ACK to a refusal.
void linger_acked(struct linger *l);
void linger_free(struct linger *l);
