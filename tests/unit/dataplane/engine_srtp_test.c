// SPDX-License-Identifier: BSD-3-Clause
//
// Flows with keys, and libsrtp2 at their far ends.
#include "dataplane/node.h"
#include "tests/support/rig.h"
#include "tests/support/srtp_judge.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum {
	SEND = 1,
	RECEIVE = 0,
	GCM = DP_SUITE_AEAD_AES_128_GCM,
	CM = DP_SUITE_AES_CM_128_HMAC_SHA1_80
};

// A far end: what it hears from us, and how it speaks.
struct party {
	uint32_t flow;
	srtp_t ear;
	srtp_t mouth;
	struct rig_voice voice;
};

static struct rig rig;
static struct srtp_ciphers *ciphers;

static void begin(void)
{
	ciphers = srtp_ciphers_new();
	cr_assert(ciphers != NULL);
	rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
}

static void end(void)
{
	srtp_ciphers_free(ciphers);
}

TestSuite(engine_srtp, .init = begin, .fini = end);

static void fill_key(uint8_t key[DP_KEY_MAX], uint8_t suite, uint8_t which)
{
	memset(key, 0, DP_KEY_MAX);
	for (size_t i = 0; i < srtp_key_len(suite); i++)
		key[i] = (uint8_t)(i * 5 + which * 3 + 1);
}

static struct dp_cmd keys(uint8_t suite, uint8_t send, uint8_t which)
{
	struct dp_cmd cmd = { .kind = DP_CMD_KEYS, .keys = { .suite = suite, .send = send } };

	fill_key(cmd.keys.key, suite, which);
	return cmd;
}

static srtp_t judge(uint8_t suite, uint8_t which, bool seals)
{
	uint8_t key[DP_KEY_MAX];

	fill_key(key, suite, which);
	return judge_new(suite, key, seals);
}

// Keys of a flow's two directions are `which` and the next.
static struct party secure(uint32_t flow, uint8_t suite, uint8_t which)
{
	cr_assert(eq(int, rig_do(&rig, flow, keys(suite, SEND, which)), DP_REFUSAL_NONE));
	cr_assert(eq(int, rig_do(&rig, flow, keys(suite, RECEIVE, which + 1)), DP_REFUSAL_NONE));
	return (struct party){ .flow = flow,
		.ear = judge(suite, which, false),
		.mouth = judge(suite, which + 1, true),
		.voice = { .flow = flow, .ssrc = 0x100 + flow, .seq = 65530, .ts = 7 } };
}

static void leave(struct party *p)
{
	srtp_dealloc(p->ear);
	srtp_dealloc(p->mouth);
}

// 20 ms of audio as the party seals it; it is not sent yet.
static size_t sealed_audio(struct party *p, uint8_t *data, uint8_t fill)
{
	size_t len = 172;

	rtp_write(data,
		&(struct rtp){ .seq = p->voice.seq++, .ts = p->voice.ts, .ssrc = p->voice.ssrc });
	memset(data + 12, fill, 160);
	p->voice.ts += 160;
	bool sealed = judge_seal(p->mouth, false, data, &len);
	cr_assert(sealed);
	return len;
}

static void receive(const struct party *p, const uint8_t *data, size_t len)
{
	rig_receive(&rig, p->flow, (uint8_t)(p->flow + 1), 4000, data, len);
}

static void speak(struct party *p, uint8_t fill)
{
	uint8_t data[RIG_ROOM];

	receive(p, data, sealed_audio(p, data, fill));
}

// RTCP for the flow's port above.
static void report_in(uint32_t flow, uint8_t *data, size_t len)
{
	struct burst in = { .n = 1 };

	in.pkt[0] = (struct pkt){ .data = data,
		.len = (uint16_t)len,
		.room = RIG_ROOM,
		.local_port = (uint16_t)(RIG_PORT + 1 + 2 * flow),
		.remote_port = 4001 };
	rig_ip(in.pkt[0].ip, (uint8_t)(flow + 1));
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
}

