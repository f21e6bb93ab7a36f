// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/fake_office.h"

#include "control/sip/stats.h"
#include "dataplane/stats.h"

#include <stdio.h>
#include <string.h>

static const char *const slot_states[] = { "OCCUPIED", "RETRIEVING", NULL };
static const char *const call_states[] = { "TALKING", "PARKED", NULL };

static void info(void *ctx, struct admin_info *out)
{
	const struct fake_office *f = ctx;

	*out = (struct admin_info){ .media_attached = true,
		.accounts = 2,
		.calls = f->parked + 1,
		.parked = f->parked,
		.contacts = 3,
		.flows_open = 7,
		.flows_free = 93 };
}

static bool known(void *, const char *account, const char *lot)
{
	if (strcmp(account, "empty") == 0)
		return lot == NULL;
	if (strcmp(account, "acme") != 0)
		return false;
	return lot == NULL || strcmp(lot, "main") == 0 || strcmp(lot, "upper") == 0;
}

// Offers every row to everybody: what was not asked for must be left out by the asker.
static void slots(void *ctx, const struct slot_query *, slot_row_fn emit, void *arg)
{
	struct fake_office *f = ctx;

	for (uint32_t i = 1; i <= f->parked; i++) {
		char ref[24];
		struct slot_row row = { .id = i,
			.account = "acme",
			.lot = i <= 4 ? "main" : "upper",
			.slot = i,
			.state = slot_states[(i + 1) % 2],
			.caller = "+61355500100",
			.caller_name = f->caller,
			.parker = "201",
			.since_s = 10 + i,
			.remaining_s = i % 2 ? 110 - i % 100 : ADMIN_NO_TIMEOUT,
			.ref = ref };

		if (i <= f->gone)
			continue;
		snprintf(ref, sizeof(ref), "ref-%u", i);
		f->asked++;
		if (!emit(arg, &row))
			return;
	}
}

static void calls(void *ctx, const struct call_query *, call_row_fn emit, void *arg)
{
	const struct fake_office *f = ctx;
	struct call_row talking = { .id = 1000000,
		.ref = "ref-t",
		.account = "acme",
		.state = "TALKING",
		.from = "201",
		.to = "202",
		.since_s = 5 };

	for (uint32_t i = 1; i <= f->parked; i++) {
		struct call_row row = { .id = i,
			.ref = "ref-1",
			.account = "acme",
			.state = "PARKED",
			.from = "+61355500100",
			.to = "+61355500200",
			.flow = "day",
			.step = 1,
			.kind = "dial",
			.slot = i,
			.since_s = 60 };

		if (!emit(arg, &row))
			return;
	}
	emit(arg, &talking);
}

// The second leg has not answered when it is asked first.
static bool quality(void *ctx, const char *ref, quality_row_fn emit, void *arg)
{
	struct fake_office *f = ctx;
	struct quality_row row = { .leg = "guest",
		.number = "201",
		.known = true,
		.received = { 500, 80000, 5, 1200, 43 },
		.sent = { .packets = 510 },
		.round_trip_us = 40000 };

	if (strcmp(ref, "ref-t") != 0)
		return false;
	emit(arg, &row);
	row.leg = "other";
	row.number = "202";
	row.known = f->judged;
	emit(arg, &row);
	f->judged = true;
	return true;
}

static void lots(void *ctx, const char *account, lot_row_fn emit, void *arg)
{
	const struct fake_office *f = ctx;
	struct lot_row first = { .account = "acme",
		.lot = "main",
		.first = 1,
		.last = 4,
		.used = f->parked < 4 ? f->parked : 4,
		.timeout_s = 120 };
	struct lot_row second = { .account = "acme", .lot = "upper", .first = 10, .last = 19 };

	if (account != NULL && strcmp(account, "acme") != 0)
		return;
	if (emit(arg, &first))
		emit(arg, &second);
}

static void users(void *, const char *account, user_row_fn emit, void *arg)
{
	static const struct user_row rows[] = {
		{ .user = "201", .display = "Ann", .contacts = 2, .contact = "sip:201@192.0.2.7" },
		{ .user = "202",
			.display = "Bob",
			.contacts = 1,
			.contact = "sip:b",
			.busy = true },
		{ .user = "203" },
	};

	if (strcmp(account, "acme") != 0)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!emit(arg, &rows[i]))
			return;
}

static const struct sip_stats *sip_counters(void *)
{
	static const struct sip_stats stats = { .datagrams = 42, .timeouts = 1 };

	return &stats;
}

static uint32_t workers(void *)
{
	return 2;
}

// The second worker has gone.
static const struct worker_stats *worker(void *, uint32_t n)
{
	static struct worker_stats stats;

	stats.turns = 17;
	return n == 0 ? &stats : NULL;
}

static const char *plan(void *)
{
	return "{\"main_cpu\": 0, \"workers\": 2, \"idle\": \"poll\", \"queues\": ["
	       "{\"port\": \"left\", \"number\": 0, \"queue\": 0, \"worker\": 1, \"cpu\": 1, "
	       "\"port_node\": 0, \"worker_node\": 0, \"flows\": 100, \"rx\": 1024, \"tx\": 1024, "
	       "\"steering\": \"auto\"}, "
	       "{\"port\": \"right\", \"number\": 1, \"queue\": 3, \"worker\": 2, \"cpu\": 2, "
	       "\"port_node\": 1, \"worker_node\": 0, \"flows\": 100, \"rx\": 1024, \"tx\": 1024, "
	       "\"steering\": \"auto\"}], \"addresses\": [{\"address\": \"192.0.2.1\", "
	       "\"port\": \"left\", \"worker\": 1, \"cpu\": 1, \"flows\": 100, \"first\": 16384, "
	       "\"last\": 16583}], \"nodes\": [{\"node\": 0, \"mbufs\": 16383, \"needed\": 7616}], "
	       "\"warnings\": [\"port right crosses\"]}";
}

static bool move(void *ctx, uint32_t port, uint32_t queue, uint32_t new_worker)
{
	struct fake_office *f = ctx;

	f->move_asked = !f->broken;
	f->moved[0] = port;
	f->moved[1] = queue;
	f->moved[2] = new_worker;
	return !f->broken;
}

static const char *moved(void *ctx)
{
	const struct fake_office *f = ctx;

	return f->move_asked ? "done" : "none";
}

static bool check(void *ctx, const char *path, char *error, uint32_t error_size)
{
	struct fake_office *f = ctx;

	snprintf(f->checked_text, sizeof(f->checked_text), "%s", path != NULL ? path : "");
	f->checked = f->checked_text;
	if (f->broken)
		snprintf(error, error_size, "accounts.yaml: line 3, column 5: \xff is no number");
	return !f->broken;
}

static bool reload(void *ctx, char *error, uint32_t error_size)
{
	struct fake_office *f = ctx;

	f->reloads += !f->broken;
	if (f->broken)
		snprintf(error, error_size, "accounts.yaml: line 3, column 5: \xff is no number");
	return !f->broken;
}

void fake_office_ops(struct fake_office *f, struct admin_ops *out)
{
	*out = (struct admin_ops){ .ctx = f,
		.info = info,
		.known = known,
		.slots = slots,
		.calls = calls,
		.quality = quality,
		.lots = lots,
		.users = users,
		.slot_states = slot_states,
		.call_states = call_states,
		.sip_stats = sip_counters,
		.workers = workers,
		.worker = worker,
		.plan = plan,
		.move = move,
		.moved = moved,
		.check = check,
		.reload = reload };
}
