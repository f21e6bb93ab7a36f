// SPDX-License-Identifier: BSD-3-Clause
#include "bench/engine/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void on_answer(void *, const struct dp_event *event)
{
	if (event->kind == DP_EVENT_REFUSED)
		abort();
}

static bool on_tell(void *, const struct dp_event *)
{
	return true;
}

uint8_t *table_buffer(struct table *t)
{
	return t->buffers + (size_t)(t->next++ % BUFFERS) * ROOM + HEADROOM;
}

static uint32_t on_blank(void *ctx, struct burst *out, uint32_t n)
{
	n = n < BURST_MAX - out->n ? n : BURST_MAX - out->n;
	for (uint32_t i = 0; i < n; i++) {
		struct pkt *p = &out->pkt[out->n++];

		p->data = table_buffer(ctx);
		p->room = ROOM - HEADROOM;
		p->summed = false;
	}
	return n;
}

void table_take(void *ctx, struct burst *out)
{
	((struct table *)ctx)->made += out->n;
	out->n = 0;
}

static int on_hop(void *, uint16_t, const uint8_t[16])
{
	return 0;
}

static void on_entry(void *, uint32_t, uint32_t, bool, uint64_t)
{
}

void *table_room(size_t size)
{
	size_t unit = size < HUGE ? 64 : HUGE; // as the shell does
	void *memory = aligned_alloc(unit, (size + unit - 1) / unit * unit);

	if (memory == NULL)
		abort();
	if (size >= HUGE && madvise(memory, size, MADV_HUGEPAGE) < 0)
		perror("huge pages");
	memset(memory, 0, size);
	return memory;
}

void table_give(struct table *t, uint32_t flow, struct dp_cmd cmd)
{
	cmd.tag = 1;
	cmd.flow = (struct flow_id){ flow, 1 };
	engine_command(t->e, &cmd, t->now);
}

void table_far_end(uint8_t ip[16], uint32_t flow)
{
	const uint8_t of[16] = { [10] = 0xff,
		[11] = 0xff,
		10,
		(uint8_t)(flow >> 16),
		(uint8_t)(flow >> 8),
		(uint8_t)flow };

	memcpy(ip, of, sizeof(of));
}

static struct dp_cmd remote(uint32_t flow, uint8_t codec)
{
	struct dp_cmd cmd = {
		.kind = DP_CMD_REMOTE,
		.remote = { .clock = 8000,
			.rtp_port = 4000,
			.rtcp_port = 4001,
			.dtmf_tx = 101,
			.dtmf_rx = 101,
			.codec = codec,
			.ptime = PTIME,
			.cn = DP_NO_PT },
	};

	table_far_end(cmd.remote.ip, flow);
	return cmd;
}

static uint64_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return *state >> 33;
}

static void shuffle(uint32_t *order, uint32_t n)
{
	uint64_t state = 42;

	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t k = (uint32_t)(draw(&state) % (i + 1)), kept = order[i];

		order[i] = order[k];
		order[k] = kept;
	}
}

void table_lay_engine(struct table *t)
{
	struct engine_address address[BRIDGE_ADDRESSES_MAX] = { 0 };
	struct engine_plan plan = { .flows = t->flows, .address = address };
	struct engine_ops ops = { .ctx = t,
		.answer = on_answer,
		.tell = on_tell,
		.blank = on_blank,
		.flush = table_take,
		.hop = on_hop,
		.entry = on_entry };
	static struct track track;

	for (uint32_t at = 0; at < t->flows; at += FLOWS_AN_ADDRESS) {
		uint32_t left = t->flows - at;

		address[plan.addresses++] =
			(struct engine_address){ .ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
				.port_first = PORT,
				.flows = left < FLOWS_AN_ADDRESS ? left : FLOWS_AN_ADDRESS,
				.flow_first = at };
	}
	t->memory = table_room(engine_size(&plan));
	t->e = engine_init(t->memory, &plan, &ops, &t->stats, t->now);
	track = (struct track){ .hash = 1, .len = TRACK, .payload = { t->audio, t->audio } };
	if (!engine_track_show(t->e, &track))
		abort();
}

void table_lay(struct table *t, uint32_t flows, bool random, uint8_t second)
{
	t->flows = flows;
	t->now = UINT64_C(1000000000);
	t->turn = 0;
	t->ms = PACKETS / flows < 1 ? PTIME : PACKETS / flows * PTIME;
	t->order = table_room(flows * sizeof(uint32_t));
	t->from = table_room(flows * sizeof(uint32_t));
	memset(&t->stats, 0, sizeof(t->stats));
	for (uint32_t i = 0; i < flows; i++)
		t->order[i] = i;
	if (random)
		shuffle(t->order, flows);
	table_lay_engine(t);
	for (uint32_t i = 0; i < flows; i++) {
		uint32_t flow = t->order[i];

		table_give(t, flow, (struct dp_cmd){ .kind = DP_CMD_OPEN });
		table_give(t, flow, remote(flow, flow % 2 == 0 ? DP_CODEC_PCMU : second));
	}
}

void table_clear(struct table *t)
{
	free(t->memory);
	free(t->order);
	free(t->from);
}

void table_play(struct table *t)
{
	uint64_t state = 7;

	for (uint32_t i = 0; i < t->flows; i++) {
		uint32_t flow = t->order[i];

		table_give(t, flow, (struct dp_cmd){ .kind = DP_CMD_MUSIC, .music.track = 1 });
		t->e->flows[flow].track_at = t->from[flow] =
			(uint32_t)(draw(&state) % (TRACK / TRACK_BLOCK)) * TRACK_BLOCK;
	}
}