// Opens everything that the flow has sent; only what the far end could open is counted. Returns
// how many packets of RTP, whose audio was `fill` if that is not negative.
static uint32_t hear(struct party *p, int fill)
{
	uint32_t heard = 0;

	for (uint32_t i = 0; i < rig.sent; i++) {
		const struct rig_packet *sent = &rig.packet[i];
		uint8_t data[RIG_ROOM];
		size_t len = sent->len;

		if (sent->flow != p->flow)
			continue;
		memcpy(data, sent->data, len);
		cr_expect(judge_open(p->ear, sent->rtcp, data, &len), "packet %u", i);
		if (sent->rtcp)
			continue;
		heard++;
		for (size_t b = 12; fill >= 0 && b < len; b++)
			cr_expect(eq(u8, data[b], (uint8_t)fill));
	}
	rig_forget(&rig);
	return heard;
}

static uint64_t bad(void)
{
	return stat_read(&rig.stats.rx_bad_srtp);
}

Test(engine_srtp, music_and_reports_reach_the_far_end_under_each_suite)
{
	FOR_EACH_SUITE(suite)
	{
		uint32_t place = 0;
		uint32_t reports = 0;

		rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
		rig_call(&rig, 0);
		struct party p = secure(0, suite, 10);
		rig_do(&rig, 0, rig_music(RIG_MUSIC));
		rig_live(&rig, 20000);
		for (uint32_t i = 0; i < rig.sent; i++) {
			struct rig_packet *sent = &rig.packet[i];
			size_t len = sent->len;

			cr_assert(judge_open(p.ear, sent->rtcp, sent->data, &len), "%u", i);
			reports += sent->rtcp;
			if (sent->rtcp)
				continue;
			cr_assert(eq(sz, len, 172));
			for (unsigned b = 0; b < 160; b++)
				cr_assert(eq(u8, sent->data[12 + b],
					rig.ulaw[0][(place + b) % RIG_TRACK_LEN]));
			place += 160;
		}
		cr_expect(ge(u32, place, 990 * 160));
		cr_expect(ge(u32, reports, 2));
		leave(&p);
	}
}

Test(engine_srtp, a_burst_that_is_full_leaves_sealed_as_well)
{
	struct party p[8];

	for (uint32_t flow = 0; flow < 8; flow++) {
		rig_call(&rig, flow);
		p[flow] = secure(flow, GCM, (uint8_t)(flow * 2));
		rig_do(&rig, flow, rig_music(RIG_MUSIC));
	}
	rig_live(&rig, 40);
	for (uint32_t flow = 0; flow < 8; flow++)
		hear(&p[flow], -1);
	// hear() has forgotten all at once; what follows is looked at flow by flow.
	rig.now += 90 * NS_PER_MS;
	rig_tick(&rig);
	cr_assert(gt(u32, rig.sent, BURST_MAX));
	for (uint32_t i = 0; i < rig.sent; i++) {
		struct rig_packet *sent = &rig.packet[i];
		size_t len = sent->len;

		cr_expect(judge_open(p[sent->flow].ear, sent->rtcp, sent->data, &len), "%u", i);
	}
	for (uint32_t flow = 0; flow < 8; flow++)
		leave(&p[flow]);
}

Test(engine_srtp, prompts_and_digits_are_sealed)
{
	static const uint8_t digit[] = { 1, 2 };

	rig_call(&rig, 0);
	struct party p = secure(0, CM, 1);
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 300);
	cr_expect(eq(u32, rig.told, 1), "PLAYED");
	cr_expect(eq(u32, hear(&p, -1), 7));

	struct dp_cmd cmd = { .kind = DP_CMD_DIGITS, .digits = { .n = 2, .ms = { 80, 80 } } };
	memcpy(cmd.digits.digit, digit, sizeof(digit));
	cr_assert(eq(int, rig_do(&rig, 0, cmd), DP_REFUSAL_NONE));
	rig_live(&rig, 400);
	cr_expect(eq(u64, stat_read(&rig.stats.digit_packets), 12));
	cr_expect(eq(u32, hear(&p, -1), 12));
	leave(&p);
}

