// SPDX-License-Identifier: BSD-3-Clause
//
// What a flow knows of its two directions, by what came and by what the far end reports; and how
// it takes leave.
#include "dataplane/rtcp.h"
#include "dataplane/srtp.h"
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { THEM = 0x1234 };

static struct rig rig;
static struct rig_voice voice;

static void begin(void)
{
	rig_init(&rig);
	voice = (struct rig_voice){ .ssrc = THEM, .ts = 1000, .seq = 65400 };
}

TestSuite(engine_quality, .init = begin);

static void speak(uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++) {
		rig_speak(&rig, &voice, (uint8_t)i);
		rig_live(&rig, 20);
	}
}

// What came last on RTCP.
static const struct rig_packet *last_report(struct rtcp *out)
{
	for (uint32_t i = rig.sent; i-- > 0;) {
		const struct rig_packet *p = &rig.packet[i];

		if (!p->rtcp || p->flow != 0)
			continue;
		cr_assert(eq(int, rtcp_read(out, p->data, p->len, THEM), RTCP_OK));
		return p;
	}
	cr_assert(0, "no report");
	return NULL;
}

// RTCP from a party to flow 0; to is 0 for the port of RTP and 1 for that above.
static void rtcp_from(uint8_t party, uint16_t port, unsigned to, const uint8_t *data, size_t len)
{
	uint8_t copy[RIG_ROOM];
	struct burst in = { .n = 1 };

	memcpy(copy, data, len);
	in.pkt[0] = (struct pkt){ .data = copy,
		.len = (uint16_t)len,
		.room = sizeof(copy),
		.local_port = (uint16_t)(RIG_PORT + to),
		.remote_port = port };
	rig_ip(in.pkt[0].ip, party);
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	cr_expect(eq(u32, rig.drop.n, 1));
	cr_expect(eq(u32, rig.out.n, 0));
}

// They report of us as `of` says, from where they should.
static void they_say(uint32_t who, const struct rtcp_block *of)
{
	uint8_t data[RTCP_WRITE_MAX];
	size_t len = rtcp_write(data, who, NULL, of, "them");

	rtcp_from(1, 4001, 1, data, len);
}

static struct dp_quality query(uint32_t flow)
{
	cr_assert(eq(int, rig_do(&rig, flow, rig_plain(DP_CMD_QUERY)), DP_REFUSAL_NONE));
	cr_assert(eq(int, rig.answer.kind, DP_EVENT_QUALITY));
	return rig.answer.quality;
}

static void music(void)
{
	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
}

Test(engine_quality, the_round_trip_is_since_our_report_less_their_time)
{
	struct rtcp ours;

	music();
	speak(400);
	const struct rig_packet *p = last_report(&ours);
	cr_assert(ours.sent);
	cr_expect(zero(u32, query(0).rtt_us));

	uint64_t since = rig.now - p->at;
	struct rtcp_block of = { .ssrc = ours.ssrc,
		.lsr = (uint32_t)(ours.sender.ntp >> 16),
		.dlsr = (uint32_t)((since - 80 * NS_PER_MS) * 65536 / NS_PER_SEC) };
	they_say(THEM, &of);
	cr_expect(ge(u32, query(0).rtt_us, 79900));
	cr_expect(le(u32, query(0).rtt_us, 80100));

	of.dlsr = (uint32_t)((since + NS_PER_SEC) * 65536 / NS_PER_SEC);
	they_say(THEM, &of); // says that he had it before we sent it
	of.dlsr = 0;
	of.lsr -= 20 << 16; // longer ago than any network takes
	they_say(THEM, &of);
	of.lsr = 0; // has not heard of us
	they_say(THEM, &of);
	cr_expect(ge(u32, query(0).rtt_us, 79900));
	cr_expect(le(u32, query(0).rtt_us, 80100));
}

