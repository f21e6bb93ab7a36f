// SPDX-License-Identifier: BSD-3-Clause
//
// Calls to us: INVITE out of a dialog, and CANCEL.
#pragma once

#include "control/sip/dialog.h"

void calls_in_invite(struct arrival *a);
void calls_in_cancel(struct arrival *a);
// Answers to a CANCEL have the tag of those to its INVITE (RFC 3261 section 9.2).
void calls_in_tag(struct arrival *a);
// A body that is no session description is refused 415. False: it was.
[[nodiscard]] bool calls_in_body(struct arrival *a);
