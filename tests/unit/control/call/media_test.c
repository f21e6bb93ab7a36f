// SPDX-License-Identifier: BSD-3-Clause
//
// Our side of the bridge against a layby-media that does what the test wants.
#include "codecs/g711.h"
#include "control/call/media.h"
#include "control/loop.h"
#include "tests/support/fake_media.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct loop *loop;
static struct media *media;
static struct fake_media fake;

enum { HEARD_MAX = 100000 };
static struct media_event heard[HEARD_MAX];
static uint32_t n_heard, n_attached, n_detached, orphans;
static void (*on_event)(const struct media_event *event);

static void happen(void *, const struct media_event *event)
{
	cr_assert(n_heard < HEARD_MAX);
	heard[n_heard++] = *event;
	if (on_event != NULL)
		on_event(event);
}

static void attached(void *, uint32_t n)
{
	cr_assert(media_attached(media));
	n_attached++;
	orphans = n;
}

static void detached(void *)
{
	cr_assert(!media_attached(media));
	n_detached++;
}

static struct timer deadline, watcher;
static bool (*wanted)(void);
static bool in_time;

static void watch_over(struct timer *, uint64_t now_ms)
{
	if (wanted != NULL && wanted())
		loop_stop(loop);
	else
		clock_arm(loop_clock(loop), &watcher, now_ms + 1);
}

static void too_late(struct timer *, uint64_t)
{
	in_time = false;
	loop_stop(loop);
}

// Turns the loop until what is wanted holds. False: it does not within so many ms.
static bool turn_until(bool (*want)(void), uint32_t ms)
{
	wanted = want;
	in_time = true;
	clock_arm(loop_clock(loop), &watcher, loop_now(loop));
	clock_arm(loop_clock(loop), &deadline, loop_now(loop) + ms);
	loop_run(loop);
	clock_disarm(loop_clock(loop), &watcher);
	clock_disarm(loop_clock(loop), &deadline);
	return in_time;
}

static void turn(uint32_t ms)
{
	(void)turn_until(NULL, ms);
}

static bool is_attached(void)
{
	return n_attached > 0;
}

static bool is_greeted(void)
{
	return fake.greeted > 0;
}

static const struct media_ops ops = {
	.happen = happen, .attached = attached, .detached = detached
};

static void start(void)
{
	loop = loop_new();
	cr_assert(loop != NULL);
	timer_init(&watcher, watch_over);
	timer_init(&deadline, too_late);
	fake_media_start(&fake, loop);
	media = media_new(loop, fake.path, &ops);
	cr_assert(media != NULL);
}

static char wav[64];

static void stop(void)
{
	cr_expect(media_free(media) == NULL);
	fake_media_stop(&fake);
	loop_free(loop);
	if (wav[0] != '\0')
		unlink(wav);
}

TestSuite(media, .init = start, .fini = stop, .timeout = 20);

static void attach(void)
{
	cr_assert(turn_until(is_attached, 1000), "not attached");
}

static int me; // somebody who owns flows

static struct media_flow open_flow(uint16_t worker)
{
	struct media_flow f;

	cr_assert(media_open(media, worker, &me, &f), "no flow");
	return f;
}

static struct media_counts counts(void)
{
	struct media_counts c;

	media_counts(media, &c);
	return c;
}

// --- coming and going

Test(media, attaches_to_a_media_that_has_no_flows)
{
	cr_expect(!media_attached(media) && media_workers(media) == 0);
	cr_expect(media_stats(media, 0) == NULL);
	attach();
	cr_expect(media_workers(media) == 2 && orphans == 0 && fake.commands == 0);
	cr_expect(media_stats(media, 0) != NULL && media_stats(media, 1) != NULL);
	cr_expect(media_stats(media, 2) == NULL);
	cr_expect(counts().flows_free == 12 && counts().flows_open == 0);
}

