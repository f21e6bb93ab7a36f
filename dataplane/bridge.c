// SPDX-License-Identifier: BSD-3-Clause
//
// Making and mapping the shared memory. The layout is a function of the plan alone, computed by
// each side from its own copy: no offset and no size is ever read from the memory itself.
#include "dataplane/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE = 64,
	PORTS = 65536,
	SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
};
static_assert(sizeof(struct worker_stats) % LINE == 0, "counters end at a line's end");
static_assert(sizeof(struct bridge_entry) == 16, "four lines of the directory in a cache line");

const char *bridge_outcome_text(enum bridge_outcome outcome)
{
	switch (outcome) {
	case BRIDGE_OK:
		return "it is a bridge";
	case BRIDGE_BAD_PLAN:
		return "a number of its plan is out of range, or two addresses overlap";
	case BRIDGE_BAD_VERSION:
		return "it was made by another version of layby";
	case BRIDGE_NOT_SEALED:
		return "it is not sealed, so somebody could shorten it";
	case BRIDGE_BAD_SIZE:
		return "it is smaller than its plan says";
	case BRIDGE_NO_MEMORY:
		return "there is no memory for it";
	}
	return "unknown";
}

static bool address_in_range(const struct bridge_plan *plan, const struct bridge_address *a)
{
	if (a->worker >= plan->workers || a->flows == 0 || a->flows > BRIDGE_PORTS_MAX)
		return false;
	if (a->port_first == 0 || a->port_first % 2 != 0 || a->port_first + 2 * a->flows > PORTS)
		return false;
	// In 64 bits: flow_first is a stranger's number and may be close to 2^32.
	return (uint64_t)a->flow_first + a->flows <= plan->flows[a->worker];
}

static bool apart(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
	return a + a_len <= b || b + b_len <= a;
}

// Both are in range.
static bool addresses_overlap(const struct bridge_address *a, const struct bridge_address *b)
{
	if (a->worker == b->worker && !apart(a->flow_first, a->flows, b->flow_first, b->flows))
		return true;
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 &&
	       !apart(a->port_first, 2 * a->flows, b->port_first, 2 * b->flows);
}

static bool overlaps_an_earlier_one(const struct bridge_plan *plan, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (addresses_overlap(&plan->address[i], &plan->address[n]))
			return true;
	}
	return false;
}

// No two addresses share a flow, so the sum tells whether every flow has one.
static bool worker_is_covered(const struct bridge_plan *plan, uint32_t worker)
{
	uint64_t flows = 0;

	for (uint32_t i = 0; i < plan->addresses; i++) {
		if (plan->address[i].worker == worker)
			flows += plan->address[i].flows;
	}
	return flows == plan->flows[worker];
}

enum bridge_outcome bridge_plan_check(const struct bridge_plan *plan)
{
	if (plan->version != BRIDGE_VERSION)
		return BRIDGE_BAD_VERSION;
	if (plan->workers == 0 || plan->workers > BRIDGE_WORKERS_MAX)
		return BRIDGE_BAD_PLAN;
	if (plan->addresses == 0 || plan->addresses > BRIDGE_ADDRESSES_MAX)
		return BRIDGE_BAD_PLAN;
	for (uint32_t i = 0; i < plan->addresses; i++) {
		if (!address_in_range(plan, &plan->address[i]) || overlaps_an_earlier_one(plan, i))
			return BRIDGE_BAD_PLAN;
	}
	for (uint32_t i = 0; i < plan->workers; i++) {
		if (!worker_is_covered(plan, i))
			return BRIDGE_BAD_PLAN;
	}
	return BRIDGE_OK;
}

// Takes size bytes from *at on, and leaves *at at the start of a line.
static size_t take(size_t *at, size_t size)
{
	size_t here = *at;

	*at = (here + size + LINE - 1) / LINE * LINE;
	return here;
}

static void *part(void *base, size_t at)
{
	return (uint8_t *)base + at;
}

// Where everything lies, the plan being good: returns the size of it all, and fills b in unless
// there is no mapping yet (base NULL).
static size_t lay_out(struct bridge *b, const struct bridge_plan *plan, void *base)
{
	size_t at = 0;

	take(&at, sizeof(*plan));
	for (uint32_t i = 0; i < plan->workers; i++) {
		size_t down = take(&at, sizeof(struct lane));
		size_t cmds = take(&at, BRIDGE_LANE_SIZE * sizeof(struct dp_cmd));
		size_t up = take(&at, sizeof(struct lane));
		size_t events = take(&at, BRIDGE_LANE_SIZE * sizeof(struct dp_event));
		size_t stats = take(&at, sizeof(struct worker_stats));
		size_t done = take(&at, sizeof(_Atomic uint32_t));
		size_t directory = take(&at, plan->flows[i] * sizeof(struct bridge_entry));

		if (base == NULL)
			continue;
		b->worker[i] = (struct bridge_worker){
			.down = part(base, down),
			.cmds = part(base, cmds),
			.up = part(base, up),
			.events = part(base, events),
			.stats = part(base, stats),
			.directory_done = part(base, done),
			.directory = part(base, directory),
		};
	}
	return at;
}

// Populated at once: a worker that took a page fault here would be a worker in the kernel.
static enum bridge_outcome map(struct bridge *out, const struct bridge_plan *plan, int fd)
{
	size_t size = lay_out(NULL, plan, NULL);
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);

	if (base == MAP_FAILED)
		return BRIDGE_NO_MEMORY;
	*out = (struct bridge){ .plan = *plan, .base = base, .size = size };
	lay_out(out, &out->plan, base);
	return BRIDGE_OK;
}

enum bridge_outcome bridge_create(struct bridge *out, const struct bridge_plan *plan, int *fd)
{
	enum bridge_outcome outcome = bridge_plan_check(plan);

	if (outcome != BRIDGE_OK)
		return outcome;

	int memfd = memfd_create("layby-bridge", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memfd < 0)
		return BRIDGE_NO_MEMORY;
	if (ftruncate(memfd, (off_t)lay_out(NULL, plan, NULL)) < 0)
		goto no_bridge;
	if (pwrite(memfd, plan, sizeof(*plan), 0) != (ssize_t)sizeof(*plan))
		goto no_bridge;
	if (fcntl(memfd, F_ADD_SEALS, SEALS) < 0)
		goto no_bridge;
	if (map(out, plan, memfd) != BRIDGE_OK)
		goto no_bridge;
	*fd = memfd;
	return BRIDGE_OK;

no_bridge:
	close(memfd);
	return BRIDGE_NO_MEMORY;
}

enum bridge_outcome bridge_map(struct bridge *out, int fd)
{
	struct bridge_plan plan; // read once: what the memory says later does not matter
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS)
		return BRIDGE_NOT_SEALED;
	if (fstat(fd, &st) < 0 || pread(fd, &plan, sizeof(plan), 0) != (ssize_t)sizeof(plan))
		return BRIDGE_BAD_SIZE;

	enum bridge_outcome outcome = bridge_plan_check(&plan);
	if (outcome != BRIDGE_OK)
		return outcome;
	if ((uint64_t)st.st_size < lay_out(NULL, &plan, NULL))
		return BRIDGE_BAD_SIZE;
	return map(out, &plan, fd);
}

void bridge_unmap(struct bridge *b)
{
	if (b->base != NULL)
		munmap(b->base, b->size);
	*b = (struct bridge){ 0 };
}
