// SPDX-License-Identifier: BSD-3-Clause
//
// Calls from us: what the answers to our first INVITE mean (RFC 3261 sections 9.1 and 13.2.2).
#pragma once

#include "control/sip/request.h"

// A response that no live transaction waits for: a 2xx again, or from another phone (a fork).
// True: it was one of these.
bool calls_out_late(struct arrival *a, struct span branch);