Test(media, waits_until_every_worker_has_described_its_flows)
{
	fake.describes = false;
	cr_assert(turn_until(is_greeted, 1000));
	turn(50);
	cr_expect(!media_attached(media));
	atomic_store(fake.bridge.worker[0].directory_done, 1);
	turn(50);
	cr_expect(!media_attached(media), "one of two is not enough");
	fake.describes = true;
	attach();
}

Test(media, closes_what_nobody_owns_and_says_how_many)
{
	static const struct flow_id nobodys[] = { { 2, 7 }, { 5, UINT32_MAX }, { 3, 1 } };

	fake.directory[0][2] = (struct fake_entry){ 7, 1 };
	fake.directory[0][5] = (struct fake_entry){ UINT32_MAX, 1 };
	fake.directory[0][6] = (struct fake_entry){ 9, 0 }; // used, but closed
	fake.directory[1][3] = (struct fake_entry){ 1, 1 };
	attach();
	turn(20);
	cr_expect_eq(orphans, 3);
	cr_expect_eq(fake.commands, 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(fake_media_count(&fake, DP_CMD_CLOSE, nobodys[i]), 1);
	cr_expect_eq(n_heard, 0);
	// 3 closed now and 1 closed before rest; what was never used is free.
	cr_expect_eq(counts().flows_resting, 4);
	cr_expect_eq(counts().flows_free, 8);
	cr_expect_eq(counts().flows_open, 0);
}

static bool is_detached(void)
{
	return n_detached > 0;
}

static bool is_attached_again(void)
{
	return n_attached == 2;
}

Test(media, notices_the_end_and_comes_back_every_second)
{
	attach();
	struct media_flow f = open_flow(0);
	turn(10);
	n_heard = 0;

	fake_media_hang_up(&fake);
	cr_assert(turn_until(is_detached, 1000));
	cr_expect(!media_attached(media) && media_workers(media) == 0);
	cr_expect(media_stats(media, 0) == NULL && counts().flows_open == 0);

	// Whoever still speaks of an old flow speaks into the void.
	struct media_flow none;
	struct address a = { .port = 1 };
	cr_expect(!media_open(media, 0, &me, &none));
	media_silent(media, f);
	media_set_owner(media, f, NULL);
	media_local(media, f, &a);
	cr_expect_eq(a.port, 0);

	uint64_t before = loop_now(loop);
	cr_assert(turn_until(is_attached_again, 3000));
	cr_expect(loop_now(loop) - before > 800, "%lu ms", loop_now(loop) - before);
	uint32_t commands = fake.commands;
	media_silent(media, f);
	media_close(media, &f);
	cr_expect_eq(f.id.gen, 0);
	turn(10);
	cr_expect(fake.commands == commands && n_detached == 1 && n_heard == 0);
}

Test(media, keeps_trying_when_nobody_is_there)
{
	media_free(media);
	fake_media_stop(&fake);
	media = media_new(loop, fake.path, &ops);
	turn(20);
	cr_expect(!media_attached(media));
	fake_media_start(&fake, loop);
	cr_assert(turn_until(is_attached, 2000));
}

Test(media, refuses_a_path_that_no_socket_can_have)
{
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_expect(media_new(loop, path, &ops) == NULL);
}

// What a media may get wrong at the greeting. None of it may attach, crash or leak.
struct strange {
	const char *name;
	struct attach_message greeting;
	bool no_fds, unsealed;
};

static bool is_greeted_twice(void)
{
	return fake.greeted == 2;
}

Test(media, attaches_to_nothing_strange)
{
	static const struct strange rows[] = {
		{ "another version", { ATTACH_VERSION + 1, ATTACH_HELLO, 0, 0, 0, 0, 0 }, 0, 0 },
		{ "busy", { ATTACH_VERSION, ATTACH_BUSY, 0, 0, 0, 0, 0 }, true, 0 },
		{ "busy with descriptors", { ATTACH_VERSION, ATTACH_BUSY, 0, 0, 0, 0, 0 }, 0, 0 },
		{ "an answer first", { ATTACH_VERSION, ATTACH_TRACK, 0, 0, 0, 0, 0 }, true, 0 },
		{ "our own words", { ATTACH_VERSION, ATTACH_TRACK_ADD, 0, 0, 0, 0, 0 }, 0, 0 },
		{ "no descriptors", { ATTACH_VERSION, ATTACH_HELLO, 0, 0, 0, 0, 0 }, true, 0 },
		{ "no seals", { ATTACH_VERSION, ATTACH_HELLO, 0, 0, 0, 0, 0 }, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake.greeted = 0;
		fake.greeting = rows[i].greeting;
		fake.no_fds = rows[i].no_fds;
		fake.unsealed = rows[i].unsealed;
		cr_assert(turn_until(is_greeted, 3000), "%s", rows[i].name);
		cr_assert(turn_until(is_greeted_twice, 3000), "%s: not tried again", rows[i].name);
		cr_expect(n_attached == 0 && n_detached == 0, "%s", rows[i].name);
	}
}

// --- flows

Test(media, opens_each_flow_on_a_port_of_its_own)
{
	bool seen[65536] = { false };

	fake.directory[1][0].gen = 41;
	attach();
	for (int i = 0; i < 8; i++) {
		struct media_flow f = open_flow(0);
		struct address a;

		media_local(media, f, &a);
		cr_expect(address_is_v4(a.ip) && a.ip[12] == 10 && a.ip[15] == 1 + f.id.index / 4);
		cr_expect_eq(a.port, (f.id.index < 4 ? 20000 : 30000) + 2 * (f.id.index % 4));
		cr_expect(!seen[a.port], "twice");
		seen[a.port] = true;
	}
	struct media_flow none;
	cr_expect(!media_open(media, 0, &me, &none), "a ninth flow of eight");
	cr_expect(!media_open(media, 2, &me, &none), "a third worker of two");
	turn(10);
	cr_expect_eq(fake_media_count(&fake, DP_CMD_OPEN, (struct flow_id){ 0 }), 8);
	cr_expect_eq(counts().flows_open, 8);
	cr_expect_eq(counts().flows_free, 3, "those of the other worker, but the one that rests");
}

Test(media, a_closed_port_rests)
{
	attach();
	struct media_flow f[4];

	for (int i = 0; i < 4; i++)
		f[i] = open_flow(1);
	struct flow_id id = f[2].id;
	media_close(media, &f[2]);
	media_close(media, &f[2]); // harmless
	turn(20);
	cr_expect_eq(fake_media_count(&fake, DP_CMD_CLOSE, id), 1);
	cr_expect(!media_open(media, 1, &me, &f[2]));
	cr_expect(counts().flows_resting == 1 && counts().flows_open == 3);
	turn(5000);
	cr_expect(!media_open(media, 1, &me, &f[2]), "after 5 s already");
	turn(600);
	cr_assert(media_open(media, 1, &me, &f[2]));
	cr_expect(f[2].id.index == id.index && f[2].id.gen == id.gen + 1);
}

Test(media, wishes_become_commands_in_order)
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
		.mute = true };
	attach();
	struct media_flow f = open_flow(1), peer = open_flow(1);

	cr_assert(
		address_read(&r.rtp, "192.0.2.7:4000") && address_read(&r.rtcp, "192.0.2.7:4005"));
	r.nat[15] = 9;
	media_remote(media, f, &r);
	media_music(media, f, 4711);
	media_prompt(media, f, prompts, 3);
	media_relay(media, f, peer);
	media_watch(media, f, 1 << 11);
	media_digits(media, f, digits, times, 2);
	media_silent(media, f);
	struct flow_id id = f.id;
	media_close(media, &f);
	turn(20);

	static const uint16_t kinds[] = { DP_CMD_OPEN, DP_CMD_OPEN, DP_CMD_REMOTE, DP_CMD_MUSIC,
		DP_CMD_PROMPT, DP_CMD_RELAY, DP_CMD_WATCH, DP_CMD_DIGITS, DP_CMD_SILENT,
		DP_CMD_CLOSE };
	cr_assert_eq(fake.commands, 10);
	for (uint32_t i = 0; i < 10; i++) {
		const struct fake_command *c = &fake.command[i];
		struct flow_id whose = i == 1 ? peer.id : id;

		cr_expect_eq(c->cmd.kind, kinds[i], "%u", i);
		cr_expect(c->worker == 1 && c->cmd.tag != 0);
		cr_expect(c->cmd.flow.index == whose.index && c->cmd.flow.gen == whose.gen);
	}
	const struct dp_cmd *remote = &fake.command[2].cmd;
	cr_expect(memcmp(remote->remote.ip, r.rtp.ip, 16) == 0 && remote->remote.nat[15] == 9);
	cr_expect(remote->remote.rtp_port == 4000 && remote->remote.rtcp_port == 4005);
	cr_expect(remote->remote.clock == 8000 && remote->remote.codec == DP_CODEC_PCMA);
	cr_expect(remote->remote.pt_tx == 8 && remote->remote.pt_rx == 0);
	cr_expect(remote->remote.dtmf_tx == 101 && remote->remote.dtmf_rx == 102);
	cr_expect(remote->remote.ptime == 20 && remote->remote.flags == DP_REMOTE_MUTE);
	cr_expect_eq(fake.command[3].cmd.music.track, 4711);
	cr_expect_eq(fake.command[4].cmd.prompt.track[2], 13);
	cr_expect_eq(fake.command[4].cmd.prompt.track[3], 0);
	cr_expect_eq(fake.command[5].cmd.relay.peer.gen, peer.id.gen);
	cr_expect_eq(fake.command[6].cmd.watch.digits, 1 << 11);
	cr_expect_eq(fake.command[7].cmd.digits.n, 2);
	cr_expect(fake.command[7].cmd.digits.digit[0] == 11 &&
		  fake.command[7].cmd.digits.ms[1] == 200);
	cr_expect_eq(counts().commands, 10);
}

