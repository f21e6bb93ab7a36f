// SPDX-License-Identifier: BSD-3-Clause
//
// Who has a voice, and that nobody keeps one: random lives of flows with few pieces to share.
#include "codecs/g711.h"
#include "dataplane/node.h"
#include "tests/support/talk.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { FLOWS = 8, STEPS = 3000 };

static struct rig rig;
static uint64_t state;
static bool lossy;
static uint32_t gen[FLOWS];
static uint16_t next_seq[FLOWS]; // of what each sent
static uint32_t last_ts[FLOWS];
static bool sent[FLOWS];
static uint8_t noise[2 * CODEC_PAYLOAD_MAX];
static struct rig_voice voice[FLOWS];

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % below;
}

// What is passed on as it came has the gaps that it came with: unless there are any, what a flow
// sends is one stream, whatever happens.
static void on_left(struct rig *, const struct rig_packet *p)
{
	if (p->rtcp || lossy)
		return;
	if (sent[p->flow]) {
		cr_assert(eq(u16, p->rtp.seq, next_seq[p->flow]), "flow %u", p->flow);
		cr_assert(ge(i32, (int32_t)(p->rtp.ts - last_ts[p->flow]), 0), "flow %u", p->flow);
	}
	sent[p->flow] = true;
	next_seq[p->flow] = (uint16_t)(p->rtp.seq + 1);
	last_ts[p->flow] = p->rtp.ts;
}

static enum dp_refusal give(uint32_t flow, struct dp_cmd cmd)
{
	cmd.flow.gen = gen[flow];
	return rig_do(&rig, flow, cmd);
}

static struct flow_id someone(void)
{
	uint32_t flow = draw(FLOWS);

	return (struct flow_id){ flow, draw(20) == 0 ? 999 : gen[flow] };
}

static void a_remote(uint32_t flow)
{
	static const struct {
		uint8_t codec;
		uint32_t clock;
	} codecs[] = { { DP_CODEC_PCMU, 8000 }, { DP_CODEC_PCMA, 8000 }, { DP_CODEC_G722, 8000 },
		{ DP_CODEC_L16, 8000 }, { DP_CODEC_L16, 16000 }, { DP_CODEC_OPUS, 48000 },
		{ DP_CODEC_OTHER, 8000 } };
	static const uint8_t ptimes[] = { 10, 20, 20, 30, 40, 60 };
	struct dp_cmd cmd = rig_remote((uint8_t)(flow + 1));
	uint32_t at = draw(7);

	cmd.remote.codec = codecs[at].codec;
	cmd.remote.clock = codecs[at].clock;
	cmd.remote.ptime = ptimes[draw(6)];
	cmd.remote.flags = draw(10) == 0 ? DP_REMOTE_MUTE : 0;
	give(flow, cmd);
}

static void an_overlay(uint32_t flow)
{
	static const uint64_t tracks[] = { RIG_MUSIC, RIG_PROMPT, RIG_SHORT, RIG_ULAW };
	struct dp_cmd cmd = { .kind = DP_CMD_OVERLAY };

	cmd.overlay.track = tracks[draw(4)];
	cmd.overlay.id = 1 + draw(4);
	cmd.overlay.gain = (int16_t)(draw(200)) - 150;
	cmd.overlay.duck = (int16_t)-draw(200);
	cmd.overlay.ramp = (uint16_t)draw(300);
	cmd.overlay.flags = draw(2) ? DP_OVERLAY_LOOP : 0;
	give(flow, cmd);
}

static void a_mix(uint32_t flow)
{
	struct dp_cmd cmd = { .kind = DP_CMD_MIX, .mix.n = (uint8_t)(1 + draw(4)) };

	for (unsigned i = 0; i < cmd.mix.n; i++)
		cmd.mix.heard[i] = someone();
	give(flow, cmd);
}

static void a_close(uint32_t flow)
{
	give(flow, rig_plain(DP_CMD_CLOSE));
	sent[flow] = false;
	gen[flow]++;
}

