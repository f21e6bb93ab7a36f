// SPDX-License-Identifier: BSD-3-Clause
//
// A flow as a channel of a recording: what the worker hands to whoever writes it down.
#include "tests/support/rig.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { NOTES_MAX = 256 };

#define RECORDING UINT64_C(0x1111)
#define ANOTHER   UINT64_C(0x2222)

static struct rig rig;
static struct rig_voice voice; // the party of flow 0; flow 1 sends it on

static struct {
	struct record_note note[NOTES_MAX];
	uint8_t first[NOTES_MAX]; // byte of the payload
	uint32_t n;
	bool full;
} noted;

static enum record_outcome take(const struct record_note *note, const uint8_t *payload)
{
	if (note->recording != RECORDING && note->recording != ANOTHER)
		return RECORD_UNKNOWN;
	if (noted.full)
		return RECORD_FULL;
	noted.note[noted.n % NOTES_MAX] = *note;
	noted.first[noted.n % NOTES_MAX] = payload != NULL ? payload[0] : 0;
	noted.n++;
	return RECORD_TAKEN;
}

static void begin_with(struct engine_capacity capacity)
{
	rig_init_with(&rig, capacity);
	rig.record = take;
	rig_pair(&rig, 0, 1);
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65534 };
}

static void begin(void)
{
	begin_with((struct engine_capacity){ 0 });
}

TestSuite(engine_record, .init = begin);

static struct dp_cmd record(uint64_t recording, uint8_t channel, enum dp_record state)
{
	return (struct dp_cmd){ .kind = DP_CMD_RECORD,
		.record = { .recording = recording, .channel = channel, .state = (uint8_t)state } };
}

static void do_record(uint32_t flow, uint8_t channel, enum dp_record state)
{
	cr_assert(zero(int, rig_do(&rig, flow, record(RECORDING, channel, state))));
}

static uint32_t count(enum record_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < noted.n; i++)
		n += noted.note[i].kind == kind;
	return n;
}

static const struct record_note *last(void)
{
	cr_assert(gt(u32, noted.n, 0));
	return &noted.note[noted.n - 1];
}

Test(engine_record, each_packet_is_shown_as_it_came_and_is_relayed_all_the_same)
{
	do_record(0, 1, DP_RECORD_ON);
	cr_expect(eq(int, last()->kind, RECORD_ON));
	for (uint8_t i = 0; i < 4; i++) {
		rig_speak(&rig, &voice, (uint8_t)(100 + i));
		rig_live(&rig, 20);
	}
	cr_expect(eq(u32, count(RECORD_AUDIO), 4));
	cr_expect(eq(u32, rig_count(&rig, 1), 4));
	for (uint32_t i = 1; i < noted.n; i++) {
		const struct record_note *note = &noted.note[i];

		cr_expect(eq(int, noted.first[i], (int)(99 + i)));
		cr_expect(eq(int, note->seq, (uint16_t)(65533 + i)));
		cr_expect(eq(u32, note->ts, 1000 + 160 * (i - 1)));
		cr_expect(eq(u64, note->at, RIG_START + (i - 1) * 20 * NS_PER_MS));
		cr_expect(note->recording == RECORDING && note->channel == 1);
		cr_expect(note->clock == 8000 && note->codec == DP_CODEC_PCMU);
		cr_expect(note->len == 160 && note->ssrc == 0x1234);
	}
	cr_expect(eq(u64, stat_read(&rig.stats.recorded), 4));
}

Test(engine_record, a_flow_that_nobody_relays_is_recorded_too)
{
	rig_do(&rig, 1, rig_music(RIG_MUSIC));
	do_record(0, 0, DP_RECORD_ON);
	rig_speak(&rig, &voice, 1);
	cr_expect(eq(u32, count(RECORD_AUDIO), 1));
}

Test(engine_record, a_packet_that_came_late_is_shown_and_one_that_came_twice_once)
{
	struct rig_voice late;

	do_record(0, 0, DP_RECORD_ON);
	rig_speak(&rig, &voice, 1);
	late = voice;
	voice.seq++;
	voice.ts += 160;
	rig_speak(&rig, &voice, 3);
	rig_speak(&rig, &late, 2);
	late.seq--;
	rig_speak(&rig, &late, 2);
	cr_expect(eq(u32, count(RECORD_AUDIO), 3));
	cr_expect(eq(int, noted.first[3], 2));
}