static uint32_t expected_commands;

static bool all_came(void)
{
	return fake.commands == expected_commands;
}

Test(media, commands_wait_in_order_while_the_lane_is_full)
{
	attach();
	struct media_flow f = open_flow(0), other = open_flow(1);
	turn(10);

	fake.obeys = false;
	for (uint32_t i = 0; i < 5000; i++)
		media_watch(media, f, (uint16_t)i);
	turn(20);
	cr_expect_eq(fake.commands, 2);
	cr_expect_eq(counts().waiting, 5000 - BRIDGE_LANE_SIZE);
	media_watch(media, other, 1);
	fake.obeys = true;
	expected_commands = 2 + 5001;
	cr_assert(turn_until(all_came, 5000), "%u came", fake.commands);
	uint32_t next = 0;
	for (uint32_t i = 2; i < fake.commands; i++)
		if (fake.command[i].worker == 0)
			cr_assert_eq(fake.command[i].cmd.watch.digits, (uint16_t)next++);
	cr_expect_eq(next, 5000);
	turn(20);
	uint32_t done = 0;
	for (uint32_t i = 0; i < n_heard; i++)
		done += heard[i].kind == MEDIA_DONE && heard[i].cmd == DP_CMD_WATCH;
	cr_expect_eq(done, 5001, "every command is answered once");
}

