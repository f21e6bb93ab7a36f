// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come as tones: heard where telephone-event was not agreed, told like events, kept
// from the far end when they are watched (D12, reliability rows 17, 19, 21, 22).
#include "codecs/g711.h"
#include "tests/support/rig.h"
#include "tests/support/tape.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

enum { STAR = 10, HASH = 11, FRAME = 160 };

static struct rig rig;
static struct tape tape;
static struct rig_voice voice; // the party of flow 0; flow 1 sends it on
static uint8_t codec = DP_CODEC_PCMU;

static struct dp_cmd remote_of(uint8_t party, bool events)
{
	struct dp_cmd cmd = rig_remote(party);

	cmd.remote.codec = codec;
	cmd.remote.pt_tx = cmd.remote.pt_rx = codec == DP_CODEC_PCMU ? RIG_PCMU : RIG_PCMA;
	if (!events)
		cmd.remote.dtmf_tx = cmd.remote.dtmf_rx = DP_NO_PT;
	return cmd;
}

static void watch(uint16_t digits)
{
	struct dp_cmd cmd = { .kind = DP_CMD_WATCH, .watch.digits = digits };

	cr_assert(zero(int, rig_do(&rig, 0, cmd)));
}

// A frame of the tape as the party sends it. The stream moves on, time does not.
static void send_frame(size_t at)
{
	uint8_t code[FRAME];

	if (codec == DP_CODEC_PCMU)
		g711_encode_ulaw(code, tape.pcm + at, FRAME);
	else
		g711_encode_alaw(code, tape.pcm + at, FRAME);
	rig_rtp(&rig, 0,
		(struct rtp){ .pt = codec == DP_CODEC_PCMU ? RIG_PCMU : RIG_PCMA,
			.seq = voice.seq++,
			.ts = voice.ts,
			.ssrc = voice.ssrc },
		code, sizeof(code));
	voice.ts += FRAME;
}

static void lose_frame(void)
{
	voice.seq++;
	voice.ts += FRAME;
}

// Sends the tape in frames of 20 ms, without those whose bit is set in lost.
static void send_tape(uint64_t lost)
{
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		if (i < 64 && (lost >> i & 1))
			lose_frame();
		else
			send_frame(i * FRAME);
		rig_live(&rig, 20);
	}
}

// Two packets of silence, and LOCKED is said.
static void lock(void)
{
	struct press silence = press_plain();

	tape_rewind(&tape, 1);
	tape_wait(&tape, &silence, 40);
	send_tape(0);
	tape_rewind(&tape, 1);
	rig_forget(&rig);
}

static void begin(void)
{
	rig_init(&rig);
	rig_pair(&rig, 0, 1);
	rig_do(&rig, 0, remote_of(1, false));
	rig_do(&rig, 1, remote_of(2, true));
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65500 };
	lock();
}

static void begin_plain(void)
{
	codec = DP_CODEC_PCMU;
	begin();
}

TestSuite(engine_inband, .init = begin_plain);

// Keys of 100 ms, 100 ms apart, beginning so many ms into a packet.
static void type(const char *keys, double lead)
{
	struct press p = press_plain();

	p.on = 100;
	tape_wait(&tape, &p, 60 + lead);
	for (; *keys != '\0'; keys++)
		tape_press(&tape, &p, *keys);
	tape_wait(&tape, &p, 60);
}

static void expect_digit(uint32_t n, uint8_t digit, bool withheld, uint16_t ms)
{
	cr_assert(lt(u32, n, rig.told), "digit %u was not told", n);
	cr_expect(eq(int, rig.said[n].kind, DP_EVENT_DIGIT));
	cr_expect(eq(u32, rig.said[n].flow.index, 0));
	cr_expect(eq(u8, rig.said[n].digit.digit, digit), "digit %u", n);
	cr_expect(eq(u8, rig.said[n].digit.withheld, withheld), "digit %u", n);
	cr_expect(le(int, abs(rig.said[n].digit.duration_ms - ms), 5), "%u ms",
		rig.said[n].digit.duration_ms);
}

