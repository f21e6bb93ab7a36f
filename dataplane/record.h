// SPDX-License-Identifier: BSD-3-Clause
//
// What a worker says of a recorded flow to whoever writes it down: what came in, as it came in.
// Nothing is decoded here.
#pragma once

#include <stdint.h>

struct engine;
struct pkt;
struct rtp_flow;

enum record_kind {
	RECORD_ON,     // the flow is a channel from now on, or goes on to be one
	RECORD_PAUSED, // not for now
	RECORD_OFF,    // not any more
	RECORD_AUDIO,  // a packet
};

enum record_outcome {
	RECORD_TAKEN,
	RECORD_FULL,    // no room: it is lost
	RECORD_UNKNOWN, // no such recording was announced; only of ON and PAUSED
};

struct record_note {
	uint64_t recording;
	uint64_t at; // when it came
	uint32_t
		source; // the flow among all of all workers: a channel hears the last one that was ON
	uint32_t clock; // Hz of ts
	// of AUDIO:
	uint32_t ts;
	uint32_t ssrc;
	uint16_t seq;
	uint16_t len;    // of its payload
	uint8_t run;     // counts the times that the numbers of this source began anew
	uint8_t codec;   // enum dp_codec
	uint8_t channel; // 0: left, 1: right
	uint8_t kind;    // enum record_kind
};

// Of a flow that is a channel. A piece of a pool, until OFF or CLOSE.
struct record_channel {
	uint64_t recording;
	uint8_t channel;
	uint8_t state; // enum dp_record: ON or PAUSED
};

// An audio packet of a flow with FLOW_RECORDED.
void node_record(struct engine *e, const struct rtp_flow *f, const struct pkt *p, uint64_t now);

// The flow is closed.
void record_forget(struct engine *e, struct rtp_flow *f, uint64_t now);
