// SPDX-License-Identifier: BSD-3-Clause
//
// Requests within a dialog: whose they are, whether they come in order, and which need nobody
// above.
#pragma once

#include "control/sip/dialog.h"

void in_dialog_request(struct arrival *a); // with a To tag, not ACK, not CANCEL
void in_dialog_ack(struct arrival *a);