Test(engine_quality, the_round_trip_does_not_depend_on_when_the_wall_clock_was_set)
{
	struct rtcp ours;

	engine_set_wall_offset(rig.e, -(int64_t)rig.now + 17); // 1970
	music();
	speak(400);
	const struct rig_packet *p = last_report(&ours);
	cr_expect(eq(u64, ours.sender.ntp >> 32, 2208988800 + (p->at - RIG_START) / NS_PER_SEC));
	rig.now = p->at + 50 * NS_PER_MS;
	they_say(THEM, &(struct rtcp_block){
			       .ssrc = ours.ssrc, .lsr = (uint32_t)(ours.sender.ntp >> 16) });
	cr_expect(ge(u32, query(0).rtt_us, 49900));
	cr_expect(le(u32, query(0).rtt_us, 50100));
}

Test(engine_quality, their_loss_and_jitter_are_theirs_and_ours_are_ours)
{
	struct rtcp ours;

	music();
	for (uint32_t i = 0; i < 400; i++) {
		voice.seq += i % 20 == 19; // a twentieth is lost
		speak(1);
	}
	last_report(&ours);
	struct dp_quality q = query(0);
	cr_expect(eq(u32, q.rx_packets, 400));
	cr_expect(eq(u32, q.rx_lost, 20));
	cr_expect(eq(u64, q.rx_bytes, 64000));
	cr_expect(eq(u32, q.tx_packets, rig_count(&rig, 0)));
	cr_expect(eq(u64, q.tx_bytes, 160 * rig_count(&rig, 0)));
	cr_expect(zero(u8, q.remote_mos), "he has not said anything yet");
	cr_expect(ge(u8, q.mos, 38), "5 %% of concealed G.711: R = 78");
	cr_expect(le(u8, q.mos, 41));

	they_say(THEM, &(struct rtcp_block){ .ssrc = ours.ssrc, .lost = 200, .jitter = 80 });
	q = query(0);
	cr_expect(eq(u32, q.remote_lost, 200));
	cr_expect(eq(u32, q.remote_jitter_us, 10000));
	cr_expect(gt(u8, q.remote_mos, 0));
	cr_expect(lt(u8, q.remote_mos, 20), "half of it does not arrive");

	they_say(THEM, &(struct rtcp_block){ .ssrc = ours.ssrc, .lost = -3 });
	q = query(0);
	cr_expect(zero(u32, q.remote_lost), "duplicates are no loss");
	cr_expect(eq(u8, q.remote_mos, 44));
	they_say(THEM, &(struct rtcp_block){ .ssrc = ours.ssrc, .lost = 0x7fffff, .jitter = ~0U });
	q = query(0);
	cr_expect(eq(u32, q.remote_lost, 0x7fffff));
	cr_expect(zero(u8, q.remote_mos), "nothing arrived that could be judged");
}

Test(engine_quality, a_question_changes_nothing_and_the_last_answer_is_that_of_close)
{
	struct rtcp got;

	music();
	speak(100);
	for (unsigned i = 0; i < 20; i++) {
		query(0);
		speak(20);
	}
	rig_do(&rig, 0, rig_plain(DP_CMD_SILENT));
	query(0);
	rig_forget(&rig);
	rig_live(&rig, 8000);
	cr_expect(eq(u32, rig.sent, 1));
	last_report(&got);
	cr_expect(got.sent, "that we sent is not forgotten by asking");

	struct dp_quality q = query(0);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(int, rig.answer.kind, DP_EVENT_CLOSED));
	cr_expect(zero(int, memcmp(&q, &rig.answer.closed, sizeof(q))));
	cr_expect(eq(int, rig_do(&rig, 0, rig_plain(DP_CMD_QUERY)), DP_REFUSAL_STALE));
	cr_expect(eq(int, rig_do(&rig, 3, rig_plain(DP_CMD_QUERY)), DP_REFUSAL_NOT_OPEN));
}

