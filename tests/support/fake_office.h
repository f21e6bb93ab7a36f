// SPDX-License-Identifier: BSD-3-Clause
//
// A domain that is made up, behind the callbacks of the control socket: two accounts, "acme" with
// lots "main" (1-4) and "upper" (10-19) and "empty" with none, and as many parked calls in acme
// as a test asks for.
#pragma once

#include "control/admin/admin.h"

#include <stdbool.h>
#include <stdint.h>

struct fake_office {
	uint32_t parked;     // slots 1 .. parked of acme; every second one is being retrieved
	bool judged;         // the second leg of the call that talks has been asked for
	uint64_t gone;       // parkings up to this id have ended meanwhile
	const char *caller;  // of all of them
	uint32_t asked;      // rows that were offered
	uint32_t reloads;    // how often the file was taken
	bool broken;         // the provisioning file is
	const char *checked; // the path that was given last, "" for none
	char checked_text[256];
	bool move_asked;
	uint32_t moved[3]; // port, queue, worker
};

void fake_office_ops(struct fake_office *f, struct admin_ops *out);
