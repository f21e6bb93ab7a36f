// SPDX-License-Identifier: BSD-3-Clause
//
// Prints the call-flow table as a Graphviz graph: the picture in docs/ is the code.
#include "control/call/callflow.h"

#include <stdio.h>

int main(void)
{
	puts("digraph callflow {\n\tnode [shape=box fontname=monospace]");
	for (enum flow_state s = FLOW_NEXT; s < FLOW_STATE_COUNT; s++) {
		for (enum flow_event e = 0; e < FLOW_EVENT_COUNT; e++) {
			struct flow_step step = flow_next(s, e);

			if (step.next == FLOW_NONE || (step.next == s && step.actions[0] == 0))
				continue; // unexpected, or heard without effect
			printf("\t%s -> %s [label=\"%s", flow_state_name(s),
				flow_state_name(step.next), flow_event_name(e));
			for (int i = 0; i < FLOW_ACTIONS_MAX && step.actions[i] != 0; i++)
				printf("\\n%s", flow_action_name(step.actions[i]));
			puts("\"]");
		}
	}
	puts("}");
	return 0;
}
