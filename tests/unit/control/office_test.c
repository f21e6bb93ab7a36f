// SPDX-License-Identifier: BSD-3-Clause
//
// What the operator sees of slots, calls and lots, in the world of phones answered by hand.
#include "control/office.h"
#include "control/sip/registrar.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>

// --- what the office asks besides

static struct event_row told;

void admin_event(struct admin *, const struct event_row *row)
{
	told = *row;
}

void media_counts(const struct media *, struct media_counts *out)
{
	*out = (struct media_counts){ .flows_open = world.flows_open };
}

const char *media_plan_text(const struct media *)
{
	return "{}";
}

static uint32_t moved[3];

bool media_move(struct media *, uint32_t port, uint32_t queue, uint32_t worker)
{
	moved[0] = port;
	moved[1] = queue;
	moved[2] = worker;
	return true;
}

const char *media_moved(const struct media *)
{
	return moved[2] != 0 ? "done" : "none";
}

const struct worker_stats *media_stats(const struct media *, uint16_t)
{
	return NULL;
}

uint32_t registrar_count(const struct registrar *)
{
	return world.reachable_n;
}

const struct sip_stats *sip_stats(const struct sip *)
{
	return NULL;
}

struct accounts *accounts_load(const char *, char *error, uint32_t size)
{
	snprintf(error, size, "accounts.yaml:3:1: no");
	return NULL;
}

// --- the tests

static struct office office;
static struct admin_ops ops;
static struct sip_dialog *customer;

static void park_one(void)
{
	struct sip_dialog *agent;

	office.x = &world.x;
	office_ops(&office, &ops);
	world_register("201");
	customer = world_call(NULL, NULL, "100200");
	agent = world_ringing("201");
	world_answer(agent);
	world_ack(customer);
	world_dial(agent, "#0");
	world_played(agent);
}

static bool keep_slot(void *arg, const struct slot_row *row)
{
	*(struct slot_row *)arg = *row;
	return true;
}

static bool keep_call(void *arg, const struct call_row *row)
{
	*(struct call_row *)arg = *row;
	return true;
}

static bool keep_lot(void *arg, const struct lot_row *row)
{
	*(struct lot_row *)arg = *row;
	return true;
}

SCENE(office, a_parked_call_is_seen_with_his_time)
{
	struct slot_row row = { .slot = 0 };

	park_one();
	world_pass(30000);
	ops.slots(&office, &(struct slot_query){ .account = "acme" }, keep_slot, &row);
	cr_expect(eq(u32, row.slot, 1));
	cr_expect(eq(int, strcmp(row.state, "OCCUPIED"), 0));
	cr_expect(eq(int, strcmp(row.parker, "201"), 0));
	cr_expect(eq(int, (int)row.since_s, 30));
	cr_expect(eq(int, (int)row.remaining_s, 90));
	world_bye(customer);
}

SCENE(office, a_filter_shows_nothing_of_others)
{
	static const struct slot_query asks[] = { { .account = "other" }, { .lot = "back" },
		{ .state = "RETRIEVING" }, { .after = 1 } };

	park_one();
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct slot_row row = { .slot = 0 };

		ops.slots(&office, &asks[i], keep_slot, &row);
		cr_expect(eq(u32, row.slot, 0), "ask %zu", i);
	}
	world_bye(customer);
}

static uint32_t legs, judged;

static void count_legs(void *, const struct quality_row *row)
{
	legs++;
	judged += row->known && row->received.packets == 7;
}

SCENE(office, asking_for_the_quality_of_a_call_makes_it_known)
{
	struct call_row row = { .slot = 0 };

	park_one();
	ops.calls(&office, &(struct call_query){ .account = "acme" }, keep_call, &row);
	legs = judged = 0;
	cr_expect(ops.quality(&office, row.ref, count_legs, NULL));
	cr_expect(eq(u32, legs, 1));
	cr_expect(eq(u32, judged, 0));
	cr_expect(ops.quality(&office, row.ref, count_legs, NULL));
	cr_expect(eq(u32, judged, 1));
	cr_expect(not(ops.quality(&office, "another", count_legs, NULL)));
	world_bye(customer);
}

SCENE(office, a_call_is_seen_where_it_is)
{
	struct call_row row = { .slot = 0 };
	struct lot_row lot = { .used = 0 };

	park_one();
	ops.calls(&office, &(struct call_query){ .account = "acme" }, keep_call, &row);
	cr_expect(eq(int, strcmp(row.state, "PARKED"), 0));
	cr_expect(eq(int, strcmp(row.flow, "main"), 0));
	cr_expect(eq(u32, row.step, 1));
	cr_expect(eq(u32, row.slot, 1));
	ops.lots(&office, "acme", keep_lot, &lot);
	cr_expect(eq(u32, lot.used, 1));
	world_bye(customer);
	ops.lots(&office, "acme", keep_lot, &lot);
	cr_expect(eq(u32, lot.used, 0));
}

SCENE(office, news_become_events)
{
	office_news(&office, &(struct news){ .name = "park.parked", .account = "acme", .slot = 7 });
	cr_expect(eq(int, strcmp(told.name, "park.parked"), 0));
	cr_expect(eq(u32, told.slot, 7));
	cr_expect(told.waited);
}

SCENE(office, a_file_that_is_refused_changes_nothing)
{
	const struct accounts *before = world.x.plan.accounts;
	char error[64];

	office.x = &world.x;
	cr_expect(not(office_reload(&office, error, sizeof(error))));
	cr_expect(eq(int, strcmp(error, "accounts.yaml:3:1: no"), 0));
	cr_expect(world.x.plan.accounts == before);
}