Test(media, a_worker_that_takes_nothing_ends_the_attachment_later)
{
	attach();
	struct media_flow f = open_flow(0);

	fake.obeys = false;
	for (uint32_t i = 0; i < 70000; i++)
		media_watch(media, f, 0);
	cr_expect(media_attached(media) && n_detached == 0, "in the middle of a wish");
	cr_assert(turn_until(is_detached, 1000));
}

// --- answers and events

Test(media, tells_the_owner_what_became_of_his_wishes)
{
	attach();
	struct media_flow f = open_flow(0);
	turn(10);
	n_heard = 0;

	fake.refused_kind = DP_CMD_MUSIC;
	fake.refusal = DP_REFUSAL_NO_TRACK;
	media_silent(media, f);
	media_music(media, f, 1);
	turn(10);
	cr_assert_eq(n_heard, 2);
	cr_expect(heard[0].kind == MEDIA_DONE && heard[0].cmd == DP_CMD_SILENT);
	cr_expect(heard[1].kind == MEDIA_FAILED && heard[1].cmd == DP_CMD_MUSIC);
	cr_expect(heard[1].refusal == DP_REFUSAL_NO_TRACK && heard[1].owner == &me);
	cr_expect_eq(counts().refusals, 1);

	// Nobody hears of a flow that he has closed.
	media_music(media, f, 1);
	media_close(media, &f);
	turn(10);
	cr_expect_eq(n_heard, 2);
	cr_expect_eq(counts().flows_open, 0);
}

