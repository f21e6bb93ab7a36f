// SPDX-License-Identifier: BSD-3-Clause
//
// What the engines of two workers say to each other when a flow of one relays what a flow of the
// other receives. x is the flow that is heard, on the worker that takes its packets; y is the one
// that sends them on. Everything carries both names in full, so that what comes late means
// nothing. Whoever carries it (dpdk/handoff.c) keeps the order and may refuse a note.
#pragma once

#include "dataplane/cmd.h"

#include <stdbool.h>
#include <stdint.h>

enum far_kind {
	FAR_HEAR,   // y relays x from now on: pass its packets
	FAR_UNHEAR, // y does so no more
};

struct far_note {
	uint16_t kind;   // enum far_kind
	uint16_t worker; // who says it
	struct flow_id x;
	struct flow_id y;
};

// What a packet is, as x's worker has found.
enum far_what {
	FAR_IS_AUDIO,
	FAR_IS_EVENT,  // RFC 4733
	FAR_IS_NOISE,  // RFC 3389
	FAR_IS_OPAQUE, // not RTP
	FAR_IS_KEPT,   // not to be sent on; its number is not to be missed
};

// Goes with each packet: what y must know of x.
struct far_mark {
	struct flow_id x;
	struct flow_id y;
	uint32_t clock;  // Hz
	uint8_t run;     // counts the times that what x receives began anew
	uint16_t worker; // x's
	uint8_t codec;   // enum dp_codec
	uint8_t what;    // enum far_what
};

// One for each role of a flow: who hears it, and whom it hears.
struct far_place {
	struct flow_id hearer;
	uint32_t hearer_of; // generation of the flow that he hears: perhaps not open yet
	struct flow_id heard;
	uint32_t queued_ts; // of the event that waits behind digits given back
	uint16_t hearer_worker;
	uint16_t heard_worker;
	bool queued;
};
