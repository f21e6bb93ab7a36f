// SPDX-License-Identifier: BSD-3-Clause
//
// Commands: what each is answered, and what of a flow outlives it.
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rig rig;

static void begin(void)
{
	rig_init(&rig);
}

TestSuite(engine, .init = begin);

static enum dp_refusal give(uint32_t flow, uint32_t gen, enum dp_cmd_kind kind)
{
	struct dp_cmd cmd = kind == DP_CMD_REMOTE ? rig_remote(1) : rig_plain(kind);

	cmd.flow.gen = gen;
	return rig_do(&rig, flow, cmd);
}

Test(engine, every_command_is_refused_where_no_such_flow_is_open)
{
	for (int kind = DP_CMD_OPEN + 1; kind < DP_CMD_COUNT; kind++) {
		begin();
		cr_expect(eq(int, give(RIG_FLOWS, 1, kind), DP_REFUSAL_BAD_FLOW));
		cr_expect(eq(int, give(UINT32_MAX, 1, kind), DP_REFUSAL_BAD_FLOW));
		cr_expect(eq(int, give(2, 1, kind), DP_REFUSAL_NOT_OPEN));
		give(2, 5, DP_CMD_OPEN);
		cr_expect(eq(int, give(2, 4, kind), DP_REFUSAL_STALE));
		cr_expect(eq(int, give(2, 6, kind), DP_REFUSAL_STALE));
		give(2, 5, DP_CMD_CLOSE);
		cr_expect(eq(int, give(2, 5, kind), DP_REFUSAL_STALE));
		cr_expect(eq(int, give(2, 6, kind), DP_REFUSAL_NOT_OPEN));
	}
}

