// SPDX-License-Identifier: BSD-3-Clause
//
// The engine's birth and what comes in. What commands do is in command.c, what time does in tick.c.
#include "dataplane/engine.h"

#include "dataplane/node.h"

#include <assert.h>
#include <string.h>

enum {
	SMALL_SITE = 1024,  // so many pieces of a kind there are in any case, or one for each flow
	FLOWS_A_PIECE = 64, // in a large site
	VOICES = 4096,
	JITTERS = 1024,
	OPUS = 512,
	DETECTORS = 768,
	LINE = 64,
};

static size_t lines(size_t bytes)
{
	return (bytes + LINE - 1) / LINE * LINE;
}

static uint32_t some(uint32_t wanted, uint32_t flows)
{
	uint32_t least = flows < SMALL_SITE ? flows : SMALL_SITE;
	uint32_t part = flows / FLOWS_A_PIECE > least ? flows / FLOWS_A_PIECE : least;
	uint32_t n = wanted != 0 ? wanted : part;

	return n < ENGINE_PIECES_MAX ? n : ENGINE_PIECES_MAX;
}

static uint32_t else_all(uint32_t wanted, uint32_t flows, uint32_t most)
{
	return wanted != 0 ? wanted : flows < most ? flows : most;
}

struct engine_capacity engine_capacity_of(const struct engine_plan *plan)
{
	const struct engine_capacity *c = &plan->capacity;

	return (struct engine_capacity){
		.keys = some(c->keys, plan->flows),
		.prompts = some(c->prompts, plan->flows),
		.events = some(c->events, plan->flows),
		.voices = else_all(c->voices, plan->flows, VOICES),
		.overlays = else_all(c->overlays, plan->flows, VOICES),
		.jitters = else_all(c->jitters, plan->flows, JITTERS),
		.cryptos = else_all(c->cryptos, plan->flows, VOICES),
		.opus = else_all(c->opus, plan->flows, OPUS),
		.detectors = else_all(c->detectors, plan->flows, DETECTORS),
		.records = else_all(c->records, plan->flows, ENGINE_RECORDS),
	};
}

// What is kept of relays between workers: nothing where there is one.
static size_t far_size(const struct engine_plan *plan)
{
	return plan->workers > 1 ? lines(plan->flows * sizeof(struct far_place)) : 0;
}

// The parts of an engine's memory, one behind the other.
struct layout {
	struct engine_capacity capacity;
	size_t flows, cold, media, events, reports, keys, prompts, event, detectors, listens;
	size_t voices, far, cryptos, records, end;
};

// Who has no ciphers pays nothing for keys.
static uint32_t cryptos(const struct engine_plan *plan, const struct engine_capacity *capacity)
{
	return plan->ciphers != NULL ? capacity->cryptos : 0;
}

static struct layout lay_out(const struct engine_plan *plan)
{
	struct layout l = { .capacity = engine_capacity_of(plan) };

	l.flows = lines(sizeof(struct engine));
	l.cold = l.flows + plan->flows * sizeof(struct rtp_flow);
	l.media = l.cold + lines(plan->flows * sizeof(struct flow_cold));
	l.events = l.media + pacer_size(plan->flows);
	l.reports = l.events + pacer_size(l.capacity.events);
	l.keys = l.reports + pacer_size(plan->flows);
	l.prompts = l.keys + pool_size(sizeof(struct flow_keys), l.capacity.keys);
	l.event = l.prompts + pool_size(sizeof(struct flow_prompt), l.capacity.prompts);
	l.detectors = l.event + pool_size(sizeof(struct flow_event_in), l.capacity.events);
	l.listens = l.detectors + pool_size(sizeof(struct inband), l.capacity.detectors);
	l.voices = l.listens + pacer_size(l.capacity.detectors);
	l.far = l.voices + voices_size(&l.capacity);
	l.cryptos = l.far + far_size(plan);
	l.records = l.cryptos + pool_size(crypto_size(), cryptos(plan, &l.capacity));
	l.end = l.records + pool_size(sizeof(struct record_channel), l.capacity.records);
	return l;
}

size_t engine_size(const struct engine_plan *plan)
{
	return lay_out(plan).end;
}

static void lay_pools(struct engine *e, const struct layout *l)
{
	uint8_t *memory = (uint8_t *)e;

	pool_init(&e->keys, memory + l->keys, sizeof(struct flow_keys), l->capacity.keys);
	pool_init(
		&e->prompts, memory + l->prompts, sizeof(struct flow_prompt), l->capacity.prompts);
	pool_init(&e->event, memory + l->event, sizeof(struct flow_event_in), l->capacity.events);
	pool_init(
		&e->detectors, memory + l->detectors, sizeof(struct inband), l->capacity.detectors);
	dtmf_batch_init(&e->ears, dtmf_bank_best(), inband_news, e);
	voices_init(&e->voices, memory + l->voices, &l->capacity, &e->tracks);
	pool_init(&e->cryptos, memory + l->cryptos, crypto_size(),
		e->ciphers != NULL ? l->capacity.cryptos : 0);
	pool_init(&e->records, memory + l->records, sizeof(struct record_channel),
		l->capacity.records);
}

