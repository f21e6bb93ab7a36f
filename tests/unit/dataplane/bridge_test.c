// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bridge.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

// Two workers; the first has two addresses.
static struct bridge_plan good_plan(void)
{
	return (struct bridge_plan){
		.version = BRIDGE_VERSION,
		.workers = 2,
		.addresses = 3,
		.flows = { 12, 8 },
		.address = {
			{ .ip = { [15] = 1 }, .worker = 0, .port_first = 20000, .flows = 8 },
			{ .ip = { [15] = 2 }, .worker = 0, .port_first = 20000, .flows = 4,
				.flow_first = 8 },
			{ .ip = { [15] = 3 }, .worker = 1, .port_first = 65520, .flows = 8 },
		},
	};
}

struct damage {
	const char *what;
	size_t offset;
	size_t size;
	uint64_t value;
	enum bridge_outcome outcome;
};

#define FIELD(member) \
	offsetof(struct bridge_plan, member), sizeof(((struct bridge_plan *)0)->member)

static const struct damage damages[] = {
	{ "nothing", FIELD(reserved), 0, BRIDGE_OK },
	{ "another version", FIELD(version), 2, BRIDGE_BAD_VERSION },
	{ "no worker", FIELD(workers), 0, BRIDGE_BAD_PLAN },
	{ "a worker without flows", FIELD(workers), 3, BRIDGE_OK },
	{ "more workers than there can be", FIELD(workers), 65, BRIDGE_BAD_PLAN },
	{ "fewer workers than addresses need", FIELD(workers), 1, BRIDGE_BAD_PLAN },
	{ "no address", FIELD(addresses), 0, BRIDGE_BAD_PLAN },
	{ "more addresses than there can be", FIELD(addresses), 129, BRIDGE_BAD_PLAN },
	{ "an address short", FIELD(addresses), 2, BRIDGE_BAD_PLAN },
	{ "a flow without address", FIELD(flows[0]), 13, BRIDGE_BAD_PLAN },
	{ "an address beyond the flows", FIELD(flows[0]), 11, BRIDGE_BAD_PLAN },
	{ "flows of a worker that would wrap", FIELD(flows[1]), UINT32_MAX, BRIDGE_BAD_PLAN },
	{ "a worker that is not there", FIELD(address[1].worker), 2, BRIDGE_BAD_PLAN },
	{ "an odd port", FIELD(address[1].port_first), 20001, BRIDGE_BAD_PLAN },
	{ "port zero", FIELD(address[1].port_first), 0, BRIDGE_BAD_PLAN },
	{ "ports up to the last", FIELD(address[1].port_first), 65528, BRIDGE_OK },
	{ "ports beyond the last", FIELD(address[1].port_first), 65530, BRIDGE_BAD_PLAN },
	{ "an address of no flows", FIELD(address[1].flows), 0, BRIDGE_BAD_PLAN },
	{ "more flows than ports", FIELD(address[1].flows), 32769, BRIDGE_BAD_PLAN },
	{ "flows whose double wraps", FIELD(address[1].flows), 0x80000004, BRIDGE_BAD_PLAN },
	{ "two addresses sharing a flow", FIELD(address[1].flow_first), 7, BRIDGE_BAD_PLAN },
	{ "a first flow that wraps", FIELD(address[1].flow_first), 0xfffffffc, BRIDGE_BAD_PLAN },
	{ "one address twice, ports shared", FIELD(address[1].ip[15]), 1, BRIDGE_BAD_PLAN },
};

static struct bridge_plan damaged(const struct damage *d)
{
	struct bridge_plan plan = good_plan();

	memcpy((uint8_t *)&plan + d->offset, &d->value, d->size);
	return plan;
}

Test(bridge, a_plan_is_taken_whole_or_refused)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct bridge_plan plan = damaged(&damages[i]);

		cr_expect_eq(bridge_plan_check(&plan), damages[i].outcome, "%s: %s",
			damages[i].what, bridge_outcome_text(bridge_plan_check(&plan)));
	}
}

Test(bridge, one_address_may_be_two_ranges_of_ports)
{
	struct bridge_plan plan = good_plan();

	plan.address[1].ip[15] = 1;
	plan.address[1].port_first = 20016;
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_OK);
	plan.address[1].port_first = 20014;
	cr_assert_eq(bridge_plan_check(&plan), BRIDGE_BAD_PLAN);
}

Test(bridge, nobody_can_shorten_lengthen_or_unseal_it)
{
	struct bridge_plan plan = good_plan();
	struct bridge b;
	int fd;

	cr_assert_eq(bridge_create(&b, &plan, &fd), BRIDGE_OK);
	cr_expect(ftruncate(fd, 64) < 0 && errno == EPERM);
	cr_expect(ftruncate(fd, 1 << 30) < 0 && errno == EPERM);
	cr_expect(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0 && errno == EPERM);
	close(fd);
	bridge_unmap(&b);
}

Test(bridge, a_fresh_bridge_is_all_zero_but_for_the_plan)
{
	struct bridge_plan plan = good_plan();
	struct bridge b;
	int fd;

	cr_assert_eq(bridge_create(&b, &plan, &fd), BRIDGE_OK);
	cr_assert_eq(memcmp(b.base, &plan, sizeof(plan)), 0);
	const uint8_t *byte = b.base;
	for (size_t i = sizeof(plan); i < b.size; i++)
		cr_assert_eq(byte[i], 0, "byte %zu", i);
	close(fd);
	bridge_unmap(&b);
	cr_assert_null(b.base);
	bridge_unmap(&b);
}