Test(engine_srtp, two_legs_talk_whatever_keys_each_has)
{
	for (uint8_t a = DP_SUITE_NONE; a < (uint8_t)DP_SUITE_COUNT; a++) {
		for (uint8_t b = DP_SUITE_NONE + 1; b < (uint8_t)DP_SUITE_COUNT; b++) {
			rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
			rig_pair(&rig, 0, 1);
			struct party y = secure(1, b, 3), x = { 0 };
			struct rig_voice plain = { .flow = 0, .ssrc = 5, .seq = 65500 };

			if (a != DP_SUITE_NONE)
				x = secure(0, a, 1);
			for (uint8_t i = 0; i < 60; i++) {
				if (a != DP_SUITE_NONE)
					speak(&x, i);
				else
					rig_speak(&rig, &plain, i);
				cr_assert(eq(u32, hear(&y, i), 1), "%u of %u to %u", i, a, b);
				speak(&y, i);
				if (a != DP_SUITE_NONE)
					cr_assert(eq(u32, hear(&x, i), 1));
				else
					cr_assert(eq(u8, rig_sent(&rig, 0, 0)->data[12], i));
				rig_forget(&rig);
				rig.now += 20 * NS_PER_MS;
			}
			cr_expect(eq(u64, bad(), 0));
			leave(&y);
			if (a != DP_SUITE_NONE)
				leave(&x);
		}
	}
}

Test(engine_srtp, a_digit_is_heard_under_the_key)
{
	rig_call(&rig, 0);
	struct party p = secure(0, GCM, 1);

	for (uint16_t i = 1; i <= 5; i++) {
		uint8_t data[RIG_ROOM] = { 0 };
		size_t len = 16;

		rtp_write(data, &(struct rtp){ .pt = RIG_EVENT, .seq = i, .ts = 9, .ssrc = 4 });
		data[12] = 11;
		data[13] = i > 3 ? 0x8a : 0x0a;
		data[14] = (uint8_t)(160 * i >> 8);
		data[15] = (uint8_t)(160 * i);
		cr_assert(judge_seal(p.mouth, false, data, &len));
		receive(&p, data, len);
	}
	cr_assert(ge(u32, rig.told, 1));
	cr_expect(eq(int, rig.said[rig.told - 1].kind, DP_EVENT_DIGIT));
	cr_expect(eq(u8, rig.said[rig.told - 1].digit.digit, 11));
	leave(&p);
}

// Everything the engine has, before and after.
static uint8_t before[sizeof(rig.memory)];

static void remember(void)
{
	rig_tick(&rig); // nothing is under way any more
	rig_forget(&rig);
	memcpy(before, rig.memory, sizeof(before));
}

static bool unchanged(void)
{
	return memcmp(before, rig.memory, sizeof(before)) == 0;
}

Test(engine_srtp, row_1_what_is_not_genuine_is_counted_and_changes_nothing)
{
	FOR_EACH_SUITE(suite)
	{
		rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
		rig_pair(&rig, 0, 1);
		struct party p = secure(0, suite, 1);
		uint8_t data[RIG_ROOM], report[RIG_ROOM] = { 0x80, 201, 0, 1, 0, 0, 1, 0 };
		size_t report_len = 8;

		speak(&p, 1);
		size_t len = sealed_audio(&p, data, 2);
		cr_assert(judge_seal(p.mouth, true, report, &report_len));
		uint64_t refused = bad();
		rig_forget(&rig);
		remember();
		for (size_t bit = 0; bit < len * 8; bit += 3) {
			uint8_t forged[RIG_ROOM];

			memcpy(forged, data, len);
			forged[bit / 8] ^= (uint8_t)(1U << bit % 8);
			receive(&p, forged, len);
			cr_assert(unchanged(), "bit %zu", bit);
			refused++;
		}
		for (size_t bit = 0; bit < report_len * 8; bit++) {
			uint8_t forged[RIG_ROOM];

			memcpy(forged, report, report_len);
			forged[bit / 8] ^= (uint8_t)(1U << bit % 8);
			report_in(0, forged, report_len);
			cr_assert(unchanged(), "bit %zu", bit);
			refused++;
		}
		cr_expect(eq(u64, bad() + stat_read(&rig.stats.rx_srtp_again), refused));
		cr_expect(eq(u32, rig.sent, 0));
		cr_expect(eq(u32, rig.told, 0));

		receive(&p, data, len);
		report_in(0, report, report_len);
		cr_expect(
			eq(u32, rig_count(&rig, 1), 1), "the genuine one is heard after all that");
		cr_expect(eq(u64, stat_read(&rig.stats.rx_rtcp), 1));
		leave(&p);
	}
}

