// SPDX-License-Identifier: BSD-3-Clause
//
// From one party to the other: what of the stream stays as it was, and what is ours.
#include "codecs/g711.h"
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;
static struct rig_voice voice; // the party of flow 0; flow 1 sends it on

static void begin(void)
{
	rig_init(&rig);
	rig_pair(&rig, 0, 1);
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65500 };
}

TestSuite(engine_relay, .init = begin);

static uint64_t count(const _Atomic uint64_t *stat)
{
	return stat_read(stat);
}

static void speak(uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++) {
		rig_speak(&rig, &voice, (uint8_t)i);
		rig_live(&rig, 20);
	}
}

static uint16_t seq_step(uint32_t n)
{
	return (uint16_t)(rig_sent(&rig, 1, n)->rtp.seq - rig_sent(&rig, 1, n - 1)->rtp.seq);
}

static uint32_t ts_step(uint32_t n)
{
	return rig_sent(&rig, 1, n)->rtp.ts - rig_sent(&rig, 1, n - 1)->rtp.ts;
}

Test(engine_relay, the_far_end_hears_what_was_said_from_us)
{
	speak(100); // over the wrap of the sequence number
	cr_assert(eq(u32, rig_count(&rig, 1), 100));
	for (uint32_t i = 0; i < 100; i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i);

		cr_expect(eq(u8, p->data[12], (uint8_t)i));
		cr_expect(eq(int, p->len, 172));
		cr_expect(eq(u8, p->ip[15], 2));
		cr_expect(eq(u16, p->remote_port, 4000));
		cr_expect(eq(u16, p->local_port, RIG_PORT + 2));
		cr_expect(eq(int, p->rtp.marker, i == 0));
		cr_expect(ne(u32, p->rtp.ssrc, 0x1234));
		if (i > 0) {
			cr_expect(eq(u16, seq_step(i), 1));
			cr_expect(eq(u32, ts_step(i), 160));
		}
	}
	cr_expect(eq(u64, count(&rig.stats.relayed), 100));
}

Test(engine_relay, a_gap_stays_a_gap_and_a_wrong_order_a_wrong_order)
{
	struct rig_voice late;

	speak(3);
	late = voice;
	voice.seq += 2;
	voice.ts += 320;
	speak(1);
	rig_speak(&rig, &late, 0x77); // the first of the two comes after all
	cr_expect(eq(u16, seq_step(3), 3));
	cr_expect(eq(u32, ts_step(3), 480));
	cr_expect(eq(u16, seq_step(4), (uint16_t)-2));
	cr_expect(eq(u32, ts_step(4), (uint32_t)-320));
	speak(1);
	cr_expect(eq(u16, seq_step(5), 3));
}

Test(engine_relay, a_packet_that_comes_twice_leaves_once)
{
	struct rig_voice again;

	speak(2);
	again = voice;
	speak(5);
	rig_speak(&rig, &again, 1);
	cr_expect(eq(u32, rig_count(&rig, 1), 7));
	cr_expect(eq(u64, count(&rig.stats.rx_duplicate), 1));

	struct rig_voice old = again;
	speak(100);
	rig_speak(&rig, &old, 1);
	cr_expect(eq(u64, count(&rig.stats.rx_too_old), 1));
	cr_expect(eq(u32, rig_count(&rig, 1), 107));
}

Test(engine_relay, another_ssrc_goes_on_in_our_stream)
{
	speak(3);
	voice = (struct rig_voice){ .ssrc = 0x9999, .ts = 3000000000, .seq = 17 };
	speak(3);
	for (uint32_t i = 1; i < 6; i++) {
		cr_expect(eq(u16, seq_step(i), 1));
		cr_expect(eq(u32, ts_step(i), 160));
		cr_expect(eq(int, rig_sent(&rig, 1, i)->rtp.marker, i == 3));
	}
}

Test(engine_relay, a_jump_of_the_senders_numbers_or_clock_is_not_passed_on)
{
	speak(2);
	voice.seq += 1000;
	speak(2);
	voice.ts += 1000000;
	speak(2);
	voice.ts -= 500000;
	speak(2);
	voice.seq -= 20000;
	speak(2);
	for (uint32_t i = 1; i < 10; i++) {
		cr_expect(eq(u16, seq_step(i), 1), "packet %u", i);
		cr_expect(eq(u32, ts_step(i), 160), "packet %u", i);
		cr_expect(eq(int, rig_sent(&rig, 1, i)->rtp.marker, i % 2 == 0), "packet %u", i);
	}
}

