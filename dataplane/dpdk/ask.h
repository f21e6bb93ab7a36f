// SPDX-License-Identifier: BSD-3-Clause
//
// What a worker says unasked: where is this hop, here are we, has anybody this address.
#pragma once

struct worker;

// Asks for the next hops that need it, tries tentative addresses, announces at the start.
void ask_turn(struct worker *w);

// Announces every address anew, as at the start: after a switch has forgotten us.
void ask_announce(struct worker *w);
