// SPDX-License-Identifier: BSD-3-Clause
//
// How much of what few need there is room for: what the file says, or a share of the flows; and
// how many packet buffers the whole takes.
#include "dataplane/dpdk/config_load.h"
#include "dataplane/dpdk/config_text.h"
#include "dataplane/engine.h"
#include "dataplane/pkt.h"

#include <string.h>

enum {
	CAPACITY_MAX = 4000000,
	CACHE = 384, // what one thread may keep back of one pool: 1.5 times its cache
	BURSTS = 4,  // in a worker's hands at once
	AUTO_MIN = 8191,
	RINGS_ALL = 4096, // of one worker towards all others
	RING_MIN = 128,
	RING_MAX = 1024,
};

uint32_t config_handoff_ring(const struct config *c)
{
	uint32_t size = RING_MAX;

	while (size > RING_MIN && size * c->workers > RINGS_ALL)
		size /= 2;
	return size;
}

static bool load_one(struct load *l, const char *node, const char *text, uint32_t *out)
{
	uint64_t n = 0;

	if (text != NULL && strcmp(text, "auto") != 0 && !text_number(text, 1, CAPACITY_MAX, &n))
		return COMPLAIN(l, node, "\"%s\" is neither auto nor a number from 1 to %d", text,
			CAPACITY_MAX);
	*out = (uint32_t)n;
	return true;
}

bool config_load_capacity(struct load *l, const struct yaml_capacity *y)
{
	struct config_capacity *c = &l->out->capacity;

	return y == NULL ||
	       (load_one(l, "capacity.voices", y->voices, &c->voices) &&
		       load_one(l, "capacity.overlays", y->overlays, &c->overlays) &&
		       load_one(l, "capacity.mixed", y->mixed, &c->mixed) &&
		       load_one(l, "capacity.recordings", y->recordings, &c->recordings) &&
		       load_one(l, "capacity.srtp", y->srtp, &c->srtp) &&
		       load_one(l, "capacity.opus", y->opus, &c->opus) &&
		       load_one(l, "capacity.prompts", y->prompts, &c->prompts) &&
		       load_one(l, "capacity.digits", y->digits, &c->digits) &&
		       load_one(l, "capacity.detectors", y->detectors, &c->detectors));
}

uint32_t config_share(const struct config *c, uint32_t worker, uint32_t all)
{
	uint64_t flows = 0;
	uint64_t ours = 0;

	for (uint32_t i = 0; i < c->addresses; i++) {
		flows += c->address[i].flows;
		ours += c->address[i].worker == worker ? c->address[i].flows : 0;
	}
	return flows == 0 ? 0 : (uint32_t)((all * ours + flows - 1) / flows);
}

// At most what its number can be; the engine has fewer flows than that to use it.
static uint32_t pieces(const struct config *c, uint32_t worker, uint32_t all)
{
	uint32_t n = config_share(c, worker, all);

	return n < ENGINE_PIECES_MAX ? n : ENGINE_PIECES_MAX;
}

struct engine_capacity config_engine_capacity(const struct config *c, uint32_t worker)
{
	return (struct engine_capacity){
		.keys = pieces(c, worker, c->capacity.digits),
		.prompts = pieces(c, worker, c->capacity.prompts),
		.events = pieces(c, worker, c->capacity.digits),
		.voices = pieces(c, worker, c->capacity.voices),
		.overlays = pieces(c, worker, c->capacity.overlays),
		.jitters = pieces(c, worker, c->capacity.mixed),
		.cryptos = pieces(c, worker, c->capacity.srtp),
		.opus = pieces(c, worker, c->capacity.opus),
		.detectors = pieces(c, worker, c->capacity.detectors),
		.records = pieces(c, worker, c->capacity.recordings),
	};
}

// What the queues of one worker hold of its node's buffers when they are full.
static uint32_t queued(const struct config *c, uint32_t worker)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->ports; i++) {
		const struct config_port *p = &c->port[i];

		uint32_t rings = p->members > 0 ? p->members : 1; // each member has its own

		for (uint32_t q = 0; q < p->queues; q++)
			n += p->poller[q] == worker ? rings * p->rx_descriptors : 0;
		n += config_sends(c, worker, i) ? rings * p->tx_descriptors : 0;
		if (p->kernel_by != KERNEL_BY_NOBODY && config_kernel_worker(c, i) == worker)
			n += 2 * CONFIG_KERNEL_DESCRIPTORS + BURST_MAX;
	}
	return n;
}

uint32_t config_mbufs_needed(const struct config *c, uint32_t node)
{
	uint32_t others = c->workers - 1;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->workers; i++) {
		if (c->node[i] == node)
			n += queued(c, i) + BURSTS * BURST_MAX +
			     others * (config_handoff_ring(c) + BURST_MAX);
	}
	// Anyone may be the one who frees, the main thread as well.
	return n > 0 ? n + (c->workers + 1) * CACHE : 0;
}

uint32_t config_mbufs(const struct config *c, uint32_t node)
{
	uint32_t needed = config_mbufs_needed(c, node);
	uint32_t n = AUTO_MIN;

	if (needed == 0)
		return 0;
	if (c->node_mbufs[node] > 0)
		return c->node_mbufs[node];
	if (c->mbufs > 0)
		return c->mbufs;
	while (n < needed + needed / 4) // a pool is smallest as a power of two less one
		n = 2 * n + 1;
	return n;
}
