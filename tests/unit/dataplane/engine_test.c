// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;

static void begin(void)
{
	rig_init(&rig);
}

TestSuite(engine, .init = begin);

static void expect_continuous(uint32_t flow)
{
	const struct rig_packet *last = rig_sent(&rig, flow, 0);

	for (uint32_t i = 1; i < rig_count(&rig, flow); i++) {
		const struct rig_packet *p = rig_sent(&rig, flow, i);

		cr_expect(eq(u16, p->rtp.seq, (uint16_t)(last->rtp.seq + 1)));
		cr_expect(eq(u32, p->rtp.ssrc, last->rtp.ssrc));
		cr_expect(gt(i32, (int32_t)(p->rtp.ts - last->rtp.ts), 0), "packet %u", i);
		last = p;
	}
}

Test(engine, plays_music_without_a_seam_every_20_ms)
{
	rig_call(&rig, 3);
	cr_assert(zero(int, rig_do(&rig, 3, rig_music(RIG_MUSIC))));
	rig_live(&rig, 1000);

	cr_assert(eq(u32, rig_count(&rig, 3), 50));
	expect_continuous(3);
	uint32_t at = 0;
	for (uint32_t i = 0; i < 50; i++) {
		const struct rig_packet *p = rig_sent(&rig, 3, i);

		cr_expect(eq(int, p->len, 172));
		cr_expect(eq(int, p->rtp.marker, i == 0));
		cr_expect(eq(u16, p->remote_port, 4000));
		cr_expect(eq(int, p->ip[15], 4));
		cr_expect(eq(u16, p->local_port, RIG_PORT + 6));
		cr_expect(eq(u64, p->at - rig_sent(&rig, 3, 0)->at, i * 20 * NS_PER_MS));
		cr_expect(eq(u32, p->rtp.ts - rig_sent(&rig, 3, 0)->rtp.ts, i * 160));
		for (uint32_t b = 0; b < 160; b++, at++)
			cr_assert(eq(u8, p->data[12 + b], rig.ulaw[0][at % RIG_TRACK_LEN]));
	}
}
