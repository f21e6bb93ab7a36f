// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket of layby-core: JSON-RPC 2.0, one JSON text a line, on a UNIX socket
// (docs/CONTROL.md). It knows neither calls nor slots: it asks the domain through admin_ops and
// is told what happened through admin_event(). Everything happens inside the loop; an asker who
// is slow, silent or mad costs bounded memory and never makes the core wait.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admin;
struct loop;
struct sip_stats;
struct worker_stats;

// --- what the domain answers. Text may be NULL, which is the same as "", and may be anything a
// stranger sent: it is made valid UTF-8 and cut at ADMIN_TEXT_MAX bytes here. All of it must
// live only until emit returns.

enum { ADMIN_TEXT_MAX = 255 };

#define ADMIN_NO_TIMEOUT UINT64_MAX // remaining_s of what waits without end

struct slot_row {
	uint64_t id; // of this parking: 1, 2, 3 … over all accounts, never used again
	const char *account, *lot;
	uint32_t slot;     // its number, as dialled
	const char *state; // one of admin_ops.slot_states
	const char *caller, *caller_name, *parker;
	uint64_t since_s;     // how long it has been here
	uint64_t remaining_s; // until it goes on by itself, or ADMIN_NO_TIMEOUT
	const char *ref;      // of the call, not to be guessed
};

struct call_row {
	uint64_t id;     // of this call: 1, 2, 3 … never used again
	const char *ref; // the same as in slot_row and event_row
	const char *account;
	const char *state; // one of admin_ops.call_states
	const char *from, *to;
	const char *flow; // its call flow, if it has one
	uint32_t step;    // 1 is the first one; 0: none
	const char *kind; // of that step: "dial", "queue" …
	uint32_t slot;    // where it is parked; 0: it is not
	uint64_t since_s; // since the call began
};

// How one direction of a leg is heard.
struct quality_way {
	uint64_t packets, bytes, lost;
	uint32_t jitter_us;
	uint8_t mos; // times 10; 0: not known
};

struct quality_row {
	const char *leg; // "guest" or "other"
	const char *number;
	bool known; // its worker has answered; else all below is zero
	struct quality_way received, sent;
	uint32_t round_trip_us; // 0: not known
};

struct lot_row {
	const char *account, *lot;
	uint32_t first, last; // slot numbers
	uint32_t used;        // slots that are not free
	uint32_t timeout_s;   // 0: never
};

struct user_row {
	const char *user, *display;
	uint32_t contacts;   // 0: cannot be reached
	const char *contact; // the newest one
	bool busy;
};

// Which rows are wanted. NULL text: any. Rows up to and including `after` may be left out, and
// need not be: admin looks again.
struct slot_query {
	const char *account, *lot, *state;
	uint64_t after;
};
struct call_query {
	const char *account;
	uint64_t after;
};

// False: enough, emit no more.
typedef bool (*slot_row_fn)(void *arg, const struct slot_row *row);
typedef bool (*call_row_fn)(void *arg, const struct call_row *row);
typedef void (*quality_row_fn)(void *arg, const struct quality_row *row);
typedef bool (*lot_row_fn)(void *arg, const struct lot_row *row);
typedef bool (*user_row_fn)(void *arg, const struct user_row *row);

enum admin_record {
	ADMIN_RECORD_DONE,
	ADMIN_RECORD_NO_CALL,
	ADMIN_RECORD_NO_STATE,  // no such word
	ADMIN_RECORD_NOT_THERE, // it is not recorded
	ADMIN_RECORD_NO_MEDIA,
};

struct recording_row {
	uint64_t id;       // 0: none
	const char *state; // "none", "asked", "on", "paused", "ending"
};

struct admin_info {
	bool media_attached;
	uint32_t accounts, calls, parked, contacts;
	uint32_t flows_open, flows_free;
};

// All are called inside admin's own turn in the loop; none may call admin_free(). Those marked
// "optional" may be NULL.
struct admin_ops {
	void *ctx;
	void (*info)(void *ctx, struct admin_info *out);

	// Is there such an account, and in it (when lot is not NULL) such a lot?
	bool (*known)(void *ctx, const char *account, const char *lot);
	// In the order of rising id: the order of birth. A list that is appended to has it.
	void (*slots)(void *ctx, const struct slot_query *q, slot_row_fn emit, void *arg);
	void (*calls)(void *ctx, const struct call_query *q, call_row_fn emit, void *arg);
	// The legs of a call, and asks their workers anew. False: no such call. Optional.
	bool (*quality)(void *ctx, const char *ref, quality_row_fn emit, void *arg);
	// Of one account, or (NULL) of all, in the order of provisioning.
	void (*lots)(void *ctx, const char *account, lot_row_fn emit, void *arg);
	void (*users)(void *ctx, const char *account, user_row_fn emit, void *arg);
	// The names of all states, NULL at the end. Optional: without them a query for a state
	// that does not exist finds nothing instead of being refused.
	const char *const *slot_states;
	const char *const *call_states;

	// Counters. Optional; worker may return NULL while no media is attached.
	const struct sip_stats *(*sip_stats)(void *ctx);
	uint32_t (*workers)(void *ctx);
	const struct worker_stats *(*worker)(void *ctx, uint32_t worker);

	// Who does what in layby-media, as JSON; NULL: not known. An order that another worker
	// polls a queue (all counted from 0; false: not now), and what became of the last one.
	// Optional, all three.
	const char *(*plan)(void *ctx);
	bool (*move)(void *ctx, uint32_t port, uint32_t queue, uint32_t worker);
	const char *(*moved)(void *ctx);

	// Records a call, named by its ref: state is one of "on", "pause", "resume", "off". Optional.
	enum admin_record (*record)(
		void *ctx, const char *ref, const char *state, struct recording_row *out);

	// Reads the provisioning file, path or (NULL) the configured one, and keeps nothing.
	// False: error says what, where and what to do.
	bool (*check)(void *ctx, const char *path, char *error, uint32_t error_size);
	// Takes the configured provisioning file whole, or (false) nothing of it.
	bool (*reload)(void *ctx, char *error, uint32_t error_size);
};

// --- what the domain tells

// What happened to a call. Fields that are NULL or 0 are left out of the notification.
struct event_row {
	const char *name; // "park.parked", "park.retrieved", "park.retrieve_lost",
			  // "park.timeout", "park.abandoned", "park.failed", "call.…"
	const char *account, *lot;
	uint32_t slot;
	const char *ref;
	const char *caller, *caller_name, *parker;
	const char *retriever; // who came for it
	const char *winner;    // retrieve_lost: who had come first
	const char *reason;    // "full", "vanished" …
	uint64_t wait_ms;      // how long the call had been in its slot
	bool waited;           // wait_ms is said even when it is 0
	const char *recording; // its id; the name of its file
	uint64_t length_ms;    // of a recording that is over
};

// Listens at path; ops is copied, its pointers must live as long as the admin. NULL: error says
// in one sentence why not and what to do; nothing is left behind.
[[nodiscard]] struct admin *admin_new(struct loop *loop, const char *path,
	const struct admin_ops *ops, char *error, uint32_t error_size);
// Closes every connection and removes the socket. NULL is harmless; returns NULL.
struct admin *admin_free(struct admin *a);

// Numbers it, keeps it in a ring of the last 4096 and tells whoever subscribed. a may be NULL:
// then nobody hears it.
void admin_event(struct admin *a, const struct event_row *row);
