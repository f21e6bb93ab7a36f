// SPDX-License-Identifier: BSD-3-Clause
#include "bench/port/crowd.h"

#include "bench/bench.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <err.h>

enum { POOL = 1535, TAKE = 64 };

// The argument by which rte_eth_from_rings() hands rings to the driver, whose struct is private
// (DPDK 22.11, drivers/net/ring): with it the port is made by the plant, from a configuration,
// like any other.
struct internal_args {
	struct rte_ring *const *rx_queues;
	unsigned rx_count;
	struct rte_ring *const *tx_queues;
	unsigned tx_count;
	unsigned node;
	void *self;
};

void crowd_make(struct crowd *far, uint32_t n, char device[CROWD_DEVICE_MAX])
{
	static struct internal_args args[2];
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "crowd-to%u", n);
	far->to = rte_ring_create(name, CROWD_RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "crowd-from%u", n);
	far->from = rte_ring_create(name, CROWD_RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "far%u", n);
	far->pool = rte_pktmbuf_pool_create(
		name, POOL, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (far->to == NULL || far->from == NULL || far->pool == NULL)
		errx(1, "no memory for rings");
	far->n = n;
	args[n] = (struct internal_args){ &far->to, 1, &far->from, 1, 0, &args[n] };
	snprintf(device, CROWD_DEVICE_MAX, "net_ring%u,internal=%p", n, (void *)&args[n]);
}

static uint16_t look(uint16_t, uint16_t, struct rte_mbuf *[], uint16_t frames, void *ctx)
{
	struct crowd *far = ctx;

	if (rte_ring_count(far->from) >= CROWD_FEED)
		crowd_hear(far);
	return frames;
}

void crowd_meet(struct crowd *far, uint16_t port, uint32_t flows, const uint8_t *audio)
{
	far->flows = flows;
	far->audio = audio;
	far->luck = 1;
	far->flow = calloc(flows, sizeof(*far->flow));
	if (far->flow == NULL)
		err(1, "no room for %u callers", flows);
	for (uint32_t i = 0; i < flows; i++)
		far->flow[i].sent = i * 31;
	if (rte_eth_add_tx_callback(port, 0, look, far) == NULL)
		errx(1, "DPDK does not let us look at what is sent");
}

void crowd_end(struct crowd *far)
{
	free(far->flow);
	far->flow = NULL;
}

static uint32_t luck(struct crowd *far)
{
	far->luck = far->luck * 1664525U + 1013904223U;
	return far->luck >> 8;
}

static uint32_t write_one(struct crowd *far, uint8_t *frame)
{
	uint32_t flow = far->order[far->next];
	uint32_t len;

	far->next = far->next + 1 == far->flows ? 0 : far->next + 1;
	if (far->speech == CROWD_REPORTS)
		return crowd_write_report(far, flow, frame);
	if (far->bad == 0 || luck(far) % 100 >= far->bad)
		return crowd_write(far, flow, frame);

	// A broken packet stands in addition to the good one, which is the next of its flow.
	uint32_t sent = far->flow[flow].sent;
	len = crowd_write(far, flow, frame);
	far->flow[flow].sent = sent;
	enum crowd_spoilt how = (enum crowd_spoilt)(luck(far) % CROWD_SPOILTS);
	crowd_spoil(how, frame, &len, luck(far));
	far->spoilt[how]++;
	far->sent_bad++;
	return len;
}

uint32_t crowd_say(struct crowd *far)
{
	uint64_t begin = bench_cycles();
	uint32_t n = 0;

	while (n < CROWD_FEED && rte_ring_free_count(far->to) > 0) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(far->pool);

		if (m == NULL)
			break;
		uint32_t len = write_one(far, rte_pktmbuf_mtod(m, uint8_t *));
		m->data_len = (uint16_t)len;
		m->pkt_len = len;
		if (rte_ring_enqueue(far->to, m) != 0) {
			rte_pktmbuf_free(m);
			far->no_room++;
			break;
		}
		n++;
	}
	far->sent += n;
	far->cycles += bench_cycles() - begin;
	return n;
}

void crowd_hear(struct crowd *far)
{
	struct rte_mbuf *frames[TAKE];
	uint64_t begin = bench_cycles();
	uint32_t n;

	while ((n = rte_ring_dequeue_burst(far->from, (void **)frames, TAKE, NULL)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			crowd_check(far, rte_pktmbuf_mtod(frames[i], const uint8_t *),
				frames[i]->data_len);
		rte_pktmbuf_free_bulk(frames, n);
		far->heard += n;
	}
	far->cycles += bench_cycles() - begin;
}
