// SPDX-License-Identifier: BSD-3-Clause
#include "control/park/park.h"

#include <assert.h>

// clang-format off
#define GO(state, ...) { PARK_##state, { __VA_ARGS__ } }
#define ON(event)      [PARK_EV_##event]
#define DO(action)     PARK_DO_##action

static const struct park_step table[PARK_STATE_COUNT][PARK_EVENT_COUNT] = {
	[PARK_FREE] = {
		ON(RESERVE)  = GO(RESERVED,   DO(ARM_ENTRY), DO(MUSIC)),
		// Late news about a call that is already elsewhere.
		ON(ARRIVED)  = GO(FREE),
		ON(FAILED)   = GO(FREE),
		ON(LOST)     = GO(FREE),
		ON(JOINED)   = GO(FREE),
		ON(RETRIEVE) = GO(FREE,       DO(REFUSE)),
	},
	[PARK_RESERVED] = {
		ON(ARRIVED)  = GO(OCCUPIED,   DO(DISARM), DO(ANNOUNCE), DO(ARM_PARK), DO(NOTIFY)),
		ON(FAILED)   = GO(FREE,       DO(DISARM), DO(UNDO), DO(NOTIFY), DO(RELEASE)),
		ON(TIMEOUT)  = GO(FREE,       DO(UNDO), DO(NOTIFY), DO(RELEASE)),
		ON(HANGUP)   = GO(FREE,       DO(DISARM), DO(NOTIFY), DO(RELEASE)),
		// Not promised to anybody yet, so nobody can ask for it.
		ON(RETRIEVE) = GO(RESERVED,   DO(REFUSE)),
	},
	[PARK_OCCUPIED] = {
		ON(RETRIEVE) = GO(RETRIEVING, DO(ARM_SETUP), DO(ANSWER)),
		ON(TIMEOUT)  = GO(FREE,       DO(NOTIFY), DO(CONTINUE), DO(RELEASE)),
		ON(HANGUP)   = GO(FREE,       DO(DISARM), DO(NOTIFY), DO(RELEASE)),
		// A retriever's last words, after he was put back.
		ON(LOST)     = GO(OCCUPIED),
		ON(ARRIVED)  = GO(OCCUPIED),
		// Music that stops working does not lose the caller: the timer runs on.
		ON(FAILED)   = GO(OCCUPIED),
	},
	[PARK_RETRIEVING] = {
		ON(JOINED)   = GO(FREE,       DO(DISARM), DO(NOTIFY), DO(HAND_OVER), DO(RELEASE)),
		ON(LOST)     = GO(OCCUPIED,   DO(ARM_REST), DO(NOTIFY)),
		ON(TIMEOUT)  = GO(OCCUPIED,   DO(DROP_PEER), DO(ARM_REST), DO(NOTIFY)),
		ON(RETRIEVE) = GO(RETRIEVING, DO(REFUSE)),
		ON(HANGUP)   = GO(FREE,       DO(DISARM), DO(DROP_PEER), DO(NOTIFY), DO(RELEASE)),
		ON(ARRIVED)  = GO(RETRIEVING),
		ON(FAILED)   = GO(RETRIEVING),
	},
};

static const char *const state_names[PARK_STATE_COUNT] = {
	[PARK_NONE] = "NONE",
#define X(name, help) [PARK_##name] = #name,
	PARK_STATE_LIST(X)
#undef X
};

static const char *const event_names[PARK_EVENT_COUNT] = {
#define X(name, help) [PARK_EV_##name] = #name,
	PARK_EVENT_LIST(X)
#undef X
};

static const char *const action_names[PARK_ACTION_COUNT] = {
	[PARK_DO_NOTHING] = "NOTHING",
#define X(name, help) [PARK_DO_##name] = #name,
	PARK_ACTION_LIST(X)
#undef X
};
// clang-format on

struct park_step park_next(enum park_state state, enum park_event event)
{
	assert(state < PARK_STATE_COUNT);
	assert(event < PARK_EVENT_COUNT);
	return table[state][event];
}

const char *park_state_name(enum park_state state)
{
	return state < PARK_STATE_COUNT ? state_names[state] : "?";
}

const char *park_event_name(enum park_event event)
{
	return event < PARK_EVENT_COUNT ? event_names[event] : "?";
}

const char *park_action_name(enum park_action action)
{
	return action < PARK_ACTION_COUNT ? action_names[action] : "?";
}
