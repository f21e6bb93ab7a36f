// SPDX-License-Identifier: BSD-3-Clause
//
// Digits that come as tones in codecs that have to be decoded to be heard, and those given back in
// them (D12). What they are told as, and what the far end hears of them, is judged here; that a
// tone is a digit, in engine_inband_test.c.
#include "codecs/codec.h"
#include "codecs/resample.h"
#include "dataplane/node.h"
#include "tests/support/rig.h"
#include "tests/support/tape.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdalign.h>

enum { HASH = 11, FRAME = 160, STATE = 1 << 16, LOUD = 1500 };

struct leg {
	uint8_t codec;
	uint32_t clock;
};

static const struct leg ulaw = { DP_CODEC_PCMU, 8000 };
static const struct leg wide = { DP_CODEC_L16, 16000 };
static const struct leg g722 = { DP_CODEC_G722, 8000 };
static const struct leg opus = { DP_CODEC_OPUS, 48000 };

static struct rig rig;
static struct tape tape;
static struct rig_voice voice; // the party of flow 0; flow 1 sends it on
static struct leg leg;         // his
static struct resample_up up;
static alignas(64) uint8_t encoder[STATE];
static int16_t said[1 << 18]; // what flow 1 sent, at 8 kHz
static size_t said_n;

static const struct codec *codec_of(struct leg l)
{
	return codec_find(l.codec, l.clock);
}

// A party who hears digits as tones, and says them as events.
static struct dp_cmd listener(uint8_t party, struct leg l)
{
	struct dp_cmd cmd = rig_remote(party);

	cmd.remote.codec = l.codec;
	cmd.remote.clock = l.clock;
	cmd.remote.dtmf_tx = DP_NO_PT;
	return cmd;
}

static struct dp_cmd remote_of(uint8_t party, struct leg l, bool events)
{
	struct dp_cmd cmd = rig_remote(party);

	cmd.remote.codec = l.codec;
	cmd.remote.clock = l.clock;
	if (!events)
		cmd.remote.dtmf_tx = cmd.remote.dtmf_rx = DP_NO_PT;
	return cmd;
}

static void watch(uint16_t digits)
{
	struct dp_cmd cmd = { .kind = DP_CMD_WATCH, .watch.digits = digits };

	cr_assert(zero(int, rig_do(&rig, 0, cmd)));
}

// A frame of the tape in the party's codec. lost: he sends it, and it never comes.
static void send_frame(size_t at, bool lost)
{
	const struct codec *codec = codec_of(leg);
	uint8_t payload[CODEC_PAYLOAD_MAX];
	int16_t pcm[2 * FRAME];
	size_t n = FRAME;

	memcpy(pcm, tape.pcm + at, FRAME * sizeof(*pcm));
	if (codec->rate == 16000) {
		resample_up(&up, pcm, tape.pcm + at, FRAME);
		n = 2 * FRAME;
	}

	size_t len = codec->encode(encoder, payload, sizeof(payload), pcm, n);
	struct rtp rtp = { .pt = RIG_PCMU, .seq = voice.seq++, .ts = voice.ts, .ssrc = voice.ssrc };
	voice.ts += codec->clock / 50;
	if (!lost)
		rig_rtp(&rig, 0, rtp, payload, len);
}