Test(media, a_refused_close_gives_the_place_back_as_well)
{
	attach();
	struct media_flow f = open_flow(1);

	fake.refused_kind = DP_CMD_CLOSE;
	fake.refusal = DP_REFUSAL_NOT_OPEN;
	media_close(media, &f);
	turn(10);
	cr_expect(counts().flows_open == 0 && counts().flows_resting == 1);
}

Test(media, events_go_to_the_owner_of_the_flow)
{
	int other;

	attach();
	struct media_flow f = open_flow(0), g = open_flow(0);
	turn(10);
	n_heard = 0;
	media_set_owner(media, g, &other);

	struct dp_event digit = { .kind = DP_EVENT_DIGIT, .flow = f.id };
	digit.digit.digit = 11;
	digit.digit.withheld = 1;
	digit.digit.duration_ms = 180;
	struct dp_event played = { .kind = DP_EVENT_PLAYED, .flow = g.id };
	struct dp_event locked = { .kind = DP_EVENT_LOCKED, .flow = f.id };
	fake_media_say(&fake, 0, &digit);
	fake_media_say(&fake, 0, &played);
	fake_media_say(&fake, 0, &locked);
	turn(10);
	cr_assert_eq(n_heard, 3);
	cr_expect(heard[0].kind == MEDIA_DIGIT && heard[0].owner == &me);
	cr_expect(heard[0].digit == 11 && heard[0].withheld && heard[0].duration_ms == 180);
	cr_expect(heard[1].kind == MEDIA_PLAYED && heard[1].owner == &other);
	cr_expect(heard[2].kind == MEDIA_LOCKED && heard[2].owner == &me);
}

