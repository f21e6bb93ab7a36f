// SPDX-License-Identifier: BSD-3-Clause
//
// From one worker to another: frames for an address of the other's, packets that a flow of the
// other's relays, and words about such relays. One ring and one lane for each ordered pair, each
// with one writer and one reader; nobody ever waits. What the other does not take in time is
// counted and freed here. A buffer goes back to the pool that it came from, whoever frees it.
#pragma once

#include "dataplane/dpdk/owner.h"
#include "dataplane/far.h"
#include "dataplane/lane.h"
#include "dataplane/pkt.h"

#include <stdbool.h>
#include <stdint.h>

struct port;
struct rte_mbuf;
struct rte_ring;
struct worker;

enum { HANDOFF_NOTES = 256, HANDOFF_PORTS = 32 };

enum handoff_kind {
	HANDOFF_FRAME,  // for an address of the other's
	HANDOFF_COPY,   // of a frame that all on its port get
	HANDOFF_KERNEL, // for the kernel, whose interface the other serves
	HANDOFF_RELAY,  // a packet that a flow of the other's relays
};

// What goes with a buffer, in its private part.
struct handoff_tag {
	struct pkt pkt;       // of a relay
	struct far_mark mark; // of a relay
	uint16_t port;        // of a frame: which it came in on
	uint8_t kind;         // enum handoff_kind
};

// Words from one worker to another.
struct handoff_notes {
	struct lane lane;
	struct far_note note[HANDOFF_NOTES];
};

// One worker's ends towards one other.
struct handoff_pair {
	struct rte_ring *to;
	struct rte_ring *from;
	struct handoff_notes *notes_to;
	struct handoff_notes *notes_from;
	struct lane_writer writer;
	struct lane_reader reader;
	uint32_t n; // buffers that wait for the end of the burst
	struct rte_mbuf *wait[BURST_MAX];
};

struct handoff {
	uint32_t workers; // at most one: nobody to hand anything to
	uint32_t self;
	bool taking; // what is being received now was handed over
	const struct owners *owners;
	uint64_t shares[HANDOFF_PORTS]; // by port: a bit for each worker with an address on it
	struct handoff_pair *pair;      // workers of them; our own place is empty
};

// Of n frames that came in on a port, keeps those that are for us or for nobody, in order, and
// hands the others over. Returns how many are kept.
uint16_t handoff_sort(
	struct worker *w, const struct port *port, struct rte_mbuf **frames, uint16_t n);

// A frame for the kernel's side of a port, to the worker who serves it.
void handoff_kernel(struct worker *w, const struct port *port, uint32_t to, struct rte_mbuf *m);

// Whether what is being received was handed to everybody on its port.
bool handoff_is_copy(const struct worker *w, struct rte_mbuf *m);

// Takes what others have handed over: frames are received, packets relayed, words heard.
void handoff_take(struct worker *w);

// What waits goes out.
void handoff_flush(struct worker *w);

// For the engine (struct engine_ops).
[[nodiscard]] bool handoff_note(struct worker *w, uint16_t to, const struct far_note *note);
void handoff_pass(struct worker *w, uint16_t to, const struct pkt *p, const struct far_mark *mark);