Test(engine_quality, a_flow_without_a_word_is_of_no_quality)
{
	rig_do(&rig, 0, rig_open());
	struct dp_quality q = query(0), none = { 0 };

	cr_expect(zero(int, memcmp(&q, &none, sizeof(q))));
}

Test(engine_quality, who_closes_takes_leave_at_once_with_one_packet)
{
	struct rtcp got;

	music();
	speak(50);
	rig_forget(&rig);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_assert(eq(u32, rig.sent, 1));
	const struct rig_packet *p = last_report(&got);
	cr_expect(got.bye);
	cr_expect(got.sent, "a compound begins with a report");
	cr_expect(eq(u32, got.about.ssrc, THEM));
	cr_expect(eq(u16, p->remote_port, 4001));
	cr_expect(eq(u16, p->local_port, RIG_PORT + 1));
	rig_live(&rig, 20000);
	cr_expect(eq(u32, rig.sent, 1));
}

Test(engine_quality, who_never_spoke_takes_no_leave_and_who_must_not_be_told_is_not)
{
	struct dp_cmd deaf = rig_remote(2);

	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.sent, 0));
	deaf.remote.rtcp_port = 0;
	rig_do(&rig, 1, rig_open());
	rig_do(&rig, 1, deaf);
	rig_do(&rig, 1, rig_music(RIG_MUSIC));
	rig_live(&rig, 100);
	rig_forget(&rig);
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, rig.sent, 0));
}

Test(engine_quality, without_a_buffer_a_flow_closes_without_a_word)
{
	music();
	speak(10);
	rig_forget(&rig);
	rig.blanks = 0;
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(int, rig.answer.kind, DP_EVENT_CLOSED));
	cr_expect(eq(u32, rig.sent, 0));
	cr_expect(gt(u64, stat_read(&rig.stats.tx_no_buffer), 0));
}

static struct dp_cmd on_one_port(void)
{
	struct dp_cmd cmd = rig_remote(1);

	cmd.remote.rtcp_port = cmd.remote.rtp_port;
	return cmd;
}

Test(engine_quality, on_one_port_reports_leave_from_it_and_come_to_it)
{
	struct rtcp ours;
	uint8_t data[RTCP_WRITE_MAX];

	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, on_one_port());
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	speak(400);
	const struct rig_packet *p = last_report(&ours);
	cr_expect(eq(u16, p->local_port, RIG_PORT));
	cr_expect(eq(u16, p->remote_port, 4000));
	cr_expect(eq(u32, ours.about.ssrc, THEM));

	struct rtcp_block of = { .ssrc = ours.ssrc, .lost = 7 };
	size_t len = rtcp_write(data, THEM, NULL, &of, "them");
	rtcp_from(66, 4000, 0, data, len);
	rtcp_from(1, 4444, 0, data, len);
	cr_expect(eq(u64, stat_read(&rig.stats.rx_bad_source), 2));
	cr_expect(zero(u32, query(0).remote_lost));
	rtcp_from(1, 4000, 0, data, len);
	cr_expect(eq(u32, query(0).remote_lost, 7));
	cr_expect(eq(u32, query(0).rx_packets, 400), "a report is no audio");
	rig_forget(&rig);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u16, last_report(&ours)->remote_port, 4000));
	cr_expect(ours.bye);
}

Test(engine_quality, behind_nat_on_one_port_reports_go_where_media_goes)
{
	struct dp_cmd cmd = on_one_port();
	uint8_t data[RTCP_WRITE_MAX], audio[172] = { 0 };
	struct rtcp ours;

	rig_ip(cmd.remote.nat, 50);
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, cmd);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	for (uint16_t i = 0; i < 2; i++) {
		rtp_write(audio, &(struct rtp){ .seq = i, .ssrc = THEM });
		rig_receive(&rig, 0, 50, 7000, audio, sizeof(audio));
	}
	rtcp_from(50, 7000, 0, data, rtcp_write(data, THEM, NULL, NULL, "them"));
	rig_live(&rig, 8000);
	const struct rig_packet *p = last_report(&ours);
	cr_expect(eq(u16, p->remote_port, 7000));
	cr_expect(eq(u8, p->ip[15], 50));
}