static void send_tape(uint64_t lost)
{
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		send_frame(i * FRAME, i < 64 && (lost >> i & 1));
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

static void begin_with(struct leg from, struct leg to, struct engine_capacity capacity)
{
	leg = from;
	rig_init_with(&rig, capacity);
	rig_pair(&rig, 0, 1);
	cr_assert(zero(int, rig_do(&rig, 1, rig_plain(DP_CMD_SILENT))));
	cr_assert(zero(int, rig_do(&rig, 0, rig_plain(DP_CMD_SILENT))));
	cr_assert(zero(int, rig_do(&rig, 0, remote_of(1, from, false))));
	cr_assert(zero(int, rig_do(&rig, 1, listener(2, to))));
	cr_assert(zero(int, rig_do(&rig, 1, rig_relay(0))));
	voice = (struct rig_voice){ .ssrc = 0x1234, .ts = 1000, .seq = 65500 };
	up = (struct resample_up){ 0 };
	codec_of(from)->encoder_init(encoder);
	lock();
}

static void begin(struct leg from, struct leg to)
{
	begin_with(from, to, (struct engine_capacity){ 0 });
}

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

// What Opus makes of a tone at 24 kbit/s begins late, and now and then breaks off.
static uint16_t inexact(struct leg from)
{
	return from.codec == DP_CODEC_OPUS ? 35 : 6;
}

static void expect_digit(uint32_t n, uint8_t digit, bool withheld, uint16_t ms)
{
	cr_assert(lt(u32, n, rig.told), "digit %u was not told", n);
	cr_expect(eq(int, rig.said[n].kind, DP_EVENT_DIGIT));
	cr_expect(eq(u32, rig.said[n].flow.index, 0));
	cr_expect(eq(u8, rig.said[n].digit.digit, digit), "digit %u", n);
	cr_expect(eq(u8, rig.said[n].digit.withheld, withheld), "digit %u", n);
	cr_expect(le(int, abs(rig.said[n].digit.duration_ms - ms), inexact(leg)), "%u ms",
		rig.said[n].digit.duration_ms);
}

// Decodes what flow 1 sent, as its far end does.
static void listen(struct leg to)
{
	static alignas(64) uint8_t decoder[STATE];
	const struct codec *codec = codec_of(to);
	struct resample_down down = { 0 };

	codec->decoder_init(decoder);
	said_n = 0;
	for (uint32_t i = 0; i < rig_count(&rig, 1); i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i);
		int16_t pcm[CODEC_SAMPLES_MAX];
		size_t n = codec->decode(decoder, pcm, CODEC_SAMPLES_MAX, p->data + RTP_FIXED_LEN,
			p->len - RTP_FIXED_LEN);

		cr_assert(eq(sz, n, codec->rate / 50), "packet %u is 20 ms", i);
		if (codec->rate == 8000)
			memcpy(said + said_n, pcm, n * sizeof(*pcm));
		else
			resample_down(&down, said + said_n, pcm, n / 2);
		said_n += FRAME;
	}
}

// From the first loud sample to the last that the far end of flow 1 heard, in ms.
static double loud_ms(struct leg to)
{
	size_t first = SIZE_MAX, last = 0;

	listen(to);
	for (size_t i = 0; i < said_n; i++) {
		if (abs(said[i]) <= LOUD)
			continue;
		first = first == SIZE_MAX ? i : first;
		last = i;
	}
	return first == SIZE_MAX ? 0 : (double)(last - first + 1) / 8;
}

// The digits that the far end of flow 1 heard.
static void hear_flow(struct leg to, struct heard *heard)
{
	listen(to);
	tape_rewind(&tape, 1);
	memcpy(tape.pcm, said, said_n * sizeof(*said));
	tape.n = said_n;
	tape_wait(&tape, &(struct press){ .noise = TAPE_NOTHING, .dial = TAPE_NOTHING }, 100);
	tape_play(&tape, NULL, heard);
}

static void expect_all_given_back(void)
{
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	rig_do(&rig, 1, rig_plain(DP_CMD_CLOSE));
	rig_live(&rig, 300);
	cr_expect(eq(u32, rig.e->voices.voice.used, 0));
	cr_expect(eq(u32, rig.e->voices.large.used, 0));
	cr_expect(eq(u32, rig.e->detectors.used, 0));
	cr_expect(eq(u32, rig.e->keys.used, 0));
}

static void check_told(struct leg from, struct leg to)
{
	begin(from, to);
	type("123A456B789C*0#D", 0);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 16), "%u of 16", rig.told);
	for (uint32_t i = 0; i < 16; i++)
		expect_digit(i, telephone_event_code("123A456B789C*0#D"[i]), false, 100);
	cr_expect(eq(u64, stat_read(&rig.stats.digits_inband), 16));
	cr_expect(eq(u64, stat_read(&rig.stats.inband_silenced), 0));
	expect_all_given_back();
}

Test(engine_inband_coded, D12_a_tone_in_g722_or_opus_is_one_digit)
{
	check_told(g722, g722);
	check_told(opus, opus);
	check_told(g722, ulaw);
	check_told(opus, ulaw);
}

Test(engine_inband_coded, D12_a_tone_in_l16_at_16_khz_needs_no_voice)
{
	begin(wide, wide);
	type("#0", 7);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 2));
	expect_digit(0, HASH, false, 100);
	cr_expect(zero(u32, rig.e->voices.voice.used));
}