Test(bridge, what_one_side_writes_the_other_side_reads)
{
	struct bridge_plan plan = good_plan();
	struct bridge media;
	struct bridge core;
	int fd;

	cr_assert_eq(bridge_create(&media, &plan, &fd), BRIDGE_OK);
	cr_assert_eq(bridge_map(&core, fd), BRIDGE_OK);
	close(fd);
	cr_assert_eq(memcmp(&core.plan, &plan, sizeof(plan)), 0);
	for (uint32_t i = 0; i < plan.workers; i++) {
		struct bridge_worker *m = &media.worker[i];
		struct bridge_worker *c = &core.worker[i];
		uint32_t last = plan.flows[i] - 1;

		c->cmds[BRIDGE_LANE_SIZE - 1].tag = 1 + i;
		m->events[BRIDGE_LANE_SIZE - 1].tag = 11 + i;
		atomic_store(&c->down->tail, 21 + i);
		atomic_store(&m->up->tail, 31 + i);
		stat_add(&m->stats->flows_open, 41 + i);
		atomic_store(m->directory_done, 51 + i);
		atomic_store(&m->directory[last].owner, 61 + i);
		cr_expect_eq(m->cmds[BRIDGE_LANE_SIZE - 1].tag, 1 + i);
		cr_expect_eq(c->events[BRIDGE_LANE_SIZE - 1].tag, 11 + i);
		cr_expect_eq(atomic_load(&m->down->tail), 21 + i);
		cr_expect_eq(atomic_load(&c->up->tail), 31 + i);
		cr_expect_eq(stat_read(&c->stats->flows_open), 41 + i);
		cr_expect_eq(atomic_load(c->directory_done), 51 + i);
		cr_expect_eq(atomic_load(&c->directory[last].owner), 61 + i);
	}
	bridge_unmap(&core);
	bridge_unmap(&media);
}

// Fills every part of every worker with its own number: an overlap would show.
Test(bridge, no_two_parts_share_a_byte)
{
	struct bridge_plan plan = good_plan();
	struct bridge b;
	int fd;

	cr_assert_eq(bridge_create(&b, &plan, &fd), BRIDGE_OK);
	close(fd);

	struct part {
		void *at;
		size_t size;
	} parts[2 * 7];
	size_t n = 0;
	for (uint32_t i = 0; i < plan.workers; i++) {
		const struct bridge_worker *w = &b.worker[i];

		parts[n++] = (struct part){ w->down, sizeof(*w->down) };
		parts[n++] = (struct part){ w->cmds, BRIDGE_LANE_SIZE * sizeof(*w->cmds) };
		parts[n++] = (struct part){ w->up, sizeof(*w->up) };
		parts[n++] = (struct part){ w->events, BRIDGE_LANE_SIZE * sizeof(*w->events) };
		parts[n++] = (struct part){ w->stats, sizeof(*w->stats) };
		parts[n++] = (struct part){ w->directory_done, sizeof(*w->directory_done) };
		parts[n++] = (struct part){ w->directory, plan.flows[i] * sizeof(*w->directory) };
	}
	for (size_t i = 0; i < n; i++)
		memset(parts[i].at, (int)i + 1, parts[i].size);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *byte = parts[i].at;

		cr_expect_eq((uintptr_t)parts[i].at % 64, 0);
		for (size_t k = 0; k < parts[i].size; k++)
			cr_assert_eq(byte[k], i + 1, "part %zu", i);
	}
	cr_assert_eq(memcmp(b.base, &plan, sizeof(plan)), 0);
	bridge_unmap(&b);
}

// A memfd with this plan, this size and these seals.
static int forged(const struct bridge_plan *plan, off_t size, int seals)
{
	int fd = memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, plan, sizeof(*plan), 0), sizeof(*plan));
	cr_assert_eq(ftruncate(fd, size), 0);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

Test(bridge, the_core_maps_nothing_that_could_kill_it)
{
	enum { ALL = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };
	struct bridge_plan plan = good_plan();
	struct bridge b;
	int fd;

	cr_assert_eq(bridge_create(&b, &plan, &fd), BRIDGE_OK);
	off_t size = (off_t)b.size;
	close(fd);
	bridge_unmap(&b);

	struct bridge_plan newer = good_plan();
	newer.version++;
	struct bridge_plan wrong = good_plan();
	wrong.flows[0] = UINT32_MAX;
	struct {
		const char *what;
		const struct bridge_plan *plan;
		off_t size;
		int seals;
		enum bridge_outcome outcome;
	} rows[] = {
		{ "as it should be", &plan, size, ALL, BRIDGE_OK },
		{ "a byte less than the plan needs", &plan, size - 1, ALL, BRIDGE_BAD_SIZE },
		{ "half a plan", &plan, sizeof(plan) / 2, ALL, BRIDGE_BAD_SIZE },
		{ "nothing in it", &plan, 0, ALL, BRIDGE_BAD_SIZE },
		{ "it may shrink", &plan, size, F_SEAL_GROW | F_SEAL_SEAL, BRIDGE_NOT_SEALED },
		{ "it may grow", &plan, size, F_SEAL_SHRINK | F_SEAL_SEAL, BRIDGE_NOT_SEALED },
		{ "made by another version", &newer, size, ALL, BRIDGE_BAD_VERSION },
		{ "a plan of nonsense", &wrong, size, ALL, BRIDGE_BAD_PLAN },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bridge core = { 0 };

		fd = forged(rows[i].plan, rows[i].size, rows[i].seals);
		cr_expect_eq(bridge_map(&core, fd), rows[i].outcome, "%s", rows[i].what);
		bridge_unmap(&core);
		close(fd);
	}
	cr_expect_eq(bridge_map(&b, STDIN_FILENO), BRIDGE_NOT_SEALED, "not a memfd at all");
}
