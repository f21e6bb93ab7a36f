// SPDX-License-Identifier: BSD-3-Clause
//
// Answers, as text. Via, From, To, Call-ID and CSeq are copied from the raw request, not printed
// anew, so what comes back to a peer is what the peer wrote.
#pragma once

#include "control/sip/transaction.h"

struct answer {
	uint16_t code;
	const char *extra; // whole header lines, or NULL
	const char *body;  // application/sdp, or NULL
	size_t body_len;
	bool dialog; // makes or refreshes a dialog: Contact and Record-Route belong to it
};

// Of a transaction that passed every gate. A final answer ends it; a 2xx to an INVITE is then
// kept by the dialog until it is acknowledged. Returns the status that was sent: 500 when there
// was no room for what was asked.
uint16_t reply(struct transaction *t, const struct answer *answer);

// To somebody unproven: never longer than the request, not remembered, rate limited where `extra`
// makes it long. The transaction ends in any case.
void reply_stranger(struct arrival *a, uint16_t code, const char *extra);
// As above for OPTIONS, 401 and the like, where the long form may be left out.
void reply_stranger_or(struct arrival *a, uint16_t code, const char *extra, const char *brief);

// Without a transaction and without oSIP: from the raw text alone.
void reply_raw(struct arrival *a, uint16_t code, const char *extra);

// Pieces of the answers to a request, for its transaction. NULL: no memory.
char *reply_head(const struct arrival *a);
char *reply_routes(const struct arrival *a);
// Where answers go (RFC 3261 section 18.2.2, RFC 3581).
struct address reply_address(const struct arrival *a);