// Half of full tone, so that what is heard can be told from what is not.
static bool is_loud(uint8_t code)
{
	return abs(g711_from_ulaw[code]) > 1500;
}

// From the first loud sample to the last that flow 1 sent on, in ms.
static double loud_ms(void)
{
	size_t first = SIZE_MAX, last = 0, at = 0;

	for (uint32_t i = 0; i < rig_count(&rig, 1); i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i);

		for (uint32_t k = RTP_FIXED_LEN; k < p->len; k++, at++) {
			if (!is_loud(p->data[k]))
				continue;
			first = first == SIZE_MAX ? at : first;
			last = at;
		}
	}
	return first == SIZE_MAX ? 0 : (double)(last - first + 1) / 8;
}

Test(engine_inband, D12_a_tone_is_one_digit_told_at_key_up)
{
	type("123A456B789C*0#D", 0);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 16));
	for (uint32_t i = 0; i < 16; i++)
		expect_digit(i, telephone_event_code("123A456B789C*0#D"[i]), false, 100);
	cr_expect(eq(u64, stat_read(&rig.stats.digits_inband), 16));
	cr_expect(eq(u64, stat_read(&rig.stats.inband_silenced), 0));
}

Test(engine_inband, D12_tones_are_heard_in_a_law_as_well)
{
	codec = DP_CODEC_PCMA;
	begin();
	type("#0", 7);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 2));
	expect_digit(0, HASH, false, 100);
	expect_digit(1, 0, false, 100);
}

Test(engine_inband, D12_a_tone_that_is_not_watched_passes_untouched)
{
	watch(1 << HASH);
	type("5", 3);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 5, false, 100);
	cr_assert(eq(u32, rig_count(&rig, 1), tape.n / FRAME));
	for (uint32_t i = 0; i < tape.n / FRAME; i++) {
		uint8_t want[FRAME];

		g711_encode_ulaw(want, tape.pcm + i * FRAME, FRAME);
		cr_expect(zero(int, memcmp(rig_sent(&rig, 1, i)->data + 12, want, FRAME)));
	}
}

// docs/DTMF.md promises this figure.
Test(engine_inband, D12_at_most_12_ms_of_a_watched_tone_leak)
{
	double most = 0, sum = 0;

	for (int key = 0; key < 16; key++) {
		for (int lead = 0; lead < 20; lead++) {
			const char keys[2] = { telephone_event_key((uint8_t)key), '\0' };

			begin_plain();
			watch(0xffff);
			type(keys, lead);
			send_tape(0);
			cr_assert(eq(u32, rig.told, 1));
			expect_digit(0, (uint8_t)key, true, 100);
			cr_expect(eq(u32, rig_count(&rig, 1), tape.n / FRAME),
				"no packet is missing");
			most = fmax(most, loud_ms());
			sum += loud_ms();
		}
	}
	cr_log_info("at most %.1f ms, %.1f on average", most, sum / 320);
	fprintf(stderr, "of a watched tone at most %.1f ms leak, %.1f on average\n", most,
		sum / 320);
	cr_expect(le(dbl, most, 12));
}

Test(engine_inband, D12_once_a_watched_digit_came_all_that_follow_are_withheld)
{
	watch(1 << HASH);
	type("5#0", 0);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 3));
	expect_digit(0, 5, false, 100);
	expect_digit(1, HASH, true, 100);
	expect_digit(2, 0, true, 100);
	watch(1 << HASH);
	tape_rewind(&tape, 2);
	type("7", 0);
	send_tape(0);
	expect_digit(3, 7, false, 100);
}