Test(engine, what_is_no_command_is_refused)
{
	struct dp_cmd untagged = rig_open();

	rig_call(&rig, 0);
	cr_expect(eq(int, rig_do(&rig, 0, (struct dp_cmd){ .kind = DP_CMD_COUNT }),
		DP_REFUSAL_BAD_KIND));
	cr_expect(eq(
		int, rig_do(&rig, 0, (struct dp_cmd){ .kind = UINT16_MAX }), DP_REFUSAL_BAD_KIND));
	untagged.flow = (struct flow_id){ 1, 1 };
	engine_command(rig.e, &untagged, rig.now);
	cr_expect(eq(int, rig.answer.refusal, DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(u64, stat_read(&rig.stats.refusals), 3));
	cr_expect(eq(u64, stat_read(&rig.stats.commands), 5));
}

Test(engine, a_place_takes_one_flow_at_a_time_and_no_generation_twice)
{
	cr_expect(eq(int, give(2, 7, DP_CMD_OPEN), DP_REFUSAL_NONE));
	cr_expect(eq(int, give(2, 7, DP_CMD_OPEN), DP_REFUSAL_NONE), "the same wish again");
	cr_expect(eq(int, give(2, 8, DP_CMD_OPEN), DP_REFUSAL_OPEN_ALREADY));
	cr_expect(eq(u64, stat_read(&rig.stats.flows_open), 1));
	cr_expect(eq(int, give(2, 7, DP_CMD_CLOSE), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig.answer.kind, DP_EVENT_CLOSED));
	cr_expect(eq(u64, stat_read(&rig.stats.flows_open), 0));
	cr_expect(eq(int, give(2, 8, DP_CMD_OPEN), DP_REFUSAL_RESTING));
	rig.now += (DP_REST_MS - 1) * NS_PER_MS;
	cr_expect(eq(int, give(2, 8, DP_CMD_OPEN), DP_REFUSAL_RESTING));
	rig.now += NS_PER_MS;
	cr_expect(eq(int, give(2, 7, DP_CMD_OPEN), DP_REFUSAL_STALE));
	cr_expect(eq(int, give(2, 8, DP_CMD_OPEN), DP_REFUSAL_NONE));

	struct dp_cmd nameless = rig_open();
	nameless.tag = 99;
	nameless.flow.index = 3;
	engine_command(rig.e, &nameless, rig.now);
	cr_expect(eq(int, rig.answer.refusal, DP_REFUSAL_BAD_VALUE), "generation 0");
}

#define AT(field) offsetof(typeof(((struct dp_cmd *)NULL)->remote), field)

Test(engine, a_remote_is_taken_whole_or_refused_for_a_named_reason)
{
	struct row {
		const char *what;
		size_t at; // byte of the remote that is changed
		uint8_t to;
		enum dp_refusal want;
	} rows[] = {
		{ "no address of either family", AT(ip) + 10, 0, DP_REFUSAL_BAD_ADDRESS },
		{ "IPv6, of a flow of IPv4", AT(ip), 0x20, DP_REFUSAL_BAD_ADDRESS },
		{ "this network", AT(ip) + 12, 0, DP_REFUSAL_BAD_ADDRESS },
		{ "loopback", AT(ip) + 12, 127, DP_REFUSAL_BAD_ADDRESS },
		{ "multicast", AT(ip) + 12, 224, DP_REFUSAL_BAD_ADDRESS },
		{ "broadcast", AT(ip) + 12, 255, DP_REFUSAL_BAD_ADDRESS },
		{ "the last unicast network", AT(ip) + 12, 223, DP_REFUSAL_NONE },
		{ "behind something that is no address", AT(nat) + 1, 1, DP_REFUSAL_BAD_ADDRESS },
		{ "payload type 128 to send", AT(pt_tx), 128, DP_REFUSAL_BAD_VALUE },
		{ "payload type 127 to send", AT(pt_tx), 127, DP_REFUSAL_NONE },
		{ "payload type 128 to receive", AT(pt_rx), 128, DP_REFUSAL_BAD_VALUE },
		{ "events as the audio's type", AT(dtmf_rx), RIG_PCMU, DP_REFUSAL_BAD_VALUE },
		{ "events sent as the audio's type", AT(dtmf_tx), RIG_PCMU, DP_REFUSAL_BAD_VALUE },
		{ "no events", AT(dtmf_rx), DP_NO_PT, DP_REFUSAL_NONE },
		{ "events of type 200", AT(dtmf_tx), 200, DP_REFUSAL_BAD_VALUE },
		{ "a codec that is none", AT(codec), DP_CODEC_COUNT, DP_REFUSAL_BAD_VALUE },
		{ "packets of 0 ms", AT(ptime), 0, DP_REFUSAL_BAD_VALUE },
		{ "packets of 25 ms", AT(ptime), 25, DP_REFUSAL_BAD_VALUE },
		{ "packets of 60 ms", AT(ptime), 60, DP_REFUSAL_NONE },
		{ "a flag that nobody knows", AT(flags), 2, DP_REFUSAL_BAD_VALUE },
		{ "G.711 at another clock", AT(clock) + 1, 0x3e, DP_REFUSAL_BAD_VALUE },
		{ "nothing wrong", AT(flags), 0, DP_REFUSAL_NONE },
	};

	rig_do(&rig, 0, rig_open());
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dp_cmd cmd = rig_remote(1);

		((uint8_t *)&cmd.remote)[rows[i].at] = rows[i].to;
		cr_expect(eq(int, rig_do(&rig, 0, cmd), rows[i].want), "%s", rows[i].what);
	}
}

Test(engine, a_remote_names_a_port_a_clock_and_a_way_there)
{
	struct dp_cmd cmd = rig_remote(1);

	rig_do(&rig, 0, rig_open());
	cmd.remote.rtp_port = 0;
	cr_expect(eq(int, rig_do(&rig, 0, cmd), DP_REFUSAL_BAD_VALUE));
	cmd = rig_remote(1);
	cmd.remote.codec = DP_CODEC_OTHER;
	cmd.remote.clock = 192001;
	cr_expect(eq(int, rig_do(&rig, 0, cmd), DP_REFUSAL_BAD_VALUE));
	cmd.remote.clock = 48000;
	cr_expect(eq(int, rig_do(&rig, 0, cmd), DP_REFUSAL_NONE));
	rig.hop = -1;
	cr_expect(eq(int, rig_do(&rig, 0, rig_remote(2)), DP_REFUSAL_BAD_ADDRESS));
}