Test(engine_relay, a_pause_is_as_long_for_the_far_end)
{
	speak(3);
	voice.ts += 80000; // ten seconds without a packet: it does not speak
	rig_live(&rig, 10000);
	speak(1);
	cr_expect(eq(u16, seq_step(3), 1));
	cr_expect(eq(u32, ts_step(3), 80160));
	cr_expect(not(rig_sent(&rig, 1, 3)->rtp.marker));
}

static void far_end_without_noise(void)
{
	struct dp_cmd cmd = rig_remote(2);

	cmd.remote.cn = DP_NO_PT;
	rig_do(&rig, 1, cmd);
}

Test(engine_relay, comfort_noise_is_kept_from_who_has_not_agreed_on_it_and_leaves_no_hole)
{
	far_end_without_noise();
	speak(2);
	rig_rtp(&rig, 0,
		(struct rtp){ .pt = 13, .seq = voice.seq++, .ts = voice.ts, .ssrc = voice.ssrc },
		(const uint8_t *)"\x40", 1);
	voice.ts += 160;
	speak(1);
	cr_expect(eq(u64, count(&rig.stats.rx_comfort_noise), 1));
	cr_expect(eq(u16, seq_step(2), 1));
	cr_expect(eq(u32, ts_step(2), 320));
}

Test(engine_relay, a_source_that_returns_after_one_that_was_not_heard_is_a_new_one)
{
	far_end_without_noise();
	speak(10);
	rig_rtp(&rig, 0, (struct rtp){ .pt = 13, .seq = 1, .ssrc = 9 }, (const uint8_t *)"", 0);
	voice.seq -= 5; // numbers that it has used already
	speak(1);
	cr_expect(eq(u16, seq_step(10), 1));
	cr_expect(rig_sent(&rig, 1, 10)->rtp.marker);
}

Test(engine_relay, sources_extensions_and_padding_end_here)
{
	static const uint8_t packet[] = { 0xb1, 0x00, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, // header
		1, 2, 3, 4,                                                         // source
		0xbe, 0xde, 0, 1, 5, 6, 7, 8,                                       // extension
		0xaa, 0xbb, 0xcc, 0, 0, 3 };

	rig_receive(&rig, 0, 1, 4000, packet, sizeof(packet));
	cr_assert(eq(int, rig_sent(&rig, 1, 0)->len, 15));
	cr_expect(eq(u8, rig_sent(&rig, 1, 0)->data[0], 0x80));
	cr_expect(eq(u8, rig_sent(&rig, 1, 0)->data[12], 0xaa));
	cr_expect(eq(u8, rig_sent(&rig, 1, 0)->data[14], 0xcc));
}

Test(engine_relay, one_law_becomes_the_other_in_place)
{
	static const enum dp_codec codecs[2] = { DP_CODEC_PCMU, DP_CODEC_PCMA };
	struct dp_cmd remote[2] = { rig_remote(1), rig_remote(2) };

	for (unsigned i = 0; i < 4; i++) {
		unsigned from = i & 1, to = i >> 1;
		const uint8_t *table = to == 1 ? g711_alaw_of_ulaw : g711_ulaw_of_alaw;

		begin();
		remote[0].remote.codec = codecs[from];
		remote[1].remote.codec = codecs[to];
		remote[1].remote.pt_tx = 97;
		rig_do(&rig, 0, remote[0]);
		rig_do(&rig, 1, remote[1]);
		rig_speak(&rig, &voice, 0x5b);
		cr_assert(eq(u32, rig_count(&rig, 1), 1));
		cr_expect(eq(u8, rig_sent(&rig, 1, 0)->data[60], from == to ? 0x5b : table[0x5b]));
		cr_expect(eq(u8, rig_sent(&rig, 1, 0)->rtp.pt, 97));
	}
}

Test(engine_relay, another_codec_passes_untouched_and_only_to_its_like)
{
	struct dp_cmd a = rig_remote(1), b = rig_remote(2);

	a.remote.codec = b.remote.codec = DP_CODEC_OTHER;
	a.remote.clock = b.remote.clock = 48000;
	b.remote.pt_tx = 111;
	rig_do(&rig, 0, a);
	rig_speak(&rig, &voice, 0x5b);
	cr_expect(eq(u64, count(&rig.stats.relay_clash), 1), "the other one has PCMU");
	rig_do(&rig, 1, b);
	rig_speak(&rig, &voice, 0x5b);
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	cr_expect(eq(u8, rig_sent(&rig, 1, 0)->data[171], 0x5b));
	cr_expect(eq(u8, rig_sent(&rig, 1, 0)->rtp.pt, 111));
}

