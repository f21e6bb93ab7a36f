// SPDX-License-Identifier: BSD-3-Clause
//
// Three strangers spray the whole port range with what could pass for RTP, RTCP, digits or fax,
// while flows of every kind live: nothing of theirs is heard by anybody, nothing goes to them, and
// nobody else notices (rows 15 and 16 of the fault matrix).
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum {
	FRIEND = 1, // party of flow 0; that of flow 1 is 2, and so on
	NAT = 50,
	STRANGER = 61, // and the two after him
	MINE = 0x5a,   // every byte of audio that friends send
	THEIRS = 0xa5, // every byte of the spray
};

static struct rig rig;
static uint32_t foul; // packets that went to a stranger, or had a byte of his

static void on_left(struct rig *, const struct rig_packet *p)
{
	bool bled = p->ip[15] >= STRANGER && p->ip[15] < STRANGER + 3;
	bool injected = p->len > 20 && p->data[p->len - 1] == THEIRS && p->data[15] == THEIRS;

	foul += bled + injected;
}

static void begin(void)
{
	rig_init(&rig);
	rig.left = on_left;
	foul = 0;
}

TestSuite(engine_flood, .init = begin);

// The headers that a spray may carry: audio with the agreed type, a report, a digit, and the
// packet of the advisories against others, which is all ones but for the version.
static const uint8_t headers[][12] = {
	{ 0x80, RIG_PCMU, 0, 1, 0, 0, 0, 1, 0, 0, 0x12, 0x34 },
	{ 0x80, RIG_PCMU | 0x80, 0, 2, 0, 0, 0, 2, 0, 0, 0x12, 0x34 },
	{ 0x81, 200, 0, 39, 0, 0, 0x12, 0x34 },
	{ 0x80, RIG_EVENT, 0, 9, 0, 0, 0, 9, 0, 0, 0x12, 0x34 },
	{ 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};

static void spray_one(uint16_t address, uint16_t port, uint8_t who, uint16_t from, unsigned kind)
{
	uint8_t data[172];
	struct burst in = { .n = 1 };

	memset(data, THEIRS, sizeof(data));
	memcpy(data, headers[kind], 12);
	in.pkt[0] = (struct pkt){ .data = data,
		.len = sizeof(data),
		.room = sizeof(data),
		.local_port = port,
		.address = (uint8_t)address,
		.remote_port = from };
	rig_ip(in.pkt[0].ip, who);
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	cr_assert(eq(u32, rig.drop.n, 1));
	cr_assert(zero(u32, rig.out.n));
}

// Every port of both addresses and some beside them, by all three, with everything.
static void spray(void)
{
	for (uint16_t at = 0; at < RIG_FLOWS + 8; at++) {
		for (unsigned n = 0; n < 3 * 5; n++) {
			uint16_t port = (uint16_t)(RIG_PORT - 4 + at);
			uint16_t from = n % 2 ? 4000 : (uint16_t)(7000 + n);

			spray_one(n & 1, port, (uint8_t)(STRANGER + n % 3), from, n % 5);
		}
	}
}

static uint64_t told_digits(void)
{
	return stat_read(&rig.stats.digits_seen);
}

// 20 ms of everybody's life, with or without a spray in it.
static void live(struct rig_voice *voice, unsigned n, bool flooded)
{
	for (unsigned i = 0; i < n; i++)
		rig_speak(&rig, &voice[i], MINE);
	if (flooded)
		spray();
	rig_live(&rig, 20);
}

// A relay pair, one who hears music, one behind NAT, one who was not named yet, two with a fax.
static void settle(void)
{
	struct dp_cmd nat = rig_remote(4), fax = rig_remote(6);

	rig_pair(&rig, 0, 1);
	rig_call(&rig, 2);
	rig_do(&rig, 2, rig_music(RIG_MUSIC));
	rig_do(&rig, 3, rig_open());
	rig_ip(nat.remote.nat, NAT);
	rig_do(&rig, 3, nat);
	rig_do(&rig, 3, rig_music(RIG_MUSIC));
	rig_do(&rig, 4, rig_open());
	fax.remote.codec = DP_CODEC_OPAQUE;
	rig_pair(&rig, 5, 6);
	rig_do(&rig, 5, fax);
	rig_ip(fax.remote.ip, 7);
	rig_do(&rig, 6, fax);
}

static struct dp_quality quality(uint32_t flow)
{
	rig_do(&rig, flow, rig_plain(DP_CMD_QUERY));
	return rig.answer.quality;
}

struct world {
	uint32_t sent[RIG_FLOWS];
	struct dp_quality quality[RIG_FLOWS];
};

// The same life, flooded or not.
static struct world life(bool flooded)
{
	struct rig_voice voice[2] = { { .flow = 0, .ssrc = 0x1234 }, { .flow = 1, .ssrc = 0x9 } };
	struct world w = { 0 };

	begin();
	settle();
	for (unsigned i = 0; i < 25; i++) // before anybody has locked
		live(voice, 0, flooded);
	for (unsigned i = 0; i < 50; i++)
		live(voice, 2, flooded);
	struct dp_cmd again = rig_remote(1);
	again.remote.rtp_port = 4000;
	again.remote.ptime = 20;
	again.remote.pt_tx = 99;
	rig_do(&rig, 0, again); // opens the source rule once more
	for (unsigned i = 0; i < 25; i++)
		live(voice, 0, flooded);
	for (unsigned i = 0; i < 50; i++)
		live(voice, 2, flooded);
	for (uint32_t f = 0; f < 7; f++) {
		w.sent[f] = rig_count(&rig, f);
		w.quality[f] = quality(f);
	}
	return w;
}

Test(engine_flood, row_15_nothing_is_taken_from_strangers_and_nothing_goes_to_them)
{
	struct world quiet = life(false);
	struct world loud = life(true);

	cr_expect(eq(u32, foul, 0));
	cr_expect(eq(u64, told_digits(), 0));
	cr_expect(eq(u32, loud.sent[0], 100));
	cr_expect(eq(u32, loud.sent[1], 100));
	cr_expect(eq(u32, loud.sent[3], 0), "behind NAT, and nobody came who may lock it");
	for (uint32_t f = 0; f < 7; f++) {
		cr_expect(eq(u32, loud.sent[f], quiet.sent[f]), "flow %u", f);
		cr_expect(zero(int, memcmp(&loud.quality[f], &quiet.quality[f],
					    sizeof(struct dp_quality))),
			"flow %u: what it knows is the same", f);
	}
	uint64_t dropped = stat_read(&rig.stats.rx_bad_source) + stat_read(&rig.stats.rx_no_flow) +
			   stat_read(&rig.stats.rx_no_remote);
	cr_expect(eq(u64, dropped, 150 * 15 * (RIG_FLOWS + 8)), "and every packet was counted");
}

Test(engine_flood, row_15_a_stranger_with_the_right_port_does_not_lock_a_flow_behind_nat)
{
	struct dp_cmd nat = rig_remote(4);

	rig_ip(nat.remote.nat, NAT);
	rig_do(&rig, 3, rig_open());
	rig_do(&rig, 3, nat);
	rig_do(&rig, 3, rig_music(RIG_MUSIC));
	for (uint16_t seq = 0; seq < 200; seq++) {
		uint8_t audio[172] = { 0 };

		rtp_write(audio, &(struct rtp){ .seq = seq, .ssrc = 9 });
		rig_receive(&rig, 3, (uint8_t)(STRANGER + seq % 3), 4000, audio, sizeof(audio));
		rig_receive(&rig, 3, 4, 4000, audio, sizeof(audio)); // the address that he gave
		rig_live(&rig, 20);
	}
	cr_expect(eq(u32, rig.sent, 0));
	cr_expect(eq(u32, rig.told, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_bad_source), 400));
}

