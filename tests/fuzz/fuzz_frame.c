// SPDX-License-Identifier: BSD-3-Clause
//
// A frame from a stranger, all that can be done with it: read, answered, believed. What is read
// lies inside what came; an answer is a frame that its receiver would read, and stays in its room.
#include "dataplane/dpdk/arp.h"
#include "dataplane/dpdk/echo.h"
#include "dataplane/dpdk/frame.h"
#include "dataplane/dpdk/nd.h"
#include "dataplane/dpdk/neighbour.h"
#include "tests/support/frames.h"

#include <stdlib.h>

enum { HOPS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool good)
{
	if (!good)
		abort();
}

// With good sums as well: a fuzzer does not find those.
static void mend(uint8_t *data, size_t len)
{
	size_t at = len >= 18 && data[12] == 0x81 && data[13] == 0 ? 18 : 14;

	if (len >= at + 20 && data[at] == 0x45)
		mend_ip4(data + at);
	if (len < at + 44 || data[at] >> 4 != 6)
		return;
	size_t room = (size_t)(data[at + 4] << 8 | data[at + 5]);
	size_t field = data[at + 6] == 17 ? 6 : 2;
	if (room >= field + 2 && room <= len - at - 40)
		mend_ip6(data + at, field);
}

static void believe(struct neighbours *t, const struct frame *f, const struct ip_address *ip,
	const uint8_t *mac, enum neighbour_word word)
{
	uint32_t before = t->used;

	neighbours_hear(t,
		&(struct neighbour_news){
			.lan = (uint8_t)f->lan, .word = word, .ip = ip, .mac = mac },
		2);
	neighbours_hear_router(t, 0, f->lan, ip, false);
	require(t->used == before); // what arrives makes no entry
}

static void hear_arp(struct neighbours *t, const struct frame *f, const uint8_t *data)
{
	struct arp arp;

	if (!arp_read(&arp, data + f->off, f->len))
		return;
	require((arp.from_mac[0] & 1) == 0);
	struct ip_address from = ip_from_v4(arp.from);
	believe(t, f, &from, arp.from_mac, WORD_ANSWER);
}

static void hear_nd(struct neighbours *t, const struct frame *f, const uint8_t *data)
{
	uint8_t answer[ND_FRAME_MAX];
	struct ethernet e = { NULL, our_mac, 100 };
	struct nd nd;
	struct nd back;

	if (!nd_read(&nd, data + f->off, f->len))
		return;
	require(nd.target.b[0] != 0xff && data[f->off + 7] == 255);
	believe(t, f, &nd.target, nd.has_mac ? nd.mac : NULL,
		nd.override ? WORD_CLAIM : WORD_DOUBT);
	size_t len = nd_write(answer, &nd, &e);
	require(len <= sizeof(answer) && nd_read(&back, answer + 18, len - 18));
	require(ip_equal(&back.target, &nd.target) && back.advertises == nd.advertises);
}

static void hear(struct neighbours *t, const uint8_t *data, size_t len)
{
	static struct station s;
	struct frame f = { 0 };
	uint8_t *copy = malloc(len + 1);

	if (s.addresses == 0)
		s = frames_station();
	require(copy != NULL);
	memcpy(copy, data, len);

	enum frame_kind kind = frame_read(&f, &s, copy, len, /* trust */ 0);
	require(kind < FRAME_KINDS && (size_t)f.off + f.len <= len && f.lan < s.lans);
	if (kind == FRAME_UDP) {
		require(f.off >= PAYLOAD4_AT && !ip_is_none(&f.from) && f.from.b[0] != 0xff);
	} else if (kind == FRAME_ECHO) {
		echo_reply(copy, &f, &s);
		require(memcmp(copy + 6, our_mac, 6) == 0);
	} else if (kind == FRAME_ARP) {
		hear_arp(t, &f, copy);
	} else if (kind == FRAME_ND) {
		hear_nd(t, &f, copy);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct neighbours table;
	static _Alignas(64) uint8_t memory[4096];
	static struct station s;
	uint8_t *mended;

	if (s.addresses == 0)
		s = frames_station();
	require(neighbours_size(HOPS) <= sizeof(memory));
	neighbours_init(&table, memory, HOPS);
	struct ip_address beside = ip("10.99.0.1");
	struct ip_address far = ip("2a00::1");
	require(neighbours_towards(&table, &s, 0, &beside, 1) >= 0);
	require(neighbours_towards(&table, &s, 0, &far, 1) >= 0);
	hear(&table, data, len);
	mended = malloc(len + 1);
	require(mended != NULL);
	memcpy(mended, data, len);
	mend(mended, len);
	hear(&table, mended, len);
	free(mended);
	return 0;
}
