// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come as tones, of far ends without telephone-event. A piece of the pool
// `detectors`, from the REMOTE that says so to the one that says otherwise, or to CLOSE.
#pragma once

#include "codecs/dtmf.h"
#include "codecs/resample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inband {
	struct dtmf_channel ear;   // first: the detector knows no other name for us
	struct resample_down down; // of audio at 16 kHz
	uint64_t fed;              // when audio came last
	uint32_t place;            // of the flow whose it is, or FLOW_NONE: to be given back
	uint32_t next_ts;          // of the packet that follows
	uint16_t spliced;          // ms that were lost within the press
	uint8_t run;               // in_run of the flow: another one is another stream
	uint8_t code;              // of the press, as far as can be told
	uint8_t verdict;           // enum flow_digit; FLOW_DIGIT_NONE: nothing is pressed
	bool sure;                 // it is a digit
	bool begun;                // next_ts and run mean something
	bool hush;                 // what came in this burst is not for the far end
	bool waits;                // the pacer has an entry of this piece
};

struct engine;
struct rtp_flow;
struct burst;
struct pkt;

// REMOTE or WATCH: takes a detector, or gives it back. Without one to be had the flow goes on
// without, and is counted.
void inband_review(struct engine *e, struct rtp_flow *f);

// The flow is closed.
void inband_forget(struct engine *e, struct rtp_flow *f);

// Lets the detectors hear a burst; what is withheld in it becomes silence. In no other way is a
// packet changed or held up.
void node_inband(struct engine *e, struct burst *taken, uint64_t now);

// The same for a packet that node_voice.c had to decode: into n samples, or none. What is withheld
// becomes silence in both.
void inband_hear(
	struct engine *e, struct rtp_flow *f, struct pkt *p, int16_t *pcm, size_t n, uint64_t now);

// Is what the flow says, and had to be decoded, kept from everybody now?
bool inband_withholds(const struct engine *e, const struct rtp_flow *f);

// A piece of `detectors` is to be looked at: a press whose audio may have stopped.
void inband_late(struct engine *e, uint32_t piece, uint64_t now);
