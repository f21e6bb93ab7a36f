// SPDX-License-Identifier: BSD-3-Clause
//
// Our 2xx to an INVITE, from T1 to T2 again and again until it is acknowledged (RFC 3261
// section 13.3.1.4): oSIP's machine ends with the 2xx, so this is ours.
#pragma once

#include "control/sip/dialog.h"

void unacked_init(struct sip_dialog *d);
// Remembers the bytes of a 2xx that was just sent. False: no memory.
[[nodiscard]] bool unacked_begin(
	struct sip_dialog *d, const struct transaction *t, struct span bytes);
void unacked_stop(struct sip_dialog *d);
// An ACK in this dialog.
void unacked_ack(struct sip_dialog *d, const struct arrival *a);