Test(engine_srtp, row_1_nobody_locks_a_flow_behind_nat_without_the_key)
{
	rig_do(&rig, 0, rig_open());
	struct dp_cmd cmd = rig_remote(1);
	rig_ip(cmd.remote.nat, 50);
	rig_do(&rig, 0, cmd);
	struct party p = secure(0, CM, 1);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));

	uint8_t plain[172] = { 0x80 }, data[RIG_ROOM];
	for (uint8_t i = 0; i < 10; i++) {
		plain[3] = i;
		rig_receive(&rig, 0, 50, 6666, plain, sizeof(plain));
		rig_live(&rig, 20);
	}
	cr_expect(eq(u64, bad(), 10));
	cr_expect(eq(u32, rig.told + rig.sent, 0));
	for (int i = 0; i < 2; i++) {
		size_t len = sealed_audio(&p, data, 0);
		rig_receive(&rig, 0, 50, 7000, data, len);
	}
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(u16, rig.said[0].locked.port, 7000));
	rig_live(&rig, 100);
	cr_expect(ge(u32, hear(&p, -1), 4));
	leave(&p);
}

Test(engine_srtp, row_3_bad_packets_never_end_a_call)
{
	uint8_t junk[172] = { 0x80 };

	rig_pair(&rig, 0, 1);
	struct party p = secure(0, GCM, 1);
	speak(&p, 1);
	for (unsigned i = 0; i < 10000; i++) {
		junk[3] = (uint8_t)i;
		junk[20 + i % 100]++;
		receive(&p, junk, sizeof(junk));
	}
	cr_expect(eq(u64, bad(), 10000));
	cr_expect(eq(u32, rig.told, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.flows_open), 2));
	rig_forget(&rig);
	speak(&p, 1);
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	leave(&p);
}

Test(engine_srtp, a_packet_that_was_heard_is_not_heard_again)
{
	uint8_t data[RIG_ROOM];

	rig_pair(&rig, 0, 1);
	struct party p = secure(0, CM, 1);
	size_t len = sealed_audio(&p, data, 9);
	receive(&p, data, len);
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	remember();
	receive(&p, data, len);
	cr_expect(unchanged());
	cr_expect(eq(u64, stat_read(&rig.stats.rx_srtp_again), 1));
	cr_expect(eq(u32, rig.sent, 0));
	leave(&p);
}

Test(engine_srtp, with_a_key_to_receive_only_nothing_is_sent)
{
	rig_pair(&rig, 0, 1);
	rig_do(&rig, 0, keys(CM, RECEIVE, 1));
	struct rig_voice v = { .flow = 1, .ssrc = 1 };

	rig_speak(&rig, &v, 1);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 20000);
	for (uint32_t i = 0; i < rig.sent; i++)
		cr_expect(ne(u32, rig.packet[i].flow, 0));
	cr_expect(zero(u64, stat_read(&rig.stats.tx_unsealed)), "nothing is made in vain");
	rig_forget(&rig);
	struct party p = secure(0, CM, 1);
	rig_live(&rig, 20);
	struct rig_packet *first = &rig.packet[0];
	size_t len = first->len;
	cr_assert(eq(u32, rig.sent, 1));
	cr_assert(judge_open(p.ear, false, first->data, &len));
	cr_expect(eq(int, memcmp(first->data + 12, rig.ulaw[0], 160), 0), "it waits for the key");
	leave(&p);
}

Test(engine_srtp, with_a_key_to_send_only_nothing_is_taken)
{
	rig_pair(&rig, 0, 1);
	rig_do(&rig, 0, keys(CM, SEND, 1));
	struct rig_voice v = { .flow = 0, .ssrc = 1 };
	uint8_t report[8] = { 0x80, 201, 0, 1, 0, 0, 0, 1 };

	remember();
	rig_speak(&rig, &v, 1);
	report_in(0, report, sizeof(report));
	cr_expect(unchanged());
	cr_expect(eq(u64, bad(), 2));
	cr_expect(eq(u32, rig.sent, 0));
}

Test(engine_srtp, a_new_key_is_used_at_once)
{
	rig_call(&rig, 0);
	struct party p = secure(0, CM, 1);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 100);
	cr_expect(ge(u32, hear(&p, -1), 4));
	leave(&p);
	for (uint8_t which = 20; which < 30; which++) {
		struct party q = secure(0, which % 2 ? CM : GCM, which);

		q.voice.seq = (uint16_t)(65520 + which);
		rig_live(&rig, 100);
		cr_expect(eq(u32, hear(&q, -1), 5));
		speak(&q, 1);
		cr_expect(eq(u64, stat_read(&rig.stats.rx_swallowed), which - 19U), "taken");
		leave(&q);
	}
	cr_expect(eq(u64, bad(), 0));
}