Test(engine, what_sends_needs_to_know_where_to)
{
	rig_call(&rig, 1);
	rig_do(&rig, 0, rig_open());
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(RIG_MUSIC)), DP_REFUSAL_NO_REMOTE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_relay(1)), DP_REFUSAL_NO_REMOTE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_keys("1")), DP_REFUSAL_NO_REMOTE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_prompt(RIG_MUSIC, 0)), DP_REFUSAL_NO_REMOTE));
	cr_expect(eq(int, give(0, 1, DP_CMD_SILENT), DP_REFUSAL_NONE));
	cr_expect(eq(int, give(0, 1, DP_CMD_WATCH), DP_REFUSAL_NONE));
}

Test(engine, tracks_must_be_there_in_the_codec_of_the_flow)
{
	struct dp_cmd alaw = rig_remote(1), other = rig_remote(1);

	rig_call(&rig, 0);
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(0)), DP_REFUSAL_NO_TRACK));
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(5)), DP_REFUSAL_NO_TRACK));
	cr_expect(eq(int, rig_do(&rig, 0, rig_prompt(0, 0)), DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_prompt(RIG_MUSIC, 5)), DP_REFUSAL_NO_TRACK));
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(RIG_ULAW)), DP_REFUSAL_NONE));

	alaw.remote.codec = DP_CODEC_PCMA;
	other.remote.codec = DP_CODEC_OTHER;
	cr_expect(eq(int, rig_do(&rig, 0, alaw), DP_REFUSAL_NONE), "it is rendered");
	give(0, 1, DP_CMD_SILENT);
	cr_expect(eq(int, rig_do(&rig, 0, alaw), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(RIG_ULAW)), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_music(RIG_MUSIC)), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 0, other), DP_REFUSAL_NO_ENCODING));
}

Test(engine, a_relay_needs_a_peer_with_a_codec_that_fits)
{
	struct dp_cmd other = rig_remote(2), wide = rig_remote(3), relay = rig_relay(1);

	other.remote.codec = wide.remote.codec = DP_CODEC_OTHER;
	wide.remote.clock = 48000;
	rig_call(&rig, 0);
	cr_expect(eq(int, rig_do(&rig, 0, rig_relay(1)), DP_REFUSAL_BAD_PEER));
	cr_expect(eq(int, rig_do(&rig, 0, rig_relay(RIG_FLOWS)), DP_REFUSAL_BAD_PEER));
	rig_do(&rig, 1, rig_open());
	cr_expect(eq(int, rig_do(&rig, 0, rig_relay(1)), DP_REFUSAL_NONE), "not known yet");
	relay.relay.peer.gen = 2;
	cr_expect(eq(int, rig_do(&rig, 0, relay), DP_REFUSAL_BAD_PEER));
	rig_do(&rig, 1, other);
	cr_expect(eq(int, rig_do(&rig, 0, rig_relay(1)), DP_REFUSAL_CODEC_CLASH));
	rig_do(&rig, 2, rig_open());
	rig_do(&rig, 2, wide);
	cr_expect(eq(int, rig_do(&rig, 2, rig_relay(1)), DP_REFUSAL_CODEC_CLASH), "clocks");
	wide.remote.clock = 8000;
	rig_do(&rig, 2, wide);
	cr_expect(eq(int, rig_do(&rig, 2, rig_relay(1)), DP_REFUSAL_NONE));
}