// Each payload is what the party sent, byte for byte.
Test(engine_inband_coded, D12_a_tone_that_is_not_watched_passes_untouched)
{
	begin(g722, g722);
	watch(1 << HASH);
	type("5", 3);
	send_tape(0);
	cr_assert(eq(u32, rig.told, 1));
	expect_digit(0, 5, false, 100);
	uint32_t n = rig_count(&rig, 1);
	cr_assert(eq(u32, n, tape.n / FRAME));

	struct tape *again = &tape; // the same encoder from its beginning
	uint8_t payload[CODEC_PAYLOAD_MAX];
	int16_t pcm[2 * FRAME] = { 0 };
	codec_of(g722)->encoder_init(encoder);
	up = (struct resample_up){ 0 };
	for (int i = 0; i < 2; i++)
		codec_of(g722)->encode(encoder, payload, sizeof(payload), pcm, 2 * FRAME);
	for (uint32_t i = 0; i < n; i++) {
		resample_up(&up, pcm, again->pcm + (size_t)i * FRAME, FRAME);
		size_t len =
			codec_of(g722)->encode(encoder, payload, sizeof(payload), pcm, 2 * FRAME);
		cr_assert(eq(sz, len, rig_sent(&rig, 1, i)->len - 12UL));
		cr_expect(zero(int, memcmp(rig_sent(&rig, 1, i)->data + 12, payload, len)));
	}
}

// At most so many ms, and so many on average.
static void check_leak(struct leg from, struct leg to, double promised, double mean)
{
	double most = 0, sum = 0;
	uint32_t told = 0;

	for (int key = 0; key < 16; key++) {
		for (int lead = 0; lead < 20; lead += 2) {
			const char keys[2] = { telephone_event_key((uint8_t)key), '\0' };

			begin(from, to);
			watch(0xffff);
			type(keys, lead);
			send_tape(0);
			told += rig.told;
			cr_assert(le(u32, rig.told, 1));
			if (rig.told == 1)
				expect_digit(0, (uint8_t)key, true, 100);
			cr_expect(ge(u32, rig_count(&rig, 1) + 1, tape.n / FRAME),
				"no packet is missing");
			double loud = rig.told == 1 ? loud_ms(to) : 0;

			most = fmax(most, loud);
			sum += loud;
		}
	}
	cr_expect(ge(u32, told, from.codec == DP_CODEC_OPUS ? 158 : 160));
	fprintf(stderr, "of a watched tone in %s to %s at most %.1f ms leak, %.1f on average\n",
		codec_of(from)->name, codec_of(to)->name, most, sum / 160);
	cr_expect(le(dbl, most, promised), "%s to %s: %g ms", codec_of(from)->name,
		codec_of(to)->name, most);
	cr_expect(le(dbl, sum / 160, mean));
}

// docs/DTMF.md promises these figures. Out of Opus a tone comes so that now and then it is known for
// one only near its end.
Test(engine_inband_coded, D12_little_of_a_watched_tone_leaks, .timeout = 60)
{
	check_leak(g722, g722, 19, 11);
	check_leak(g722, ulaw, 13, 6);
	check_leak(opus, opus, 100, 14);
	check_leak(opus, ulaw, 100, 11);
}

// A decoder makes up for a loss from what it heard, and that is the tone.
Test(engine_inband_coded, D12_a_loss_in_a_watched_tone_is_not_made_up_for_with_the_tone)
{
	for (unsigned lost = 5; lost < 8; lost++) {
		for (unsigned i = 0; i < 2; i++) {
			begin(i == 0 ? g722 : opus, ulaw);
			watch(0xffff);
			type("8", 0);
			send_tape(UINT64_C(1) << lost);
			cr_assert(eq(u32, rig.told, 1), "packet %u lost", lost);
			expect_digit(0, 8, true, 100);
			cr_expect(le(dbl, loud_ms(ulaw), 16), "packet %u lost", lost);
		}
	}
}

