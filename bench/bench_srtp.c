// SPDX-License-Identifier: BSD-3-Clause
//
// Nanoseconds that one RTP packet of 160 bytes costs to seal ("protect") and to open
// ("unprotect"), copying it into place included, for one flow and for many in turn, whose state
// is not in the cache. The baseline is libsrtp2 on the same packets; not so for many flows, where
// it takes ten to a hundred times as long and the bench would be of nothing else.
#include "bench/bench.h"
#include "dataplane/srtp.h"
#include "tests/support/srtp_judge.h"

enum {
	PAYLOAD = 160,
	PLAIN = 12 + PAYLOAD,
	ROOM = 256,
	PACKETS = 10000,         // in one run
	RUNS = BENCH_ROUNDS + 1, // one warms up
	MANY = 5000,             // flows
	STEP = 7919,             // from one flow to the next; prime to MANY
};

struct flow {
	struct srtp srtp;
	srtp_t judge;
};

struct table {
	struct srtp_ciphers *ciphers;
	uint32_t flows;
	struct flow *flow;
	uint8_t (*sealed)[ROOM]; // what there is to open, in order
	size_t sealed_len;
	uint32_t next[2]; // packet of ours, of libsrtp's
	uint8_t key[DP_KEY_MAX];
	uint8_t buffer[64][ROOM]; // as if taken from a card
};

static void need(bool good)
{
	if (!good)
		abort();
}

static void *room(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	need(memory != NULL);
	return memory;
}

static struct flow *flow_of(const struct table *t, uint32_t packet)
{
	return &t->flow[(uint64_t)packet * STEP % t->flows];
}

// The packet-th of all, of its flow the (packet / flows)-th.
static uint8_t *plain(struct table *t, uint32_t packet)
{
	uint8_t *data = t->buffer[packet % 64];
	uint32_t seq = packet / t->flows;

	memset(data, (int)packet, PLAIN);
	data[0] = 0x80;
	data[1] = 0;
	data[2] = (uint8_t)(seq >> 8);
	data[3] = (uint8_t)seq;
	memset(data + 8, 7, 4);
	return data;
}

static void protect(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t packet = t->next[0]++;
		size_t len = PLAIN;

		need(srtp_seal_rtp(&flow_of(t, packet)->srtp, t->ciphers, plain(t, packet), &len,
			     ROOM) == SRTP_OK);
	}
}

static void protect_libsrtp(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t packet = t->next[1]++;
		size_t len = PLAIN;

		need(judge_seal(flow_of(t, packet)->judge, false, plain(t, packet), &len));
	}
}

static uint8_t *arrived(struct table *t, uint32_t packet)
{
	return memcpy(t->buffer[packet % 64], t->sealed[packet], t->sealed_len);
}

static void unprotect(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t packet = t->next[0]++;
		size_t len = t->sealed_len;

		need(srtp_open_rtp(&flow_of(t, packet)->srtp, t->ciphers, arrived(t, packet),
			     &len) == SRTP_OK);
	}
}

static void unprotect_libsrtp(void *ctx)
{
	struct table *t = ctx;

	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t packet = t->next[1]++;
		size_t len = t->sealed_len;

		need(judge_open(flow_of(t, packet)->judge, false, arrived(t, packet), &len));
	}
}

static void key_flow(struct table *t, uint32_t n, uint8_t suite)
{
	t->flow[n].srtp = (struct srtp){ 0 };
	for (unsigned i = 0; i < DP_KEY_MAX; i++)
		t->key[i] = (uint8_t)(i * 7 + (n >> (i % 3 * 8)));
	need(srtp_key(&t->flow[n].srtp, t->ciphers, suite, t->key));
}

// Every flow has a key of its own, and has sent or heard nothing yet.
static void lay(struct table *t, uint8_t suite, bool seals)
{
	t->next[0] = t->next[1] = 0;
	for (uint32_t n = 0; n < t->flows; n++) {
		key_flow(t, n, suite);
		t->flow[n].judge = t->flows == 1 ? judge_new(suite, t->key, seals) : NULL;
	}
}

static void seal_all(struct table *t, uint8_t suite)
{
	for (uint32_t n = 0; n < t->flows; n++)
		key_flow(t, n, suite);
	for (uint32_t packet = 0; packet < PACKETS * RUNS; packet++) {
		t->sealed_len = PLAIN;
		memcpy(t->sealed[packet], plain(t, packet), PLAIN);
		need(srtp_seal_rtp(&flow_of(t, packet)->srtp, t->ciphers, t->sealed[packet],
			     &t->sealed_len, ROOM) == SRTP_OK);
	}
}

static void clear(struct table *t)
{
	for (uint32_t n = 0; n < t->flows; n++) {
		if (t->flow[n].judge != NULL)
			srtp_dealloc(t->flow[n].judge);
	}
}

static bench_fn baseline(const struct table *t, bool seals)
{
	if (t->flows > 1)
		return NULL;
	return seals ? protect_libsrtp : unprotect_libsrtp;
}

static void measure(struct table *t, uint8_t suite, const char *name, bool seals)
{
	char what[128];

	snprintf(what, sizeof(what), "%s/%s/160%s", name, seals ? "protect" : "unprotect",
		t->flows == 1 ? "" : "/5000");
	if (!seals)
		seal_all(t, suite);
	lay(t, suite, seals);
	bench_run(&(struct bench_pair){ .bench = "srtp",
		.what = what,
		.unit = "ns/packet",
		.items = PACKETS,
		.run = seals ? protect : unprotect,
		.ctx = t,
		.baseline = baseline(t, seals),
		.baseline_ctx = t,
		.ns = 1 });
	clear(t);
}

int main(void)
{
	static const char *const names[] = {
#define X(name, key, salt, source) #name,
		DP_SUITE_LIST(X)
#undef X
	};
	static const uint32_t flows[] = { 1, MANY };
	static struct table t;

	t.ciphers = srtp_ciphers_new();
	need(t.ciphers != NULL);
	t.flow = room(MANY, sizeof(*t.flow));
	t.sealed = room((size_t)PACKETS * RUNS, ROOM);
	for (unsigned f = 0; f < 2; f++) {
		t.flows = flows[f];
		FOR_EACH_SUITE(suite)
		{
			measure(&t, suite, names[suite], true);
			measure(&t, suite, names[suite], false);
		}
	}
	srtp_ciphers_free(t.ciphers);
	free(t.sealed);
	free(t.flow);
	return EXIT_SUCCESS;
}