Test(engine_srtp, the_same_key_again_goes_on_where_it_was)
{
	rig_call(&rig, 0);
	struct party p = secure(0, GCM, 1);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 100);
	remember();
	rig_do(&rig, 0, keys(GCM, SEND, 1));
	rig_do(&rig, 0, keys(GCM, RECEIVE, 2));
	cr_expect(unchanged());
	rig_live(&rig, 100);
	cr_expect(eq(u32, hear(&p, -1), 5));
	leave(&p);
}

Test(engine_srtp, keys_that_are_taken_away_leave_a_flow_in_the_clear)
{
	rig_pair(&rig, 0, 1);
	struct party p = secure(0, CM, 1);
	struct rig_voice v = { .flow = 0, .ssrc = 1 };

	cr_assert(eq(int, rig_do(&rig, 0, keys(DP_SUITE_NONE, RECEIVE, 0)), DP_REFUSAL_NONE));
	rig_speak(&rig, &v, 1);
	cr_expect(eq(u32, rig.sent, 0), "not before both are gone");
	cr_assert(eq(int, rig_do(&rig, 0, keys(DP_SUITE_NONE, SEND, 0)), DP_REFUSAL_NONE));
	cr_assert(eq(int, rig_do(&rig, 0, keys(DP_SUITE_NONE, SEND, 0)), DP_REFUSAL_NONE));
	rig_speak(&rig, &v, 1);
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	rig_forget(&rig);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 100);
	cr_expect(eq(u8, rig_sent(&rig, 0, 0)->data[12], rig.ulaw[0][0]));
	leave(&p);
}

Test(engine_srtp, the_first_number_under_a_key_is_far_from_going_round)
{
	for (uint32_t flow = 0; flow < 8; flow++) {
		rig_call(&rig, flow);
		struct party p = secure(flow, CM, (uint8_t)flow);
		rig_do(&rig, flow, rig_music(RIG_MUSIC));
		rig_live(&rig, 40);
		cr_expect(lt(u16, rig_sent(&rig, flow, 0)->rtp.seq, 0x8000));
		leave(&p);
	}
}

Test(engine_srtp, keys_that_make_no_sense_are_refused)
{
	struct dp_cmd no_suite = keys(DP_SUITE_COUNT, SEND, 1), long_key = keys(CM, SEND, 1),
		      no_way = keys(CM, 2, 1), not_none = keys(DP_SUITE_NONE, SEND, 0);

	long_key.keys.key[30] = 1;
	not_none.keys.key[0] = 1;
	cr_expect(eq(int, rig_do(&rig, 0, keys(CM, SEND, 1)), DP_REFUSAL_NOT_OPEN));
	rig_call(&rig, 0);
	remember();
	cr_expect(eq(int, rig_do(&rig, 0, no_suite), DP_REFUSAL_BAD_SUITE));
	cr_expect(eq(int, rig_do(&rig, 0, long_key), DP_REFUSAL_BAD_SUITE));
	cr_expect(eq(int, rig_do(&rig, 0, not_none), DP_REFUSAL_BAD_SUITE));
	cr_expect(eq(int, rig_do(&rig, 0, no_way), DP_REFUSAL_BAD_VALUE));
	cr_expect(unchanged());
}

Test(engine_srtp, row_4_keys_beyond_the_capacity_are_refused_and_pieces_come_back)
{
	rig_begin(&rig, (struct engine_capacity){ .cryptos = 2 }, ciphers);
	for (uint32_t flow = 0; flow < 3; flow++)
		rig_call(&rig, flow);
	cr_expect(eq(int, rig_do(&rig, 0, keys(CM, SEND, 1)), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 0, keys(CM, RECEIVE, 1)), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 1, keys(CM, SEND, 1)), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 2, keys(CM, SEND, 1)), DP_REFUSAL_NO_ROOM));
	rig_do(&rig, 0, (struct dp_cmd){ .kind = DP_CMD_CLOSE });
	cr_expect(eq(int, rig_do(&rig, 2, keys(CM, SEND, 1)), DP_REFUSAL_NONE));
	rig_do(&rig, 1, keys(DP_SUITE_NONE, SEND, 0));
	rig_call(&rig, 3);
	cr_expect(eq(int, rig_do(&rig, 3, keys(CM, SEND, 1)), DP_REFUSAL_NONE));
}