// The end of the tone comes in the same burst as the rest: none of it gets through.
Test(engine_inband, D12_a_press_within_one_burst_is_withheld_whole)
{
	struct burst in = { 0 };

	watch(0xffff);
	type("5", 0);
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		uint8_t *buffer = rig.buffer[rig.used++];
		struct pkt *p = &in.pkt[in.n++];

		rtp_write(buffer,
			&(struct rtp){ .seq = voice.seq++, .ts = voice.ts, .ssrc = voice.ssrc });
		g711_encode_ulaw(buffer + RTP_FIXED_LEN, tape.pcm + i * FRAME, FRAME);
		*p = (struct pkt){ .data = buffer,
			.len = RTP_FIXED_LEN + FRAME,
			.room = RIG_ROOM,
			.local_port = RIG_PORT,
			.remote_port = 4000 };
		rig_ip(p->ip, 1);
		voice.ts += FRAME;
	}
	rig.drop.n = 0;
	engine_input(rig.e, &in, &rig.out, &rig.drop, rig.now);
	rig_take(&rig, &rig.out);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 5, true, 100);
	cr_expect(zero(dbl, loud_ms()));
}

Test(row_21, an_event_and_a_tone_of_one_press_are_one_digit, .init = begin_plain)
{
	rig_do(&rig, 0, remote_of(1, true));
	lock();
	type("5", 0);
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		struct rig_voice event = voice;

		send_frame(i * FRAME);
		event.seq = voice.seq++;
		event.ts = 5000;
		if (i >= 3 && i < 8)
			rig_event(&rig, &event, 5, (uint16_t)(160 * (i - 2)), i == 7);
		rig_live(&rig, 20);
	}
	rig_live(&rig, 500);
	cr_expect(eq(u32, rig.told, 1));
	cr_expect(eq(u64, stat_read(&rig.stats.digits_inband), 0));
}

Test(engine_inband, D12_each_remote_says_anew_whether_tones_are_listened_for)
{
	rig_do(&rig, 0, remote_of(1, true));
	lock();
	type("1", 0);
	send_tape(0);
	cr_expect(eq(u32, rig.told, 0));
	rig_do(&rig, 0, remote_of(1, false));
	lock();
	type("2", 0);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 2, false, 100);
}

Test(row_17, another_source_in_the_middle_of_a_tone_makes_no_digit_of_two, .init = begin_plain)
{
	struct press p = press_plain();

	p.on = 40;
	tape_wait(&tape, &p, 60);
	tape_press(&tape, &p, '5');
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		if (i == 4) // in the middle of it, and in step: neither half is a digit
			voice.ssrc = 0x9999;
		send_frame(i * FRAME);
		rig_live(&rig, 20);
	}
	rig_live(&rig, 300);
	for (uint32_t i = 0; i < rig.told; i++)
		cr_expect(ne(int, rig.said[i].kind, DP_EVENT_DIGIT));
}

Test(row_19, a_lost_packet_neither_splits_nor_hides_a_press, .init = begin_plain)
{
	for (unsigned lost = 0; lost < 12; lost++) {
		begin_plain();
		type("8", 3);
		send_tape(UINT64_C(1) << lost);
		rig_live(&rig, 200);
		cr_assert(eq(u32, rig.told, 1), "packet %u lost", lost);
		cr_expect(eq(u8, rig.said[0].digit.digit, 8));
		cr_expect(ge(int, rig.said[0].digit.duration_ms, 75));
		cr_expect(le(int, rig.said[0].digit.duration_ms, 125));
	}
}

Test(row_19, duplicates_and_late_packets_change_nothing, .init = begin_plain)
{
	type("8", 3);
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		struct rig_voice again = voice;

		send_frame(i * FRAME);
		struct rig_voice next = voice;
		voice = again;
		send_frame(i * FRAME); // the same again
		voice = next;
		rig_live(&rig, 20);
	}
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 8, false, 100);
}

