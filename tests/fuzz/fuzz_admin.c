// SPDX-License-Identifier: BSD-3-Clause
//
// A line of the control socket. Whatever it is, the answer is nothing or one line of JSON that
// is bounded, and the domain is left as it was unless it was asked to change.
#include "control/admin/rpc.h"
#include "control/log.h"
#include "tests/support/fake_office.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_BOUND = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_answer(const char *answer)
{
	size_t len = strlen(answer);
	json_t *o;

	if (len == 0 || len > ANSWER_BOUND || strchr(answer, '\n') != answer + len - 1)
		abort();
	o = json_loadb(answer, len, 0, NULL);
	if (!json_is_object(o) && !json_is_array(o))
		abort();
	json_decref(o);
}

// What a subscriber is told.
static void read_events(struct rpc *r, struct asker *a)
{
	char *line;
	bool gap;

	while (a->reader.subscribed && (line = reader_next(&a->reader, &r->events, &gap)) != NULL) {
		check_answer(line);
		free(line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fake_office office = { .parked = 9, .caller = "A\xff\x1b[2J" };
	struct asker asker = { .uid = 1 };
	struct admin_ops ops;
	struct rpc rpc;
	char *answer;

	if (len > RPC_LINE_MAX)
		return 0;
	log_set_level(LOG_ERROR);
	fake_office_ops(&office, &ops);
	rpc = (struct rpc){ .ops = &ops };
	events_init(&rpc.events, 1);
	for (int i = 0; i < 3; i++)
		events_add(&rpc.events, &(struct event_row){ .name = "park.parked" }, 0);
	if (!rpc_answer(&rpc, &asker, (const char *)data, len, &answer))
		abort();
	if (answer != NULL)
		check_answer(answer);
	read_events(&rpc, &asker);
	if (rpc.stats.changes == 0 && office.reloads != 0)
		abort();
	free(answer);
	events_clear(&rpc.events);
	return 0;
}