Test(engine_record, a_pause_shows_nothing_and_goes_on_in_the_same_recording)
{
	do_record(0, 0, DP_RECORD_ON);
	rig_speak(&rig, &voice, 1);
	do_record(0, 0, DP_RECORD_PAUSED);
	rig_speak(&rig, &voice, 2);
	do_record(0, 0, DP_RECORD_ON);
	rig_speak(&rig, &voice, 3);
	cr_expect(eq(u32, count(RECORD_AUDIO), 2));
	cr_expect(eq(u32, count(RECORD_PAUSED), 1));
	cr_expect(eq(u32, count(RECORD_ON), 2));
	cr_expect(eq(int, noted.first[noted.n - 1], 3));
}

Test(engine_record, the_same_wish_twice_is_said_once)
{
	do_record(0, 0, DP_RECORD_ON);
	do_record(0, 0, DP_RECORD_ON);
	cr_expect(eq(u32, noted.n, 1));
	do_record(0, 0, DP_RECORD_OFF);
	do_record(0, 0, DP_RECORD_OFF);
	cr_expect(eq(u32, noted.n, 2));
}

Test(engine_record, off_and_close_end_the_channel)
{
	do_record(0, 0, DP_RECORD_ON);
	do_record(0, 0, DP_RECORD_OFF);
	rig_speak(&rig, &voice, 1);
	cr_expect(eq(u32, count(RECORD_AUDIO), 0));
	do_record(1, 1, DP_RECORD_ON);
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	cr_expect(eq(u32, count(RECORD_OFF), 2));
	cr_expect(ne(u32, noted.note[0].source, last()->source), "by their sources");
}

Test(engine_record, digits_are_no_audio)
{
	do_record(0, 0, DP_RECORD_ON);
	rig_speak(&rig, &voice, 1);
	rig_press(&rig, &voice, 5);
	rig_speak(&rig, &voice, 2);
	cr_expect(eq(u32, count(RECORD_AUDIO), 2));
}

Test(engine_record, what_was_not_announced_is_refused)
{
	cr_expect(eq(int, rig_do(&rig, 0, record(77, 0, DP_RECORD_ON)), DP_REFUSAL_NO_RECORDING));
	cr_expect(
		eq(int, rig_do(&rig, 0, record(RECORDING, 2, DP_RECORD_ON)), DP_REFUSAL_BAD_VALUE));
	cr_expect(eq(int, rig_do(&rig, 0, record(RECORDING, 0, DP_RECORD_PAUSED + 1)),
		DP_REFUSAL_BAD_VALUE));
	rig_speak(&rig, &voice, 1);
	cr_expect(zero(u32, noted.n));
}

Test(engine_record, a_codec_that_cannot_be_decoded_is_refused)
{
	struct dp_cmd remote = rig_remote(1);

	remote.remote.codec = DP_CODEC_OTHER;
	rig_do(&rig, 0, remote);
	cr_expect(eq(
		int, rig_do(&rig, 0, record(RECORDING, 0, DP_RECORD_ON)), DP_REFUSAL_CODEC_CLASH));
}

Test(engine_record, a_channel_more_than_there_is_room_for_is_refused_until_one_ends)
{
	begin_with((struct engine_capacity){ .records = 1 });
	cr_expect(eq(int, rig_do(&rig, 0, record(77, 0, DP_RECORD_ON)), DP_REFUSAL_NO_RECORDING));
	do_record(0, 0, DP_RECORD_ON);
	cr_expect(eq(int, rig_do(&rig, 1, record(RECORDING, 1, DP_RECORD_ON)), DP_REFUSAL_NO_ROOM));
	cr_expect(zero(int, rig_do(&rig, 0, record(ANOTHER, 0, DP_RECORD_ON))), "in its own place");
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	do_record(1, 1, DP_RECORD_ON);
}

Test(engine_record, a_recorder_that_takes_nothing_stops_neither_the_call_nor_the_books)
{
	do_record(0, 0, DP_RECORD_ON);
	noted.full = true;
	rig_speak(&rig, &voice, 1);
	cr_expect(eq(u64, stat_read(&rig.stats.record_full), 1));
	cr_expect(eq(u32, rig_count(&rig, 1), 1));
	cr_expect(eq(int, rig_do(&rig, 1, record(RECORDING, 1, DP_RECORD_ON)), DP_REFUSAL_NO_ROOM));
	noted.full = false;
	do_record(1, 1, DP_RECORD_ON);
}

Test(engine_record, another_recording_takes_the_flow_over)
{
	do_record(0, 0, DP_RECORD_ON);
	cr_assert(zero(int, rig_do(&rig, 0, record(ANOTHER, 1, DP_RECORD_ON))));
	cr_expect(eq(u32, count(RECORD_OFF), 1));
	rig_speak(&rig, &voice, 1);
	cr_expect(last()->recording == ANOTHER && last()->channel == 1);
}
