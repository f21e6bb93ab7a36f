// SPDX-License-Identifier: BSD-3-Clause
//
// The engine's birth, its turns and what its nodes share. What commands do is in command.c.
#include "dataplane/engine.h"

#include "dataplane/node.h"

#include <assert.h>
#include <string.h>

enum {
	LATE_MS = 5,       // later than this is counted
	CATCH_UP_MS = 100, // later than this is not sent any more
	IDLE_MS = 1000,    // how long a worker with nothing to do may sleep
	LINE = 64,
};

static size_t lines(size_t bytes)
{
	return (bytes + LINE - 1) / LINE * LINE;
}

static size_t places_size(const struct engine_plan *plan)
{
	return lines(plan->flows * sizeof(struct pacer_place));
}

// What is kept of relays between workers: nothing where there is one.
static size_t far_size(const struct engine_plan *plan)
{
	return plan->workers > 1 ? lines(plan->flows * sizeof(struct far_place)) : 0;
}

size_t engine_size(const struct engine_plan *plan)
{
	return lines(sizeof(struct engine)) + plan->flows * sizeof(struct rtp_flow) +
	       3 * places_size(plan) + far_size(plan);
}

// The place says the port, for ever.
static void lay_address(struct engine *e, uint16_t index, const struct engine_address *a)
{
	assert(a->flow_first <= e->flow_count && a->flows <= e->flow_count - a->flow_first);
	assert(a->port_first % 2 == 0 && a->port_first + 2U * a->flows <= 65536U);

	e->address[index] = *a;
	for (uint32_t i = 0; i < a->flows; i++) {
		struct rtp_flow *f = &e->flows[a->flow_first + i];

		f->address = index;
		f->local_port = (uint16_t)(a->port_first + 2 * i);
	}
}

struct engine *engine_init(void *memory, const struct engine_plan *plan,
	const struct engine_ops *ops, struct worker_stats *stats, uint64_t now)
{
	assert((uintptr_t)memory % LINE == 0);
	assert(plan->addresses <= BRIDGE_ADDRESSES_MAX);
	memset(memory, 0, engine_size(plan));

	struct engine *e = memory;
	uint8_t *rest = (uint8_t *)memory + lines(sizeof(*e));
	uint8_t *wheels = rest + plan->flows * sizeof(struct rtp_flow);

	e->ops = *ops;
	e->stats = stats;
	e->flow_count = plan->flows;
	e->address_count = plan->addresses;
	e->worker = plan->worker;
	e->workers = plan->workers;
	e->far = plan->workers > 1 ? (void *)(wheels + 3 * places_size(plan)) : NULL;
	e->wall_offset = plan->wall_offset;
	e->random = (struct random){ .key = { plan->seed[0], plan->seed[1] } };
	e->flows = (void *)rest;
	pacer_init(&e->media, (void *)wheels, to_ms(now));
	pacer_init(&e->events, (void *)(wheels + places_size(plan)), to_ms(now));
	pacer_init(&e->reports, (void *)(wheels + 2 * places_size(plan)), now / REPORT_TICK_NS);
	for (uint16_t a = 0; a < plan->addresses; a++)
		lay_address(e, a, &plan->address[a]);
	return e;
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
	struct engine *e, struct burst *in, struct burst *out, struct burst *drop, uint64_t now)
{
	struct burst taken;

	assert(in->n + drop->n <= BURST_MAX);
	taken.n = 0;
	node_classify(e, in, &taken, drop, now);
	node_relay(e, &taken, out, drop, now);
}

// Frames whose time passed more than CATCH_UP_MS ago are not made; the stream goes on behind
// them as after any pause. Returns the first that is.
static uint64_t skip(struct engine *e, struct rtp_flow *f, uint64_t due, uint64_t now)
{
	uint64_t late = now - due;
	uint64_t step = f->keys.n > 0 ? FLOW_EVENT_PTIME : f->ptime;

	if (late <= CATCH_UP_MS)
		return due;

	uint64_t frames = (late - CATCH_UP_MS + step - 1) / step;
	if (flow_may_send(f))
		stat_add(&e->stats->skipped_packets, frames);
	f->fresh = true;
	return due + frames * step;
}

static void pace(struct engine *e, uint32_t place, struct burst *out, uint64_t due, uint64_t now)
{
	struct rtp_flow *f = &e->flows[place];
	uint64_t at = skip(e, f, due, now);

	if (now - at > LATE_MS && flow_may_send(f))
		stat_add(&e->stats->late_packets, 1);
	if (f->keys.n > 0) {
		node_keys(e, f, out, at * NS_PER_MS);
		pacer_set(&e->media, place, at + FLOW_EVENT_PTIME);
	} else {
		node_moh(e, f, out, at * NS_PER_MS);
		pacer_set(&e->media, place, at + f->ptime);
	}
	if (f->keys.n == 0 && f->mode != FLOW_MUSIC && f->mode != FLOW_PROMPT)
		pacer_remove(&e->media, place);
}

void engine_tick(struct engine *e, struct burst *out, uint64_t now)
{
	uint32_t place;
	uint64_t due;

	while ((place = pacer_take(&e->media, to_ms(now), &due)) != PACER_NONE)
		pace(e, place, out, due, to_ms(now));
	while ((place = pacer_take(&e->events, to_ms(now), &due)) != PACER_NONE)
		digits_late(e, &e->flows[place], now);
	while ((place = pacer_take(&e->reports, now / REPORT_TICK_NS, &due)) != PACER_NONE)
		node_report(e, &e->flows[place], out, now);
}

uint64_t engine_next_due(const struct engine *e, uint64_t now)
{
	if (e->media.waiting > 0 || e->events.waiting > 0)
		return (to_ms(now) + 1) * NS_PER_MS;
	if (e->reports.waiting > 0)
		return (now / REPORT_TICK_NS + 1) * REPORT_TICK_NS;
	return now + IDLE_MS * NS_PER_MS;
}

uint32_t engine_describe(struct engine *e, uint32_t from, uint32_t most)
{
	if (from >= e->flow_count)
		return e->flow_count;

	uint32_t end = most < e->flow_count - from ? from + most : e->flow_count;
	for (; from < end; from++) {
		const struct rtp_flow *f = &e->flows[from];

		if (f->gen != 0)
			e->ops.entry(e->ops.ctx, from, f->gen, f->open, f->owner);
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

		if (!f->open || now - f->last_rx < idle_ns)
			continue;
		engine_close(e, f, now);
		closed++;
	}
	*from = end;
	return closed;
}
