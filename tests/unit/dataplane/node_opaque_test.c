// SPDX-License-Identifier: BSD-3-Clause
//
// Datagrams that are not RTP pass from one far end to the other as they are, and only between them.
#include "dataplane/srtp.h"
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;

static struct dp_cmd fax(uint8_t party)
{
	struct dp_cmd cmd = rig_remote(party);

	cmd.remote.codec = DP_CODEC_OPAQUE;
	cmd.remote.clock = 0;
	return cmd;
}

static void begin(void)
{
	rig_init(&rig);
	rig.opaque = true;
	rig_pair(&rig, 0, 1);
}

static void both_fax(void)
{
	cr_assert(eq(int, rig_do(&rig, 0, fax(1)), DP_REFUSAL_NONE));
	cr_assert(eq(int, rig_do(&rig, 1, fax(2)), DP_REFUSAL_NONE));
}

TestSuite(node_opaque, .init = begin);

// UDPTL of n bytes: nothing in it is like RTP.
static void udptl(uint32_t flow, uint8_t party, uint16_t port, uint8_t n, size_t len)
{
	uint8_t data[RIG_ROOM];

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(n + i * 3);
	rig_receive(&rig, flow, party, port, data, len);
}

static uint64_t count(const _Atomic uint64_t *stat)
{
	return stat_read(stat);
}

// What left, in order.
static const struct rig_packet *left(uint32_t n)
{
	return &rig.packet[n];
}

Test(node_opaque, every_datagram_passes_byte_for_byte)
{
	both_fax();
	rig_forget(&rig);
	for (size_t len = 1; len < 1400; len += 13) {
		uint32_t before = rig.sent;

		udptl(0, 1, 4000, (uint8_t)len, len);
		cr_assert(eq(u32, rig.sent, before + 1), "%zu bytes", len);
		const struct rig_packet *p = left(before);
		cr_expect(eq(u16, p->len, len));
		cr_expect(eq(u16, p->remote_port, 4000));
		cr_expect(eq(u8, p->ip[15], 2));
		for (size_t i = 0; i < len; i++)
			cr_assert(eq(u8, p->data[i], (uint8_t)(len + i * 3)));
	}
	cr_expect(eq(u64, count(&rig.stats.relayed_opaque), count(&rig.stats.relayed)));
	cr_expect(gt(u64, count(&rig.stats.relayed_opaque), 100));
	udptl(0, 1, 4000, 0, 0);
	cr_expect(eq(u64, count(&rig.stats.rx_short), 1));
}

Test(node_opaque, a_datagram_like_rtp_or_rtcp_is_not_read)
{
	static const uint8_t like[][12] = { { 0x80, 0 }, { 0x80, 200, 0, 1 }, { 0x80, RIG_EVENT } };

	both_fax();
	for (unsigned i = 0; i < 3; i++) {
		rig_receive(&rig, 0, 1, 4000, like[i], 12);
		rig_receive(&rig, 0, 1, 4000, like[i], 12);
	}
	cr_expect(eq(u64, count(&rig.stats.relayed_opaque), 6), "a duplicate is none either");
	cr_expect(eq(u64, count(&rig.stats.rx_rtcp), 0));
	cr_expect(eq(u32, rig.told, 1), "LOCKED, and no digit");
	cr_expect(eq(int, rig.said[0].kind, DP_EVENT_LOCKED));
}

Test(node_opaque, row_15_two_datagrams_from_one_port_lock_it)
{
	both_fax();
	udptl(0, 66, 4000, 1, 50);
	udptl(0, 1, 5000, 1, 50);
	udptl(0, 1, 6000, 1, 50); // another port: no lock yet
	udptl(0, 66, 5000, 1, 50);
	cr_expect(eq(u32, rig.told, 0));
	udptl(0, 1, 6000, 1, 50);
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(u16, rig.said[0].locked.port, 6000));
	udptl(0, 1, 5000, 1, 50);
	udptl(0, 66, 6000, 1, 50);
	cr_expect(eq(u64, count(&rig.stats.rx_bad_source), 4));
	cr_expect(eq(u64, count(&rig.stats.relayed_opaque), 3));
}

Test(node_opaque, behind_nat_nothing_leaves_until_two_datagrams_came)
{
	struct dp_cmd cmd = fax(2);

	both_fax();
	rig_ip(cmd.remote.nat, 50);
	rig_do(&rig, 1, cmd);
	udptl(0, 1, 4000, 1, 50);
	udptl(1, 50, 7000, 1, 50);
	udptl(0, 1, 4000, 1, 50);
	cr_expect(eq(u64, count(&rig.stats.relay_muted), 2));
	udptl(1, 50, 7000, 1, 50);
	rig_forget(&rig);
	udptl(0, 1, 4000, 1, 50);
	cr_assert(eq(u32, rig.sent, 1));
	cr_expect(eq(u16, left(0)->remote_port, 7000));
	cr_expect(eq(u8, left(0)->ip[15], 50));
}

