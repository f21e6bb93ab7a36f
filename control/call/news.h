// SPDX-License-Identifier: BSD-3-Clause
//
// News: one change of state that somebody outside may want to know, with a name, a reason and
// who took part. Strings live only during the call that delivers them; NULL: does not apply.
#pragma once

#include <stdint.h>

struct news {
	const char *name; // "park.parked", "call.ended" …
	const char *account;
	const char *lot;
	uint32_t slot; // 0: none
	const char *ref;
	const char *caller;    // number of the guest
	const char *parker;    // user
	const char *retriever; // user
	const char *winner;    // user: who was first, in park.retrieve_lost
	const char *reason;
	uint64_t wait_ms;      // how long the guest waited
	const char *recording; // its id
	uint64_t length_ms;    // of the recording
};
