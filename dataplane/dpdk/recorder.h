// SPDX-License-Identifier: BSD-3-Clause
//
// All recordings of the process. Workers put what recorded flows receive into rings, and know of a
// recording only whether it is there; the main thread begins and ends them by slots that go
// back and forth; one thread of its own does the rest and is the only one that the disk can keep
// waiting:
//
//   FREE ── main: begin ─► ASKED ── recorder ─► OPEN ──── recorder ─► OVER ── main ─► FREE
//                            └─────── it cannot be ────────────────────▲
#pragma once

#include "dataplane/attach.h"
#include "dataplane/bridge.h"
#include "dataplane/dpdk/record_ring.h"
#include "dataplane/engine.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct recording;

enum { RECORDER_MAX = 1024, RECORDER_HZ = 8000, RECORDER_WIDE_HZ = 16000 };

enum recorder_state { RECORDER_FREE, RECORDER_ASKED, RECORDER_OPEN, RECORDER_OVER };

// Whose turn it is says state: FREE and OVER are the main thread's, ASKED and OPEN the recorder's.
struct recorder_slot {
	_Atomic uint32_t state; // enum recorder_state
	_Atomic bool end;       // the main thread writes: it is to be over
	uint64_t id;
	uint32_t rate;
	bool began;                  // it was open once; the recorder writes
	bool told;                   // the core knows that it was begun; the main thread's
	enum attach_outcome outcome; // the recorder writes
	uint64_t ms;                 // the same
	struct recording *recording; // the recorder's
};

struct recorder {
	char directory[200];
	uint32_t slots;
	uint32_t rings;
	_Atomic uint32_t news;                    // how many slots the recorder has changed
	_Atomic uint64_t announced[RECORDER_MAX]; // the recorder writes, workers read; 0: none
	struct recorder_slot slot[RECORDER_MAX];
	struct record_ring ring[BRIDGE_WORKERS_MAX];
	uint32_t news_seen; // the main thread's
	uint32_t looked;    // the same: where it goes on,
	bool looking;       // and whether it does
	uint64_t strays;    // pieces of no recording; the recorder's

	// the thread
	unsigned long thread;
	bool threaded;
	_Atomic bool stop;
	uint64_t (*now)(void *ctx);
	void *ctx;
};

// Before any worker runs. channels: of each worker; 0: none has any. False: no memory.
[[nodiscard]] bool recorder_init(
	struct recorder *r, const char *directory, const uint32_t channels[], uint32_t workers);
// After the last worker and the thread have ended: closes what is open.
void recorder_clear(struct recorder *r, uint64_t now);

// For workers: struct engine_ops, record.
enum record_outcome recorder_note(struct recorder *r, uint16_t worker,
	const struct record_note *note, const uint8_t *payload);

// For the main thread. Not ATTACH_OK: it is refused at once, and nothing will be heard of it.
enum attach_outcome recorder_begin(struct recorder *r, uint64_t id, uint32_t rate);
bool recorder_end(struct recorder *r, uint64_t id); // false: there is none
void recorder_end_all(struct recorder *r);

// What became of one; false: nothing new. RECORDING or RECORDED, ready to be sent.
[[nodiscard]] bool recorder_hear(struct recorder *r, struct attach_message *out);

// For the recorder's thread, and for tests that are their own clock.
void recorder_turn(struct recorder *r, uint64_t now);

// recorder_thread.c. The clock is the workers'. False: errno says why.
[[nodiscard]] bool recorder_start(struct recorder *r, uint64_t (*now)(void *ctx), void *ctx);
void recorder_stop(struct recorder *r);