Test(engine, digits_are_taken_while_there_is_room)
{
	struct dp_cmd deaf = rig_remote(1), bad = rig_keys("1");

	rig_call(&rig, 0);
	bad.digits.digit[0] = 16;
	cr_expect(eq(int, rig_do(&rig, 0, bad), DP_REFUSAL_BAD_VALUE));
	bad = rig_keys("1");
	bad.digits.ms[0] = 39;
	cr_expect(eq(int, rig_do(&rig, 0, bad), DP_REFUSAL_BAD_VALUE));
	bad.digits.ms[0] = DP_DIGIT_MS_MAX + 1;
	cr_expect(eq(int, rig_do(&rig, 0, bad), DP_REFUSAL_BAD_VALUE));
	bad.digits.n = DP_DIGITS_MAX + 1;
	cr_expect(eq(int, rig_do(&rig, 0, bad), DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_keys("")), DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_keys("12345678")), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_keys("12345678")), DP_REFUSAL_NONE));
	cr_expect(eq(int, rig_do(&rig, 0, rig_keys("1")), DP_REFUSAL_BUSY));
	deaf.remote.dtmf_tx = DP_NO_PT;
	deaf.remote.codec = DP_CODEC_OTHER; // nor can we make tones in it
	rig_do(&rig, 0, deaf);
	cr_expect(eq(int, rig_do(&rig, 0, rig_keys("1")), DP_REFUSAL_NO_DTMF));
}

Test(engine, close_tells_what_the_flow_has_seen)
{
	struct rig_voice voice = { .flow = 3, .ssrc = 9 };

	rig_call(&rig, 3);
	rig_do(&rig, 3, rig_music(RIG_MUSIC));
	for (int i = 0; i < 10; i++) {
		voice.seq += i == 5; // one packet is lost
		rig_speak(&rig, &voice, 0xff);
		rig_live(&rig, 20);
	}
	give(3, 1, DP_CMD_CLOSE);
	cr_expect(eq(int, rig.answer.kind, DP_EVENT_CLOSED));
	cr_expect(eq(u32, rig.answer.closed.rx_packets, 10));
	cr_expect(eq(u64, rig.answer.closed.rx_bytes, 1600));
	cr_expect(eq(u32, rig.answer.closed.tx_packets, 10));
	cr_expect(eq(u64, rig.answer.closed.tx_bytes, 1600));
	cr_expect(eq(u32, rig.answer.closed.rx_lost, 1));
	cr_expect(eq(u32, rig.answer.closed.jitter_us, 0));
}

Test(engine, nothing_leaves_for_a_flow_that_is_closed)
{
	struct rig_voice voice = { .ssrc = 9 };

	rig_pair(&rig, 0, 1);
	rig_do(&rig, 2, rig_open());
	rig_do(&rig, 2, rig_remote(3));
	rig_do(&rig, 2, rig_music(RIG_MUSIC));
	rig_do(&rig, 1, rig_keys("5"));
	give(1, 1, DP_CMD_CLOSE);
	give(2, 1, DP_CMD_CLOSE);
	rig_speak(&rig, &voice, 1);
	rig_live(&rig, 20000);
	for (uint32_t i = 0; i < rig.sent; i++)
		cr_expect(eq(u32, rig.packet[i].flow, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_swallowed), 1));
	voice.flow = 2;
	rig_speak(&rig, &voice, 1);
	cr_expect(eq(u64, stat_read(&rig.stats.rx_no_flow), 1));
}

Test(engine, a_successor_is_not_hit_by_what_was_meant_for_the_flow_before)
{
	struct rig_voice voice = { .ssrc = 9 };
	struct dp_cmd again = rig_open(), remote = rig_remote(2);

	rig_pair(&rig, 0, 1);
	give(1, 1, DP_CMD_CLOSE);
	rig.now += DP_REST_MS * NS_PER_MS;
	again.flow.gen = remote.flow.gen = 2;
	rig_do(&rig, 1, again);
	rig_do(&rig, 1, remote);
	rig_forget(&rig);
	rig_speak(&rig, &voice, 1); // 0 was heard by the old flow at 1
	voice.flow = 1;
	rig_speak(&rig, &voice, 1); // 0 still relays the old flow at 1
	cr_expect(eq(u32, rig.sent, 0));
	cr_expect(eq(u64, stat_read(&rig.stats.rx_swallowed), 2));
}

