// SPDX-License-Identifier: BSD-3-Clause
//
// Duplicate address detection (RFC 4862, 5.4): an address of IPv6 is asked for before it is ours.
// Pure: who asks, and who hears, is answer.c and ask.c.
#pragma once

#include "dataplane/dpdk/station.h"

#include <stdint.h>

enum { DAD_WAIT_MS = 1000 }; // RetransTimer, after one question (DupAddrDetectTransmits)

enum dad_step {
	DAD_NOTHING,
	DAD_ASK,  // is it somebody's?
	DAD_OURS, // nobody objected: it is valid from now on
};

enum dad_step dad_turn(struct station *s, struct station_address *a, uint64_t now);

// Somebody has the address, or wants it at the same time as we do. Returns whether that ends our
// own wish: an address that is valid stays so.
bool dad_object(struct station *s, struct station_address *a);