// The packet that comes late is of a press that is withheld by then: it is not heard any more,
// but it is not sent on as it is, either.
Test(engine_inband_coded, row_19_a_late_packet_of_a_withheld_press_is_silenced)
{
	struct press silence = press_plain();
	struct rig_voice late;
	uint8_t payload[CODEC_PAYLOAD_MAX];
	int16_t pcm[2 * FRAME];

	begin(g722, g722);
	watch(0xffff);
	tape_wait(&tape, &silence, 60);
	type("8", 0);
	for (size_t i = 0; (i + 1) * FRAME <= tape.n; i++) {
		if (i != 8) {
			send_frame(i * FRAME, false);
			rig_live(&rig, 20);
			continue;
		}
		late = voice;
		resample_up(&up, pcm, tape.pcm + i * FRAME, FRAME);
		size_t len =
			codec_of(g722)->encode(encoder, payload, sizeof(payload), pcm, 2 * FRAME);
		voice.seq++;
		voice.ts += FRAME;
		send_frame(++i * FRAME, false);
		uint32_t before = rig_count(&rig, 1);
		rig_rtp(&rig, 0,
			(struct rtp){
				.pt = RIG_PCMU, .seq = late.seq, .ts = late.ts, .ssrc = 0x1234 },
			payload, len);
		cr_assert(eq(u32, rig_count(&rig, 1), before + 1));
		cr_expect(ne(int, memcmp(rig_sent(&rig, 1, before)->data + 12, payload, len), 0));
		rig_live(&rig, 40);
	}
	cr_assert(eq(u32, rig.told, 1));
	cr_expect(eq(u8, rig.said[0].digit.digit, 8));
}

// Of what an Opus decoder makes after the loss of a tone's first packets it is not always one.
static uint32_t told_with_a_loss(struct leg from)
{
	uint32_t told = 0;

	for (unsigned lost = 0; lost < 12; lost++) {
		begin(from, ulaw);
		type("8", 3);
		send_tape(UINT64_C(1) << lost);
		rig_live(&rig, 200);
		told += rig.told;
		cr_assert(le(u32, rig.told, 1), "packet %u lost", lost);
		cr_expect(rig.told == 0 || rig.said[0].digit.digit == 8);
	}
	return told;
}

Test(engine_inband_coded, row_19_a_lost_packet_neither_splits_nor_hides_a_press)
{
	cr_expect(eq(u32, told_with_a_loss(g722), 12));
	cr_expect(ge(u32, told_with_a_loss(opus), 11));
}

// Nothing is refused for want of a voice: the flow is relayed as it is.
Test(engine_inband_coded, without_a_voice_to_be_had_the_flow_goes_on_and_is_counted)
{
	begin_with(opus, opus, (struct engine_capacity){ .voices = 1 });
	cr_expect(eq(u32, rig.e->voices.voice.used, 1));
	rig_call(&rig, 2);
	cr_expect(zero(int, rig_do(&rig, 2, remote_of(3, g722, false))));
	cr_expect(eq(u64, stat_read(&rig.stats.detectors_no_room), 1));
	cr_expect(eq(u32, rig.e->detectors.used, 1), "it keeps no detector, either");
	rig_do(&rig, 0, rig_plain(DP_CMD_CLOSE));
	struct dp_cmd again = { .kind = DP_CMD_WATCH, .watch.digits = 1 };
	cr_expect(zero(int, rig_do(&rig, 2, again)));
	cr_expect(eq(u32, rig.e->detectors.used, 1));
	cr_expect(eq(u32, rig.e->voices.voice.used, 1));
	cr_expect(eq(u64, stat_read(&rig.stats.detectors_no_room), 1));
}

// Opus needs more than a voice: a REMOTE that turns to it is obeyed all the same.
Test(engine_inband_coded, a_remote_in_a_codec_without_room_is_obeyed_and_not_listened_to)
{
	begin_with(opus, opus, (struct engine_capacity){ .opus = 1 });
	rig_pair(&rig, 2, 3);
	rig_do(&rig, 2, rig_plain(DP_CMD_SILENT));
	rig_do(&rig, 3, rig_plain(DP_CMD_SILENT));
	cr_assert(zero(int, rig_do(&rig, 2, remote_of(3, opus, false))), "the other half of it");
	cr_assert(zero(int, rig_do(&rig, 3, remote_of(4, g722, false))));
	cr_expect(eq(u32, rig.e->detectors.used, 3));
	cr_expect(zero(int, rig_do(&rig, 3, remote_of(4, opus, false))));
	cr_expect(eq(u64, stat_read(&rig.stats.detectors_no_room), 1));
	cr_expect(eq(u32, rig.e->detectors.used, 2));
	cr_expect(eq(u32, rig.e->voices.voice.used, 2));
	cr_expect(zero(int, rig_do(&rig, 3, remote_of(4, ulaw, false))));
	cr_expect(eq(u32, rig.e->detectors.used, 3), "for this one no voice is needed");
	cr_expect(eq(u32, rig.e->voices.voice.used, 2));
	cr_expect(zero(int, rig_do(&rig, 2, remote_of(3, ulaw, true))));
	rig_live(&rig, 300);
	cr_expect(eq(u32, rig.e->detectors.used, 2));
	cr_expect(eq(u32, rig.e->voices.voice.used, 1));
}

