// SPDX-License-Identifier: BSD-3-Clause
//
// The life of one park slot, as a function: (state, event) -> (state, actions).
//
// Nothing here touches a socket, a timer or the dataplane. park_next() is looked up, not
// computed; park/effect.c carries the actions out. docs/park.dot is printed from this table.
#pragma once

#include <stdint.h>

// clang-format off
//           name        meaning
#define PARK_STATE_LIST(X)                                                                 \
	X(FREE,       "nobody here")                                                       \
	X(RESERVED,   "slot taken, the call is on its way in")                             \
	X(OCCUPIED,   "a call waits here and hears music")                                 \
	X(RETRIEVING, "somebody asked for the call and has not acknowledged yet")

#define PARK_EVENT_LIST(X)                                                                 \
	X(RESERVE,    "a call wants this slot")                                            \
	X(ARRIVED,    "the waiting party hears music")                                     \
	X(FAILED,     "the worker refused the music")                                      \
	X(RETRIEVE,   "somebody wants the call")                                           \
	X(JOINED,     "the retriever acknowledged the answer")                             \
	X(LOST,       "the retriever vanished or hung up before that")                     \
	X(TIMEOUT,    "the timer of this state ran out")                                   \
	X(HANGUP,     "the waiting party is gone")

#define PARK_ACTION_LIST(X)                                                                \
	X(MUSIC,      "play the lot's music to the waiting party")                         \
	X(ANNOUNCE,   "tell the parker the number, then release him")                      \
	X(UNDO,       "leave the original two-party call as it was, tell the parker")      \
	X(ANSWER,     "answer whoever asked")                                              \
	X(REFUSE,     "empty-slot prompt for whoever asked, and say who was first")        \
	X(DROP_PEER,  "hang up on the retriever")                                          \
	X(HAND_OVER,  "retriever and waiting party talk; an ordinary call from here on")   \
	X(CONTINUE,   "the waiting party goes on along his call flow")                     \
	X(ARM_ENTRY,  "start the reservation timer")                                       \
	X(ARM_PARK,   "start the park timer")                                              \
	X(ARM_REST,   "start the park timer with what was left of it")                     \
	X(ARM_SETUP,  "keep what is left of the park timer; start the retrieval timer")    \
	X(DISARM,     "stop the timer")                                                    \
	X(RELEASE,    "return the slot to the lot")                                        \
	X(NOTIFY,     "say what happened")

enum park_state {
	PARK_NONE,
#define X(name, help) PARK_##name,
	PARK_STATE_LIST(X)
#undef X
	PARK_STATE_COUNT,
};

enum park_event {
#define X(name, help) PARK_EV_##name,
	PARK_EVENT_LIST(X)
#undef X
	PARK_EVENT_COUNT,
};

enum park_action {
	PARK_DO_NOTHING,
#define X(name, help) PARK_DO_##name,
	PARK_ACTION_LIST(X)
#undef X
	PARK_ACTION_COUNT,
};
// clang-format on

enum { PARK_ACTIONS_MAX = 6 };

struct park_step {
	uint8_t next;                      // enum park_state; PARK_NONE: unexpected event
	uint8_t actions[PARK_ACTIONS_MAX]; // enum park_action, in order, zero-terminated
};

// What an event means in a state. Total: any pair has an answer.
struct park_step park_next(enum park_state state, enum park_event event);

const char *park_state_name(enum park_state state);
const char *park_event_name(enum park_event event);
const char *park_action_name(enum park_action action);
