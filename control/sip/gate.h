// SPDX-License-Identifier: BSD-3-Clause
//
// Who may pass: the trunk by its address, everybody else by digest. A caller's identity comes
// from here and never from From. Known and unknown users and domains look alike.
#pragma once

#include "control/sip/endpoint.h"

struct passed {
	bool trunk; // then user and domain are empty
	char user[DIGEST_NAME_MAX];
	char domain[DIGEST_NAME_MAX];
};

// False: challenged or refused, the transaction has ended. trunk: whether the trunk's address is
// enough.
[[nodiscard]] bool gate_pass(struct arrival *a, bool trunk, struct passed *out);
