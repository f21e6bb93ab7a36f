// SPDX-License-Identifier: BSD-3-Clause
//
// The journey of a call through its call flow, as a function: (state, event) -> (state,
// actions). The guest is the party who is being served: the caller, until somebody parks the
// party that was called. Pure; call/effect.c carries the actions out, and docs/callflow.dot is
// printed from this table.
#pragma once

#include <stdint.h>

// clang-format off
//            name       meaning
#define FLOW_STATE_LIST(X)                                                                 \
	X(NEXT,     "about to take the next step")                                         \
	X(RINGING,  "phones ring for the guest")                                           \
	X(QUEUED,   "the guest waits in a queue and hears music")                          \
	X(TALKING,  "the guest and the other party talk")                                  \
	X(TOLD,     "one of the two hears that parking failed, the other one music")       \
	X(PARKED,   "the guest waits in a slot")                                           \
	X(OVER,     "the call has ended")

#define FLOW_EVENT_LIST(X)                                                                 \
	X(DIAL,      "the next step rings users or an address")                            \
	X(QUEUE,     "the next step is a queue")                                           \
	X(END,       "there is no next step, or it is: hang up")                           \
	X(ANSWERED,  "one of the phones was answered")                                     \
	X(NOBODY,    "no phone rings any more")                                            \
	X(TIMEOUT,   "the timer of this state ran out")                                    \
	X(PARK,      "one of the two put the other one into a slot")                       \
	X(FULL,      "one of the two wanted to, and could not")                            \
	X(PLAYED,    "he has heard so")                                                    \
	X(RETRIEVED, "somebody took the guest out of the slot")                            \
	X(UNCLAIMED, "nobody did, in time")                                                \
	X(RESTORED,  "the slot could not be used: the two talk again")                     \
	X(GUEST_OUT, "the guest is gone")                                                  \
	X(OTHER_OUT, "the other party is gone")

#define FLOW_ACTION_LIST(X)                                                                \
	X(STEP,       "look at the next step of the call flow")                            \
	X(RING,       "ring everybody of this step")                                       \
	X(STOP,       "stop ringing")                                                      \
	X(MUSIC,      "music to the guest, if he is answered")                             \
	X(ANSWER,     "answer the guest, if he is not")                                    \
	X(ENQUEUE,    "to the end of the queue")                                           \
	X(DEQUEUE,    "out of the queue")                                                  \
	X(JOIN,       "let the two talk")                                                  \
	X(TELL,       "say that parking failed to the one who wanted it")                  \
	X(LET_GO,     "the parker is no longer part of this call")                         \
	X(DROP_OTHER, "hang up on the other party")                                        \
	X(DROP_GUEST, "hang up on the guest, or refuse him")                               \
	X(ARM_STEP,   "start the timer of this step")                                      \
	X(ARM_TELL,   "start the timer of the prompt")                                     \
	X(DISARM,     "stop the timer")                                                    \
	X(CLOSE,      "the call is done with")

enum flow_state {
	FLOW_NONE,
#define X(name, help) FLOW_##name,
	FLOW_STATE_LIST(X)
#undef X
	FLOW_STATE_COUNT,
};

enum flow_event {
#define X(name, help) FLOW_EV_##name,
	FLOW_EVENT_LIST(X)
#undef X
	FLOW_EVENT_COUNT,
};

enum flow_action {
	FLOW_DO_NOTHING,
#define X(name, help) FLOW_DO_##name,
	FLOW_ACTION_LIST(X)
#undef X
	FLOW_ACTION_COUNT,
};
// clang-format on

enum { FLOW_ACTIONS_MAX = 6 };

struct flow_step {
	uint8_t next;                      // enum flow_state; FLOW_NONE: unexpected event
	uint8_t actions[FLOW_ACTIONS_MAX]; // enum flow_action, in order, zero-terminated
};

// What an event means in a state. Total: any pair has an answer.
struct flow_step flow_next(enum flow_state state, enum flow_event event);

const char *flow_state_name(enum flow_state state);
const char *flow_event_name(enum flow_event event);
const char *flow_action_name(enum flow_action action);
