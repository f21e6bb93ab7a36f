// SPDX-License-Identifier: BSD-3-Clause
//
// Lets new calls in: from an INVITE that the endpoint accepted to a call, a retrieval, or a
// refusal with a reason.
#pragma once

#include "control/call/exchange.h"

void reception_invite(struct exchange *x, const struct sip_event *event);
