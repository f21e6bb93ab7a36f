// SPDX-License-Identifier: BSD-3-Clause
//
// Flows and what is wished for them.
#include "tests/support/media_stage.h"

#include <criterion/criterion.h>

#include <string.h>

TestSuite(media_flow, .init = stage_open_up, .fini = stage_clear, .timeout = 20);

Test(media_flow, opens_each_flow_on_a_port_of_its_own)
{
	bool seen[65536] = { false };

	stage.fake.directory[1][0].gen = 41;
	stage_attach();
	for (int i = 0; i < 8; i++) {
		struct media_flow f = stage_open(0);
		struct address a;

		media_local(stage.media, f, &a);
		cr_expect(address_is_v4(a.ip) && a.ip[12] == 10 && a.ip[15] == 1 + f.id.index / 4);
		cr_expect_eq(a.port, (f.id.index < 4 ? 20000 : 30000) + 2 * (f.id.index % 4));
		cr_expect(!seen[a.port], "twice");
		seen[a.port] = true;
	}
	struct media_flow none;
	cr_expect(!media_open(stage.media, 0, &stage_me, &none), "a ninth flow of eight");
	cr_expect(!media_open(stage.media, 2, &stage_me, &none), "a third worker of two");
	stage_turn(10);
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_OPEN, (struct flow_id){ 0 }), 8);
	cr_expect_eq(stage_counts().flows_open, 8);
	cr_expect_eq(
		stage_counts().flows_free, 3, "those of the other worker, but the one that rests");
}

Test(media_flow, a_closed_port_rests)
{
	stage_attach();
	struct media_flow f[4];

	for (int i = 0; i < 4; i++)
		f[i] = stage_open(1);
	struct flow_id id = f[2].id;
	media_close(stage.media, &f[2]);
	media_close(stage.media, &f[2]); // harmless
	stage_turn(20);
	cr_expect_eq(fake_media_count(&stage.fake, DP_CMD_CLOSE, id), 1);
	cr_expect(!media_open(stage.media, 1, &stage_me, &f[2]));
	cr_expect(stage_counts().flows_resting == 1 && stage_counts().flows_open == 3);
	stage_turn(5000);
	cr_expect(!media_open(stage.media, 1, &stage_me, &f[2]), "after 5 s already");
	stage_turn(600);
	cr_assert(media_open(stage.media, 1, &stage_me, &f[2]));
	cr_expect(f[2].id.index == id.index && f[2].id.gen == id.gen + 1);
}