Test(engine_relay, nobody_hears_a_party_whose_peer_is_on_hold_or_has_turned_away)
{
	struct dp_cmd hold = rig_remote(2);

	hold.remote.flags = DP_REMOTE_MUTE;
	rig_do(&rig, 1, hold);
	speak(2);
	cr_expect(eq(u64, count(&rig.stats.relay_muted), 2));
	rig_do(&rig, 1, rig_plain(DP_CMD_SILENT));
	speak(3);
	cr_expect(eq(u64, count(&rig.stats.rx_swallowed), 3));
	cr_expect(eq(u32, rig_count(&rig, 1), 0));
	cr_expect(eq(u32, rig_count(&rig, 0), 0));
}

Test(engine_relay, the_flow_that_was_told_last_hears_the_party)
{
	rig_call(&rig, 2);
	rig_do(&rig, 2, rig_relay(0));
	speak(2);
	cr_expect(eq(u32, rig_count(&rig, 1), 0));
	cr_expect(eq(u32, rig_count(&rig, 2), 2));
	rig_do(&rig, 1, rig_relay(0)); // the same wish as before, and it counts again
	speak(2);
	cr_expect(eq(u32, rig_count(&rig, 1), 2));
	cr_expect(eq(u32, rig_count(&rig, 2), 2));
}

Test(engine_relay, what_is_broken_or_not_agreed_is_dropped_for_a_counted_reason)
{
	struct row {
		const char *what;
		uint8_t data[16];
		size_t len;
		const _Atomic uint64_t *stat;
	} rows[] = {
		{ "nothing", { 0 }, 0, &rig.stats.rx_short },
		{ "half a header", { 0x80 }, 11, &rig.stats.rx_short },
		{ "version 1", { 0x40 }, 12, &rig.stats.rx_bad_version },
		{ "sources beyond the end", { 0x8f }, 12, &rig.stats.rx_bad_csrc },
		{ "an extension beyond the end", { 0x90 }, 12, &rig.stats.rx_bad_extension },
		{ "padding beyond the end", { 0xa0, [12] = 2 }, 13, &rig.stats.rx_bad_padding },
		{ "payload type 8", { 0x80, 8 }, 12, &rig.stats.rx_bad_pt },
		{ "half an event", { 0x80, RIG_EVENT }, 14, &rig.stats.rx_bad_event },
		{ "event 16", { 0x80, RIG_EVENT, [12] = 16 }, 16, &rig.stats.rx_bad_event },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		rig_receive(&rig, 0, 1, 4000, rows[i].data, rows[i].len);
		cr_expect(eq(u64, count(rows[i].stat), 1), "%s", rows[i].what);
		cr_expect(eq(u32, rig.drop.n, 1), "%s", rows[i].what);
		cr_expect(eq(u32, rig.sent, 0), "%s", rows[i].what);
	}
}

Test(engine_relay, packets_for_no_flow_of_ours_are_counted)
{
	static const struct {
		uint16_t address, port;
	} rows[] = {
		{ 0, RIG_PORT - 1 },
		{ 0, RIG_PORT + RIG_FLOWS },
		{ 0, 0 },
		{ 0, 65535 },
		{ 2, RIG_PORT },
		{ 65535, RIG_PORT },
		{ 1, RIG_PORT },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t data[12] = { 0x80 };
		struct burst in = { .n = 1 };

		in.pkt[0] = (struct pkt){ .data = data,
			.len = 12,
			.room = 12,
			.address = rows[i].address,
			.local_port = rows[i].port };
		rig.drop.n = 0;
		engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
		cr_expect(eq(u32, rig.drop.n, 1));
		cr_expect(eq(u64, count(&rig.stats.rx_no_flow), i + 1));
	}
	rig_do(&rig, 5, rig_open());
	voice.flow = 5;
	speak(1);
	cr_expect(eq(u64, count(&rig.stats.rx_no_remote), 1));
}

Test(engine_relay, a_full_burst_is_kept_in_order)
{
	uint8_t data[BURST_MAX][172] = { 0 };
	struct burst in = { .n = BURST_MAX };

	for (uint32_t i = 0; i < BURST_MAX; i++) {
		rtp_write(data[i], &(struct rtp){ .seq = (uint16_t)i, .ts = i * 160, .ssrc = 1 });
		in.pkt[i] = (struct pkt){ .data = data[i],
			.len = 172,
			.room = 172,
			.local_port = RIG_PORT,
			.remote_port = 4000 };
		rig_ip(in.pkt[i].ip, 1);
	}
	data[7][0] = 0;
	rig.drop.n = 0;
	rig.out.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	cr_expect(eq(u32, rig.out.n, BURST_MAX - 1));
	cr_expect(eq(u32, rig.drop.n, 1));
	rig_take(&rig, &rig.out);
	cr_expect(eq(u16, seq_step(7), 2));
	for (uint32_t i = 1; i < BURST_MAX - 1; i++)
		cr_expect(eq(u16, seq_step(i), i == 7 ? 2 : 1));
}
