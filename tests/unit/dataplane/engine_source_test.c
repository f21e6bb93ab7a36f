// SPDX-License-Identifier: BSD-3-Clause
//
// The source rule: who may send to us, and where we send.
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { STRANGER = 66, PROXY = 50 };

static struct rig rig;

static void begin(void)
{
	rig_init(&rig);
}

TestSuite(engine_source, .init = begin);

static struct dp_cmd behind_nat(uint8_t party, uint8_t nat)
{
	struct dp_cmd cmd = rig_remote(party);

	rig_ip(cmd.remote.nat, nat);
	return cmd;
}

// One packet of audio with this number, from anywhere.
static void rtp_from(uint8_t party, uint16_t port, uint16_t seq)
{
	uint8_t data[172] = { 0 };

	rtp_write(data, &(struct rtp){ .seq = seq, .ts = seq * 160U, .ssrc = 1 });
	rig_receive(&rig, 0, party, port, data, sizeof(data));
}

static uint64_t refused(void)
{
	return stat_read(&rig.stats.rx_bad_source);
}

Test(engine_source, strict_only_the_named_address_may_send_and_two_in_a_row_lock_its_port)
{
	rig_pair(&rig, 0, 1);
	rtp_from(STRANGER, 4000, 1);
	cr_expect(eq(u64, refused(), 1));
	rtp_from(1, 4000, 10);
	rtp_from(1, 5000, 20); // another port of the same host: no lock yet
	rtp_from(1, 5000, 22); // not consecutive
	cr_expect(eq(u64, refused(), 1));
	cr_expect(eq(u32, rig.told, 0));
	cr_expect(eq(u32, rig_count(&rig, 1), 3), "what comes before the lock is heard");
	rtp_from(1, 5000, 23);
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(int, rig.said[0].kind, DP_EVENT_LOCKED));
	cr_expect(eq(u16, rig.said[0].locked.port, 5000));
	cr_expect(eq(u8, rig.said[0].locked.ip[15], 1));
	rtp_from(1, 4000, 24);
	rtp_from(STRANGER, 5000, 25);
	cr_expect(eq(u64, refused(), 3));
	rtp_from(1, 5000, 26);
	cr_expect(eq(u64, refused(), 3));
	cr_expect(eq(u32, rig.told, 1), "locked once");
}

Test(engine_source, strict_everything_goes_where_signalling_said_whatever_comes_in)
{
	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	for (uint16_t seq = 0; seq < 10; seq++) {
		rtp_from(1, 5555, seq);
		rtp_from(STRANGER, 6666, seq);
		rig_live(&rig, 1000);
	}
	cr_expect(gt(u32, rig.sent, 400));
	for (uint32_t i = 0; i < rig.sent; i++) {
		cr_expect(eq(u8, rig.packet[i].ip[15], 1));
		cr_expect(eq(u16, rig.packet[i].remote_port, rig.packet[i].rtcp ? 4001 : 4000));
	}
}

Test(engine_source, behind_nat_nothing_is_sent_until_locked_and_then_only_there)
{
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, behind_nat(1, PROXY));
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 20000);
	rtp_from(1, 4000, 1); // the address of the SDP is not his
	rtp_from(STRANGER, 4000, 2);
	rtp_from(PROXY, 7000, 3);
	rig_live(&rig, 1000);
	cr_expect(eq(u64, refused(), 2));
	cr_expect(eq(u32, rig.sent, 0));
	rtp_from(PROXY, 7000, 4);
	rig_live(&rig, 20000);
	cr_expect(gt(u32, rig.sent, 990));
	for (uint32_t i = 0; i < rig.sent; i++) {
		cr_expect(eq(u8, rig.packet[i].ip[15], PROXY));
		cr_expect(eq(u16, rig.packet[i].remote_port, rig.packet[i].rtcp ? 7001 : 7000));
	}
	cr_expect(eq(u8, rig_sent(&rig, 0, 0)->data[12], rig.ulaw[0][0]), "from its beginning");
}

Test(engine_source, behind_nat_reports_go_where_reports_came_from)
{
	static const uint8_t report[8] = { 0x80, 201, 0, 1, 0, 0, 0, 1 };
	uint32_t reports = 0;

	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, behind_nat(1, PROXY));
	rtp_from(PROXY, 7000, 3);
	rtp_from(PROXY, 7000, 4);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t data[8];
		struct burst in = { .n = 1 };

		memcpy(data, report, sizeof(data));
		in.pkt[0] = (struct pkt){ .data = data,
			.len = 8,
			.room = 8,
			.local_port = RIG_PORT + 1,
			.remote_port = i == 0 ? 9009 : 6666 };
		rig_ip(in.pkt[0].ip, i == 0 ? PROXY : STRANGER);
		rig.drop.n = 0;
		engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	}
	cr_expect(eq(u64, refused(), 1));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_rtcp), 1));
	rig_live(&rig, 10000);
	for (uint32_t i = 0; i < rig.sent; i++) {
		reports++;
		cr_expect(eq(u16, rig.packet[i].remote_port, 9009));
	}
	cr_expect(ge(u32, reports, 1));
}