Test(engine_quality, on_two_ports_what_looks_like_a_report_is_a_payload_type_like_any)
{
	struct dp_cmd cmd = rig_remote(1);
	uint8_t audio[172] = { 0x80, 200, [3] = 1, [11] = 9 };

	rig_pair(&rig, 0, 1);
	rig_receive(&rig, 0, 1, 4000, audio, sizeof(audio));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_bad_pt), 1));
	cmd.remote.pt_rx = 200 & 0x7f;
	rig_do(&rig, 0, cmd);
	rig_receive(&rig, 0, 1, 4000, audio, sizeof(audio));
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
}

Test(engine_quality, row_26_forged_rtcp_ends_and_changes_nothing)
{
	uint8_t data[RTCP_WRITE_MAX];
	struct rtcp ours;

	rig_pair(&rig, 0, 1);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	speak(400);
	last_report(&ours);
	struct dp_quality before = query(0);
	struct rtcp_block of = { .ssrc = ours.ssrc,
		.lost = 1000,
		.jitter = 8000,
		.lsr = (uint32_t)(ours.sender.ntp >> 16) };
	struct rtcp_sender sender = { .ntp = UINT64_C(0x123456789) };
	size_t len = rtcp_write(data, 0x6666, &sender, &of, "mallory"); // a foreign SSRC
	len += rtcp_write_bye(data + len, 0x6666);
	rtcp_from(1, 4001, 1, data, len);
	rtcp_from(1, 6666, 1, data, len);
	cr_expect(eq(u64, stat_read(&rig.stats.rx_rtcp_foreign), 2));

	len = rtcp_write(data, THEM, &sender, &of, "mallory"); // the right SSRC, a wrong address
	len += rtcp_write_bye(data + len, THEM);
	rtcp_from(66, 4001, 1, data, len);
	cr_expect(eq(u64, stat_read(&rig.stats.rx_bad_source), 1));
	struct dp_quality after = query(0);
	cr_expect(zero(int, memcmp(&before, &after, sizeof(before))));

	len = rtcp_write(data, THEM, NULL, NULL, "them"); // a BYE of the right one ends nothing
	len += rtcp_write_bye(data + len, THEM);
	len += rtcp_write_bye(data + len, ours.ssrc);
	rtcp_from(1, 4001, 1, data, len);
	rig_forget(&rig);
	speak(100);
	cr_expect(eq(u32, rig_count(&rig, 0), 100));
	cr_expect(eq(u32, rig_count(&rig, 1), 100));
	rig_live(&rig, 8000);
	last_report(&ours);
	cr_expect(zero(u32, ours.about.lsr), "nothing of the forged ones is named");
}

Test(engine_quality, what_is_keyed_takes_leave_sealed)
{
	struct srtp_ciphers *ciphers = srtp_ciphers_new();
	struct dp_cmd keys = { .kind = DP_CMD_KEYS,
		.keys = { .suite = DP_SUITE_AES_CM_128_HMAC_SHA1_80, .send = 1, .key = "secret" } };
	struct rtcp got;

	rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
	rig_call(&rig, 0);
	cr_assert(eq(int, rig_do(&rig, 0, keys), DP_REFUSAL_NONE));
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 100);
	rig_forget(&rig);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_assert(eq(u32, rig.sent, 1));
	const struct rig_packet *p = &rig.packet[0];
	size_t clear = 28 + 28 + RTCP_BYE_LEN; // SR, SDES, BYE

	cr_expect(p->rtcp);
	cr_expect(eq(u16, p->len, clear + 4 + 10), "the index and the tag");
	cr_expect(ne(int, rtcp_read(&got, p->data, clear, 0), RTCP_OK));
	srtp_ciphers_free(ciphers);
}