Test(row_19, a_packet_that_comes_after_the_next_one_is_spliced_over, .init = begin_plain)
{
	type("8", 3);
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		struct rig_voice late = voice;

		if (i != 5) {
			send_frame(i * FRAME);
			rig_live(&rig, 20);
			continue;
		}
		lose_frame();
		send_frame(6L * FRAME);
		struct rig_voice next = voice;
		voice = late;
		send_frame(5L * FRAME);
		voice = next;
		i++;
		rig_live(&rig, 40);
	}
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 8, false, 100);
}

// It has the silence from before the press: heard now, that would be two presses.
Test(row_19, a_packet_that_comes_late_into_a_press_is_not_heard_there, .init = begin_plain)
{
	struct rig_voice late = voice;

	type("8", 3);
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		if (i == 2) {
			late = voice;
			lose_frame();
		} else {
			send_frame(i * FRAME);
		}
		rig_live(&rig, 20);
		if (i != 5)
			continue;
		struct rig_voice next = voice;
		voice = late;
		send_frame(2L * FRAME);
		voice = next;
	}
	rig_live(&rig, 200);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 8, false, 100);
}

Test(engine_inband, a_tone_whose_sender_falls_silent_is_over_after_a_while)
{
	struct press p = press_plain();

	p.on = 100;
	p.off = 0;
	tape_wait(&tape, &p, 60);
	tape_press(&tape, &p, '4');
	send_tape(0);
	cr_expect(eq(u32, rig.told, 0));
	rig_live(&rig, 150);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 4, false, 100);
}

Test(engine_inband, a_flow_that_closes_in_the_middle_of_a_tone_gives_its_detector_back)
{
	rig_init_with(&rig, (struct engine_capacity){ .detectors = 1 });
	rig_pair(&rig, 0, 1);
	rig_do(&rig, 0, remote_of(1, false));
	type("4", 0);
	tape.n = 6L * FRAME;
	send_tape(0);
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	rig_live(&rig, 300);
	rig_call(&rig, 2);
	rig_do(&rig, 2, remote_of(3, false));
	cr_expect(eq(u64, stat_read(&rig.stats.detectors_no_room), 0));
}

Test(engine_inband, D12_what_is_withheld_is_silence_in_its_own_law)
{
	codec = DP_CODEC_PCMA;
	begin();
	rig_do(&rig, 1, remote_of(2, false));
	watch(0xffff);
	type("4", 0);
	send_tape(0);
	expect_digit(0, 4, true, 100);
	const struct rig_packet *p = rig_sent(&rig, 1, 5);
	for (uint32_t k = RTP_FIXED_LEN; k < p->len; k++)
		cr_assert(eq(u8, p->data[k], G711_ALAW_SILENCE));
}

Test(engine_inband, without_a_detector_to_be_had_the_flow_goes_on_and_is_counted)
{
	rig_init_with(&rig, (struct engine_capacity){ .detectors = 1 });
	rig_pair(&rig, 2, 3);
	rig_do(&rig, 2, remote_of(3, false)); // has the only one
	rig_pair(&rig, 0, 1);
	rig_do(&rig, 0, remote_of(1, false));
	cr_expect(eq(u64, stat_read(&rig.stats.detectors_no_room), 1));
	lock();
	type("5", 0);
	send_tape(0);
	cr_expect(eq(u32, rig.told, 0));
	cr_expect(eq(u32, rig_count(&rig, 1), tape.n / FRAME));
	rig_do(&rig, 2, rig_plain(DP_CMD_CLOSE));
	watch(1); // it is asked for again
	send_tape(0);
	cr_expect(eq(u32, rig.told, 1));
}