Test(engine_srtp, an_engine_without_ciphers_refuses_keys)
{
	rig_init(&rig);
	rig_call(&rig, 0);
	cr_expect(eq(int, rig_do(&rig, 0, keys(CM, SEND, 1)), DP_REFUSAL_NO_ROOM));
}

static bool has(const struct srtp_keys *k)
{
	return memmem(rig.memory, sizeof(rig.memory), k->cipher, 16) != NULL ||
	       memmem(rig.memory, sizeof(rig.memory), k->salt, 12) != NULL;
}

Test(engine_srtp, close_leaves_no_trace_of_a_key)
{
	FOR_EACH_SUITE(suite)
	{
		struct srtp s = { 0 }, in = { 0 };
		uint8_t key[DP_KEY_MAX];

		rig_begin(&rig, (struct engine_capacity){ 0 }, ciphers);
		rig_call(&rig, 0);
		struct party p = secure(0, suite, 1);
		fill_key(key, suite, 1);
		cr_assert(srtp_key(&s, ciphers, suite, key));
		fill_key(key, suite, 2);
		cr_assert(srtp_key(&in, ciphers, suite, key));
		cr_assert(has(&in.rtp));
		cr_assert(has(&s.rtp));
		cr_assert(has(&s.rtcp));
		cr_expect(eq(ptr, memmem(rig.memory, sizeof(rig.memory), key, 16), NULL));

		size_t len;
		uint8_t *secrets = engine_secrets(rig.e, &len);
		uint8_t *at = memmem(rig.memory, sizeof(rig.memory), s.rtp.cipher, 16);
		cr_expect(ge(ptr, at, secrets));
		cr_expect(lt(ptr, at, secrets + len));

		rig_do(&rig, 0, rig_music(RIG_MUSIC));
		rig_live(&rig, 100);
		rig_do(&rig, 0, (struct dp_cmd){ .kind = DP_CMD_CLOSE });
		cr_expect(not(has(&s.rtp)));
		cr_expect(not(has(&s.rtcp)));
		cr_expect(not(has(&in.rtp)));
		cr_expect(not(has(&in.rtcp)));
		leave(&p);
	}
}

Test(engine_srtp, what_cannot_be_sealed_does_not_leave)
{
	struct burst in = { .n = 1 };
	uint8_t data[172];

	rig_pair(&rig, 0, 1);
	struct party p = secure(1, CM, 1);
	rtp_write(data, &(struct rtp){ .seq = 1, .ssrc = 1 });
	in.pkt[0] = (struct pkt){ .data = data,
		.len = 172,
		.room = 172, // no room for a tag
		.local_port = RIG_PORT,
		.remote_port = 4000 };
	rig_ip(in.pkt[0].ip, 1);
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	cr_assert(eq(u32, rig.out.n, 1));
	cr_expect(eq(u16, rig.out.pkt[0].len, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.tx_unsealed), 1));
	rig_take(&rig, &rig.out);
	leave(&p);
}

static bool on_note(void *, uint16_t, const struct far_note *)
{
	return true;
}

Test(engine_srtp, what_another_worker_passes_leaves_sealed)
{
	static struct far_place places[RIG_FLOWS];
	struct dp_cmd far = rig_relay(5);
	uint8_t data[RIG_ROOM];
	struct pkt p = { .data = data, .len = 172, .room = RIG_ROOM };

	rig.e->far = places; // an engine that is not alone
	rig.e->workers = 2;
	rig.e->ops.note = on_note;
	far.relay.worker = 1;
	rig_call(&rig, 0);
	struct party to = secure(0, GCM, 1);
	cr_assert(eq(int, rig_do(&rig, 0, far), DP_REFUSAL_NONE));
	memset(data, 7, sizeof(data));
	rtp_write(data, &(struct rtp){ .seq = 1, .ssrc = 1 });
	cr_assert(eq(int, rtp_read(&p.rtp, data, p.len), RTP_OK));
	struct far_mark mark = {
		.x = { 5, 1 }, .y = { 0, 1 }, .clock = 8000, .worker = 1, .what = FAR_IS_AUDIO
	};
	engine_far_packet(rig.e, &p, &mark, &rig.out, &rig.drop, rig.now);
	rig_take(&rig, &rig.out);
	cr_expect(eq(u32, hear(&to, 7), 1));
	leave(&to);
}
