// SPDX-License-Identifier: BSD-3-Clause
//
// The office: what laybyctl sees and may ask for, answered from the exchange.
#pragma once

#include "control/admin/admin.h"
#include "control/call/exchange.h"

struct office {
	struct exchange *x;
	const char *accounts; // the provisioning file
	struct admin *admin;  // NULL until it listens
};

// The callbacks, ready for admin_new(). o must live as long as the admin.
void office_ops(struct office *o, struct admin_ops *out);
// What happened, for subscribers and for the log.
void office_news(struct office *o, const struct news *news);
// Takes the provisioning file whole, or keeps the running data. False: error says why.
bool office_reload(struct office *o, char *error, uint32_t error_size);