Test(engine_flood, row_16_malformed_packets_from_the_right_source_change_nothing)
{
	struct rig_voice voice = { .ssrc = 0x1234, .ts = 5, .seq = 5 };
	uint32_t state = 1, sent;

	rig_pair(&rig, 0, 1);
	for (unsigned i = 0; i < 10; i++)
		rig_speak(&rig, &voice, MINE);
	struct dp_quality before = quality(0);
	sent = rig.sent;
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t data[64];
		size_t len;

		for (unsigned k = 0; k < sizeof(data); k++) {
			state = state * 1664525 + 1013904223;
			data[k] = (uint8_t)(state >> 24);
		}
		len = data[63] % 12; // shorter than a header,
		if (i % 4 == 1)      // of another version,
			data[0] = (uint8_t)((data[0] & 0x3f) | (data[0] % 3 == 2 ? 3 : data[0] % 3)
								       << 6);
		else if (i % 4 == 2) // with sources beyond the end,
			data[0] = 0x8f;
		else if (i % 4 == 3) // or with padding beyond it
			data[0] = 0xa0, data[39] = 0xff;
		rig.used = 0;
		rig_receive(&rig, 0, FRIEND, 4000, data, i % 4 == 0 ? len : 40);
	}
	struct dp_quality after = quality(0);
	cr_expect(zero(int, memcmp(&before, &after, sizeof(before))));
	cr_expect(eq(u32, rig.sent, sent));
	rig_speak(&rig, &voice, MINE);
	cr_expect(eq(u32, rig.sent, sent + 1));
}
