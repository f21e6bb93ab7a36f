// SPDX-License-Identifier: BSD-3-Clause
//
// RTCP of a flow: what is said, when, and that what is heard ends nothing.
#include "dataplane/rtcp.h"
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;
static struct rig_voice voice;

static void begin(void)
{
	rig_init(&rig);
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65400 };
}

TestSuite(engine_report, .init = begin);

// The nth report of flow 0.
static const struct rig_packet *report(uint32_t n, struct rtcp *out)
{
	for (uint32_t i = 0; i < rig.sent; i++) {
		const struct rig_packet *p = &rig.packet[i];

		if (p->flow != 0 || !p->rtcp || n-- != 0)
			continue;
		cr_assert(eq(int, rtcp_read(out, p->data, p->len, voice.ssrc), RTCP_OK));
		cr_expect(eq(u16, p->local_port, RIG_PORT + 1));
		return p;
	}
	return NULL;
}

static void rtcp_from(uint8_t party, const void *data, size_t len)
{
	uint8_t copy[RIG_ROOM];
	struct burst in = { .n = 1 };

	memcpy(copy, data, len);
	in.pkt[0] = (struct pkt){ .data = copy,
		.len = (uint16_t)len,
		.room = sizeof(copy),
		.local_port = RIG_PORT + 1,
		.remote_port = 4001 };
	rig_ip(in.pkt[0].ip, party);
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	cr_expect(eq(u32, rig.drop.n, 1));
	cr_expect(eq(u32, rig.out.n, 0));
}

Test(engine_report, a_sender_reports_what_it_sent_in_time_and_in_its_own_time)
{
	struct rtcp got;

	rig_call(&rig, 0);
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	rig_live(&rig, 8000);
	const struct rig_packet *p = report(0, &got);
	cr_assert(ne(ptr, (void *)(uintptr_t)p, NULL));
	cr_expect(got.sent);
	cr_expect(eq(u32, got.blocks, 0), "nothing was received");
	cr_expect(eq(u16, p->remote_port, 4001));

	uint32_t sent = 0;
	while (rig_sent(&rig, 0, sent)->at != 0 && rig_sent(&rig, 0, sent)->at <= p->at)
		sent++;
	const struct rig_packet *last = rig_sent(&rig, 0, sent - 1);
	int32_t since = (int32_t)(got.sender.ts - last->rtp.ts);

	cr_expect(eq(u32, got.ssrc, last->rtp.ssrc));
	cr_expect(eq(u32, got.sender.packets, sent));
	cr_expect(eq(u32, got.sender.octets, sent * 160));
	cr_expect(le(i32, since > 0 ? since : -since, 160), "the timestamp of now: %d", since);
	cr_expect(eq(u64, got.sender.ntp >> 32, 1700000000 + p->at / NS_PER_SEC + 2208988800));
	cr_expect(eq(u64, (got.sender.ntp & UINT32_MAX) * 1000 >> 32 <= 999, 1));
	uint64_t ms = ((got.sender.ntp & UINT32_MAX) * 1000 + UINT32_MAX) >> 32;
	cr_expect(eq(u64, ms % 1000, p->at / NS_PER_MS % 1000));
}

Test(engine_report, who_sends_nothing_reports_what_he_hears)
{
	struct rtcp got;

	rig_call(&rig, 0);
	for (uint32_t i = 0; i < 400; i++) {
		voice.seq += i % 4 == 3; // one of five is lost
		rig_speak(&rig, &voice, 1);
		rig_live(&rig, 20);
	}
	cr_assert(report(0, &got) != NULL);
	cr_expect(not(got.sent));
	cr_expect(eq(u32, got.about.ssrc, 0x1234));
	cr_expect(le(i32, got.about.fraction - 51, 1), "a fifth of 256");
	cr_expect(ge(i32, got.about.fraction - 51, -2), "a fifth of 256");
	cr_expect(gt(u32, got.about.highest, 65400));
	cr_expect(gt(i32, got.about.lost, 20));
	cr_expect(lt(u32, got.about.jitter, 20 * 8));
	cr_expect(zero(u32, got.about.lsr));
	cr_expect(zero(u32, got.about.dlsr));
}