Test(media_flow, wishes_become_commands_in_order)
{
	static const uint64_t prompts[] = { 11, 12, 13 };
	static const uint8_t digits[] = { 11, 0 };
	static const uint16_t times[] = { 100, 200 };
	struct media_remote r = { .clock = 8000,
		.pt_tx = 8,
		.pt_rx = 0,
		.dtmf_tx = 101,
		.dtmf_rx = 102,
		.codec = DP_CODEC_PCMA,
		.ptime = 20,
		.cn = 13,
		.mute = true };
	stage_attach();
	struct media_flow f = stage_open(1), peer = stage_open(1);

	cr_assert(
		address_read(&r.rtp, "192.0.2.7:4000") && address_read(&r.rtcp, "192.0.2.7:4005"));
	r.nat[15] = 9;
	media_remote(stage.media, f, &r);
	media_music(stage.media, f, 4711, false);
	media_prompt(stage.media, f, prompts, 3);
	media_relay(stage.media, f, peer);
	media_watch(stage.media, f, 1 << 11);
	media_digits(stage.media, f, digits, times, 2);
	media_silent(stage.media, f);
	struct flow_id id = f.id;
	media_close(stage.media, &f);
	stage_turn(20);

	static const uint16_t kinds[] = { DP_CMD_OPEN, DP_CMD_OPEN, DP_CMD_REMOTE, DP_CMD_MUSIC,
		DP_CMD_PROMPT, DP_CMD_RELAY, DP_CMD_WATCH, DP_CMD_DIGITS, DP_CMD_SILENT,
		DP_CMD_CLOSE };
	cr_assert_eq(stage.fake.commands, 10);
	for (uint32_t i = 0; i < 10; i++) {
		const struct fake_command *c = &stage.fake.command[i];
		struct flow_id whose = i == 1 ? peer.id : id;

		cr_expect_eq(c->cmd.kind, kinds[i], "%u", i);
		cr_expect(c->worker == 1 && c->cmd.tag != 0);
		cr_expect(c->cmd.flow.index == whose.index && c->cmd.flow.gen == whose.gen);
	}
	const struct dp_cmd *remote = &stage.fake.command[2].cmd;
	cr_expect(memcmp(remote->remote.ip, r.rtp.ip, 16) == 0 && remote->remote.nat[15] == 9);
	cr_expect(remote->remote.rtp_port == 4000 && remote->remote.rtcp_port == 4005);
	cr_expect(remote->remote.clock == 8000 && remote->remote.codec == DP_CODEC_PCMA);
	cr_expect(remote->remote.pt_tx == 8 && remote->remote.pt_rx == 0);
	cr_expect(remote->remote.dtmf_tx == 101 && remote->remote.dtmf_rx == 102);
	cr_expect_eq(remote->remote.cn, 13);
	cr_expect(remote->remote.ptime == 20 && remote->remote.flags == DP_REMOTE_MUTE);
	cr_expect_eq(stage.fake.command[3].cmd.music.track, 4711);
	cr_expect_eq(stage.fake.command[4].cmd.prompt.track[2], 13);
	cr_expect_eq(stage.fake.command[4].cmd.prompt.track[3], 0);
	cr_expect_eq(stage.fake.command[5].cmd.relay.peer.gen, peer.id.gen);
	cr_expect_eq(stage.fake.command[6].cmd.watch.digits, 1 << 11);
	cr_expect_eq(stage.fake.command[7].cmd.digits.n, 2);
	cr_expect(stage.fake.command[7].cmd.digits.digit[0] == 11 &&
		  stage.fake.command[7].cmd.digits.ms[1] == 200);
	cr_expect_eq(stage_counts().commands, 10);
}

static uint32_t expected_commands;

static bool all_came(void)
{
	return stage.fake.commands == expected_commands;
}

Test(media_flow, commands_wait_in_order_while_the_lane_is_full)
{
	stage_attach();
	struct media_flow f = stage_open(0), other = stage_open(1);
	stage_turn(10);

	stage.fake.obeys = false;
	for (uint32_t i = 0; i < 5000; i++)
		media_watch(stage.media, f, (uint16_t)i);
	stage_turn(20);
	cr_expect_eq(stage.fake.commands, 2);
	cr_expect_eq(stage_counts().waiting, 5000 - BRIDGE_LANE_SIZE);
	media_watch(stage.media, other, 1);
	stage.fake.obeys = true;
	expected_commands = 2 + 5001;
	cr_assert(stage_turn_until(all_came, 5000), "%u came", stage.fake.commands);
	uint32_t next = 0;
	for (uint32_t i = 2; i < stage.fake.commands; i++)
		if (stage.fake.command[i].worker == 0)
			cr_assert_eq(stage.fake.command[i].cmd.watch.digits, (uint16_t)next++);
	cr_expect_eq(next, 5000);
	stage_turn(20);
	uint32_t done = 0;
	for (uint32_t i = 0; i < stage.events; i++)
		done += stage.heard[i].kind == MEDIA_DONE && stage.heard[i].cmd == DP_CMD_WATCH;
	cr_expect_eq(done, 5001, "every command is answered once");
}

Test(media_flow, a_worker_that_takes_nothing_ends_the_attachment_later)
{
	stage_attach();
	struct media_flow f = stage_open(0);

	stage.fake.obeys = false;
	for (uint32_t i = 0; i < 70000; i++)
		media_watch(stage.media, f, 0);
	cr_expect(media_attached(stage.media) && stage.detached == 0, "in the middle of a wish");
	cr_assert(stage_turn_until(stage_is_detached, 1000));
}
