// SPDX-License-Identifier: BSD-3-Clause
//
// Where the call-flow table meets the world.
#pragma once

#include "control/call/call.h"

// An action cannot fail upwards: trouble comes back as an event, like everything else.
void call_effect(struct call *c, enum flow_action action);