Test(engine, what_the_core_has_missed_is_said_with_the_next_event)
{
	struct rig_voice voice = { .ssrc = 9 };

	rig_call(&rig, 0);
	rig.deaf = true;
	rig_speak(&rig, &voice, 1);
	rig_speak(&rig, &voice, 1); // locked, and nobody listens
	rig.deaf = false;
	cr_expect(eq(u64, stat_read(&rig.stats.events_lost), 1));
	give(0, 2, DP_CMD_SILENT);
	cr_expect(eq(int, rig.answer.lost, 0), "another flow's answer");
	give(0, 1, DP_CMD_SILENT);
	cr_expect(eq(int, rig.answer.lost, 1));
	give(0, 1, DP_CMD_SILENT);
	cr_expect(eq(int, rig.answer.lost, 0));
}

static uint32_t described, last_described, open_described;

static void note(void *, uint32_t flow, uint32_t, bool open, uint64_t owner)
{
	described++;
	open_described += open;
	last_described = flow;
	cr_expect(eq(u64, owner, 42));
}

Test(engine, the_directory_is_told_in_steps_and_knows_every_place_ever_used)
{
	uint32_t from = 0, steps = 0;

	rig_call(&rig, 0);
	rig_call(&rig, 5);
	rig_call(&rig, RIG_FLOWS - 1);
	give(5, 1, DP_CMD_CLOSE);
	rig.entry = note;
	do {
		from = engine_describe(rig.e, from, 3);
		steps++;
	} while (from < RIG_FLOWS);
	cr_expect(eq(u32, described, 3));
	cr_expect(eq(u32, open_described, 2));
	cr_expect(eq(u32, last_described, RIG_FLOWS - 1));
	cr_expect(eq(u32, steps, (RIG_FLOWS + 2) / 3));
	cr_expect(eq(u32, engine_describe(rig.e, RIG_FLOWS + 5, 3), RIG_FLOWS));
	cr_expect(eq(u32, engine_describe(rig.e, 0, UINT32_MAX), RIG_FLOWS));
	cr_expect(eq(u32, described, 6));
}

Test(engine, orphans_from_which_nothing_comes_are_closed_and_only_they)
{
	struct rig_voice voice = { .ssrc = 9 };
	uint32_t from = 0, closed = 0;

	rig_call(&rig, 0);
	rig_call(&rig, 7);
	rig_live(&rig, 40);
	rig_speak(&rig, &voice, 1);
	rig.now += 50 * NS_PER_MS;
	for (uint32_t i = 0; i < RIG_FLOWS / 4; i++)
		closed += engine_reap(rig.e, &from, 4, 60 * NS_PER_MS, rig.now);
	cr_expect(eq(u32, closed, 1));
	cr_expect(eq(u32, from, RIG_FLOWS));
	cr_expect(eq(int, give(7, 1, DP_CMD_SILENT), DP_REFUSAL_STALE));
	cr_expect(eq(int, give(0, 1, DP_CMD_SILENT), DP_REFUSAL_NONE));
	rig.now += NS_PER_SEC;
	cr_expect(eq(u32, engine_reap(rig.e, &from, RIG_FLOWS, NS_PER_SEC, rig.now), 1),
		"it begins anew");
}

Test(engine, an_idle_worker_may_sleep_and_a_busy_one_wakes_each_millisecond)
{
	cr_expect(gt(u64, engine_next_due(rig.e, rig.now), rig.now + 100 * NS_PER_MS));
	rig_call(&rig, 0);
	cr_expect(gt(u64, engine_next_due(rig.e, rig.now), rig.now));
	cr_expect(le(u64, engine_next_due(rig.e, rig.now), rig.now + 64 * NS_PER_MS), "reports");
	rig_do(&rig, 0, rig_music(RIG_MUSIC));
	cr_expect(eq(u64, engine_next_due(rig.e, rig.now), rig.now), "its time is this one");
	rig_tick(&rig);
	cr_expect(eq(u64, engine_next_due(rig.e, rig.now), rig.now + NS_PER_MS));
	cr_expect(eq(u64, engine_next_due(rig.e, rig.now + 1), rig.now + NS_PER_MS));
}