static void lay_wheels(
	struct engine *e, const struct layout *l, const struct engine_plan *plan, uint64_t now)
{
	uint8_t *memory = (uint8_t *)e;

	pacer_init(&e->media, memory + l->media, plan->flows, to_ms(now));
	pacer_init(&e->events, memory + l->events, l->capacity.events, to_ms(now));
	pacer_init(&e->listens, memory + l->listens, l->capacity.detectors, to_ms(now));
	pacer_init(&e->reports, memory + l->reports, plan->flows, now / REPORT_TICK_NS);
}

// The place says the port, for ever.
static void lay_address(struct engine *e, uint16_t index, const struct engine_address *a)
{
	assert(a->flow_first <= e->flow_count && a->flows <= e->flow_count - a->flow_first);
	assert(a->port_first % 2 == 0 && a->port_first + 2U * a->flows <= 65536U);

	e->address[index] = *a;
	for (uint32_t i = 0; i < a->flows; i++) {
		struct rtp_flow *f = &e->flows[a->flow_first + i];

		f->address = (uint8_t)index;
		f->local_port = (uint16_t)(a->port_first + 2 * i);
	}
}

struct engine *engine_init(void *memory, const struct engine_plan *plan,
	const struct engine_ops *ops, struct worker_stats *stats, uint64_t now)
{
	assert((uintptr_t)memory % LINE == 0);
	assert(plan->addresses <= BRIDGE_ADDRESSES_MAX && plan->flows <= FLOW_FAR);
	memset(memory, 0, engine_size(plan));

	struct engine *e = memory;
	struct layout l = lay_out(plan);

	e->ops = *ops;
	e->stats = stats;
	e->ciphers = plan->ciphers;
	e->flow_count = plan->flows;
	e->address_count = plan->addresses;
	e->worker = plan->worker;
	e->workers = plan->workers;
	e->far = plan->workers > 1 ? (void *)((uint8_t *)memory + l.far) : NULL;
	e->wall_offset = plan->wall_offset;
	e->burst_most = plan->burst_most;
	e->random = (struct random){ .key = { plan->seed[0], plan->seed[1] } };
	e->flows = (void *)((uint8_t *)memory + l.flows);
	e->cold = (void *)((uint8_t *)memory + l.cold);
	lay_pools(e, &l);
	lay_wheels(e, &l, plan, now);
	for (uint16_t a = 0; a < plan->addresses; a++)
		lay_address(e, a, &plan->address[a]);
	return e;
}

void *engine_secrets(const struct engine *e, size_t *len)
{
	*len = e->cryptos.size * e->cryptos.count;
	return e->cryptos.base;
}

void engine_set_wall_offset(struct engine *e, int64_t wall_offset)
{
	e->wall_offset = wall_offset;
}

bool engine_track_show(struct engine *e, const struct track *track)
{
	return tracks_show(&e->tracks, track);
}

bool engine_track_hide(struct engine *e, uint64_t hash)
{
	return tracks_hide(&e->tracks, hash);
}

void engine_input(
	struct engine *e, struct burst *in, struct burst *out, struct spent *drop, uint64_t now)
{
	assert(in->n + drop->n <= BURST_MAX);
	engine_begin(e, out);
	node_classify(e, in, drop, now);
	node_inband(e, in, now);
	node_relay(e, in, out, drop, now);
	node_srtp_seal(e, out);
}

uint32_t engine_describe(struct engine *e, uint32_t from, uint32_t most)
{
	if (from >= e->flow_count)
		return e->flow_count;

	uint32_t end = most < e->flow_count - from ? from + most : e->flow_count;
	for (; from < end; from++) {
		const struct flow_cold *c = &e->cold[from];

		if (c->gen != 0)
			e->ops.entry(e->ops.ctx, from, c->gen, e->flows[from].open, c->owner);
	}
	return end;
}

uint32_t engine_reap(
	struct engine *e, uint32_t *from, uint32_t most, uint64_t idle_ns, uint64_t now)
{
	uint32_t begin = *from < e->flow_count ? *from : 0;
	uint32_t end = most < e->flow_count - begin ? begin + most : e->flow_count;
	uint32_t closed = 0;

	for (uint32_t i = begin; i < end; i++) {
		struct rtp_flow *f = &e->flows[i];

		uint32_t idle = flow_coarse(now) - f->last_rx;

		if (!f->open || idle < flow_coarse(idle_ns))
			continue;
		engine_close(e, f, now);
		closed++;
	}
	*from = end;
	return closed;
}