static void check_given_back(struct leg to)
{
	struct dp_cmd keys = rig_keys("#0A5");
	static const uint16_t want[4] = { 80, 45, 333, 80 };
	struct heard heard;

	begin(ulaw, to);
	keys.digits.ms[1] = 45;
	keys.digits.ms[2] = 333;
	cr_assert(zero(int, rig_do(&rig, 1, keys)));
	rig_live(&rig, 1200);
	uint32_t n = rig_count(&rig, 1);
	cr_expect(eq(u32, n, (80 + 45 + 333 + 80 + 4 * 60 + 19) / 20));
	for (uint32_t i = 0; i < n; i++) {
		const struct rig_packet *p = rig_sent(&rig, 1, i), *first = rig_sent(&rig, 1, 0);

		cr_expect(eq(int, p->rtp.marker, i == 0));
		cr_expect(eq(u16, p->rtp.seq, (uint16_t)(first->rtp.seq + i)));
		cr_expect(eq(u32, p->rtp.ts, first->rtp.ts + i * (to.clock / 50)));
		cr_expect(eq(u64, p->at - first->at, i * 20 * NS_PER_MS));
	}
	hear_flow(to, &heard);
	cr_expect(zero(int, strcmp(heard.keys, "#0A5")), "%s", heard.keys);
	for (int i = 0; i < 4; i++)
		cr_expect(le(int, abs(heard.ms[i] - want[i]), 6), "%u ms", heard.ms[i]);
	cr_expect(eq(u64, stat_read(&rig.stats.digit_packets), n));
	expect_all_given_back();
}

Test(engine_inband_coded, D12_digits_are_given_back_as_tones_in_the_far_ends_codec)
{
	check_given_back(g722);
	check_given_back(opus);
	check_given_back(wide);
}

// Between two legs of one codec nothing is encoded but the digits.
Test(engine_inband_coded, the_encoder_of_digits_is_given_back_after_the_last_one)
{
	begin(g722, g722);
	uint32_t before = rig.e->voices.voice.used; // the detector's
	cr_assert(zero(int, rig_do(&rig, 1, rig_keys("1"))));
	cr_expect(eq(u32, rig.e->voices.voice.used, before + 1));
	struct voice *v = voice_of(rig.e, &rig.e->flows[1]);
	cr_expect(v->out.codec != NULL);
	rig_live(&rig, 200);
	cr_expect(eq(u32, rig.e->voices.voice.used, before));
	expect_all_given_back();
}

Test(engine_inband_coded, digits_without_an_encoder_to_be_had_are_refused)
{
	begin_with(opus, ulaw, (struct engine_capacity){ .voices = 2 });
	rig_call(&rig, 2);
	cr_assert(zero(int, rig_do(&rig, 2, remote_of(3, opus, false))));
	cr_expect(eq(int, rig_do(&rig, 2, rig_keys("1")), DP_REFUSAL_NO_ROOM));
	cr_expect(zero(u32, rig.e->keys.used));
}

Test(engine_inband_coded, digits_under_way_change_to_what_a_new_remote_has)
{
	struct heard heard;

	begin(ulaw, ulaw);
	rig_do(&rig, 1, rig_keys("12"));
	rig_live(&rig, 40); // in the middle of a tone
	cr_assert(zero(int, rig_do(&rig, 1, listener(2, opus))));
	rig_forget(&rig);
	rig_live(&rig, 500);
	hear_flow(opus, &heard);
	cr_expect(zero(int, strcmp(heard.keys, "12")), "%s", heard.keys);
	rig_do(&rig, 1, rig_keys("7"));
	rig_live(&rig, 40);
	cr_assert(zero(int, rig_do(&rig, 1, remote_of(2, opus, true))));
	rig_forget(&rig);
	rig_live(&rig, 500);
	cr_expect(eq(u32, rig_count(&rig, 1), 6));
	for (uint32_t i = 0; i < rig_count(&rig, 1); i++)
		cr_expect(eq(u8, rig_sent(&rig, 1, i)->rtp.pt, RIG_EVENT));
	expect_all_given_back();
}
