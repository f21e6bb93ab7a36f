// SPDX-License-Identifier: BSD-3-Clause
//
// Offers within a call: their re-INVITE and UPDATE, our re-INVITE, and what happens when both
// come at once (RFC 3261 section 14, RFC 3311 section 5.2).
#pragma once

#include "control/sip/dialog.h"

// re-INVITE or UPDATE of theirs.
void offer_arrived(struct sip_dialog *d, struct arrival *a);
// It is answered 487 because the call ends.
void offer_withdraw(struct sip_dialog *d);
// An answer to our re-INVITE.
void offer_heard(struct transaction *t, const struct arrival *response);
// Once more, after glare.
void offer_again(struct sip_dialog *d);
// 408 and 481 to a request within a dialog are its end (RFC 3261 section 12.2.1.2).
void offer_verdict(struct sip_dialog *d, uint16_t code);
