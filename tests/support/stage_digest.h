// SPDX-License-Identifier: BSD-3-Clause
//
// The phone's side of digest authentication (RFC 7616, MD5, qop=auth), for tests on the stage.
#pragma once

#include "tests/support/stage.h"

// An Authorization line, ended by "\n", for the challenge in `said`. nc is written as it is.
const char *stage_authorization(const struct said *said, const char *method, const char *uri,
	const char *user, const char *password, unsigned nc);
