// SPDX-License-Identifier: BSD-3-Clause
//
// Lots and their slots. A slot is one place where a call can wait; a lot is a set of them that
// an account was provisioned with. A lot that provisioning no longer has takes no new calls and
// goes when it is empty.
#pragma once

#include "control/call/call.h"
#include "control/park/park.h"

#include <stdbool.h>
#include <stdint.h>

struct slot {
	TAILQ_ENTRY(slot) stay; // while it is taken
	struct lot *lot;
	uint32_t number; // what people dial to get the call back
	enum park_state state;
	enum park_event event; // being carried out
	struct call *call;     // its guest waits here; NULL while FREE
	struct leg *parker;    // until he is released
	struct leg *retriever; // in RETRIEVING
	struct leg *asker;     // who asks, while RETRIEVE happens
	char parker_name[NAME_MAX_LEN];
	char winner_name[NAME_MAX_LEN]; // the retriever, or whoever took the last call out
	char ref[REF_LEN + 1];          // of this stay: nobody can guess it
	uint64_t id;                    // of this stay: 1, 2, 3 … over all accounts
	uint64_t since_ms;
	uint64_t won_ms;      // when the last news of this slot were told
	uint64_t deadline_ms; // of the park; 0: never
	uint64_t rest_ms;     // what was left of it when a retriever came
	struct timer timer;
};

struct lot {
	TAILQ_ENTRY(lot) link;
	struct tenant *tenant;
	char *name;
	uint32_t first, last;
	uint32_t timeout_s; // for calls parked from now on; 0: never
	uint64_t music;     // 0: the account's
	uint32_t taken;
	bool closed; // no longer provisioned
	struct slot *slot;
};

// Brings a tenant's lots in line with its plan.
void lots_update(struct tenant *t);
void lots_free(struct tenant *t);
// The lowest free slot of the first lot; NULL: full.
struct slot *lots_lowest_free(const struct tenant *t);
// The slot people mean by this number: the occupied one, if a lot was changed meanwhile.
struct slot *lots_slot(const struct tenant *t, uint32_t number);
uint64_t slot_music(const struct slot *s);

// --- effect.c
void slot_init(struct slot *s, struct lot *lot, uint32_t number);
void slot_take_parker(struct slot *s); // from here on his news are the slot's
// Something happened to the slot: it is put in line, looked up, and acted on.
void park_happen(struct slot *s, enum park_event event);
// Lets the parking room into the exchange: feature codes and parked calls are its business.
void park_init(struct exchange *x);
// A leg dialled the number of a slot.
void park_retrieve(struct slot *s, struct leg *asker);
// A user dialled a slot in which nobody is.
void park_nobody(struct leg *asker);