static void a_command(uint32_t flow)
{
	switch (draw(14)) {
	case 0:
		a_close(flow);
		break;
	case 1:
	case 2:
		give(flow, rig_open());
		a_remote(flow);
		break;
	case 3:
		give(flow, rig_plain(DP_CMD_SILENT));
		break;
	case 4:
		give(flow, rig_music(draw(2) ? RIG_MUSIC : RIG_ULAW));
		break;
	case 5:
		give(flow, rig_prompt(RIG_SHORT, draw(2) ? RIG_PROMPT : 0));
		break;
	case 6:
	case 7:
		give(flow, (struct dp_cmd){ .kind = DP_CMD_RELAY, .relay.peer = someone() });
		break;
	case 8:
	case 9:
		a_mix(flow);
		break;
	case 10:
		an_overlay(flow);
		break;
	case 11:
		give(flow, (struct dp_cmd){ .kind = DP_CMD_OVERLAY_END,
				   .overlay_end = { draw(5), (uint16_t)draw(100) } });
		break;
	case 12:
		give(flow, (struct dp_cmd){ .kind = DP_CMD_GAIN,
				   .gain = { (int16_t)(draw(500) - 400), (uint16_t)draw(200) } });
		break;
	default:
		give(flow, rig_keys("12"));
	}
}

static void a_packet(uint32_t flow)
{
	struct rig_voice *v = &voice[flow];
	struct rtp rtp = {
		.pt = draw(15) == 0 ? 13 : RIG_PCMU, .seq = v->seq++, .ts = v->ts, .ssrc = v->ssrc
	};
	size_t len = draw(10) == 0 ? draw(1400) : 160;

	v->ts += draw(20) == 0 ? draw(100000) : 160;
	if (lossy)
		v->seq = (uint16_t)(v->seq + (draw(10) == 0 ? draw(5) : 0));
	if (draw(100) == 0)
		v->ssrc++;
	rig_rtp(&rig, flow, rtp, noise + draw(100), len);
}

static void begin_with(uint64_t seed, struct engine_capacity capacity)
{
	rig_init_with(&rig, capacity);
	rig.left = on_left;
	state = seed;
	memset(sent, 0, sizeof(sent));
	for (uint32_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)draw(256);
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		gen[flow] = 1;
		voice[flow] = (struct rig_voice){ .flow = flow, .ssrc = flow };
	}
}

static void live_at_random(uint32_t steps)
{
	for (uint32_t i = 0; i < steps; i++) {
		uint32_t flow = draw(FLOWS);

		if (draw(4) == 0)
			a_command(flow);
		for (uint32_t f = 0; f < FLOWS; f++) {
			if (draw(3) != 0)
				a_packet(f);
		}
		rig_live(&rig, draw(25));
		if (draw(500) == 0) // ports rest
			rig.now += 6000 * NS_PER_MS;
	}
}

static void expect_none_used(void)
{
	const struct voices *all = &rig.e->voices;

	cr_assert(eq(u32, all->voice.used, 0));
	cr_assert(eq(u32, all->line.used, 0));
	cr_assert(eq(u32, all->large.used, 0));
	cr_assert(eq(u32, all->overlays.pool.used, 0));
	for (unsigned i = 0; i < TRACKS_MAX; i++)
		cr_assert(eq(u32, rig.e->tracks.users[i], 0));
}

Test(voice, after_any_life_whatever_was_taken_is_given_back)
{
	static const struct engine_capacity capacities[] = { { 0 },
		{ .voices = 3, .overlays = 2, .jitters = 1, .opus = 1 },
		{ .voices = 5, .overlays = 3, .jitters = 2, .opus = 2 } };

	for (unsigned round = 0; round < 12; round++) {
		lossy = round % 2 == 1;
		begin_with(88172645463325252ULL + round * 1000003, capacities[round % 3]);
		live_at_random(STEPS);
		for (uint32_t flow = 0; flow < FLOWS; flow++)
			a_close(flow);
		expect_none_used();
	}
}

// The same without closing: who only listens, plainly, has no voice.
Test(voice, who_is_silent_again_and_not_heard_has_none)
{
	for (unsigned round = 0; round < 3; round++) {
		begin_with(362436069ULL + round * 77, (struct engine_capacity){ 0 });
		live_at_random(STEPS / 2);
		for (uint32_t flow = 0; flow < FLOWS; flow++) {
			give(flow, rig_plain(DP_CMD_SILENT));
			give(flow, (struct dp_cmd){ .kind = DP_CMD_OVERLAY_END });
			give(flow, (struct dp_cmd){ .kind = DP_CMD_GAIN });
		}
		expect_none_used();
	}
}
