// SPDX-License-Identifier: BSD-3-Clause
#include "control/admin/events.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct events events;

static void setup(void)
{
	events_init(&events, 7);
}

static void teardown(void)
{
	events_clear(&events);
}

TestSuite(events, .init = setup, .fini = teardown);

static void happen(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		events_add(&events, &(struct event_row){ .name = "park.parked" }, 0);
}

// The number in the reader's next line; 0: there is none. *gap as reader_next() says.
static uint64_t next(struct reader *r, bool *gap)
{
	unsigned long long seq = 0;
	char *line = reader_next(r, &events, gap);

	if (line != NULL && *gap)
		sscanf(strstr(line, "\"to\":"), "\"to\":%llu", &seq);
	else if (line != NULL)
		sscanf(strstr(line, "\"seq\":"), "\"seq\":%llu", &seq);
	free(line);
	return seq;
}

Test(events, carry_what_is_known_and_leave_the_rest_out)
{
	events_add(&events,
		&(struct event_row){ .name = "park.retrieve_lost",
			.account = "acme",
			.lot = "main",
			.slot = 3,
			.ref = "r1",
			.caller = "+61",
			.caller_name = "A\xff",
			.parker = "201",
			.retriever = "202",
			.winner = "203",
			.reason = "late",
			.wait_ms = 1500 },
		1714564800250);
	cr_expect_str_eq(events_text(&events, 1),
		"{\"seq\":1,\"time\":\"2024-05-01T12:00:00.250Z\",\"name\":\"park.retrieve_lost\","
		"\"account\":\"acme\",\"lot\":\"main\",\"slot\":3,\"ref\":\"r1\",\"caller\":\"+61\","
		"\"caller_name\":\"A\xef\xbf\xbd\",\"parker\":\"201\",\"retriever\":\"202\","
		"\"winner\":\"203\",\"reason\":\"late\",\"wait_ms\":1500}");
	events_add(&events, &(struct event_row){ .name = "park.full", .waited = true }, 5);
	cr_expect_str_eq(events_text(&events, 2),
		"{\"seq\":2,\"time\":\"1970-01-01T00:00:00.005Z\",\"name\":\"park.full\","
		"\"wait_ms\":0}");
}

Test(events, the_ring_keeps_the_last_ones)
{
	cr_expect(eq(u64, events_oldest(&events), 1));
	cr_expect_null(events_text(&events, 1));
	cr_expect_null(events_text(&events, 0));
	happen(EVENTS_KEPT);
	cr_expect(eq(u64, events_oldest(&events), 1));
	cr_expect_not_null(events_text(&events, 1));
	happen(1);
	cr_expect(eq(u64, events_oldest(&events), 2));
	cr_expect_null(events_text(&events, 1));
	cr_expect_not_null(events_text(&events, EVENTS_KEPT + 1));
	cr_expect_null(events_text(&events, EVENTS_KEPT + 2));
}

Test(events, a_reader_gets_each_once_in_order)
{
	struct reader r;
	bool gap;

	happen(3);
	reader_start(&r, &events, 1, NULL);
	cr_expect(eq(u64, next(&r, &gap), 2));
	cr_expect(eq(u64, next(&r, &gap), 3));
	cr_expect(eq(u64, next(&r, &gap), 0));
	happen(1);
	cr_expect(eq(u64, next(&r, &gap), 4));
	cr_expect(eq(u64, next(&r, &gap), 0));
}

Test(events, a_reader_who_is_late_is_told_what_is_missing_and_goes_on)
{
	struct reader r;
	bool gap;

	happen(1);
	reader_start(&r, &events, 0, NULL);
	happen(EVENTS_KEPT + 9);
	char *line = reader_next(&r, &events, &gap);
	cr_expect_str_eq(line,
		"{\"jsonrpc\":\"2.0\",\"method\":\"events.gap\",\"params\":{"
		"\"run\":\"0000000000000007\",\"from\":1,\"to\":10,\"reason\":\"late\"}}\n");
	free(line);
	for (uint64_t seq = 11; seq <= EVENTS_KEPT + 10; seq++) {
		cr_assert(eq(u64, next(&r, &gap), seq));
		cr_assert(not(gap));
	}
	cr_expect(eq(u64, next(&r, &gap), 0));
}

Test(events, a_reader_of_a_former_run_is_told_so_and_gets_all_there_is)
{
	static const struct {
		uint64_t since;
		const char *run;
		bool told;
	} rows[] = {
		{ 3, NULL, false },
		{ 4, NULL, true },
		{ 3, "0000000000000007", false },
		{ 1, "0000000000000008", true },
		{ 1, "", true },
	};

	happen(3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader r;
		bool gap;

		reader_start(&r, &events, rows[i].since, rows[i].run);
		char *line = reader_next(&r, &events, &gap);
		cr_expect(eq(int, gap, rows[i].told), "row %zu", i);
		if (gap) {
			cr_expect(ne(ptr,
				strstr(line, "\"from\":1,\"to\":0,\"reason\":\"restarted\""),
				NULL));
			cr_expect(eq(u64, next(&r, &gap), 1));
			cr_expect(not(gap));
		}
		free(line);
	}
}