Test(node_opaque, nothing_of_it_reaches_a_flow_of_rtp_nor_the_other_way)
{
	struct rig_voice voice = { .ssrc = 1 };

	rig_do(&rig, 0, fax(1));
	udptl(0, 1, 4000, 1, 50);
	cr_expect(eq(u64, count(&rig.stats.relay_clash), 1));
	voice.flow = 1;
	rig_speak(&rig, &voice, 1);
	cr_expect(eq(u64, count(&rig.stats.relay_clash), 2));
	cr_expect(eq(u32, rig.sent, 0));
	rig_do(&rig, 1, fax(2));
	rig_do(&rig, 1, rig_plain(DP_CMD_SILENT));
	udptl(0, 1, 4000, 1, 50);
	cr_expect(eq(u64, count(&rig.stats.rx_swallowed), 1));
}

Test(node_opaque, it_has_no_reports_no_music_and_no_digits)
{
	struct dp_cmd digits = { .kind = DP_CMD_DIGITS,
		.digits = { .n = 1, .digit = { 1 }, .ms = { 100 } } };
	uint8_t report[8] = { 0x80, 201, 0, 1 };
	struct burst in = { .n = 1 };

	both_fax();
	for (unsigned i = 0; i < 50; i++)
		udptl(0, 1, 4000, 1, 50);
	rig_forget(&rig);
	rig_live(&rig, 20000);
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(RIG_MUSIC)), DP_REFUSAL_NO_ENCODING));
	cr_expect(ne(int, rig_do(&rig, 0, digits), DP_REFUSAL_NONE));
	in.pkt[0] = (struct pkt){
		.data = report, .len = 8, .room = 8, .local_port = RIG_PORT + 1, .remote_port = 4001
	};
	rig_ip(in.pkt[0].ip, 1);
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	cr_expect(eq(u64, count(&rig.stats.rx_bad_rtcp), 1));
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.sent, 0));
	cr_expect(eq(u32, rig.answer.closed.rx_packets, 50));
	cr_expect(eq(u64, rig.answer.closed.rx_bytes, 2500));
	cr_expect(zero(u8, rig.answer.closed.mos));
}

Test(node_opaque, from_speech_to_fax_and_back_in_one_call)
{
	struct rig_voice voice = { .ssrc = 0x1234, .ts = 1000, .seq = 65500 };

	for (unsigned i = 0; i < 10; i++) {
		voice.seq += i == 5; // one is lost
		rig_speak(&rig, &voice, 1);
		rig_live(&rig, 20);
	}
	const struct rtp before = rig_sent(&rig, 1, 9)->rtp;
	both_fax();
	for (unsigned i = 0; i < 100; i++) {
		udptl(i % 2, 1 + i % 2, 4000, 1, 200);
		rig_live(&rig, 20);
	}
	cr_expect(eq(u64, count(&rig.stats.relayed_opaque), 100));
	rig_do(&rig, 0, rig_remote(1));
	rig_do(&rig, 1, rig_remote(2));
	rig_forget(&rig);
	for (unsigned i = 0; i < 10; i++) {
		rig_speak(&rig, &voice, 1);
		rig_live(&rig, 20);
	}
	cr_assert(eq(u32, rig_count(&rig, 1), 10));
	const struct rtp after = rig_sent(&rig, 1, 0)->rtp;
	cr_expect(eq(u32, after.ssrc, before.ssrc));
	cr_expect(eq(u16, after.seq, (uint16_t)(before.seq + 1)));
	cr_expect(eq(u32, after.ts - before.ts, 160 + 16000), "by the time that it took");
	cr_expect(after.marker);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.answer.closed.rx_packets, 70));
	cr_expect(eq(u32, rig.answer.closed.rx_lost, 1), "of the speech; a fax has no numbers");
	cr_expect(eq(u64, rig.answer.closed.rx_bytes, 20 * 160 + 50 * 200));
}

Test(node_opaque, two_that_kept_different_clocks_still_find_each_other)
{
	struct dp_cmd wide = fax(1);

	wide.remote.clock = 48000;
	rig_do(&rig, 2, rig_open());
	rig_do(&rig, 2, wide);
	rig_do(&rig, 1, fax(2));
	cr_expect(eq(int, rig_do(&rig, 1, rig_relay(2)), DP_REFUSAL_NONE));
	udptl(2, 1, 4000, 3, 30);
	cr_expect(eq(u64, count(&rig.stats.relayed_opaque), 1));
}

Test(node_opaque, what_has_a_key_passes_nothing)
{
	struct srtp_ciphers *ciphers = srtp_ciphers_new();
	struct dp_cmd keys = { .kind = DP_CMD_KEYS,
		.keys = { .suite = DP_SUITE_AES_CM_128_HMAC_SHA1_80, .send = 1, .key = "secret" } };

	rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
	rig_pair(&rig, 0, 1);
	both_fax();
	cr_assert(eq(int, rig_do(&rig, 0, keys), DP_REFUSAL_NONE));
	udptl(0, 1, 4000, 1, 50);
	cr_expect(eq(u64, count(&rig.stats.rx_bad_srtp), 1));
	udptl(1, 2, 4000, 1, 50);
	rig_receive(&rig, 1, 2, 4000, (const uint8_t[12]){ 0x80 }, 12); // SRTP would take it
	cr_expect(eq(u64, count(&rig.stats.tx_unsealed), 2));
	cr_expect(eq(u32, rig.sent, 0));
	srtp_ciphers_free(ciphers);
}