Test(engine_source, a_prompt_waits_a_moment_for_a_party_behind_nat)
{
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, behind_nat(1, PROXY));
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 300);
	cr_expect(eq(u32, rig.told, 0));
	rtp_from(PROXY, 7000, 3);
	rtp_from(PROXY, 7000, 4);
	rig_live(&rig, 200);
	cr_assert(eq(u32, rig.told, 2), "LOCKED and PLAYED");
	cr_expect(eq(u32, rig_count(&rig, 0), 7), "all of it");
	cr_expect(eq(u8, rig_sent(&rig, 0, 0)->data[12], rig.ulaw[1][0]));
}

Test(engine_source, a_prompt_for_a_party_that_is_never_found_is_played_all_the_same)
{
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, behind_nat(1, PROXY));
	rig_do(&rig, 0, rig_prompt(RIG_PROMPT, 0));
	rig_live(&rig, 1200);
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(int, rig.said[0].kind, DP_EVENT_PLAYED));
	cr_expect(eq(u32, rig.sent, 0));
}

Test(engine_source, a_new_remote_opens_the_rule_for_one_new_lock)
{
	struct dp_cmd moved = rig_remote(1);

	rig_call(&rig, 0);
	rtp_from(1, 4000, 1);
	rtp_from(1, 4000, 2);
	rig_do(&rig, 0, rig_remote(1));
	rtp_from(1, 5000, 3);
	cr_expect(eq(u64, refused(), 1), "nothing new was said: still locked");

	moved.remote.rtp_port = 4400;
	rig_do(&rig, 0, moved);
	rtp_from(1, 5000, 4);
	rtp_from(1, 5000, 5);
	rtp_from(1, 4000, 6);
	cr_expect(eq(u64, refused(), 2));
	cr_expect(eq(u32, rig.told, 2));

	rig_do(&rig, 0, rig_remote(9));
	rtp_from(1, 5000, 7);
	cr_expect(eq(u64, refused(), 3), "another address");
	rtp_from(9, 5000, 8);
	cr_expect(eq(u64, refused(), 3));
}

Test(engine_source, behind_nat_a_new_remote_keeps_the_old_hole_until_there_is_a_new_one)
{
	struct dp_cmd same = behind_nat(1, PROXY), other = behind_nat(1, PROXY + 1);

	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, same);
	rtp_from(PROXY, 7000, 1);
	rtp_from(PROXY, 7000, 2);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	same.remote.ptime = 10;
	rig_do(&rig, 0, same);
	rig_live(&rig, 100);
	cr_expect(eq(u16, rig_sent(&rig, 0, 9)->remote_port, 7000));
	rtp_from(PROXY, 7100, 3);
	rtp_from(PROXY, 7100, 4);
	rig_forget(&rig);
	rig_live(&rig, 100);
	cr_expect(eq(u16, rig_sent(&rig, 0, 0)->remote_port, 7100));

	rig_do(&rig, 0, other);
	rig_forget(&rig);
	rig_live(&rig, 10000);
	cr_expect(eq(u32, rig.sent, 0), "another NAT: not found yet");
}

Test(engine_source, relayed_audio_does_not_leave_for_a_party_that_is_not_found)
{
	rig_pair(&rig, 0, 1);
	rig_do(&rig, 1, behind_nat(2, PROXY));
	rtp_from(1, 4000, 1);
	rtp_from(1, 4000, 2);
	cr_expect(eq(u32, rig.sent, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.relay_muted), 2));
}

Test(engine_source, a_broken_packet_or_one_not_agreed_never_locks)
{
	uint8_t data[12] = { 0x80, 8 };

	rig_call(&rig, 0);
	for (uint8_t seq = 0; seq < 9; seq++) {
		data[3] = seq;
		rig_receive(&rig, 0, 1, 4000, data, sizeof(data));
		rig_receive(&rig, 0, 1, 4000, data, sizeof(data) - 1);
	}
	rtp_from(1, 0, 1);
	rtp_from(1, 0, 2);
	cr_expect(eq(u32, rig.told, 0));
	cr_expect(eq(u64, refused(), 2), "port 0 is nobody's");
}
