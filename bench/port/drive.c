// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/drive.h"

#include "bench/bench.h"

#include <rte_ring.h>

enum {
	DUE = 256, // packets in one turn that only sends
	STEP_MAX_NS = 1000000,
	TURNS = 64, // between two looks at what is not measured
	NEWS_NS = 1000000000,
	SHIFT = 8,
};

void drive_speech(struct drive *d, enum crowd_speech speech, uint64_t interval)
{
	struct crowd *far = d->side->far;

	far->speech = speech;
	d->packet_ns = (interval << SHIFT) / d->side->flows;
	d->began = d->side->now;
	d->sent_before = far->sent;
}

// Not measured: what a core and a network do.
static void look_after(struct drive *d)
{
	struct side *s = d->side;

	side_hear(s);
	if (!d->quiet || s->now < d->next_news)
		return;
	side_know_gateway(s);
	d->next_news = s->now + NEWS_NS;
}

static void turns_of_music(struct side *s)
{
	uint64_t step = (uint64_t)DUE * WORLD_PTIME_NS / s->flows;

	step = step < STEP_MAX_NS ? step : STEP_MAX_NS;
	for (int i = 0; i < TURNS; i++) {
		s->now += step;
		side_turn(s);
	}
}

// A turn's time is that of the packets it is about to take in.
static void turns_of_speech(struct drive *d)
{
	struct side *s = d->side;
	struct crowd *far = s->far;
	uint32_t left;

	while ((left = rte_ring_count(far->to)) > 0) {
		uint64_t taken = far->sent - d->sent_before - left;

		s->now = d->began + (taken * d->packet_ns >> SHIFT);
		side_turn(s);
	}
}

static void measure(struct drive *d)
{
	struct crowd *far = d->side->far;
	uint64_t theirs = far != NULL ? far->cycles : 0;
	uint64_t begin = bench_cycles();

	if (d->packet_ns == 0)
		turns_of_music(d->side);
	else
		turns_of_speech(d);
	d->cycles += bench_cycles() - begin;
	if (far != NULL)
		d->cycles -= far->cycles - theirs;
}

void drive_round(struct drive *d)
{
	uint64_t most = (uint64_t)(d->seconds * bench_hz());
	const struct worker_stats *stats = &d->side->w->stats;
	uint64_t in = stat_read(&stats->rx_packets), out = stat_read(&stats->tx_packets);

	d->cycles = 0;
	while (d->cycles < most) {
		look_after(d);
		if (d->packet_ns != 0)
			crowd_say(d->side->far);
		measure(d);
	}
	d->in = stat_read(&stats->rx_packets) - in;
	d->out = stat_read(&stats->tx_packets) - out;
}

void drive_settle(struct drive *d)
{
	look_after(d);
	if (d->packet_ns != 0)
		turns_of_speech(d);
	side_turn(d->side);
	if (d->side->far != NULL)
		crowd_hear(d->side->far);
}