// What flow 1 sent, as a phone hears it, and the digits in that.
static void hear_flow(struct heard *heard, bool alaw)
{
	tape_rewind(&tape, 1);
	for (uint32_t i = 0; i < rig_count(&rig, 1); i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i);
		const uint8_t *code = p->data + RTP_FIXED_LEN;

		for (uint32_t k = 0; RTP_FIXED_LEN + k < p->len; k++)
			tape.pcm[tape.n++] =
				alaw ? g711_from_alaw[code[k]] : g711_from_ulaw[code[k]];
	}
	tape_wait(&tape, &(struct press){ .noise = TAPE_NOTHING, .dial = TAPE_NOTHING }, 100);
	tape_play(&tape, NULL, heard);
}

Test(engine_inband, D12_digits_are_given_back_as_tones_to_a_far_end_without_events)
{
	for (codec = DP_CODEC_PCMU; codec <= DP_CODEC_PCMA; codec++) {
		struct dp_cmd keys = rig_keys("#0A5");
		struct heard heard;

		begin();
		rig_do(&rig, 1, remote_of(2, false));
		rig_do(&rig, 0, rig_remote(1));
		rig_do(&rig, 0, remote_of(1, false));
		lock(); // something was sent before
		keys.digits.ms[1] = 45;
		keys.digits.ms[2] = 333;
		cr_assert(zero(int, rig_do(&rig, 1, keys)));
		rig_live(&rig, 1200);
		uint32_t n = rig_count(&rig, 1);
		for (uint32_t i = 0; i < n; i++) {
			const struct rig_packet *p = rig_sent(&rig, 1, i);

			cr_expect(eq(int, p->len, 172));
			cr_expect(eq(int, p->rtp.marker, i == 0));
			cr_expect(
				eq(u16, p->rtp.seq, (uint16_t)(rig_sent(&rig, 1, 0)->rtp.seq + i)));
			cr_expect(eq(u32, p->rtp.ts, rig_sent(&rig, 1, 0)->rtp.ts + i * 160));
			cr_expect(eq(u64, p->at - rig_sent(&rig, 1, 0)->at, i * 20 * NS_PER_MS));
		}
		hear_flow(&heard, codec == DP_CODEC_PCMA);
		cr_expect(zero(int, strcmp(heard.keys, "#0A5")), "%s", heard.keys);
		static const uint16_t want[4] = { 80, 45, 333, 80 };
		for (int i = 0; i < 4; i++)
			cr_expect(le(int, abs(heard.ms[i] - want[i]), 4), "%u ms", heard.ms[i]);
		cr_expect(eq(u64, stat_read(&rig.stats.digit_packets), n));
	}
}

Test(engine_inband, D12_a_digit_pressed_as_a_tone_meanwhile_follows_those_given_back)
{
	struct heard heard;

	rig_do(&rig, 1, remote_of(2, false));
	rig_do(&rig, 1, rig_keys("1234"));
	type("5", 0);
	send_tape(0);
	rig_live(&rig, 1000);
	cr_expect(eq(u32, rig.told, 1));
	hear_flow(&heard, false);
	cr_expect(zero(int, strcmp(heard.keys, "12345")), "%s", heard.keys);
}

Test(engine_inband, digits_under_way_change_to_what_a_new_remote_has)
{
	struct heard heard;

	rig_do(&rig, 1, rig_keys("12"));
	rig_live(&rig, 40); // in the middle of an event
	rig_do(&rig, 1, remote_of(2, false));
	rig_forget(&rig);
	rig_live(&rig, 500);
	hear_flow(&heard, false);
	cr_expect(zero(int, strcmp(heard.keys, "12")), "%s", heard.keys);
	rig_forget(&rig);
	rig_do(&rig, 1, rig_keys("7"));
	rig_live(&rig, 40); // in the middle of a tone
	rig_do(&rig, 1, remote_of(2, true));
	rig_forget(&rig);
	rig_live(&rig, 500);
	for (uint32_t i = 0; i < rig_count(&rig, 1); i++)
		cr_expect(eq(u8, rig_sent(&rig, 1, i)->rtp.pt, RIG_EVENT));
	cr_expect(eq(u32, rig_count(&rig, 1), 6));
}
