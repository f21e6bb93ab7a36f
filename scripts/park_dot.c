// SPDX-License-Identifier: BSD-3-Clause
//
// Prints the park table as a Graphviz graph: the picture in docs/ is the code.
#include "control/park/park.h"

#include <stdio.h>

int main(void)
{
	puts("digraph park {\n\tnode [shape=box fontname=monospace]");
	for (enum park_state s = PARK_FREE; s < PARK_STATE_COUNT; s++) {
		for (enum park_event e = 0; e < PARK_EVENT_COUNT; e++) {
			struct park_step step = park_next(s, e);

			if (step.next == PARK_NONE || (step.next == s && step.actions[0] == 0))
				continue; // unexpected, or heard without effect
			printf("\t%s -> %s [label=\"%s", park_state_name(s),
				park_state_name(step.next), park_event_name(e));
			for (int i = 0; i < PARK_ACTIONS_MAX && step.actions[i] != 0; i++)
				printf("\\n%s", park_action_name(step.actions[i]));
			puts("\"]");
		}
	}
	puts("}");
	return 0;
}