Test(engine_report, jitter_is_what_the_arrivals_say)
{
	rig_call(&rig, 0);
	for (uint32_t i = 0; i < 400; i++) {
		rig_speak(&rig, &voice, 1);
		rig_live(&rig, i % 2 == 0 ? 15 : 25); // 5 ms early, 5 ms late
	}
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	cr_expect(ge(u32, rig.answer.closed.jitter_us, 4500));
	cr_expect(le(u32, rig.answer.closed.jitter_us, 5500));
}

Test(engine_report, their_last_report_is_named_in_ours)
{
	struct rtcp_sender sender = { .ntp = 0x1111222233334444 };
	uint8_t data[RTCP_WRITE_MAX];
	size_t len = rtcp_write(data, 0x1234, &sender, NULL, "them");
	struct rtcp got;

	rig_call(&rig, 0);
	rig_speak(&rig, &voice, 1);
	rtcp_from(1, data, len);
	uint64_t heard = rig.now;
	cr_expect(eq(u64, stat_read(&rig.stats.rx_rtcp), 1));
	rig_live(&rig, 8000);
	const struct rig_packet *p = report(0, &got);
	cr_assert(p != NULL);
	cr_expect(eq(u32, got.about.lsr, 0x22223333));
	cr_expect(eq(u32, got.about.dlsr, (uint32_t)((p->at - heard) / NS_PER_MS * 65536 / 1000)));
}

Test(engine_report, reports_come_every_five_seconds_more_or_less_and_not_in_step)
{
	uint32_t reports[2] = { 0 }, together = 0;
	uint64_t last[2] = { RIG_START, RIG_START };

	rig_call(&rig, 0);
	rig_call(&rig, 1);
	for (uint32_t i = 0; i < 600; i++) {
		rig_live(&rig, 1000);
		for (uint32_t n = 0; n < rig.sent; n++) {
			const struct rig_packet *p = &rig.packet[n];
			uint64_t since = (p->at - last[p->flow]) / NS_PER_MS;

			cr_expect(ge(u64, since, 2500 - 64));
			cr_expect(le(u64, since, 7500 + 64));
			last[p->flow] = p->at;
			together += last[0] == last[1];
			reports[p->flow]++;
		}
		rig_forget(&rig);
	}
	for (unsigned f = 0; f < 2; f++) {
		cr_expect(ge(u32, reports[f], 105));
		cr_expect(le(u32, reports[f], 135));
	}
	cr_expect(lt(u32, together, 10));
}

Test(engine_report, a_bye_and_a_broken_report_end_nothing)
{
	static const uint8_t bye[] = { 0x80, 201, 0, 1, 0, 0, 0x12, 0x34, 0x81, 203, 0, 1, 0, 0,
		0x12, 0x34 };

	rig_pair(&rig, 0, 1);
	rig_speak(&rig, &voice, 1);
	rtcp_from(1, bye, sizeof(bye));
	rtcp_from(1, bye, 9);
	rtcp_from(1, bye, 0);
	rtcp_from(66, bye, sizeof(bye));
	rig_speak(&rig, &voice, 1);
	cr_expect(eq(u32, rig_count(&rig, 1), 2));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_rtcp), 1));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_bad_rtcp), 2));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_bad_source), 1));
}

Test(engine_report, a_party_on_hold_is_still_told_how_it_goes)
{
	struct dp_cmd hold = rig_remote(1), mute = rig_remote(1);

	hold.remote.flags = DP_REMOTE_MUTE;
	rig_do(&rig, 0, rig_open());
	rig_do(&rig, 0, hold);
	rig_live(&rig, 8000);
	cr_expect(ge(u32, rig.sent, 1));

	rig_forget(&rig);
	mute.remote.rtcp_port = 0;
	rig_do(&rig, 0, mute);
	rig_live(&rig, 20000);
	cr_expect(eq(u32, rig.sent, 0), "he said that he takes none");
}
