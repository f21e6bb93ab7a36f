// SPDX-License-Identifier: BSD-3-Clause
#include "control/call/callflow.h"

#include <assert.h>

// clang-format off
#define GO(state, ...) { FLOW_##state, { __VA_ARGS__ } }
#define ON(event)      [FLOW_EV_##event]
#define DO(action)     FLOW_DO_##action

static const struct flow_step table[FLOW_STATE_COUNT][FLOW_EVENT_COUNT] = {
	[FLOW_NEXT] = {
		ON(DIAL)      = GO(RINGING, DO(MUSIC), DO(ARM_STEP), DO(RING)),
		ON(QUEUE)     = GO(QUEUED,  DO(ANSWER), DO(MUSIC), DO(ARM_STEP), DO(ENQUEUE)),
		ON(END)       = GO(OVER,    DO(DROP_GUEST), DO(CLOSE)),
		ON(GUEST_OUT) = GO(OVER,    DO(CLOSE)),
		ON(NOBODY)    = GO(NEXT),
		ON(PLAYED)    = GO(NEXT),
	},
	[FLOW_RINGING] = {
		ON(ANSWERED)  = GO(TALKING, DO(DISARM), DO(STOP), DO(ANSWER), DO(JOIN)),
		ON(NOBODY)    = GO(NEXT,    DO(DISARM), DO(STEP)),
		ON(TIMEOUT)   = GO(NEXT,    DO(STOP), DO(STEP)),
		ON(GUEST_OUT) = GO(OVER,    DO(DISARM), DO(STOP), DO(CLOSE)),
		ON(PLAYED)    = GO(RINGING),
	},
	[FLOW_QUEUED] = {
		ON(ANSWERED)  = GO(TALKING, DO(DISARM), DO(DEQUEUE), DO(STOP), DO(JOIN)),
		ON(NOBODY)    = GO(QUEUED), // the queue tries again by itself
		ON(TIMEOUT)   = GO(NEXT,    DO(DEQUEUE), DO(STOP), DO(STEP)),
		ON(GUEST_OUT) = GO(OVER,    DO(DISARM), DO(DEQUEUE), DO(STOP), DO(CLOSE)),
	},
	[FLOW_TALKING] = {
		ON(PARK)      = GO(PARKED,  DO(LET_GO)),
		ON(FULL)      = GO(TOLD,    DO(TELL), DO(ARM_TELL)),
		ON(GUEST_OUT) = GO(OVER,    DO(DROP_OTHER), DO(CLOSE)),
		ON(OTHER_OUT) = GO(OVER,    DO(DROP_GUEST), DO(CLOSE)),
		ON(PLAYED)    = GO(TALKING),
		ON(NOBODY)    = GO(TALKING),
	},
	[FLOW_TOLD] = {
		ON(PLAYED)    = GO(TALKING, DO(DISARM), DO(JOIN)),
		ON(TIMEOUT)   = GO(TALKING, DO(JOIN)),
		ON(GUEST_OUT) = GO(OVER,    DO(DISARM), DO(DROP_OTHER), DO(CLOSE)),
		ON(OTHER_OUT) = GO(OVER,    DO(DISARM), DO(DROP_GUEST), DO(CLOSE)),
	},
	[FLOW_PARKED] = {
		ON(RETRIEVED) = GO(TALKING, DO(JOIN)),
		ON(UNCLAIMED) = GO(NEXT,    DO(STEP)),
		ON(RESTORED)  = GO(TOLD,    DO(TELL), DO(ARM_TELL)),
		ON(GUEST_OUT) = GO(OVER,    DO(CLOSE)),
	},
	[FLOW_OVER] = {
		// Late news about a call that has ended.
		ON(DIAL)      = GO(OVER),
		ON(QUEUE)     = GO(OVER),
		ON(END)       = GO(OVER),
		ON(ANSWERED)  = GO(OVER, DO(STOP)),
		ON(NOBODY)    = GO(OVER),
		ON(PLAYED)    = GO(OVER),
		ON(GUEST_OUT) = GO(OVER),
		ON(OTHER_OUT) = GO(OVER),
	},
};

static const char *const state_names[FLOW_STATE_COUNT] = {
	[FLOW_NONE] = "NONE",
#define X(name, help) [FLOW_##name] = #name,
	FLOW_STATE_LIST(X)
#undef X
};

static const char *const event_names[FLOW_EVENT_COUNT] = {
#define X(name, help) [FLOW_EV_##name] = #name,
	FLOW_EVENT_LIST(X)
#undef X
};

static const char *const action_names[FLOW_ACTION_COUNT] = {
	[FLOW_DO_NOTHING] = "NOTHING",
#define X(name, help) [FLOW_DO_##name] = #name,
	FLOW_ACTION_LIST(X)
#undef X
};
// clang-format on

struct flow_step flow_next(enum flow_state state, enum flow_event event)
{
	assert(state < FLOW_STATE_COUNT);
	assert(event < FLOW_EVENT_COUNT);
	return table[state][event];
}

const char *flow_state_name(enum flow_state state)
{
	return state < FLOW_STATE_COUNT ? state_names[state] : "?";
}

const char *flow_event_name(enum flow_event event)
{
	return event < FLOW_EVENT_COUNT ? event_names[event] : "?";
}

const char *flow_action_name(enum flow_action action)
{
	return action < FLOW_ACTION_COUNT ? action_names[action] : "?";
}
