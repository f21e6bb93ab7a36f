// SPDX-License-Identifier: BSD-3-Clause
//
// A call: a guest, whoever talks to him, and his place in a call flow.
#pragma once

#include "control/call/callflow.h"
#include "control/call/exchange.h"
#include "control/call/leg.h"

#include <sys/queue.h>

struct queue;

enum { CALL_RING_S = 60 }; // how long a call without a call flow rings

// What is known of its recording (record.c).
struct call_record {
	enum {
		CALL_RECORD_NONE,
		CALL_RECORD_ASKED, // the file is not there yet
		CALL_RECORD_ON,
		CALL_RECORD_PAUSED,
		CALL_RECORD_ENDING,
	} state;
	uint64_t id;
	bool paused;               // is wanted to be
	unsigned guest;            // his channel; the other party has the other
	struct media_flow flow[2]; // that are channels
};

struct call {
	TAILQ_ENTRY(call) link;     // among the exchange's calls, or its dead
	TAILQ_ENTRY(call) in_queue; // while QUEUED
	struct exchange *x;
	struct tenant *tenant;
	struct accounts *accounts; // keeps plan alive
	char ref[REF_LEN + 1];
	uint64_t id; // 1, 2, 3 … over all accounts
	uint64_t since_ms;

	enum flow_state state;
	struct leg *guest;
	struct leg *other;                       // who talks to the guest; NULL while alone
	struct leg *asker;                       // in TOLD: the one who hears the prompt
	TAILQ_HEAD(call_branches, leg) branches; // phones that ring
	struct leg *winner;                      // the branch that was answered
	uint16_t last_code;                      // of the branch refused last
	struct queue *queue;
	void *keeper; // in PARKED: the slot, for park/ alone

	const struct callflow_plan *plan; // NULL: a call without a call flow
	uint32_t at;                      // the step he is in
	bool fell_back;                   // the account's fallback has been taken
	bool answered;                    // somebody has talked to the guest
	struct step direct;               // of a call without a call flow
	const struct user *direct_user;
	char direct_uri[SIP_URI_MAX];
	const struct step *step;   // being carried out
	char number[NAME_MAX_LEN]; // of the guest
	char name[NAME_MAX_LEN];
	char parker[NAME_MAX_LEN]; // never rung for this guest again
	struct timer timer;
	struct call_record record;
};

struct call *call_new(struct tenant *t, struct leg *guest);
// Takes the first step of a flow, or rings one user, or one address outside.
void call_start_flow(struct call *c, const struct callflow_plan *plan);
void call_start_user(struct call *c, const struct user *user);
void call_start_out(struct call *c, const char *uri);

// Something happened to the call: it is put in line, looked up, and acted on.
void call_happen(struct call *c, enum flow_event event);

// A leg becomes the guest, or the guest's other party.
void call_take_guest(struct call *c, struct leg *leg);
void call_take_other(struct call *c, struct leg *leg);

uint64_t call_music(const struct call *c); // track for the guest
const char *call_number(const struct call *c);
void call_free(struct call *c);

// --- call.c and effect.c, for each other
void call_take_step(struct call *c);
void call_keep_plan(struct call *c);
void call_timeout(struct timer *timer, uint64_t now_ms);

// --- record.c
enum call_record_wish {
	CALL_RECORD_START,
	CALL_RECORD_PAUSE,
	CALL_RECORD_RESUME,
	CALL_RECORD_STOP
};
// False: there is no recording to pause or resume, or layby-media cannot be asked now.
[[nodiscard]] bool call_record_ask(struct call *c, enum call_record_wish wish);
const char *call_record_state(const struct call *c);
void call_record_follow(struct call *c); // its parties are others now
void call_record_swap(struct call *c);   // who was the other party is the guest now
void call_record_end(struct call *c);
// layby-media has said what became of one.
void exchange_recorded(struct exchange *x, const struct media_recorded *what);
// --- ring.c
void ring_step(struct call *c); // everybody of c->step
// Never back to the parker (S0-11), and nobody rings himself.
bool ring_may(const struct call *c, const struct user *user);
bool ring_user(struct call *c, const struct user *user);
void ring_stop(struct call *c, const struct leg *but);
// --- queue.c
void queue_enter(struct call *c);
void queue_leave(struct call *c);
void queue_refused(struct call *c); // a phone that rang for its head was refused
void queue_serve_all(struct tenant *t);
void queue_free_all(struct tenant *t);
