// SPDX-License-Identifier: BSD-3-Clause
//
// REGISTER (RFC 3261 section 10.3), up to what registrar.h keeps.
#pragma once

#include "control/sip/endpoint.h"

void registration_request(struct arrival *a);