Test(media, ignores_what_is_late_and_counts_what_is_nonsense)
{
	attach();
	struct media_flow f = open_flow(0);
	turn(10);
	n_heard = 0;

	struct flow_id old = { f.id.index, f.id.gen - 1 };
	struct flow_id unused = { (f.id.index + 1) % 8, 0 };
	struct dp_event events[] = {
		{ .kind = DP_EVENT_PLAYED, .flow = old },
		{ .kind = DP_EVENT_PLAYED, .flow = unused },
		{ .kind = DP_EVENT_CLOSED, .flow = old },
		{ .kind = DP_EVENT_PLAYED, .flow = { 8, f.id.gen } },
		{ .kind = DP_EVENT_PLAYED, .flow = { UINT32_MAX, f.id.gen } },
		{ .kind = DP_EVENT_COUNT, .flow = f.id },
		{ .kind = UINT16_MAX, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .tag = 12345678, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .tag = UINT32_MAX, .flow = f.id },
		{ .kind = DP_EVENT_DONE, .tag = fake.command[0].cmd.tag, .flow = f.id }, // again
		{ .kind = DP_EVENT_DIGIT, .flow = f.id, .digit = { .digit = 16 } },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		fake_media_say(&fake, 0, &events[i]);
	turn(10);
	cr_expect_eq(n_heard, 0);
	cr_expect_eq(counts().strange, 9);
	cr_expect(counts().flows_open == 1 && media_attached(media));
}

Test(media, hears_everything_of_a_full_lane)
{
	attach();
	struct media_flow f = open_flow(0);
	struct dp_event played = { .kind = DP_EVENT_PLAYED, .flow = f.id };

	turn(10);
	n_heard = 0;
	fake.obeys = false;
	for (int i = 0; i < BRIDGE_LANE_SIZE; i++)
		fake_media_say(&fake, 0, &played);
	turn(20);
	cr_expect_eq(n_heard, BRIDGE_LANE_SIZE);
}

static void close_and_open(const struct media_event *event)
{
	struct media_flow f = { .id = event->raw->flow, .worker = 0 }, next;

	media_close(media, &f);
	if (media_open(media, 0, &me, &next))
		media_silent(media, next);
	media_local(media, next, &(struct address){ .port = 0 });
}

Test(media, an_owner_may_close_and_open_while_he_is_told)
{
	attach();
	struct media_flow f = open_flow(0);
	struct dp_event played = { .kind = DP_EVENT_PLAYED, .flow = f.id };

	turn(10);
	n_heard = 0;
	on_event = close_and_open;
	fake_media_say(&fake, 0, &played);
	fake_media_say(&fake, 0, &played); // late: the flow was closed by the first
	turn(2);
	on_event = NULL;
	turn(10);
	cr_expect_eq(heard[0].kind, MEDIA_PLAYED);
	for (uint32_t i = 1; i < n_heard; i++)
		cr_expect_neq(heard[i].kind, MEDIA_PLAYED);
}

Test(media, tells_of_a_flow_that_the_worker_has_closed)
{
	attach();
	struct media_flow f = open_flow(0);
	struct dp_event closed = { .kind = DP_EVENT_CLOSED, .flow = f.id };

	turn(10);
	n_heard = 0;
	fake_media_say(&fake, 0, &closed);
	turn(10);
	cr_assert_eq(n_heard, 1);
	cr_expect(heard[0].kind == MEDIA_CLOSED && heard[0].owner == &me);
	cr_expect(counts().flows_open == 0 && counts().flows_resting == 1);
	media_close(media, &f);
	turn(10);
	cr_expect_eq(fake_media_count(&fake, DP_CMD_CLOSE, (struct flow_id){ 0 }), 0);
}

Test(media, a_broken_lane_ends_the_attachment)
{
	const uint64_t one = 1;

	attach();
	atomic_store(&fake.bridge.worker[1].up->tail, 5000);
	cr_assert(write(fake.wake, &one, sizeof(one)) == sizeof(one));
	cr_assert(turn_until(is_detached, 1000));
}

// --- tracks

static uint64_t load(const int16_t *audio, uint32_t samples)
{
	uint8_t head[44] =
		"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data";
	uint32_t bytes = samples * 2, riff = 36 + bytes;
	char error[256] = "";

	memcpy(head + 4, &riff, 4);
	memcpy(head + 40, &bytes, 4);
	snprintf(wav, sizeof(wav), "/tmp/layby-media-%d.wav", getpid());
	FILE *f = fopen(wav, "w");
	cr_assert(f != NULL && fwrite(head, sizeof(head), 1, f) == 1);
	cr_assert(fwrite(audio, 2, samples, f) == samples);
	fclose(f);
	uint64_t track = media_track(media, wav, error, sizeof(error));
	cr_assert(track != 0, "%s", error);
	return track;
}

static const int16_t sound[100] = { 1000, -1000, 32767, -32768, 7 };

Test(media, hands_over_each_track_in_both_laws_before_it_is_attached)
{
	uint64_t track = load(sound, 100);

	fake.answers_tracks = false;
	cr_assert(turn_until(is_greeted, 1000));
	turn(20);
	cr_expect(!media_attached(media), "attached before the track was answered");
	cr_assert_eq(fake.tracks, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct fake_track *t = &fake.track[i];

		cr_expect(t->message.track == track && t->message.codec == i);
		cr_expect(t->message.len == 100 && t->bytes == 100);
		cr_expect((t->seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) ==
			  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
		for (int k = 0; k < 64; k++)
			cr_expect_eq(t->first[k], i == DP_CODEC_PCMU ? g711_to_ulaw(sound[k])
								     : g711_to_alaw(sound[k]));
	}
	fake.answers_tracks = true;
	attach();
	cr_expect_eq(counts().tracks, 1);
	cr_expect_eq(media_track_ms(media, track), 12);
	cr_expect_eq(media_track_ms(media, track + 1), 0);
}

Test(media, the_same_audio_is_one_track)
{
	char link[80], error[256];
	uint64_t track = load(sound, 100);

	cr_expect_eq(media_track(media, wav, error, sizeof(error)), track);
	snprintf(link, sizeof(link), "%s.again", wav);
	cr_assert(symlink(wav, link) == 0);
	cr_expect_eq(media_track(media, link, error, sizeof(error)), track);
	unlink(link);
	cr_expect_eq(counts().tracks, 1);
	// Another audio in the same file is another track; the old one may still be playing.
	cr_expect_neq(load(sound, 99), track);
	cr_expect_eq(counts().tracks, 2);
	cr_expect_eq(media_track(media, "/nowhere.wav", error, sizeof(error)), 0);
	cr_expect(strncmp(error, "/nowhere.wav: ", 14) == 0, "%s", error);
	attach();
	cr_expect_eq(fake.tracks, 4);
}

Test(media, hands_the_tracks_to_the_next_media_again)
{
	load(sound, 100);
	attach();
	fake_media_hang_up(&fake);
	cr_assert(turn_until(is_attached_again, 3000));
	cr_expect_eq(fake.tracks, 4);
}

Test(media, a_refused_track_does_not_keep_us_away)
{
	uint64_t track = load(sound, 100);

	fake.track_outcome = ATTACH_NO_MEMORY;
	attach();
	struct media_flow f = open_flow(0);
	media_music(media, f, track);
	turn(10);
	cr_expect_eq(fake_media_count(&fake, DP_CMD_MUSIC, f.id), 1, "the worker says no, not we");
}

Test(media, wishes_wait_for_a_track_that_came_late)
{
	attach();
	struct media_flow f = open_flow(0), other = open_flow(0), gone = open_flow(0);

	fake.answers_tracks = false;
	uint64_t track = load(sound, 100);
	media_music(media, f, track);
	media_silent(media, f);
	media_prompt(media, gone, &track, 1);
	struct flow_id gone_id = gone.id;
	media_close(media, &gone);
	media_silent(media, other);
	turn(20);
	cr_expect_eq(fake.tracks, 2, "a new track is sent at once");
	cr_expect_eq(fake_media_count(&fake, DP_CMD_MUSIC, f.id), 0);
	cr_expect_eq(fake_media_count(&fake, DP_CMD_SILENT, f.id), 0, "it comes after the music");
	cr_expect_eq(fake_media_count(&fake, DP_CMD_SILENT, other.id), 1);
	cr_expect_eq(
		fake_media_count(&fake, DP_CMD_CLOSE, gone_id), 1, "closing waits for nothing");

	uint32_t before = fake.commands;
	fake.answers_tracks = true;
	turn(20);
	cr_assert_eq(fake.commands, before + 2);
	cr_expect_eq(fake.command[before].cmd.kind, DP_CMD_MUSIC);
	cr_expect_eq(fake.command[before + 1].cmd.kind, DP_CMD_SILENT);
	media_music(media, f, track);
	turn(10);
	cr_expect_eq(fake_media_count(&fake, DP_CMD_MUSIC, f.id), 2, "nothing to wait for now");
}

Test(media, goes_away_with_wishes_still_waiting)
{
	attach();
	struct media_flow f = open_flow(0);

	fake.answers_tracks = false;
	fake.obeys = false;
	uint64_t track = load(sound, 100);
	for (int i = 0; i < 3000; i++)
		media_watch(media, f, 0);
	media_music(media, f, track);
	media_silent(media, f);
	turn(5);
	fake_media_hang_up(&fake);
	cr_assert(turn_until(is_detached, 1000));
}
